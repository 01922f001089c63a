"""Kernels of entropy and divergences: ``name(p)`` or ``name(p, q)`` of rows, and their gradients."""
from toolkit._core.collect import collect

__all__ = [*collect(__name__, "KERNELS")]
