"""Maps that keep a few classes: the filters of decoding and the k-sparse projection."""
import numpy as np

from toolkit._core.arguments import check_count, check_number
from toolkit._core.arrays import map_rows
from toolkit._core.kernel import kernel
from toolkit._core.numbers import like
from toolkit._core.sorting import sort_descending
from toolkit.elementary import exp, log
from toolkit.softmax._algorithms import softmax_three_pass_reload
from toolkit.softmax._entmax import sparsemax_row
from toolkit.softmax._shift import shifted, top_class
from toolkit.softmax._top_k import keep_largest, top_k_logits

__all__ = ["k_sparsemax", "min_p_softmax", "top_p_softmax"]
KERNELS = ["k_sparsemax_row", "min_p_softmax_row", "top_p_softmax_row"]


@kernel
def top_p_softmax_row(z, mass, p):
    """Softmax over the fewest of the likeliest classes that have `mass` together. `p` is a row of its own."""
    for i in range(z.size):
        p[i] = z[i]
    sort_descending(p)
    m, count, mass = p[0], z.size, like(mass, z)
    if mass < 1:  # a sum that absorbs its last terms would end too soon
        total, running, count = 0.0, 0.0, 0
        for i in range(z.size):
            total += exp(shifted(p[i], m))
        enough = mass * total
        while count < z.size and not (count > 0 and running >= enough):
            running += exp(shifted(p[count], m))
            count += 1
    keep_largest(z, None, False, p[count - 1], count, p)
    softmax_three_pass_reload(p, p)


@kernel
def min_p_softmax_row(z, ratio, p):
    """Softmax over the classes whose gap is at most ``-log(ratio)``: no probability is formed to choose them."""
    m, lowest = z[top_class(z)], like(log(ratio), z)
    for i in range(z.size):
        if shifted(z[i], m) < lowest:
            p[i] = -np.inf
        else:
            p[i] = z[i]
    softmax_three_pass_reload(p, p)


@kernel
def k_sparsemax_row(z, k, p):
    """Sparsemax of the k largest. `p` is a row of its own."""
    top_k_logits(z, None, k, False, p)
    sparsemax_row(p, p)


def top_p_softmax(z, *, mass=0.9, axis=-1, where=None, format=None):
    """Softmax over the nucleus: the fewest of the likeliest classes whose probabilities reach `mass` together.

    At least one class stays; of equal ones the first.

    Parameters
    ----------
    mass : float from 0 to 1
        1 keeps all classes.
    z, axis, where, format
        As in `softmax`.

    Returns
    -------
    Probabilities (..., K) -> (..., K), in the dtype that `softmax` would give.

    Special values
    --------------
    As `softmax`.

    Accuracy
    --------
    As `softmax` with a format, of the classes kept. Which ones these are follows from sums rounded to the format.

    Gradient
    --------
    That of `softmax` at the result.

    References
    ----------
    A. Holtzman et al., The Curious Case of Neural Text Degeneration, ICLR 2020, arXiv:1904.09751.

    Examples
    --------
    >>> top_p_softmax([2.0, 1.0, 0.0, -1.0], mass=0.7).round(3)
    array([0.731, 0.269, 0.   , 0.   ])
    """
    mass = check_number("mass", mass, 0.0, 1.0)
    return map_rows(top_p_softmax_row, {"z": z}, mass, axis=axis, where=where, format=format)


def min_p_softmax(z, *, ratio=0.1, axis=-1, where=None, format=None):
    """Softmax over the classes whose probability is at least `ratio` times the largest one.

    That is a bound on gaps, ``z_i >= max z + log(ratio)``, which needs no probabilities.

    Parameters
    ----------
    ratio : float from 0 to 1
        0 keeps all classes, 1 those on top.
    z, axis, where, format
        As in `softmax`.

    Returns, Special values, Accuracy, Gradient as `top_p_softmax`.

    References
    ----------
    M. N. Nguyen et al., Turning Up the Heat: Min-p Sampling for Creative and Coherent LLM Outputs, ICLR 2025,
    arXiv:2407.01082.

    Examples
    --------
    >>> min_p_softmax([2.0, 1.0, 0.0, -1.0], ratio=0.3).round(3)
    array([0.731, 0.269, 0.   , 0.   ])
    """
    ratio = check_number("ratio", ratio, 0.0, 1.0)
    return map_rows(min_p_softmax_row, {"z": z}, ratio, axis=axis, where=where, format=format)


def k_sparsemax(z, *, k=2, axis=-1, where=None, format=None):
    """The point of the simplex nearest to `z` among those with at most k parts: sparsemax of the k largest.

    k = 1 is argmax, k = K is sparsemax.

    Parameters
    ----------
    k : int
    z, axis, where, format
        As in `softmax`.

    Returns
    -------
    Probabilities (..., K) -> (..., K), in the dtype that `softmax` would give.

    Special values
    --------------
    As `softmax`. Of equal logits the first ones stay.

    Accuracy
    --------
    As `sparsemax`, of the classes kept.

    Gradient
    --------
    That of `sparsemax` at the result.

    References
    ----------
    T. Liu, J. Puigcerver, M. Blondel, Sparsity-Constrained Optimal Transport, ICLR 2023, arXiv:2209.15466.

    Examples
    --------
    >>> k_sparsemax([0.5, 0.4, 0.3, 0.2])
    array([0.55, 0.45, 0.  , 0.  ])
    """
    return map_rows(k_sparsemax_row, {"z": z}, check_count(k), axis=axis, where=where, format=format)
