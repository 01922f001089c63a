"""The gradients of the family, from where each method keeps its own."""
from toolkit.softmax._dense_to_sparse_gate import dense_to_sparse_gate_pull
from toolkit.softmax._log_softmax import log_softmax_pull
from toolkit.softmax._log_stablemax import log_stablemax_pull
from toolkit.softmax._logsumexp import logsumexp_pull
from toolkit.softmax._quiet_softmax import quiet_softmax_pull
from toolkit.softmax._soft_capping import capped_softmax_pull
from toolkit.softmax._softmax import softmax_pull
from toolkit.softmax._sparse_maps import alpha_entmax_order_pull, alpha_entmax_pull, entmax15_pull, sparsemax_pull
from toolkit.softmax._stablemax import stablemax_pull
from toolkit.softmax._taylor_softmax import taylor_softmax_pull
from toolkit.softmax._top_k import top_k_softmax_pull

__all__ = ["alpha_entmax_order_pull", "alpha_entmax_pull", "capped_softmax_pull", "dense_to_sparse_gate_pull",
           "entmax15_pull", "log_softmax_pull", "log_stablemax_pull", "logsumexp_pull", "quiet_softmax_pull",
           "softmax_pull", "sparsemax_pull", "stablemax_pull", "taylor_softmax_pull", "top_k_softmax_pull"]
