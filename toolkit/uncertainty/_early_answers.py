"""When to stop reading: thresholds for an early answer that loses no more accuracy than allowed, at any time."""
from typing import NamedTuple

import numpy as np

from toolkit._core.arguments import check_number, chosen
from toolkit._core.arrays import real_array
from toolkit._core.kernel import kernel
from toolkit.uncertainty._conformal_binomial import binomial_below

__all__ = ["AccumulatedGap", "accumulated_gap", "halting_thresholds", "halting_times"]
KERNELS = ["accumulated_gap_of", "candidate_thresholds", "halt", "marginal_thresholds", "tested_thresholds"]


class AccumulatedGap(NamedTuple):
    """What early answers lose among those that halt until each step.

    gap : (T,) · Mean of ``max(full right - early right, 0)`` over the sequences that have halted; NaN if none has.
    halted : (T,) · How many have.
    """

    gap: np.ndarray
    halted: np.ndarray


@kernel
def halt(scores, thresholds):
    """The first step whose score reaches its threshold; the last one at the latest."""
    last = scores.size - 1
    for t in range(last):
        if scores[t] >= thresholds[t]:
            return t
    return last


@kernel
def loses(right, t):
    """1 if the whole sequence has the right answer and its beginning up to t has not."""
    return 1.0 if right[right.size - 1] > 0.0 and not right[t] > 0.0 else 0.0


@kernel
def accumulated_gap_of(scores, right, thresholds, lost, halted):
    """Fill the losses and the sequences that have halted until each step; the mean time, as a share of all steps."""
    steps, total = halted.size, 0.0
    for t in range(steps):
        lost[t], halted[t] = 0.0, 0.0
    for i in range(scores.shape[0]):
        at = halt(scores[i], thresholds)
        halted[at] += 1.0
        lost[at] += loses(right[i], at)
        total += at + 1.0
    for t in range(1, steps):
        halted[t] += halted[t - 1]
        lost[t] += lost[t - 1]
    return total / (steps * scores.shape[0])


@kernel
def candidate_thresholds(scores, right, alpha, grid, running, thresholds):
    """Step by step the smallest of a falling grid whose mean loss, of all that have halted, is at most alpha; else inf.

    ``running`` is 1 for a sequence that goes on, and is filled anew.
    """
    lost, halted = 0.0, 0.0
    for i in range(running.size):
        running[i] = 1.0
    for t in range(thresholds.size):
        thresholds[t] = np.inf
        for g in range(grid.size):
            more, worse = 0.0, 0.0
            for i in range(running.size):
                if running[i] > 0.0 and scores[i, t] >= grid[g]:
                    more += 1.0
                    worse += loses(right[i], t)
            if lost + worse <= alpha * (halted + more):
                thresholds[t] = grid[g]
        for i in range(running.size):
            if running[i] > 0.0 and scores[i, t] >= thresholds[t]:
                running[i] = 0.0
                halted += 1.0
                lost += loses(right[i], t)


@kernel
def few_losses(scores, right, thresholds, alpha, delta, first, lost, halted):
    """Whether at each step from `first` on the losses among all that have halted are few enough to be sure."""
    accumulated_gap_of(scores, right, thresholds, lost, halted)
    for t in range(first, halted.size):
        if halted[t] == 0.0 or binomial_below(lost[t], halted[t], alpha, 1.0 - alpha) > delta:
            return False
    return True


@kernel
def tested_thresholds(scores, right, alpha, delta, candidates, lost, halted, thresholds):
    """Take candidates from the last step backwards, as long as each gap from there on passes its test; inf before."""
    for t in range(thresholds.size):
        thresholds[t] = np.inf
    for t in range(thresholds.size - 1, -1, -1):
        thresholds[t] = candidates[t]
        if not few_losses(scores, right, thresholds, alpha, delta, t, lost, halted):
            thresholds[t] = np.inf
            return


@kernel
def marginal_thresholds(scores, right, alpha, delta, grid, lost, halted, thresholds):
    """The same threshold at each step: down the grid as long as the gap over all sequences passes its test."""
    kept, last = np.inf, halted.size - 1
    for g in range(grid.size):
        for t in range(thresholds.size):
            thresholds[t] = grid[g]
        if not few_losses(scores, right, thresholds, alpha, delta, last, lost, halted):
            break
        kept = grid[g]
    for t in range(thresholds.size):
        thresholds[t] = kept


_CONTROLS = ("accumulated", "marginal")


def _sequences(scores, right):
    scores, right = real_array(scores, "scores").astype(np.float64), real_array(right, "right").astype(np.float64)
    if scores.ndim != 2 or 0 in scores.shape or right.shape != scores.shape:
        raise ValueError(f"scores have shape {scores.shape} and right {right.shape}; allowed: (n, T) both, neither 0")
    if np.isnan(scores).any():
        raise ValueError("scores have a NaN; allowed: numbers")
    if not np.isin(right, (0, 1)).all():
        raise ValueError("right has an entry that is neither 0 nor 1; allowed: 0, 1 or booleans")
    return np.ascontiguousarray(scores), np.ascontiguousarray(right)


