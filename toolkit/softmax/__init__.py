"""Softmax and its relatives: five algorithms, log-sum-exp, log-softmax, StableMax, sparse maps, gates."""
from toolkit.softmax import kernels
from toolkit.softmax._filters import k_sparsemax, min_p_softmax, top_p_softmax
from toolkit.softmax._log_softmax import FORMS, log_softmax, log_softmax_vjp
from toolkit.softmax._log_stablemax import log_stablemax, log_stablemax_vjp
from toolkit.softmax._logsumexp import logsumexp, logsumexp_vjp
from toolkit.softmax._quiet_softmax import quiet_softmax, quiet_softmax_vjp
from toolkit.softmax._softmax import ALGORITHMS, softmax, softmax_vjp
from toolkit.softmax._sparse_maps import (alpha_entmax, alpha_entmax_alpha_vjp, alpha_entmax_vjp, entmax15,
                                          entmax15_vjp, sparsemax, sparsemax_vjp)
from toolkit.softmax._squashed import (ACTIVATIONS, capped_softmax, capped_softmax_vjp, dense_to_sparse_gate,
                                       dense_to_sparse_gate_vjp)
from toolkit.softmax._stablemax import stablemax, stablemax_vjp
from toolkit.softmax._taylor_softmax import taylor_softmax, taylor_softmax_vjp
from toolkit.softmax._top_k import RANKS, top_k_softmax, top_k_softmax_vjp

__all__ = ["ACTIVATIONS", "ALGORITHMS", "FORMS", "RANKS", "alpha_entmax", "alpha_entmax_alpha_vjp",
           "alpha_entmax_vjp", "capped_softmax", "capped_softmax_vjp", "dense_to_sparse_gate",
           "dense_to_sparse_gate_vjp", "entmax15", "entmax15_vjp", "k_sparsemax", "kernels", "log_softmax",
           "log_softmax_vjp", "log_stablemax", "log_stablemax_vjp", "logsumexp", "logsumexp_vjp", "min_p_softmax",
           "quiet_softmax", "quiet_softmax_vjp", "softmax", "softmax_vjp", "sparsemax", "sparsemax_vjp",
           "stablemax", "stablemax_vjp", "taylor_softmax", "taylor_softmax_vjp", "top_k_softmax",
           "top_k_softmax_vjp", "top_p_softmax"]
