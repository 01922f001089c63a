"""What keeps interval bounds small and ReLUs balanced while a certified network warms up."""
from typing import NamedTuple

import numpy as np

from toolkit._core.arguments import check_finite
from toolkit._core.kernel import kernel
from toolkit.networks._given import boxes_of, network_of
from toolkit.networks._interval_pass import interval_pass, interval_work_in
from toolkit.networks.plan import DEPTH, SIZES, size_of
from toolkit.networks.product import LINE

__all__ = ["Regularizers", "interval_regularizers"]
KERNELS = ["interval_statistics", "statistics_slopes"]

RADIUS, ACTIVE, INACTIVE, ACTIVE_SPREAD, INACTIVE_SPREAD, EVERY, MEAN = range(7)


class Regularizers(NamedTuple):
    """Means over the hidden layers: 0 where nothing is amiss.

    tightness : how far the mean radius has grown beyond 1 / tolerance times that of the inputs, at most 1
    balance : how unevenly the units are split into active and inactive ones, at most 2
    """

    tightness: float
    balance: float


@kernel
def mean_radius(radius, rows, units):
    total = 0.0
    for i in range(rows):
        for j in range(units):
            total += radius[i, j]
    return total / (rows * units)


@kernel
def half_width(low, high, rows, units):
    """Mean of ``(u - l) / 2``."""
    total = 0.0
    for i in range(rows):
        for j in range(units):
            total += 0.5 * (high[i, j] - low[i, j])
    return total / (rows * units)


@kernel
def shortfall(ratio, tolerance):
    """``(tol - min(q, 1/q))_+ / tol``, and its derivative by q."""
    smaller = ratio if ratio <= 1.0 else 1.0 / ratio
    if not smaller < tolerance:
        return 0.0, 0.0
    return (tolerance - smaller) / tolerance, (-1.0 if ratio <= 1.0 else 1.0 / (ratio * ratio)) / tolerance


@kernel
def balance_of_layer(low, high, rows, units, tolerance, weight, statistics):
    """The imbalance of a layer's centres; leaves ``weight`` times its derivatives in the statistics."""
    active, inactive, total, count = 0.0, 0.0, 0.0, rows * units
    for i in range(rows):
        for j in range(units):
            c = 0.5 * (low[i, j] + high[i, j])
            total += c
            active += c if low[i, j] > 0.0 else 0.0
            inactive -= c if high[i, j] < 0.0 else 0.0
    mean = total / count
    on, off, on_first, off_first = 0.0, 0.0, 0.0, 0.0
    for i in range(rows):
        for j in range(units):
            d = 0.5 * (low[i, j] + high[i, j]) - mean
            if low[i, j] > 0.0:
                on, on_first = on + d * d, on_first + d
            elif high[i, j] < 0.0:
                off, off_first = off + d * d, off_first + d
    of_means, of_spreads = active / inactive, on / off
    if not (of_means < np.inf and of_spreads < np.inf):
        return 0.0
    first, first_slope = shortfall(of_means, tolerance)
    second, second_slope = shortfall(of_spreads, tolerance)
    statistics[MEAN] = mean
    statistics[ACTIVE] = weight * first_slope / inactive
    statistics[INACTIVE] = weight * first_slope * active / (inactive * inactive)
    statistics[ACTIVE_SPREAD] = weight * second_slope * 2.0 / off
    statistics[INACTIVE_SPREAD] = -weight * second_slope * 2.0 * of_spreads / off
    statistics[EVERY] = weight * second_slope * 2.0 * (of_spreads * off_first - on_first) / (count * off)
    return first + second


@kernel
def interval_statistics(plan, rows, tolerance, by_tightness, by_balance, work):
    """``(tightness, balance)`` after a pass; leaves the derivatives of their sum, so weighted, in the statistics."""
    hidden = np.int64(plan[DEPTH]) - 1
    start = mean_radius(work.radius[0], rows, size_of(plan, 0))
    tightness, balance = 0.0, 0.0
    for layer in range(1, hidden + 1):
        units, statistics = size_of(plan, layer), work.statistics[layer]
        for k in range(statistics.size):
            statistics[k] = 0.0
        reach = half_width(work.low[layer], work.high[layer], rows, units)
        if start < tolerance * reach:
            tightness += (tolerance - start / reach) / tolerance / hidden
            statistics[RADIUS] = by_tightness * start / (reach * reach * tolerance * hidden * rows * units)
        balance += balance_of_layer(work.low[layer], work.high[layer], rows, units, tolerance, by_balance / hidden,
                                    statistics) / hidden
    return tightness, balance


