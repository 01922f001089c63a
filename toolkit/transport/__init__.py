"""Plans of optimal transport: Sinkhorn's iteration in logarithms, and sparse plans."""
from toolkit.transport import _plan, _sinkhorn, _sparse_transport, kernels
from toolkit.transport._plan import *
from toolkit.transport._sinkhorn import *
from toolkit.transport._sparse_transport import *

__all__ = [*_plan.__all__, *_sinkhorn.__all__, *_sparse_transport.__all__, "kernels"]
