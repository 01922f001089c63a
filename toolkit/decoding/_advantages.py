"""Advantages of a group of answers to one question: how much better an answer is than a baseline from the others."""
import numpy as np

from toolkit._core import loops
from toolkit._core.arguments import check_finite, check_flag, check_number, check_whole
from toolkit._core.arrays import Rows, map_rows
from toolkit._core.kernel import kernel
from toolkit._core.numbers import like, over_exactly
from toolkit._core.row_threads import over_rows
from toolkit._core.sorting import sort_descending
from toolkit._core.sums import sum_like
from toolkit.softmax.kernels import top_class

__all__ = ["group_advantage", "quantile_advantage"]
KERNELS = ["group_advantage_row", "group_advantage_vjp_row", "quantile_advantage_row", "quantile_advantage_vjp_row"]


@kernel
def range_of(rewards):
    """``(how many, largest, largest less smallest)`` of the rewards; those of -inf are not there."""
    top = rewards[top_class(rewards)]
    low, count = top, 0
    for i in range(rewards.size):
        if rewards[i] != -np.inf:
            low = min(low, rewards[i])
            count += 1
    return count, top, top - low


@kernel
def moments(rewards, count, top, spread, ddof):
    """Mean and standard deviation of ``(reward - top) / spread``, numbers from -1 to 0."""
    total, squares = sum_like(rewards), sum_like(rewards)
    for i in range(rewards.size):
        if rewards[i] != -np.inf:
            total += (rewards[i] - top) / spread
    mean = over_exactly(total.value, count)
    for i in range(rewards.size):
        if rewards[i] != -np.inf:
            off = (rewards[i] - top) / spread - mean
            squares += off * off
    return mean, np.sqrt(over_exactly(squares.value, count - ddof))


@kernel
def unit_of(deviation, delta, rewards, spread):
    """What advantages are divided by, as `moments` has a deviation."""
    return deviation + like(delta, rewards) / spread


@kernel
def without_signal(rewards, top, spread, out):
    """Whether all rewards are equal: 0 for each, where a rounded mean over a tiny deviation would be anything."""
    if spread > 0 and spread < np.inf:
        return False
    for i in range(rewards.size):
        out[i] = 0.0 if spread == 0 or rewards[i] == -np.inf else spread - spread
    return True


@kernel
def group_advantage_row(rewards, divide, delta, ddof, out):
    """``(R - mean R) / (std R + delta)``, or without the division; from rewards less the largest, which are exact where
    they are near it."""
    count, top, spread = range_of(rewards)
    if without_signal(rewards, top, spread, out):
        return
    mean, deviation = moments(rewards, count, top, spread, ddof)
    unit = unit_of(deviation, delta, rewards, spread)
    for i in range(rewards.size):
        off = (rewards[i] - top) / spread - mean
        out[i] = 0.0 if rewards[i] == -np.inf else off / unit if divide else off * spread


@kernel
def pull_of_deviation(rewards, g, top, spread, mean, baseline, deviation, unit, degrees, out):
    """Take from `out`, which the baseline has filled, what the deviation adds, and divide by it; a mean and a baseline
    as `moments` has them."""
    dot = sum_like(rewards)
    for i in range(rewards.size):
        if rewards[i] != -np.inf:
            dot += ((rewards[i] - top) / spread - baseline) * g[i]
    for i in range(rewards.size):
        if rewards[i] == -np.inf:
            out[i] = 0.0
            continue
        off = (rewards[i] - top) / spread - mean
        out[i] = (out[i] - off * (over_exactly(dot.value, degrees) / (deviation * unit))) / (unit * spread)


@kernel
def sum_of_kept(rewards, g):
    total = sum_like(rewards)
    for i in range(rewards.size):
        if rewards[i] != -np.inf:
            total += g[i]
    return total.value


