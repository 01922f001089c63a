"""Kernels of representations, for other kernels and for live figures: losses of a batch, dependencies, collapse."""
from toolkit._core.collect import collect

__all__ = [*collect(__name__, "KERNELS")]
