"""Kernels of a power law above a floor: its value in logarithms, its least squares, and the profile of its floor.

The loss is ``L = F + (x0 / x)^a``. With ``e = log F``, ``l = log x`` and ``b = a log x0`` its logarithm is
``logaddexp(e, b - a l)``: the weights of its gradient are a softmax of two terms, and no power can overflow.
"""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit._core.numbers import like
from toolkit._core.random import below, seeded
from toolkit.elementary import exp, log, log1p, pow

__all__ = []
KERNELS = ["bootstrap_floors", "fill_profile", "fit_line", "fit_three", "floor_interval", "law_row", "law_row_naive",
           "log_of_law", "refit_floor", "squares_left"]

STARTS, STEPS = 6, 60
LOWEST = -40.0  # of log F less the log of the least loss: a floor of 0


@kernel
def law_row_naive(x, floor, scale, exponent, out):
    """``F + x0^a / x^a``, whose powers overflow."""
    for i in range(x.size):
        out[i] = floor + pow(like(scale, x), like(exponent, x)) / pow(x[i], like(exponent, x))


@kernel
def law_row(x, floor, scale, exponent, out):
    """``F + exp(a (log x0 - log x))``."""
    for i in range(x.size):
        out[i] = floor + exp(exponent * (like(log(scale), x) - log(x[i])))


@kernel
def log_of_law(e, b, a, at):
    """``(log L, w)`` of the law at log x, w the share of the floor in L."""
    falling = b - a * at
    gap = falling - e
    if gap <= 0:
        ratio = exp(gap)
        return e + log1p(ratio), 1.0 / (1.0 + ratio)
    ratio = exp(-gap)
    return falling + log1p(ratio), ratio / (1.0 + ratio)


@kernel
def squares_left(logs, losses, e, b, a):
    """The sum of the squares of ``log L`` less the law's."""
    total = 0.0
    for i in range(logs.size):
        r = losses[i] - log_of_law(e, b, a, logs[i])[0]
        total += r * r
    return total


@kernel
def fit_line(logs, losses):
    """``(b, a)`` of the straight line ``b - a log x`` nearest to the losses, in least squares."""
    n, x, y = logs.size, 0.0, 0.0
    for i in range(n):
        x, y = x + logs[i] / n, y + losses[i] / n
    across, along = 0.0, 0.0
    for i in range(n):
        across += (logs[i] - x) * (losses[i] - y)
        along += (logs[i] - x) * (logs[i] - x)
    a = -across / along
    return y + a * x, a


@kernel
def solved(m, g, free, step):
    """Solve ``m step = g`` of the last `free` of three unknowns, by Cholesky; False where m is not positive."""
    first = 3 - free
    for j in range(first, 3):
        for i in range(j, 3):
            total = m[i, j]
            for k in range(first, j):
                total -= m[i, k] * m[j, k]
            if i == j:
                if not total > 0:
                    return False
                m[j, j] = np.sqrt(total)
            else:
                m[i, j] = total / m[j, j]
    for i in range(first, 3):
        total = g[i]
        for k in range(first, i):
            total -= m[i, k] * step[k]
        step[i] = total / m[i, i]
    for i in range(2, first - 1, -1):
        total = step[i]
        for k in range(i + 1, 3):
            total -= m[k, i] * step[k]
        step[i] = total / m[i, i]
    return True


@kernel
def descend(logs, losses, e, b, a, free, work):
    """Levenberg and Marquardt's steps from a start; returns ``(squares, e, b, a)``. With ``free = 2``, e is kept."""
    m, g, step = work[:9].reshape((3, 3)), work[9:12], work[12:15]
    damping, now = 1e-3, squares_left(logs, losses, e, b, a)
    for _ in range(STEPS):
        for i in range(3):
            g[i] = 0.0
            step[i] = 0.0
            for j in range(3):
                m[i, j] = 0.0
        for i in range(logs.size):
            value, w = log_of_law(e, b, a, logs[i])
            r, d1, d2 = losses[i] - value, 1.0 - w, -(1.0 - w) * logs[i]
            g[0], g[1], g[2] = g[0] + w * r, g[1] + d1 * r, g[2] + d2 * r
            m[0, 0], m[1, 0], m[2, 0] = m[0, 0] + w * w, m[1, 0] + d1 * w, m[2, 0] + d2 * w
            m[1, 1], m[2, 1], m[2, 2] = m[1, 1] + d1 * d1, m[2, 1] + d2 * d1, m[2, 2] + d2 * d2
        for i in range(3):
            m[i, i] = m[i, i] * (1.0 + damping) + 1e-300
        if not solved(m, g, free, step):
            damping *= 10.0
            continue
        new_e = e + max(min(step[0], 2.0), -2.0) if free == 3 else e
        after = squares_left(logs, losses, new_e, b + step[1], a + step[2])
        if after <= now:
            small = now - after <= 1e-15 * now
            e, b, a, now, damping = new_e, b + step[1], a + step[2], after, damping * 0.2
            if small:
                break
        elif damping > 1e12:
            break
        else:
            damping *= 5.0
    return now, e, b, a


