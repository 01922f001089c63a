"""Plans of optimal transport: Sinkhorn's iteration in logarithms, and sparse plans."""
from toolkit.transport import kernels as kernels
from toolkit.transport._plan import *
from toolkit.transport._sinkhorn import *
from toolkit.transport._sparse_transport import *

__all__ = [name for name in dir() if not name.startswith("_")]
