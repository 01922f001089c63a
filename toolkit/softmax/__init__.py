"""Softmax and its relatives: five algorithms, log-sum-exp, log-softmax, StableMax, sparse maps, gates."""
from toolkit.softmax import (
    _dense_to_sparse_gate,
    _filters,
    _log_softmax,
    _log_stablemax,
    _logsumexp,
    _quiet_softmax,
    _soft_capping,
    _softmax,
    _sparse_maps,
    _stablemax,
    _taylor_softmax,
    _top_k,
    kernels,
)
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

__all__ = [*_dense_to_sparse_gate.__all__, *_filters.__all__, *_log_softmax.__all__, *_log_stablemax.__all__,
           *_logsumexp.__all__, *_quiet_softmax.__all__, *_soft_capping.__all__, *_softmax.__all__,
           *_sparse_maps.__all__, *_stablemax.__all__, *_taylor_softmax.__all__, *_top_k.__all__, "kernels"]
