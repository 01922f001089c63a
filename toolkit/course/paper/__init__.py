"""*Grokking at the Edge of Numerical Stability* (arXiv:2501.04697) beside our recordings of it."""
from toolkit._core.public import publish
from toolkit.course.paper import claims, figures, results, tables
from toolkit.course.paper.claims import *
from toolkit.course.paper.figures import *
from toolkit.course.paper.results import *
from toolkit.course.paper.tables import *

__all__ = [*claims.__all__, *figures.__all__, *results.__all__, *tables.__all__]

publish(__name__)
