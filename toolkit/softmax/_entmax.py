"""Sparse maps to the simplex: sparsemax, entmax-1.5 and α-entmax.

α-entmax is ``p_i = [(α - 1) z_i - τ]_+^(1 / (α - 1))`` with the τ that makes the sum 1. As written, a rounding
error of τ is multiplied by the number of classes, and raised to the power 1 / (α - 1), without bound as α → 1.
Counting from a class removes both hazards. With ``ε = α - 1``:

- *From the last class of the support* z_k, if |ε| is not small: ``p_i = [a + ε (z_i - z_k)]^(1 / ε)`` with
  ``a = p_k^ε >= 0``. Nothing cancels, and a class at the edge keeps its digits. Which class is the last is found
  first: one is in if the classes above it, counted from it with a = 0, sum to less than 1. Then a falls to its value by
  Newton's iteration from ``(1 / k)^ε``: for ε <= 1 the sum is a convex function of a, for ε > 1 one of p_k.
- *From the top class*, else: ``p_i = e_i / sum e``, ``e_i = exp_ε(w_i / c)``, ``exp_ε(v) = [1 + ε v]_+^(1 / ε)``,
  with the gaps ``w_i = z_i - max z <= 0`` and ``c = p_max^ε``, where ``c (sum e)^ε = 1``. Here α = 1, softmax, is an
  ordinary value, and so is α < 1, which leaves no class at 0.

What the sum is still off, r, is taken from the classes as a shift of τ would: in proportion to ``s_i = p_i^(1 - ε)``.
Dividing by the sum instead would take it from the top class. All of this is float64 whatever the rows are, differences
and products are pairs of them, and each result is rounded to the format of the row once.
"""
import numpy as np

from toolkit._core.exact_sums import add_compensated, two_product, two_sum
from toolkit._core.kernel import kernel
from toolkit.elementary import exp, log1p, pow
from toolkit.softmax._shift import top_class

__all__ = []
KERNELS = ["alpha_entmax_row", "entmax15_row", "power_exp", "sparsemax_row"]

_MOST_STEPS = 100
_SMALL_ORDER = 0.015625  # below, and for α < 1, counted from the top class


@kernel
def power_exp(v, order):
    """``[1 + ε v]_+^(1 / ε)`` for v <= 0, and exp(v) at ε = 0."""
    x = order * v
    if v == -np.inf or x <= -1:
        return 0.0
    if x == 0:
        return exp(v)
    if order == 1:
        return 1 + x
    if order == 0.5:
        return (1 + x) * (1 + x)
    return exp(v * (log1p(x) / x))  # log1p(x) / ε, free of the rounding of a subnormal x


@kernel
def within_reach(z, m, order):
    """Whether a class may have a part: one at least 1 / ε below the top has none. NaN and -inf are out of reach."""
    gap = float(z) - float(m)
    return gap > -np.inf and not order * gap <= -1


@kernel
def power_above(z, floor, base, order):
    """``(P, P^(1 - ε))`` for ``P = [base + ε (z - floor)]^(1 / ε)``, ``z >= floor``."""
    gap, lost = two_sum(float(z), -float(floor))
    rise, rounded = two_product(order, gap)
    a, rest = two_sum(base, rise)
    rest += rounded + order * lost
    if order == 1:
        return a + rest, 1.0
    if a == 0:
        return 0.0, 0.0
    if order == 0.5:
        root = a + rest
        return root * root, root
    power = np.sqrt(a) if order == 2 else pow(a, 1 / order)
    power += power * (rest / (a * order))
    return power, power / a


@kernel
def sums_above(z, floor, base, order):
    """Sums of P and of ``P^(1 - ε)`` over the classes from `floor` on."""
    total, lost, slope, slope_lost = 0.0, 0.0, 0.0, 0.0
    for i in range(z.size):
        if z[i] >= floor:
            power, change = power_above(z[i], floor, base, order)
            total, lost = add_compensated(total, lost, power)
            slope, slope_lost = add_compensated(slope, slope_lost, change)
    return total, slope


