"""Kernels of preferences, for other kernels and for live figures.

Those of pairs take the log-ratio of the chosen answer and a row of what stands beside it, the log-ratio of the rejected
one first, and return the loss and its slope in the first.
"""
from toolkit._core.collect import collect

__all__ = [*collect(__name__, "KERNELS")]
