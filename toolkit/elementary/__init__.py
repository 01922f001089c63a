"""Elementary functions as deterministic Numba scalars: float32 in, float32 out; float64 in, float64 out."""
from toolkit.elementary.exponential import exp, expm1
from toolkit.elementary.logarithm import log, log1p

__all__ = ["exp", "expm1", "log", "log1p"]
