"""What a step is worth looking at: `Measures`, and the tallies and quantiles behind them."""
from typing import NamedTuple

import numpy as np

from toolkit._core.inner_products import inner, norm_squared
from toolkit._core.kernel import kernel
from toolkit._core.numbers import in_format
from toolkit.networks.plan import CHUNKS, N_TRAIN
from toolkit.training.loss import TALLIES, larger

__all__ = ["MEASURES", "Measures", "Tally", "measures_of", "nothing_measured", "quantile", "tally_of"]

_LARGEST = np.finfo(np.float64).max


class Tally(NamedTuple):
    """`TALLIES` over all rows that were looked at."""

    loss: float
    correct: float
    collapsed: float
    zero_loss: float
    zero_label_gradient: float
    zero_gradient: float
    row_sum: float
    largest: float


class Measures(NamedTuple):
    """What is measured at some weights: means over rows, quantiles of their logit gaps, norms."""

    train_loss: float
    train_accuracy: float
    test_loss: float
    test_accuracy: float
    collapsed: float
    zero_loss: float
    zero_label_gradient: float
    zero_gradient: float
    row_sum: float
    gap_10: float
    gap_50: float
    gap_90: float
    largest_logit: float
    gradient_norm: float
    nlm_cosine: float
    weight_norm: float
    step_rms: float


MEASURES = Measures._fields


@kernel
def total_of(tallies):
    """Over the chunks, of the number at which the view `tallies` begins."""
    total = 0.0
    for c in range(CHUNKS):
        total += tallies[c * len(TALLIES)]
    return total


@kernel
def largest_of(tallies):
    largest = 0.0
    for c in range(CHUNKS):
        largest = larger(largest, tallies[c * len(TALLIES)])
    return largest


@kernel
def tally_of(tallies):
    """The `Tally` of all chunks."""
    return Tally(total_of(tallies), total_of(tallies[1:]), total_of(tallies[2:]), total_of(tallies[3:]),
                 total_of(tallies[4:]), total_of(tallies[5:]), total_of(tallies[6:]), largest_of(tallies[7:]))


@kernel
def quantile(values, share):
    """The smallest of `values` that at least `share` of them do not exceed, by bisection to the last bit; no copy.

    NaN if one of them is.
    """
    low = np.inf
    high = -np.inf
    for v in values:
        if v != v:
            return v
        low = min(low, v)
        high = max(high, v)
    needed = share * values.size
    while True:
        middle = 0.5 * max(low, -_LARGEST) + 0.5 * min(high, _LARGEST)
        if not (low < middle < high):
            break
        below = 0
        for v in values:
            below += v <= middle
        if below >= needed:
            high = middle
        else:
            low = middle
    below = 0
    for v in values:
        below += v <= low
    return low if below >= needed else high


@kernel
def nothing_measured():
    """`Measures` that are not there."""
    x = np.nan
    return Measures(x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x)


@kernel
def measures_of(plan, parameters, seen, unseen, rest, work):
    """The `Measures`, from the tallies of the training rows and of the `rest` others; fills ``work.norms``.

    The gradient at these weights is in the work space.
    """
    n = np.int64(plan[N_TRAIN])
    parameters, grads, steps = in_format(parameters, None), in_format(work.grads, None), in_format(work.steps, None)
    gaps = work.gaps[:n]
    length = np.sqrt(norm_squared(parameters))
    slope = np.sqrt(norm_squared(grads))
    cosine = 0.0 if length * slope == 0.0 else -inner(parameters, grads) / (length * slope)
    numbers = 0
    for t in range(work.numbers.size):
        numbers += work.numbers[t]
        work.norms[t] = np.sqrt(norm_squared(parameters[work.tensors[t]:work.tensors[t + 1]]))
    return Measures(
        train_loss=seen.loss / n, train_accuracy=seen.correct / n, test_loss=unseen.loss / rest,
        test_accuracy=unseen.correct / rest, collapsed=seen.collapsed / n, zero_loss=seen.zero_loss / n,
        zero_label_gradient=seen.zero_label_gradient / n, zero_gradient=seen.zero_gradient / n, row_sum=seen.row_sum,
        gap_10=quantile(gaps, 0.1), gap_50=quantile(gaps, 0.5), gap_90=quantile(gaps, 0.9),
        largest_logit=seen.largest, gradient_norm=slope,
        nlm_cosine=cosine,
        weight_norm=length, step_rms=np.sqrt(norm_squared(steps) / numbers))
