"""Networks as kernels, forwards and backwards, and what is known of a network without training it."""
from toolkit._core.collect import collect
from toolkit._core.public import publish
from toolkit.networks import kernels

__all__ = ["kernels", *collect(__name__)]

publish(__name__)
