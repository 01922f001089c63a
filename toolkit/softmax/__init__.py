"""Softmax and its relatives: five algorithms, log-sum-exp, log-softmax, StableMax, sparse maps, gates."""
from toolkit._core.collect import collect
from toolkit._core.public import publish
from toolkit.softmax import kernels

__all__ = ["kernels", *collect(__name__)]

publish(__name__)
