"""Kernels of models without their sum, for other kernels and for live figures."""
from toolkit._core.collect import collect

__all__ = [*collect(__name__, "KERNELS")]
