"""Maps that keep a few classes: the filters of decoding and the k-sparse projection."""
import numpy as np

from toolkit._core.arguments import check_count, check_number
from toolkit._core.arrays import map_rows
from toolkit._core.kernel import kernel
from toolkit._core.numbers import like
from toolkit._core.sorting import make_heap, pop_heap, sort_descending
from toolkit._core.sums import sum_like
from toolkit.elementary import exp, log
from toolkit.softmax._algorithms import softmax_three_pass_reload
from toolkit.softmax._entmax import sparsemax_row
from toolkit.softmax._exponential_pairs import reaches_ratio, reaches_share
from toolkit.softmax._filtered import check_fewest, map_filtered
from toolkit.softmax._shift import shifted, top_class
from toolkit.softmax._top_k import keep_largest, top_k_logits

__all__ = ["k_sparsemax", "min_p_softmax", "top_p_softmax"]
KERNELS = ["k_sparsemax_row", "keep_at_least", "min_p_softmax_row", "top_p_softmax_row"]

_DOUBT = 2.0**-46  # share of a sum, or of a logarithm, within which float64 does not decide
_LOWEST_EXACT = -119.0  # logarithm of a ratio below which it always does


@kernel
def descending(z, out):
    for i in range(z.size):
        out[i] = z[i]
    sort_descending(out)


@kernel
def fewest_with_mass(heap, mass):
    """``(count, popped)``: how many of the largest logits have that share of the sum of exponentials, compared exactly.

    `heap` has minus the logits; `popped` of the largest are at its end after that, in descending order. Sums in float64
    say the count but for those that come within a rounding error of the share.
    """
    m, size = -float(heap[0]), heap.size
    whole, part = sum_like(m), sum_like(m)
    for i in range(size):
        whole += exp(-float(heap[i]) - m)
    if mass >= 1 or whole.value != whole.value:
        return size, 0
    enough, doubt = mass * whole.value, whole.value * _DOUBT
    popped, too_few = 0, 0
    while popped < size and not part.value >= enough + doubt:
        pop_heap(heap, size - popped)
        popped += 1
        part += exp(-float(heap[size - popped]) - m)
        if part.value < enough - doubt:
            too_few = popped
    count = popped
    while too_few + 1 < count:
        middle = (too_few + count) // 2
        if reaches_share(heap, m, middle, mass):
            count = middle
        else:
            too_few = middle
    return count, popped


@kernel
def top_p_logits(z, mass, fewest, out):
    """Logits, with -inf in the place of all but the fewest of the likeliest that have `mass` together."""
    for i in range(z.size):
        out[i] = -z[i]
    make_heap(out, z.size)
    count, popped = fewest_with_mass(out, mass)
    count = min(max(count, fewest), z.size)
    if count == z.size:
        for i in range(z.size):
            out[i] = z[i]
        return
    while popped < count:
        pop_heap(out, z.size - popped)
        popped += 1
    keep_largest(z, None, False, -out[z.size - count], count, out)


@kernel
def top_p_logits_in_format(z, mass, fewest, out):
    """`top_p_logits`, by sums rounded to the format."""
    descending(z, out)
    m, count, mass = out[0], z.size, like(mass, z)
    if mass < 1:  # a sum that absorbs its last terms would end too soon
        total, running, count = 0.0, 0.0, 0
        for i in range(z.size):
            total += exp(shifted(out[i], m))
        enough = mass * total
        while count < z.size and not (count > 0 and running >= enough):
            running += exp(shifted(out[count], m))
            count += 1
    count = min(max(count, fewest), z.size)
    keep_largest(z, None, False, out[count - 1], count, out)


@kernel
def keep_at_least(z, fewest, out):
    """The `fewest` largest logits, if `out` has kept less than that."""
    count = 0
    for i in range(z.size):
        count += out[i] != -np.inf
    if count < fewest:
        top_k_logits(z, None, fewest, False, out)


@kernel
def min_p_logits(z, ratio, fewest, out):
    """Logits, with -inf in the place of those whose exponential is below `ratio` times the largest one, exactly."""
    m, lowest = float(z[top_class(z)]), log(ratio)
    for i in range(z.size):
        gap = float(z[i]) - m
        if lowest > _LOWEST_EXACT and abs(gap - lowest) <= _DOUBT * -lowest:
            kept = reaches_ratio(float(z[i]), m, ratio)
        else:
            kept = not gap < lowest
        out[i] = z[i] if kept else -np.inf
    keep_at_least(z, fewest, out)


