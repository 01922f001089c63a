"""The simplex: K directions as far apart as K can be."""
import numpy as np

from toolkit._core.arguments import check_finite, check_whole
from toolkit._core.kernel import kernel

__all__ = ["simplex_etf"]
KERNELS = ["simplex_etf_of"]


@kernel
def simplex_etf_of(scale, out):
    """``scale sqrt(K / (K - 1)) (I - 1 1' / K)``."""
    k = out.shape[0]
    size = scale * np.sqrt(k / (k - 1.0))
    for i in range(k):
        for j in range(k):
            out[i, j] = size * ((1.0 if i == j else 0.0) - 1.0 / k)


def simplex_etf(classes, *, scale=1.0):
    """The simplex equiangular tight frame: ``M = s sqrt(K / (K - 1)) (I - 1 1' / K)``.

    Its K columns have length s, sum to 0, and any two have the cosine ``-1 / (K - 1)``: none can be smaller for all of
    them. Features and weights of a network that goes on training past 100 % accuracy tend to it, turned and scaled.

    Parameters
    ----------
    classes : int
        K, at least 2.
    scale : float
        Length s of each.

    Returns
    -------
    (K, K) float64
        Of rank K - 1.

    Accuracy
    --------
    Each entry within 3e-16 of the formula for K up to 100, tested.

    References
    ----------
    Papyan, Han, Donoho, Prevalence of Neural Collapse during the Terminal Phase of Deep Learning Training, PNAS 2020,
    arXiv:2008.08186.

    Examples
    --------
    >>> m = simplex_etf(4)
    >>> (m.T @ m).round(4)[0]
    array([ 1.    , -0.3333, -0.3333, -0.3333])
    """
    classes = check_whole("classes", classes, 2, 2**15)
    out = np.empty((classes, classes))
    simplex_etf_of(check_finite("scale", scale), out)
    return out
