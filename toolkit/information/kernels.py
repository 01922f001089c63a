"""Kernels of entropy and divergences, ``name(p)`` or ``name(p, q)`` of rows, with gradients; of bins, codes, laws."""
from toolkit._core.collect import collect

__all__ = [*collect(__name__, "KERNELS")]
