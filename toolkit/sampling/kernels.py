"""Kernels of sampling, for other kernels and for live figures: random numbers, draws and estimators of a gradient."""
# ruff: noqa: F401
from toolkit._core.random import seeded, uniform
from toolkit.sampling._gradient_estimators import reinmax_row, score_function_row, straight_through_row
from toolkit.sampling._gumbel import gumbel, gumbel_max_row, gumbel_of, gumbel_softmax_row

__all__ = [name for name in dir() if not name.startswith("_")]
