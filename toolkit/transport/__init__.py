"""Plans of optimal transport: Sinkhorn's iteration in logarithms, and sparse plans."""
from toolkit._core.collect import collect
from toolkit._core.public import publish
from toolkit.transport import kernels

__all__ = ["kernels", *collect(__name__)]

publish(__name__)