@kernel
def group_advantage_vjp_row(rewards, g, divide, delta, ddof, out):
    """``(g - mean g - (R - mean R) <A, g> / ((n - ddof) std)) / (std + delta)``; 0 where all rewards are equal."""
    count, top, spread = range_of(rewards)
    if (divide or spread != 0) and without_signal(rewards, top, spread, out):
        return
    above = over_exactly(sum_of_kept(rewards, g), count)
    for i in range(rewards.size):
        out[i] = g[i] - above if rewards[i] != -np.inf else 0.0
    if divide:
        mean, deviation = moments(rewards, count, top, spread, ddof)
        unit = unit_of(deviation, delta, rewards, spread)
        pull_of_deviation(rewards, g, top, spread, mean, mean, deviation, unit, count - ddof, out)


@kernel
def order_statistic(rewards, count, quantile, work):
    """The smallest reward that a share `quantile` of the group does not exceed: number ``ceil(quantile count)``."""
    for i in range(rewards.size):
        work[i] = rewards[i]
    sort_descending(work)
    place = int(np.ceil(quantile * count - 1e-12))
    return work[count - min(max(place, 1), count)]


@kernel
def quantile_advantage_row(rewards, quantile, delta, ddof, out):
    """``(R - b) / (std R + delta)`` with the quantile b. `out` is a row of its own."""
    count, top, spread = range_of(rewards)
    if without_signal(rewards, top, spread, out):
        return
    _, deviation = moments(rewards, count, top, spread, ddof)
    unit = unit_of(deviation, delta, rewards, spread)
    baseline = order_statistic(rewards, count, quantile, out)
    for i in range(rewards.size):
        out[i] = (rewards[i] - baseline) / spread / unit if rewards[i] != -np.inf else 0.0


@kernel
def quantile_advantage_vjp_row(rewards, g, quantile, delta, ddof, out):
    """As `group_advantage_vjp_row`, the mean of g taken from the first reward that is the quantile, as their sum."""
    count, top, spread = range_of(rewards)
    if without_signal(rewards, top, spread, out):
        return
    mean, deviation = moments(rewards, count, top, spread, ddof)
    baseline = order_statistic(rewards, count, quantile, out)
    above, found = sum_of_kept(rewards, g), False
    for i in range(rewards.size):
        out[i] = g[i]
        if rewards[i] == baseline and not found:
            out[i] = g[i] - above
            found = True
    unit = unit_of(deviation, delta, rewards, spread)
    below = (baseline - top) / spread
    pull_of_deviation(rewards, g, top, spread, mean, below, deviation, unit, count - ddof, out)


def _settings(delta, ddof):
    return check_finite("delta", delta, 0), check_whole("ddof", ddof, 0, 1)


def group_advantage(rewards, *, divide_by_std=True, delta=0.0, ddof=1, axis=-1, where=None):
    """Advantages of GRPO: each reward less the mean of its group, over its standard deviation.

    ``A_i = (R_i - mean R) / (std R + delta)``; Dr. GRPO leaves the division out. Rewards come as differences from the
    largest one, and a group of equal rewards gives exactly 0: in float32 the mean of seven rewards of 0.7 is off by an
    ulp, and over a deviation of the same size that is an advantage of 0.8 for every answer.

    Parameters
    ----------
    rewards : array_like (..., G)
        Of the answers to one question.
    divide_by_std : bool
        False is Dr. GRPO.
    delta : float >= 0
        Added to the standard deviation: 1e-4 in TRL, 1e-8 in understand-r1-zero.
    ddof : {1, 0}
        1 is the unbiased deviation, which both of them take; 0 that of the population.
    axis : int, tuple of ints or None
    where : array_like of booleans, optional
        True keeps; a reward of -inf is left out, too.

    Returns
    -------
    (..., G)
        They sum to 0. Left out: 0.

    Gradient
    --------
    ``(g - mean g - (R - mean R) <A, g> / ((G - ddof) std R)) / (std R + delta)``; ``g - mean g`` without the division.
    0 where all rewards are equal, which is a kink.

    Special values
    --------------
    One reward, or equal ones: 0. NaN or +inf gives NaN.

    Accuracy
    --------
    float32 and float64, tested for G <= 100: within 16 epsilon of ``(max R - min R) / (std R + delta)``, or of
    ``max R - min R`` without the division; rewards up to half of the largest number.

    References
    ----------
    Z. Shao et al., DeepSeekMath: Pushing the Limits of Mathematical Reasoning in Open Language Models, 2024,
    arXiv:2402.03300; Z. Liu et al., Understanding R1-Zero-Like Training: A Critical Perspective, COLM 2025,
    arXiv:2503.20783.

    Examples
    --------
    >>> import numpy as np
    >>> group_advantage([1, 0, 0, 1, 0, 0, 0, 0])[:2].round(6)
    array([ 1.620185, -0.540062])
    >>> r = np.full(7, 0.7, np.float32)
    >>> float(((r - r.mean()) / (r.std(ddof=1) + 1e-8))[0]) > 0.5, group_advantage(r)[0]
    (True, np.float32(0.0))
    """
    return map_rows(group_advantage_row, {"rewards": rewards}, check_flag("divide_by_std", divide_by_std),
                    *_settings(delta, ddof), axis=axis, where=where)


