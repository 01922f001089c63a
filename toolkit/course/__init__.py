"""What the book imports: exercises, the gallery, the verdicts on the paper, tables."""
from toolkit._core.public import publish
from toolkit.course import tables
from toolkit.course.tables import *

__all__ = [*tables.__all__]

publish(__name__)
