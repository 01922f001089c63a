"""Mixed Barlow Twins: a mixture of two rows has the mixture of their correlations."""
import numpy as np

from toolkit._core.arguments import check_choice, check_finite, check_number, check_whole, shown
from toolkit._core.arrays import behaved, real_array
from toolkit._core.kernel import kernel
from toolkit.representations._barlow_twins import (
    correlation_of,
    push_correlation,
    push_standardized,
    standardize,
)
from toolkit.representations._given import checked_matrix, same_shape, upstream

__all__ = ["mixed_barlow_twins"]
KERNELS = ["mixed_term_of"]

VARIANTS = ("small", "imagenet")


@kernel
def add_mixed(m, a, b, share, left, right, c, slope, g, gm, ga, gb, gleft, gright):
    """Add one half of the term: ``|m' a / N - (share left' a + (1 - share) b' right) / N|²``; g times its gradients."""
    total = 0.0
    correlation_of(m, a, slope)
    correlation_of(left, right, c)
    for i in range(c.shape[0]):
        for j in range(c.shape[1]):
            slope[i, j] -= share * c[i, j]
    correlation_of(b, a, c)
    for i in range(c.shape[0]):
        for j in range(c.shape[1]):
            off = slope[i, j] - (1.0 - share) * c[i, j]
            total += off * off
            slope[i, j] = 2.0 * g * off
    push_correlation(m, a, slope, gm, ga)
    for i in range(c.shape[0]):
        for j in range(c.shape[1]):
            c[i, j] = (share - 1.0) * slope[i, j]
            slope[i, j] *= 0.0 - share
    push_correlation(left, right, slope, gleft, gright)
    push_correlation(b, a, c, gb, ga)
    return total


@kernel
def mixed_term_of(a, b, m, dealt, share, imagenet, work, g, ga, gb, gm, gdealt):
    """The mixed term of standardised batches, of which `dealt` is b in another order; g times its gradients are added.

    `work` is (2, D, D).
    """
    first = add_mixed(m, a, dealt, share, a, a, work[0], work[1], g, gm, ga, gdealt, ga, ga)
    if imagenet:
        return first + add_mixed(m, b, dealt, share, b, b, work[0], work[1], g, gm, gb, gdealt, gb, gb)
    return first + add_mixed(m, b, dealt, share, a, b, work[0], work[1], g, gm, gb, gdealt, ga, gb)


def _order(permutation, rows):
    order = real_array(permutation, "permutation")
    if order.dtype.kind not in "iu" or order.shape != (rows,) or (np.sort(order) != np.arange(rows)).any():
        raise ValueError(f"permutation is {shown(order)}; allowed: each of 0 to {rows - 1} once")
    return order.astype(np.int64)


def _mixed(x, y, mixed, permutation, share, ddof, eps, variant, g):
    """The term, and its gradients."""
    x, y = same_shape(x, y, least=2)
    mixed = checked_matrix(mixed, "mixed", len(x))
    if mixed.shape != x.shape:
        raise ValueError(f"mixed has shape {mixed.shape}; allowed: {x.shape}, that of x")
    order, share = _order(permutation, len(x)), check_number("share", share, 0.0, 1.0)
    ddof, eps = check_whole("ddof", ddof, 0, 1), check_finite("eps", eps, 0)
    imagenet = check_choice("variant", variant, VARIANTS) == 1
    rows, scales = np.empty((3, *x.shape)), np.empty((3, x.shape[1]))
    for given, z, scale in zip((x, y, mixed), rows, scales, strict=True):
        standardize(given, ddof, eps, z, scale)
    grads, dealt, gdealt = np.zeros_like(rows), behaved(rows[1][order], np.float64), np.zeros_like(x)
    term = mixed_term_of(rows[0], rows[1], rows[2], dealt, share, imagenet, np.empty((2, x.shape[1], x.shape[1])), g,
                         grads[0], grads[1], grads[2], gdealt)
    grads[1][order] += gdealt
    for z, scale, grad in zip(rows, scales, grads, strict=True):
        push_standardized(z, scale, ddof, grad)
    return float(term), dict(zip(("x", "y", "mixed"), grads, strict=True))


def mixed_barlow_twins(x, y, mixed, permutation, share, *, ddof=1, eps=0.0, variant="small"):
    """The mixed term of Mixed Barlow Twins: embeddings of mixed inputs, held to mixed correlations.

    Inputs are mixed as ``a x + (1 - a) y[permutation]``. If the network were linear, their embeddings m would have the
    correlations ``T1 = a x'x / N + (1 - a) y[perm]'x / N`` with the first view, and T2 alike with the second. The term
    is ``|C(m, x) - T1|² + |C(m, y) - T2|²``. It is added to the loss of Barlow Twins with a weight of ``s λ``; the
    authors have s = 5 with λ = 0.005, or for ImageNet half of the term and an s that rises to 1.

    Parameters
    ----------
    x, y : array_like (N, D)
        Embeddings of both views.
    mixed : array_like (N, D)
        Embeddings of the mixed inputs.
    permutation : array_like of integers (N,)
        Which row of the second view each one was mixed with.
    share : float from 0 to 1
        a, one for the batch.
    ddof, eps
        As in `cross_correlation`; the authors' small-image code takes the unbiased deviation.
    variant : {"small", "imagenet"}
        Where T2 begins with ``a x'y``, or as the script for ImageNet has it, with ``a y'y``.

    Returns
    -------
    float

    Gradient
    --------
    With respect to x, y and mixed. The targets have one, too: the authors do not stop it.

    Special values
    --------------
    A constant feature has correlations of 0. NaN gives NaN.

    Accuracy
    --------
    float64: within 1e-13 of the term in 40 digits, relative to the squares of the targets, tested for 6 rows.

    References
    ----------
    Bandara, De Melo, Patel, Guarding Barlow Twins Against Overfitting with Mixed Samples, 2023, arXiv:2312.02151.

    Examples
    --------
    >>> import numpy as np
    >>> x, y = np.array([[1, 2], [2, 1], [3, 5], [4, 3]]), np.array([[1.5, 1], [1, 2], [3.5, 4], [4, 2.5]])
    >>> order = [1, 0, 3, 2]
    >>> round(mixed_barlow_twins(x, y, 0.3 * x + 0.7 * y[order], order, 0.3), 10)
    0.0258660837
    """
    return _mixed(x, y, mixed, permutation, share, ddof, eps, variant, 0.0)[0]


def mixed_barlow_gradients(x, g, *, y, mixed, permutation, share, ddof=1, eps=0.0, variant="small"):
    return _mixed(x, y, mixed, permutation, share, ddof, eps, variant, upstream(g))[1]
