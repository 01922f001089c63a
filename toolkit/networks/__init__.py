"""Networks as kernels: the perceptron and the transformer, forwards and backwards."""
from toolkit._core.public import publish

__all__ = []

publish(__name__)
