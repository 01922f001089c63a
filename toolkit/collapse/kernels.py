"""Row kernels of Softmax Collapse: four orders of a sum, whose rounding decides where it is exactly 1.

The order of a sum decides where it rounds to 1. After the largest term, 1, each term up to half an ulp of 1
is absorbed on its own; before it, such terms pile up first and together may lift the sum past 1.
"""

from toolkit._core.exact_sums import two_sum
from toolkit._core.kernel import kernel
from toolkit._core.numbers import like
from toolkit._core.rounding import bits_of, float_of
from toolkit._core.switch import switch
from toolkit.elementary import exp
from toolkit.losses.kernels import sum_in_order

__all__ = ["ORDERS", "sum_exactly", "sum_in_lanes", "sum_in_order", "sum_is_one_at_gap", "sum_of_terms", "sum_pairwise"]


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
    whole = terms.size & ~7
    if whole > 0:
        s0, s1, s2, s3, s4, s5, s6, s7 = (terms[0], terms[1], terms[2], terms[3], terms[4], terms[5], terms[6],
                                          terms[7])
        for k in range(8, whole, 8):
            s0, s1, s2, s3 = s0 + terms[k], s1 + terms[k + 1], s2 + terms[k + 2], s3 + terms[k + 3]
            s4, s5, s6, s7 = s4 + terms[k + 4], s5 + terms[k + 5], s6 + terms[k + 6], s7 + terms[k + 7]
        terms[0], terms[1], terms[2], terms[3] = s0, s1, s2, s3
        terms[4], terms[5], terms[6], terms[7] = s4, s5, s6, s7
        for k in range(whole, terms.size):
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
