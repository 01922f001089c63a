"""Softmax and its relatives: five algorithms, log-sum-exp, log-softmax that keeps its digits, StableMax."""
from toolkit.softmax import kernels
from toolkit.softmax._log_softmax import FORMS, log_softmax, log_softmax_vjp
from toolkit.softmax._log_stablemax import log_stablemax, log_stablemax_vjp
from toolkit.softmax._logsumexp import logsumexp, logsumexp_vjp
from toolkit.softmax._softmax import ALGORITHMS, softmax, softmax_vjp
from toolkit.softmax._stablemax import stablemax, stablemax_vjp

__all__ = ["ALGORITHMS", "FORMS", "kernels", "log_softmax", "log_softmax_vjp", "log_stablemax",
           "log_stablemax_vjp", "logsumexp", "logsumexp_vjp", "softmax", "softmax_vjp", "stablemax",
           "stablemax_vjp"]
