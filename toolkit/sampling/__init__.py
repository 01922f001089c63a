"""Draws from a softmax: Gumbel noise, its relaxations, and estimators of a gradient from one draw."""
from toolkit._core.collect import collect
from toolkit._core.public import publish
from toolkit.sampling import kernels

__all__ = ["kernels", *collect(__name__)]

publish(__name__)
