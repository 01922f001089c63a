"""Row kernels of Softmax Collapse: four orders of a sum, and what one row loses in a format.

The order of a sum decides where it rounds to 1. After the largest term, 1, each term up to half an ulp of 1
is absorbed on its own; before it, such terms pile up first and together may lift the sum past 1.
"""
import numpy as np

from toolkit._core.exact_sums import two_sum
from toolkit._core.kernel import kernel
from toolkit._core.numbers import in_format, like
from toolkit._core.rounding import bits_of, float_of, round_to_code
from toolkit._core.switch import switch
from toolkit.elementary import exp
from toolkit.losses.kernels import cross_entropy_common, shifted_exponentials, sum_in_order

__all__ = ["COUNTS", "ORDERS", "count_row", "count_rows", "sum_exactly", "sum_in_lanes", "sum_in_order",
           "sum_is_one_at_gap", "sum_of_terms", "sum_pairwise"]

COUNTS = ("collapsed", "nan_rows", "zero_losses", "zero_label_gradients", "zero_gradient_rows",
          "overflowed_logits", "naive_overflows", "naive_underflows", "shifted_underflows")
(_COLLAPSED, _NAN_ROWS, _ZERO_LOSSES, _ZERO_LABEL_GRADIENTS, _ZERO_GRADIENT_ROWS,
 _OVERFLOWED_LOGITS, _NAIVE_OVERFLOWS, _NAIVE_UNDERFLOWS, _SHIFTED_UNDERFLOWS) = range(len(COUNTS))


@kernel
def sum_pairwise(terms):
    """Sum of the sums of two halves, and so on down to single terms, each rounded; overwrites `terms`.

    Block i of 2**level starts at ceil(i n / 2**level): of two halves, the first is the larger at the top.
    """
    n = terms.size
    level = 0
    while (1 << level) < n:
        level += 1
    while level > 0:
        roof = (1 << level) - 1
        for i in range(0, 1 << level, 2):
            left = (i * n + roof) >> level
            right = ((i + 1) * n + roof) >> level
            end = ((i + 2) * n + roof) >> level
            if left < right and right < end:
                terms[left] += terms[right]
        level -= 1
    return terms[0]


@kernel
def sum_exactly(terms):
    """Sum with one rounding at its end: in two float64, as if with 100 bits.

    Neumaier's compensated sum (1974), doi:10.1002/zamm.19740540106.
    """
    total, rest = 0.0, 0.0
    for k in range(terms.size):
        total, lost = two_sum(total, float(terms[k]))
        rest += lost
    total, rest = two_sum(total, rest)
    if float(like(total, terms)) != total and bits_of(total) & 1 == 0:
        # An odd last bit stands for "and a bit more", so that the second rounding cannot see a false tie.
        if rest > 0.0:
            total = float_of(bits_of(total) + 1)
        elif rest < 0.0:
            total = float_of(bits_of(total) - 1)
    return like(total, terms)


@kernel
def sum_in_lanes(terms):
    """Eight sums of every eighth term, added as a tree: how vectorised libraries add up a row; overwrites `terms`."""
    for k in range(8, terms.size):
        terms[k & 7] += terms[k]
    half = 4
    while half > 0:
        for k in range(half, min(2 * half, terms.size)):
            terms[k - half] += terms[k]
        half >>= 1
    return terms[0]


_SUMS = {"sequential": sum_in_order, "pairwise": sum_pairwise, "exact": sum_exactly, "lanes": sum_in_lanes}
ORDERS = {order: which for which, order in enumerate(_SUMS)}

# (order, terms): the sum of non-negative terms in one of `ORDERS`; may overwrite `terms`.
sum_of_terms = switch(_SUMS.values())


@kernel
def sum_is_one_at_gap(gap, label, order, terms):
    """Whether a row with all wrong logits `gap` below the label's has a sum of 1; `terms` is work space."""
    wrong = like(exp(-gap), terms)
    for k in range(terms.size):
        terms[k] = wrong
    terms[label] = 1.0
    return sum_of_terms(order, terms) == 1


@kernel
def count_row(z, label, order, terms, counts):
    """Add to `counts` what a row of the format's values loses; label -1 stands for the largest logit."""
    for k in range(z.size):
        if np.isfinite(z[k]):
            naive = exp(z[k])
            counts[_NAIVE_OVERFLOWS] += not np.isfinite(naive)
            counts[_NAIVE_UNDERFLOWS] += naive == 0
    top = shifted_exponentials(z, terms)
    for k in range(z.size):
        counts[_SHIFTED_UNDERFLOWS] += terms[k] == 0 and np.isfinite(z[k])
    total = sum_of_terms(order, terms)
    counts[_NAN_ROWS] += not np.isfinite(total)
    counts[_COLLAPSED] += total == 1
    y = top if label < 0 else label
    counts[_ZERO_LOSSES] += cross_entropy_common(z, y, terms) == 0
    counts[_ZERO_LABEL_GRADIENTS] += terms[y] == 0
    zeros = 0
    for k in range(z.size):
        zeros += terms[k] == 0
    counts[_ZERO_GRADIENT_ROWS] += zeros == z.size


@kernel
def count_rows(logits, labels, order, row, terms, counts, fmt):
    """Round each row of float64 `logits` to the format and count what it loses.

    `row` and `terms` are work space. -inf stays -inf in every format, as it marks a class that is left out.
    """
    for i in range(logits.shape[0]):
        for k in range(row.size):
            z = logits[i, k]
            row[k] = z if z == -np.inf else round_to_code(z, fmt)
            counts[_OVERFLOWED_LOGITS] += np.isfinite(z) and not np.isfinite(row[k])
        count_row(in_format(row, fmt), labels[i], order, in_format(terms, fmt), counts)
