"""What the book imports: exercises, the gallery, the verdicts on the paper."""
from toolkit._core.public import publish

__all__ = []

publish(__name__)