def quantile_advantage(rewards, *, quantile=0.4, delta=0.0, ddof=1, axis=-1, where=None):
    """Advantages over a quantile of the group in the place of its mean.

    ``A_i = (R_i - b) / (std R + delta)``, b the reward number ``ceil(quantile G)`` from below. Of rewards 0 and 1 with
    a share p of successes, b is 0 for ``p <= 1 - quantile``, and only successes count; else it is 1, and only failures
    do. `torch.quantile`, in the example of the paper's repository, interpolates between two rewards instead.

    Parameters
    ----------
    rewards : array_like (..., G)
    quantile : float from 0 to 1
    delta, ddof, axis, where
        As in `group_advantage`.

    Returns
    -------
    (..., G)

    Gradient
    --------
    As of `group_advantage`, with the slope of b at the first reward that is the quantile.

    Special values
    --------------
    As `group_advantage`.

    Accuracy
    --------
    As `group_advantage`.

    References
    ----------
    J. Wu et al., Quantile Advantage Estimation for Entropy-Safe Reasoning, 2025, arXiv:2509.22611.

    Examples
    --------
    >>> quantile_advantage([1, 1, 1, 1, 1, 0, 0, 0], ddof=0).round(3)
    array([ 0.   ,  0.   ,  0.   ,  0.   ,  0.   , -2.066, -2.066, -2.066])
    """
    layout = Rows(rewards, axis=axis, where=where, name="rewards")
    parameters = check_number("quantile", quantile, 0.0, 1.0), *_settings(delta, ddof)
    return _of_exact(layout, loops.map_rows, quantile_advantage_row, (layout.rows(rewards, "rewards"),), parameters)


def _of_exact(layout, loop, of, rows, parameters):
    """A loop over rows, with parameters that are not rounded to the dtype: 0.4 of five rewards are two of them."""
    out = layout.empty()
    with np.errstate(all="ignore"):
        over_rows(loop, of, rows, parameters, out, layout.fmt)
    return layout.restore(out, 0.0)


def group_advantage_pull(at, g, *, divide_by_std=True, delta=0.0, ddof=1, axis=-1, where=None):
    layout = Rows(at, axis=axis, where=where, name="rewards")
    rows = layout.rows(at, "rewards"), layout.rows(g, "g", 0.0)
    return _of_exact(layout, loops.map_row_pairs, group_advantage_vjp_row, rows,
                     (check_flag("divide_by_std", divide_by_std), float(delta), ddof))


def quantile_advantage_pull(at, g, *, quantile=0.4, delta=0.0, ddof=1, axis=-1, where=None):
    layout = Rows(at, axis=axis, where=where, name="rewards")
    rows = layout.rows(at, "rewards"), layout.rows(g, "g", 0.0)
    return _of_exact(layout, loops.map_row_pairs, quantile_advantage_vjp_row, rows,
                     (float(quantile), float(delta), ddof))
