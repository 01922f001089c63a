"""Softmax and its relatives: five algorithms, log-sum-exp, log-softmax, StableMax, sparse maps, gates."""
from toolkit.softmax import kernels as kernels
from toolkit.softmax._dense_to_sparse_gate import *
from toolkit.softmax._filters import *
from toolkit.softmax._log_softmax import *
from toolkit.softmax._log_stablemax import *
from toolkit.softmax._logsumexp import *
from toolkit.softmax._quiet_softmax import *
from toolkit.softmax._soft_capping import *
from toolkit.softmax._softmax import *
from toolkit.softmax._sparse_maps import *
from toolkit.softmax._stablemax import *
from toolkit.softmax._taylor_softmax import *
from toolkit.softmax._top_k import *

__all__ = [name for name in dir() if not name.startswith("_")]
