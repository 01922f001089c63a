"""The commands of ``python -m toolkit``: their arguments, files and words."""
from toolkit._core.public import publish

__all__ = []

publish(__name__)
