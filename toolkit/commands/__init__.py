"""The commands of ``python -m toolkit``: their arguments, files and words."""
