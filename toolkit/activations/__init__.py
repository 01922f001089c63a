"""Activations of arrays, and the forms of them that fail; their kernels are in `toolkit.activations.kernels`."""
from toolkit._core.collect import collect
from toolkit._core.public import publish
from toolkit.activations import kernels

__all__ = ["kernels", *collect(__name__)]

publish(__name__)
