"""Hard thresholding: what is kept is kept as it is, and the threshold is the one that a count of entries implies."""
import numpy as np

from toolkit._core.exact_sums import two_product
from toolkit._core.kernel import kernel
from toolkit.activations._elementwise import elementwise

__all__ = ["hard_threshold"]
KERNELS = ["exceeds_root", "hard_threshold_slope", "hard_threshold_value", "root_of_twice"]


@kernel
def root_of_twice(lam):
    """``sqrt(2 lam)``, where ``2 lam`` overflows too."""
    return np.sqrt(lam + lam) if lam < 1 else 2 * np.sqrt(lam * 0.5)


@kernel
def exceeds_root(t, lam):
    """Whether ``t > sqrt(2 lam)``; where t is the rounded root, its square decides."""
    root = root_of_twice(lam)
    if t != root:
        return t > root
    square, lost = two_product(0.5 * float(t), 0.5 * float(t))
    return square - 0.5 * float(lam) + lost > 0


@kernel
def hard_threshold_value(x, lam):
    return x if x != x or exceeds_root(abs(x), lam) else 0.0


@kernel
def hard_threshold_slope(x, lam):
    """1 for what is kept, else 0, NaN for NaN."""
    if x != x:
        return x
    return 1.0 if exceeds_root(abs(x), lam) else 0.0


@kernel
def hard_threshold_of_lam(x, lam):
    """Derivative of `hard_threshold` in lam: 0 but at the jump."""
    return x if x != x else 0.0


@elementwise(hard_threshold_value, slope=hard_threshold_slope, ulp=0, slope_ulp=0, least=0,
             others={"lam": hard_threshold_of_lam})
def hard_threshold(x, *, lam=0.5, format=None):
    """Hard thresholding: x where ``|x| > sqrt(2 lam)``, else 0.

    The proximal operator of `lam` times the number of entries that are not 0: the y that makes
    ``(y - x)**2 / 2 + lam [y != 0]`` least. At ``|x| = sqrt(2 lam)`` both x and 0 do, and it is 0. It is `hard_shrink`
    with this threshold. Code for "Beyond l1 sparse coding in V1" keeps ``|x| >= sqrt(lam)``: there the 1/2 is dropped.

    Parameters
    ----------
    x, format, out : as in `sigmoid`; so is the result
    lam : float or array_like, broadcast to the shape of `x`
        Price λ of an entry, at least 0.

    Accuracy
    --------
    At most 0 ulp, the derivative at most 0 ulp; tested as `sigmoid`.

    Gradient
    --------
    1 for ``|x| > sqrt(2 lam)``, else 0; in `lam` 0. Neither tells of the jump.

    References
    ----------
    T. Blumensath, M. E. Davies, Iterative Thresholding for Sparse Approximations, Journal of Fourier Analysis and
    Applications 14, 2008, doi:10.1007/s00041-008-9035-z.

    Examples
    --------
    >>> hard_threshold([-2.0, 1.0, 1.25])
    array([-2.  ,  0.  ,  1.25])
    """
