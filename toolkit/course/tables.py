"""A table of a chapter: HTML with a caption, which a phone scrolls and a screen reader reads, instead of spaces."""
from toolkit._core.text import Table

__all__ = ["Table"]