@kernel
def last_of_support(z, m, order):
    """The smallest logit that has a part, by Newton's steps and halvings from class to class.

    Comparisons are among logits, so that no rounding error decides twice.
    """
    last, out, guess, halve = m, -np.inf, -np.inf, False
    while True:
        here, found = last, False
        for i in range(z.size):
            x = float(z[i])
            if out < x < last and within_reach(x, m, order):
                if not found or (guess <= x < here) or here < guess and x > here:
                    here, found = x, True
        if not found:
            return last
        total, slope = sums_above(z, here, 0.0, order)
        if total < 1:
            last = here
        else:
            out = here
        guess = -np.inf
        if halve:
            guess = 0.5 * last + 0.5 * max(out, m - 1 / order)
        elif slope > 0:
            guess = here + (total - 1) / slope
        halve = not halve


@kernel
def base_of_support(z, last, order):
    """``(a, sum of P, sum of P^(1 - ε))`` for the support that ends with `last`."""
    count = 0
    for i in range(z.size):
        if z[i] >= last:
            count += 1
    part = 1.0 / count
    base = pow(part, order)
    total, slope = sums_above(z, last, base, order)
    for _ in range(_MOST_STEPS):
        if order <= 1:
            following = max(base - order * (total - 1) / slope, 0.0)
        else:
            part = max(part - (total - 1) * part / (slope * base), 0.0)
            following = pow(part, order)
        if not following < base:
            break
        base = following
        total, slope = sums_above(z, last, base, order)
        if base == 0:
            break
    return base, total, slope


@kernel
def entmax_from_last(z, m, order, p):
    """α-entmax for an ε that is not small."""
    last = last_of_support(z, m, order)
    base, total, slope = base_of_support(z, last, order)
    over = (total - 1) / slope
    for i in range(z.size):
        if z[i] >= last:
            power, change = power_above(z[i], last, base, order)
            p[i] = max(power - over * change, 0.0)
        else:
            p[i] = 0.0


@kernel
def term_below(z, m, c, order):
    """``(e, e^(1 - ε))`` for ``e = exp_ε((z - m) / c)``."""
    if not within_reach(z, m, order):
        return 0.0, 0.0
    gap, lost = two_sum(float(z), -m)
    v = gap / c
    e = power_exp(v, order)
    change = e / (1 + order * v) if e > 0 else 0.0
    return e + change * (lost / c), change


@kernel
def sums_below(z, m, c, order):
    """Sums of e and of ``e^(1 - ε)``."""
    total, lost, slope, slope_lost = 0.0, 0.0, 0.0, 0.0
    for i in range(z.size):
        e, change = term_below(z[i], m, c, order)
        total, lost = add_compensated(total, lost, e)
        slope, slope_lost = add_compensated(slope, slope_lost, change)
    return total, slope


@kernel
def entmax_from_top(z, m, order, p):
    """α-entmax for a small ε or one below 0; c falls or rises from 1 to its value."""
    c = 1.0
    total, slope = sums_below(z, m, c, order)
    aim = pow(total, -order)
    for _ in range(_MOST_STEPS):
        following = c + (aim - c) * (total / slope)
        if not (following < c if order > 0 else following > c):
            break
        c = following
        total, slope = sums_below(z, m, c, order)
        aim = pow(total, -order)
    over = 0.0 if order == 0 else (c - aim) / (c * order)
    for i in range(z.size):
        e, change = term_below(z[i], m, c, order)
        p[i] = max(e / total + over * (e / total - change / slope), 0.0)


@kernel
def entmax_row(z, order, p):
    """α-entmax for ``order = α - 1``; `p` may be `z`."""
    m = float(z[top_class(z)])
    if m - m != 0:  # NaN, or infinite
        for i in range(z.size):
            p[i] = np.nan
    elif order < _SMALL_ORDER:
        entmax_from_top(z, m, order, p)
    else:
        entmax_from_last(z, m, order, p)


@kernel
def alpha_entmax_row(z, alpha, p):
    """α-entmax of a row, α >= 1; `p` may be `z`."""
    entmax_row(z, alpha - 1, p)


@kernel
def sparsemax_row(z, p):
    """α = 2: the point of the simplex nearest to `z`; `p` may be `z`."""
    entmax_row(z, 1.0, p)


@kernel
def entmax15_row(z, p):
    """α = 1.5; `p` may be `z`."""
    entmax_row(z, 0.5, p)