def _thresholds(thresholds, steps):
    thresholds = real_array(thresholds, "thresholds").astype(np.float64)
    if thresholds.shape != (steps,) or np.isnan(thresholds).any():
        raise ValueError(f"thresholds have shape {thresholds.shape} or a NaN; allowed: ({steps},), one for each step")
    return thresholds


def halting_times(scores, thresholds):
    """The step at which each sequence gets its answer: the first whose score reaches the threshold, or the last.

    Parameters
    ----------
    scores : array_like (n, T)
        How sure the model is after each step.
    thresholds : array_like (T,)

    Returns
    -------
    (n,) integers from 0 to T - 1

    References
    ----------
    Ringel, Cohen, Freedman, Elad, Romano, Early Time Classification with Accumulated Accuracy Gap Control, 2024,
    arXiv:2402.00857.

    Examples
    --------
    >>> halting_times([[0.2, 0.9, 1.0], [0.1, 0.2, 0.3]], [0.8, 0.8, 0.8]).tolist()
    [1, 2]
    """
    scores, _ = _sequences(scores, np.zeros(real_array(scores, "scores").shape))
    thresholds = _thresholds(thresholds, scores.shape[1])
    return np.array([halt(row, thresholds) for row in scores])


def accumulated_gap(scores, right, thresholds):
    """What early answers lose, among the sequences that have halted until each step.

    Parameters
    ----------
    scores : array_like (n, T)
    right : array_like of booleans (n, T)
        Whether the answer after each step is right; that of the last step is the full one.
    thresholds : array_like (T,)

    Returns
    -------
    AccumulatedGap

    References
    ----------
    Ringel, Cohen, Freedman, Elad, Romano, 2024, arXiv:2402.00857.

    Examples
    --------
    >>> accumulated_gap([[0.9, 1.0], [0.1, 1.0]], [[False, True], [True, True]], [0.5, 0.5]).gap.tolist()
    [1.0, 0.5]
    """
    scores, right = _sequences(scores, right)
    lost, halted = np.empty((2, scores.shape[1]))
    accumulated_gap_of(scores, right, _thresholds(thresholds, scores.shape[1]), lost, halted)
    return AccumulatedGap(np.divide(lost, halted, out=np.full(len(lost), np.nan), where=halted > 0), halted.astype(int))


def halting_thresholds(scores, right, *, alpha=0.1, delta=0.01, control="accumulated", grid=None):
    """From which score on an answer may be given at each step, so that it costs at most alpha of accuracy.

    The gap of a sequence is 1 where the whole of it has the right answer and its beginning has not. "Marginal" lowers
    one threshold for all steps while a binomial test still says that the mean gap is at most alpha: a mean that the
    first to halt may spend. "Accumulated" bounds it, for each t, among the sequences that have halted until t: one half
    of the sequences proposes a threshold for each step, from the first on, and the other half tests them, from the last
    one back, and stops at the first failure.

    Parameters
    ----------
    scores : array_like (n, T)
        How sure the model is after each step, of sequences that were not trained on; exchangeable, in any order.
    right : array_like of booleans (n, T)
        Whether the answer after each step is right.
    alpha : float from 0 to 1
        The gap that is allowed.
    delta : float from 0 to 1
        With which probability more may be lost.
    control : {"accumulated", "marginal"}
    grid : array_like (G,), optional
        Thresholds to try; by default 1, 0.99, ..., 0. Where scores crowd below 1, give it finer steps there.

    Returns
    -------
    (T,) float64
        inf where nothing halts.

    References
    ----------
    Ringel, Cohen, Freedman, Elad, Romano, 2024, arXiv:2402.00857, and the code released with it.

    Examples
    --------
    >>> scores, right = np.tile([0.5, 0.9], (200, 1)), np.ones((200, 2))
    >>> halting_thresholds(scores, right).tolist()
    [0.0, 0.0]
    """
    alpha, delta = check_number("alpha", alpha, 0, 1), check_number("delta", delta, 0, 1)
    control = chosen("control", control, {each: each for each in _CONTROLS})
    scores, right = _sequences(scores, right)
    grid = np.linspace(1, 0, 101) if grid is None else real_array(grid, "grid").astype(np.float64)
    if grid.ndim != 1 or grid.size == 0 or np.isnan(grid).any():
        raise ValueError(f"grid has shape {grid.shape} or a NaN; allowed: (G,), at least one number")
    grid = np.sort(grid)[::-1].copy()
    n, steps = scores.shape
    if control == "accumulated" and n < 2:
        raise ValueError(f"scores have shape {scores.shape}; allowed: at least 2 rows, one to propose and one to test")
    lost, halted, thresholds, candidates = np.empty((4, steps))
    if control == "marginal":
        marginal_thresholds(scores, right, alpha, delta, grid, lost, halted, thresholds)
        return thresholds
    half = n // 2
    candidate_thresholds(scores[:half], right[:half], alpha, grid, np.empty(half), candidates)
    tested_thresholds(scores[half:], right[half:], alpha, delta, candidates, lost, halted, thresholds)
    return thresholds