@kernel
def line_above(logs, losses, floor, work):
    """``(b, a)`` of the line through ``log(L - floor)``: a start; below the floor little is left."""
    n = logs.size
    above = work[15:15 + n]
    for i in range(n):
        above[i] = log(max(exp(losses[i]) - floor, 1e-6 * exp(losses[i])))
    return fit_line(logs, above)


@kernel
def fit_three(logs, losses, work):
    """``(squares, e, b, a)`` of the least squares of ``log L``, the best from a grid of starts for the floor.

    `work` has 15 numbers more than there are losses. A floor whose logarithm falls below `LOWEST` counts as 0.
    """
    least = losses[0]
    for i in range(losses.size):
        least = min(least, losses[i])
    best = (np.inf, 0.0, 0.0, 0.0)
    for start in range(STARTS):
        share = (0.999, 0.98, 0.9, 0.7, 0.4, 0.1)[start]
        b, a = line_above(logs, losses, share * exp(least), work)
        found = descend(logs, losses, least + log(share), b, a, 3, work)
        if found[0] < best[0]:
            best = found
    b, a = fit_line(logs, losses)
    found = descend(logs, losses, least + LOWEST, b, a, 2, work)
    return found if found[0] <= best[0] or best[1] < least + LOWEST else best


@kernel
def fill_profile(logs, losses, floors, b, a, work, squares):
    """The least squares with each floor kept, from one to the next: what the other two can make good.

    From ``(b, a)`` on; b and a follow the floor, so that floors should be near each other.
    """
    for k in range(floors.size):
        if floors[k] > 0:
            start_b, start_a = line_above(logs, losses, floors[k], work)
            one = descend(logs, losses, log(floors[k]), b, a, 2, work)
            other = descend(logs, losses, log(floors[k]), start_b, start_a, 2, work)
            found = one if one[0] <= other[0] else other
        else:
            found = descend(logs, losses, losses[0] - 745.0, b, a, 2, work)
        squares[k], b, a = found[0], found[2], found[3]


@kernel
def refit_floor(logs, losses, e, b, a, places, work, drawn):
    """``(e, b, a)`` of the law fitted to itself with the residuals of these places: one draw of a bootstrap.

    Residuals of a fit are smaller than the errors; they are stretched by ``sqrt(n / (n - 3))``.
    """
    n = logs.size
    for i in range(n):
        j = np.int64(places[i])
        drawn[i] = (log_of_law(e, b, a, logs[i])[0]
                    + np.sqrt(n / (n - 3.0)) * (losses[j] - log_of_law(e, b, a, logs[j])[0]))
    return fit_three(logs, drawn, work)[1:]


@kernel
def bootstrap_floors(logs, losses, e, b, a, seed, places, work, drawn, state, out):
    """`refit_floor` as often as `out` has rows of ``(F, a)``, with places drawn anew."""
    seeded(state, seed, 0)
    for k in range(out.shape[0]):
        for i in range(places.size):
            places[i] = below(state, places.size)
        new_e, _, new_a = refit_floor(logs, losses, e, b, a, places, work, drawn)
        out[k, 0], out[k, 1] = exp(new_e), new_a


@kernel
def floor_end(logs, losses, inside, outside, b, a, limit, work):
    """The floor between one whose squares are at most `limit` and one whose squares are not, by halving."""
    for _ in range(28):
        middle = 0.5 * (inside + outside)
        found = descend(logs, losses, log(middle), b, a, 2, work)
        if found[0] <= limit:
            inside, b, a = middle, found[2], found[3]
        else:
            outside = middle
    return inside


@kernel
def floor_interval(logs, losses, e, b, a, squares, quantile, work):
    """``(low, high)``: the floors whose least squares are at most ``squares (1 + quantile^2 / (n - 3))``.

    The largest loss ends the search above.
    """
    limit = squares * (1.0 + quantile * quantile / (logs.size - 3.0)) + 1e-26 * logs.size
    least, most, floor = losses[0], losses[0], exp(e)
    for i in range(losses.size):
        least, most = min(least, losses[i]), max(most, losses[i])
    line_b, line_a = fit_line(logs, losses)
    low = 0.0
    if descend(logs, losses, least + LOWEST, line_b, line_a, 2, work)[0] > limit:
        low = floor_end(logs, losses, floor, 0.0, b, a, limit, work)
    return low, floor_end(logs, losses, floor, exp(most), b, a, limit, work)
