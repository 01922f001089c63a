"""Kernels of sampling, for other kernels and for live figures: random numbers, draws and estimators of a gradient."""
from toolkit._core.collect import collect
from toolkit._core.random import seeded, uniform

__all__ = ["seeded", "uniform", *collect(__name__, "KERNELS")]