@kernel(forceinline=True)
def statistics_slopes(statistics, low, high):
    """The derivatives of the weighted regularisers by the centre and by the radius of a unit in a row."""
    d = 0.5 * (low + high) - statistics[MEAN]
    by_centre = statistics[EVERY]
    if low > 0.0:
        by_centre += statistics[ACTIVE] + statistics[ACTIVE_SPREAD] * d
    elif high < 0.0:
        by_centre += statistics[INACTIVE] + statistics[INACTIVE_SPREAD] * d
    return by_centre, statistics[RADIUS]


@kernel
def set_boxes(low, high, work):
    """Centre and radius of the boxes of inputs."""
    for i in range(low.shape[0]):
        for k in range(low.shape[1]):
            work.centre[0, i, k] = 0.5 * (low[i, k] + high[i, k])
            work.radius[0, i, k] = 0.5 * (high[i, k] - low[i, k])


@kernel
def regularizers_of(plan, parameters, low, high, tolerance, room):
    rows = low.shape[0]
    work = interval_work_in(room, plan, rows)
    set_boxes(low, high, work)
    interval_pass(plan, parameters, rows, work)
    return interval_statistics(plan, rows, tolerance, 0.0, 0.0, work)


def room_for_pass(plan, rows):
    """Space for `IntervalWork`, without a call of a kernel."""
    sizes = plan[SIZES:].astype(int)
    return np.empty(4 * (len(sizes) * rows + 1) * (sizes.max() + LINE) + 2 * sizes[-1] + 8 * len(sizes))


def interval_regularizers(weights, biases, lower, upper, *, tolerance=0.5):
    """How loose the interval bounds of a ReLU network are over a batch of boxes, and how uneven its units.

    Both are added to the loss while certified training warms up. Tightness asks that the mean radius before each ReLU
    is at most 1 / `tolerance` times that of the inputs. Balance compares the active units, whose whole interval is
    above 0, with the inactive ones, by the mean and by the spread of their centres.

    Parameters
    ----------
    weights, biases, lower, upper
        As of `toolkit.networks.interval_bounds`, with one hidden layer or more.
    tolerance : float
        > 0.

    Returns
    -------
    Regularizers
        `tightness` and `balance`. Their gradient with respect to `weights` and `biases` is that of `toolkit.vjp`:
        ``pull((g, h))`` gives a list of arrays.

    Special values
    --------------
    A layer without inactive units counts as balanced, since a ratio would be infinite or NaN.

    Accuracy
    --------
    Within 1e-12 of the definition in NumPy, tested. In plain arithmetic: nothing is rounded outward.

    References
    ----------
    Shi, Wang, Zhang, Yi, Hsieh, Fast Certified Robust Training with Short Warmup, NeurIPS 2021, arXiv:2103.17268; the
    formulas are those of its published code.

    Examples
    --------
    >>> W = [[3.0, -3.0], [2.0, 2.0]], [[1.0, 1.0]]
    >>> interval_regularizers(list(W), None, [[0.4, 0.4]], [[0.6, 0.6]]).tightness
    0.6
    """
    tolerance = check_finite("tolerance", tolerance, 0.0, above=True)
    plan, parameters = network_of(weights, biases)
    _, low, high = boxes_of(lower, upper, len(weights[0][0]))
    check_hidden(weights, low)
    with np.errstate(all="ignore"):  # uncompiled kernels would warn on paths that are right
        return Regularizers(*regularizers_of(plan, parameters, low, high, tolerance, room_for_pass(plan, len(low))))


def check_hidden(weights, low):
    """Refuse a network without a hidden layer, and an empty batch."""
    if len(weights) < 2:
        raise ValueError("weights has 1 layer; allowed: 2 or more, so that one is hidden")
    if not len(low):
        raise ValueError("lower has no rows; allowed: at least 1 box")
