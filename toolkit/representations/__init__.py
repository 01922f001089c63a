"""Shapes of representations: features that decorrelate, dependencies, bases of equal angles, neural collapse."""
from toolkit._core.collect import collect
from toolkit._core.public import publish
from toolkit.representations import kernels

__all__ = ["kernels", *collect(__name__)]

publish(__name__)
