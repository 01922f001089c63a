"""Decoding: what entropy does at inference, and advantages of groups of answers."""
from toolkit._core.collect import collect
from toolkit._core.public import publish
from toolkit.decoding import kernels

__all__ = ["kernels", *collect(__name__)]

publish(__name__)
