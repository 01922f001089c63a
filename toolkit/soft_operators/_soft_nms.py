"""Suppression of boxes that overlap a better one: hard, linear and Gaussian non-maximum suppression."""
import math
from typing import NamedTuple

import numpy as np

from toolkit._core.arguments import check_choice, check_finite, check_number
from toolkit._core.arrays import behaved, common_dtype, real_array
from toolkit._core.kernel import kernel
from toolkit._core.numbers import in_format, like
from toolkit._core.switch import switch
from toolkit.elementary import exp
from toolkit.soft_operators._boxes import add_iou_slopes, checked_boxes, iou_of

__all__ = ["SUPPRESSIONS", "Suppression", "soft_nms"]
KERNELS = ["soft_nms_row"]

SUPPRESSIONS = ("hard", "linear", "gaussian")


class Suppression(NamedTuple):
    """What is left of boxes: their scores, which are kept, and their places in the order in which they were chosen.

    Attributes
    ----------
    scores : (..., N)
        In the order of the input; 0 for a box that is suppressed.
    kept : (..., N) array of booleans
    order : (..., N) array of integers
        Places of the kept boxes in the input, the best one first, and -1 behind the last.
    """

    scores: np.ndarray
    kept: np.ndarray
    order: np.ndarray

    @property
    def suppressed(self):
        """Which boxes are not kept."""
        return ~self.kept


@kernel
def is_above(overlap, threshold):
    return overlap > like(threshold, overlap)


@kernel
def hard_decay(overlap, sigma, threshold):
    return like(0.0 if is_above(overlap, threshold) else 1.0, overlap)


@kernel
def linear_decay(overlap, sigma, threshold):
    return 1 - overlap if is_above(overlap, threshold) else like(1.0, overlap)


@kernel
def gaussian_decay(overlap, sigma, threshold):
    return exp(-(overlap * overlap) / sigma)


@kernel
def hard_slope(overlap, sigma, threshold):
    return 0 * overlap


@kernel
def linear_slope(overlap, sigma, threshold):
    return -1 / (1 - overlap) if overlap < 1 and is_above(overlap, threshold) else 0 * overlap


@kernel
def gaussian_slope(overlap, sigma, threshold):
    return -2 * overlap / sigma


# (method, overlap, sigma, threshold): what a score is multiplied by, and the derivative of its logarithm.
decay_of = switch((hard_decay, linear_decay, gaussian_decay))
decay_slope_of = switch((hard_slope, linear_slope, gaussian_slope))


@kernel
def best_left(left, rank, least):
    """The first largest score of a box that has no rank yet, if it is at least `least`; else -1."""
    best = -1
    for i in range(left.size):
        if rank[i] < 0 and left[i] >= like(least, left) and (best < 0 or left[i] > left[best]):
            best = i
    return best


@kernel
def soft_nms_row(boxes, scores, method, sigma, threshold, least, offset, left, rank):
    """Choose the best box that is left, lower the scores of those that overlap it, and again.

    Fills `left` with the scores, 0 where they fall below `least`, and `rank` with 0 for the box that was chosen first,
    1 for the next ... and -1. A box with a NaN is not chosen, and its score becomes NaN.
    """
    for i in range(scores.size):
        rank[i] = -1
        left[i] = scores[i] + 0 * iou_of(boxes[i], boxes[i], offset)
    for found in range(scores.size):
        best = best_left(left, rank, least)
        if best < 0:
            break
        rank[best] = found
        for i in range(scores.size):
            if rank[i] < 0:
                left[i] *= decay_of(method, iou_of(boxes[best], boxes[i], offset), sigma, threshold)
    for i in range(scores.size):
        if rank[i] < 0 and left[i] == left[i]:
            left[i] = 0


