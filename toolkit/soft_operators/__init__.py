"""Soft choices: suppression of boxes, soft values, mirror descent, consensus, surrogates of targets."""
from toolkit._core.collect import collect
from toolkit._core.public import publish
from toolkit.soft_operators import kernels

__all__ = ["kernels", *collect(__name__)]

publish(__name__)
