"""Entropy and divergences of rows, information of layers, codes and couplings, scaling laws; and their `kernels`."""
from toolkit._core.collect import collect
from toolkit._core.public import publish
from toolkit.information import kernels

__all__ = ["kernels", *collect(__name__)]

publish(__name__)
