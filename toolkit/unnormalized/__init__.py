"""Models without their sum: densities known up to a partition function, what estimates it, and how they learn."""
from toolkit._core.collect import collect
from toolkit._core.public import publish
from toolkit.unnormalized import kernels

__all__ = ["kernels", *collect(__name__)]

publish(__name__)
