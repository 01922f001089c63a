"""Attention: by softmax, by sigmoid, linear, as a recurrence, and through random features."""
from toolkit._core.collect import collect
from toolkit._core.public import publish
from toolkit.attention import kernels

__all__ = ["kernels", *collect(__name__)]

publish(__name__)