@kernel
def soft_nms_vjp_row(boxes, left, rank, g, method, sigma, threshold, offset, of_boxes, of_scores):
    """Gradient of ``sum(g * left)`` while the order stays, from what `soft_nms_row` has filled; adds to `of_boxes`."""
    for i in range(left.size):
        decay = like(1.0, left)
        for j in range(left.size):
            if 0 <= rank[j] < rank[i]:
                overlap = iou_of(boxes[j], boxes[i], offset)
                decay *= decay_of(method, overlap, sigma, threshold)
                slope = g[i] * left[i] * decay_slope_of(method, overlap, sigma, threshold)
                add_iou_slopes(boxes[i], boxes[j], offset, slope, of_boxes[i])
                add_iou_slopes(boxes[j], boxes[i], offset, slope, of_boxes[j])
        of_scores[i] = g[i] * decay if rank[i] >= 0 else like(0.0, left)


@kernel
def suppress(boxes, scores, numbers, left, rank):
    """`soft_nms_row` for each of a batch."""
    boxes, scores, left = in_format(boxes, None), in_format(scores, None), in_format(left, None)
    for n in range(scores.shape[0]):
        soft_nms_row(*((boxes[n], scores[n]) + numbers + (left[n], rank[n])))


@kernel
def pull_back(boxes, left, rank, g, numbers, of_boxes, of_scores):
    boxes, left, g = in_format(boxes, None), in_format(left, None), in_format(g, None)
    of_boxes, of_scores = in_format(of_boxes, None), in_format(of_scores, None)
    for n in range(left.shape[0]):
        soft_nms_vjp_row(*((boxes[n], left[n], rank[n], g[n]) + numbers + (of_boxes[n], of_scores[n])))


class _Given(NamedTuple):
    """Checked arguments: boxes (batch, N, 4) and scores (batch, N) as kernels take them, and what they were."""

    boxes: np.ndarray
    scores: np.ndarray
    batch: tuple
    dtype: np.dtype
    numbers: tuple


def _given(boxes, scores, method, sigma, iou_threshold, score_threshold, offset):
    code = check_choice("method", method, SUPPRESSIONS)
    numbers = (code, check_finite("sigma", sigma, 0.0, above=True),
               check_number("iou_threshold", iou_threshold, 0.0, 1.0),
               check_finite("score_threshold", score_threshold, 0.0), check_number("offset", offset, 0.0, 2.0**10))
    dtype = common_dtype(boxes=boxes, scores=scores)
    boxes, scores = checked_boxes(boxes, "boxes"), real_array(scores, "scores")
    if scores.shape != boxes.shape[:-1]:
        raise ValueError(f"scores has shape {scores.shape}; allowed: {boxes.shape[:-1]}, one for each box")
    wide, count = np.result_type(dtype, np.float32), math.prod(scores.shape[:-1])
    boxes = behaved(boxes.reshape(count, *boxes.shape[-2:]), wide)
    return _Given(boxes, behaved(scores.reshape(count, scores.shape[-1]), wide), scores.shape[:-1], dtype, numbers)


def _suppressed(given):
    """What `soft_nms_row` fills for each of a batch."""
    left, rank = np.empty_like(given.scores), np.empty(given.scores.shape, np.int64)
    with np.errstate(all="ignore"):
        suppress(given.boxes, given.scores, given.numbers, left, rank)
    return left, rank


