"""Preferences: losses of pairs of answers, the policies at which they end, and rewards that policies imply."""
from toolkit._core.collect import collect
from toolkit._core.public import publish
from toolkit.preferences import kernels

__all__ = ["kernels", *collect(__name__)]

publish(__name__)
