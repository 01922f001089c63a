"""The activation whose infinitely wide and deep network is the best classifier for data on a sphere."""
import numpy as np

from toolkit._core.arguments import check_whole
from toolkit._core.arrays import real_array
from toolkit._core.kernel import kernel
from toolkit.networks._dual_activations import LARGEST, root_of_half

__all__ = ["optimal_activation"]
KERNELS = ["optimal_value"]


@kernel
def optimal_value(z, dimension):
    """The activation whose dual is `optimal_layer`, by Hermite polynomials."""
    if dimension == 1:
        square = z * z
        seventh = z * (((square - 21.0) * square + 105.0) * square - 105.0) / np.sqrt(5040.0)
        return (seventh + z) * np.sqrt(0.5)
    w = root_of_half(dimension)
    return (np.sqrt(w) * (z * (z * z - 3.0) / np.sqrt(6.0) + z)
            + np.sqrt(1.0 - 2.0 * w) * (z * z - 1.0) / np.sqrt(2.0))


@kernel
def fill_optimal(z, dimension, out):
    for i in range(z.size):
        out[i] = optimal_value(z[i], dimension)


def optimal_activation(x, *, dimension=1):
    """The activation whose infinitely wide and deep network is the best classifier for data on a sphere.

    Parameters
    ----------
    x : array_like (...)
    dimension : int
        Of the sphere; the data have a coordinate more.

    Returns
    -------
    array (...)
        float64, with mean square 1 for standard normal x.

    References
    ----------
    As of `singularity_exponent`.

    Examples
    --------
    >>> optimal_activation([-1.0, 0.0, 2.0], dimension=2).round(6)
    array([-0.129757,  0.      ,  1.991564])
    """
    dimension = check_whole("dimension", dimension, 1, LARGEST["optimal"])
    z = real_array(x, "x").astype(np.float64)
    out = np.empty(z.shape)
    with np.errstate(all="ignore"):
        fill_optimal(np.ascontiguousarray(z).reshape(-1), dimension, out.reshape(-1))
    return out