def soft_nms(boxes, scores, *, method="linear", sigma=0.5, iou_threshold=0.3, score_threshold=0.001, offset=0.0):
    """Non-maximum suppression of boxes that overlap a better one: they are removed, or their scores decay.

    Again and again, the best box that is left is chosen, and the score of each other one is multiplied by a decay of
    their overlap u, intersection over union:

    - "hard": 0 if u is above `iou_threshold`, else 1;
    - "linear": ``1 - u`` if u is above `iou_threshold`, else 1: it jumps there;
    - "gaussian": ``exp(-u^2 / sigma)``, smooth.

    A box whose score is below `score_threshold` is never chosen. Here that holds for all boxes; the paper's code does
    not look at those that overlap no other. A threshold of 0.05 and more, as is usual for "hard", removes what has
    decayed.

    Parameters
    ----------
    boxes : array_like (..., N, 4)
        Each box as ``x1, y1, x2, y2``.
    scores : array_like (..., N)
    method : {"hard", "linear", "gaussian"}
    sigma : float > 0
    iou_threshold : float from 0 to 1
        The decay begins above it, not at it.
    score_threshold : float >= 0
    offset : float
        As in `box_iou`; 1 in the paper's code.

    Returns
    -------
    Suppression
        Scores, which boxes are kept, and the order in which they were chosen; the input stays as it is. Of equal scores
        the first is chosen first. Scores have the common dtype of the arguments; float16 is computed in float32.

    Special values
    --------------
    A box with a NaN, or with a score that is one, is not kept and lowers no other score; its score is NaN.

    Accuracy
    --------
    In float32 and float64 scores are within ``n (8 + 8 / sigma)`` epsilon for n boxes, tested to n = 12, unless a
    rounding error changes the order: scores that come near each other may change places between two programs.

    Gradient
    --------
    Of the scores, as long as the order stays, with respect to the boxes; that with respect to the scores is the product
    of the decays. A box that is suppressed gets and gives none, and "hard" has none with respect to the boxes.

    References
    ----------
    N. Bodla, B. Singh, R. Chellappa, L. Davis, Soft-NMS: Improving Object Detection With One Line of Code, ICCV 2017,
    arXiv:1704.04503.

    Examples
    --------
    >>> boxes = [(0, 0, 99, 99), (10, 0, 109, 99), (50, 0, 149, 99), (200, 200, 299, 299)]
    >>> for method in ("hard", "linear", "gaussian"):
    ...     found = soft_nms(boxes, [0.9, 0.85, 0.7, 0.6], method=method, offset=1)
    ...     print(f"{method:8} {found.scores.round(4)} {found.order}")
    hard     [0.9 0.  0.  0.6] [ 0  3 -1 -1]
    linear   [0.9    0.0883 0.4667 0.6   ] [0 3 2 1]
    gaussian [0.9    0.1543 0.5605 0.6   ] [0 3 2 1]
    """
    given = _given(boxes, scores, method, sigma, iou_threshold, score_threshold, offset)
    left, rank = _suppressed(given)
    count = rank.shape[-1]
    order = np.argsort(np.where(rank < 0, count, rank), axis=-1, kind="stable")
    order[np.arange(count) >= (rank >= 0).sum(axis=-1, keepdims=True)] = -1
    shape = (*given.batch, count)
    return Suppression(left.reshape(shape).astype(given.dtype, copy=False), (rank >= 0).reshape(shape),
                       order.reshape(shape))


def _pulled(boxes, g, scores, method, sigma, iou_threshold, score_threshold, offset):
    given = _given(boxes, scores, method, sigma, iou_threshold, score_threshold, offset)
    g = real_array(g, "g")
    if g.shape != np.shape(scores):
        raise ValueError(f"g has shape {g.shape}; allowed: {np.shape(scores)}, one number for each score")
    left, rank = _suppressed(given)
    of_boxes, of_scores = np.zeros_like(given.boxes), np.zeros_like(given.scores)
    *decay, least, offset = given.numbers
    with np.errstate(all="ignore"):
        pull_back(given.boxes, left, rank, behaved(g.reshape(left.shape), left.dtype), (*decay, offset), of_boxes,
                  of_scores)
    return (x.reshape(shape).astype(given.dtype, copy=False)
            for x, shape in ((of_boxes, np.shape(boxes)), (of_scores, np.shape(scores))))


def soft_nms_pull(boxes, g, *, scores, method="linear", sigma=0.5, iou_threshold=0.3, score_threshold=0.001,
                  offset=0.0):
    """With respect to the boxes."""
    return next(_pulled(boxes, g, scores, method, sigma, iou_threshold, score_threshold, offset))


def scores_pull(boxes, g, *, scores, method="linear", sigma=0.5, iou_threshold=0.3, score_threshold=0.001, offset=0.0):
    """With respect to the scores."""
    return [*_pulled(boxes, g, scores, method, sigma, iou_threshold, score_threshold, offset)][1]
