"""Plans of optimal transport: Sinkhorn's iteration in logarithms, and sparse plans."""
from toolkit.transport import _sinkhorn
from toolkit.transport._sinkhorn import *

__all__ = [*_sinkhorn.__all__]
