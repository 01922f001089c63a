"""Kernels of transport, for other kernels and for live figures: sweeps, plans, and the ascent on a dual."""
from toolkit._core.collect import collect

__all__ = [*collect(__name__, "KERNELS")]