@kernel
def min_p_logits_in_format(z, ratio, fewest, out):
    """`min_p_logits`, by gaps rounded to the format."""
    m, lowest = z[top_class(z)], like(log(ratio), z)
    for i in range(z.size):
        if shifted(z[i], m) < lowest:
            out[i] = -np.inf
        else:
            out[i] = z[i]
    keep_at_least(z, fewest, out)


@kernel
def top_p_softmax_row(z, mass, p):
    """Softmax over the fewest of the likeliest classes that have `mass` together, by sums rounded to the format. `p` is
    a row of its own."""
    top_p_logits_in_format(z, mass, 1, p)
    softmax_three_pass_reload(p, p)


@kernel
def min_p_softmax_row(z, ratio, p):
    """Softmax over the classes whose gap is at most ``-log(ratio)``: no probability is formed to choose them."""
    min_p_logits_in_format(z, ratio, 1, p)
    softmax_three_pass_reload(p, p)


@kernel
def k_sparsemax_row(z, k, p):
    """Sparsemax of the k largest. `p` is a row of its own."""
    top_k_logits(z, None, k, False, p)
    sparsemax_row(p, p)


def top_p_softmax(z, *, mass=0.9, temperature=1.0, min_tokens_to_keep=1, result="probabilities", axis=-1, where=None,
                  format=None):
    """Softmax over the nucleus: the fewest of the likeliest classes whose probabilities reach `mass` together.

    The temperature comes first, as in decoders: it changes which classes these are. Of equal ones the first stay.

    Parameters
    ----------
    mass : float from 0 to 1
        1 keeps all classes.
    temperature : float >= 0, or array of one for each row
        As in `softmax`.
    min_tokens_to_keep : int
        So many of the likeliest classes stay in any case.
    result : {"probabilities", "logits"}
        "logits" gives ``z / temperature``, and -inf in the place of the classes left out, for another filter or a draw.
        At temperature 0 the largest logits become 0. The probabilities have no overflow where ``z / temperature`` has.
    z, axis, where, format
        As in `softmax`.

    Returns
    -------
    Probabilities or logits (..., K) -> (..., K), in the dtype that `softmax` would give. Masked: 0 or -inf.

    Special values
    --------------
    As `softmax`.

    Accuracy
    --------
    As `softmax`, of the classes kept. Which ones these are is decided exactly, with exponentials of 28 digits where the
    sum comes near the mass: it depends neither on their order nor, at temperature 1, on the dtype, to which gaps over
    another temperature are rounded first. With a format it follows from sums rounded to the format.

    Gradient
    --------
    That of `softmax` at the result; of logits it is g over the temperature where a class is kept.

    References
    ----------
    A. Holtzman et al., The Curious Case of Neural Text Degeneration, ICLR 2020, arXiv:1904.09751.

    Examples
    --------
    >>> top_p_softmax([2.0, 1.0, 0.0, -1.0], mass=0.7).round(3)
    array([0.731, 0.269, 0.   , 0.   ])
    >>> top_p_softmax([2.0, 1.0, 0.0, -1.0], mass=0.7, temperature=2, result="logits")
    array([ 1. ,  0.5, -inf, -inf])
    """
    parameters = check_number("mass", mass, 0.0, 1.0), check_fewest(min_tokens_to_keep)
    return map_filtered(top_p_logits if format is None else top_p_logits_in_format, z, parameters, axis=axis,
                        temperature=temperature, result=result, where=where, format=format)


def min_p_softmax(z, *, ratio=0.1, temperature=1.0, min_tokens_to_keep=1, result="probabilities", axis=-1, where=None,
                  format=None):
    """Softmax over the classes whose probability is at least `ratio` times the largest one.

    That is a bound on gaps, ``z_i >= max z + log(ratio)``, which needs no probabilities. The temperature comes first.

    Parameters
    ----------
    ratio : float from 0 to 1
        0 keeps all classes, 1 those on top.
    temperature, min_tokens_to_keep, result
        As in `top_p_softmax`.
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
    parameters = check_number("ratio", ratio, 0.0, 1.0), check_fewest(min_tokens_to_keep)
    return map_filtered(min_p_logits if format is None else min_p_logits_in_format, z, parameters, axis=axis,
                        temperature=temperature, result=result, where=where, format=format)


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
