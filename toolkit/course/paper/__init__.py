"""*Grokking at the Edge of Numerical Stability* (arXiv:2501.04697) beside our recordings of it."""
from toolkit.course.paper.claims import CLAIMS, Claim
from toolkit.course.paper.figures import FIGURES, draw
from toolkit.course.paper.tables import comparison_table, table

__all__ = ["CLAIMS", "Claim", "FIGURES", "comparison_table", "draw", "table"]
