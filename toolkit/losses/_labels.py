"""Labels of a loss, class indices or probabilities: checks, rows, smoothing and class weights."""
import operator
from typing import NamedTuple

import numpy as np

from toolkit._core.arguments import shown
from toolkit._core.arrays import real_array
from toolkit._core.kernel import kernel
from toolkit.formats import round_to
from toolkit.losses._label_smoothing import smoothed_labels

__all__ = []

IGNORED = -1

# Rounding to float16 moves the sum of a row of probabilities by less than this; a forgotten softmax by more.
_SUM_TOLERANCE = 0.01


class LabelRows(NamedTuple):
    """Labels as the loop over rows takes them.

    index : (rows,) int64, the class, of probabilities the likeliest, or `IGNORED` · q : (rows, K) weighted
    probabilities, or None for class labels · factors : (rows,) float64, what a row's loss is multiplied by ·
    divisor : float, of the mean.
    """

    index: np.ndarray
    q: np.ndarray | None
    factors: np.ndarray
    divisor: float


def label_rows(layout, rows, labels, *, label_smoothing=0, ignore_index=None, weight=None, sample_weight=None,
               format=None, mean=False, more_classes=0):
    """`LabelRows` of the argument `labels` for logits given as `rows` of a `Rows` layout.

    Weights are divided by a power of two, so that none overflows; without `mean`, factors are multiplied by it.
    """
    labels, classes = real_array(labels, "labels"), layout.classes + more_classes
    _check_kind(layout, labels)
    weight, unit = balanced(_class_weights(classes, weight, format))
    each, unit_of_rows = balanced(_row_weights(layout, sample_weight, format))
    if labels.dtype.kind == "f":
        if ignore_index is not None:
            raise ValueError(f"ignore_index is {shown(ignore_index)} but labels are probabilities; allowed: None")
        index, q = np.zeros(layout.count, np.int64), _probabilities(layout, labels)
        factors = np.ones(layout.count)
        masses = factors if weight is None else (q * weight).sum(axis=1)
    else:
        index, q = _class_indices(layout, labels, ignore_index, classes), None
        factors = np.where(index == IGNORED, 0.0, 1.0 if weight is None else weight[index])
        masses = factors
        if label_smoothing > 0:
            factors = np.ones(layout.count)
            q = (np.arange(layout.classes) == index[:, None]).astype(np.float64)
        else:
            index = np.where(factors == 0.0, IGNORED, index)  # a class of weight 0 gives 0, not 0 * inf
    if q is not None:
        q = smoothed_labels(q, label_smoothing, rows != -np.inf)
        q = q if weight is None else q * weight
        if weight is not None and format is None:  # float32 may not have the weight that a row is about
            most = q.max(axis=1, initial=0.0)
            units = np.where((most > 0) & (most < 2.0**-64), np.ldexp(1.0, np.frexp(most)[1]), 1.0)
            q, factors = q / units[:, None], factors * units
        q = q.astype(layout.compute, copy=False)
        q = q if format is None else round_to(q, format)
        index = np.where(index == IGNORED, IGNORED, q.argmax(axis=1))
    if each is not None:
        index = np.where(each == 0, IGNORED, index)
        factors, masses = factors * each, masses * each
    return LabelRows(index, q, factors if mean else factors * unit * unit_of_rows, float(masses.sum()))


def _check_kind(layout, labels):
    as_classes, as_probabilities = layout.batch if layout.shape else (), layout.shape
    allowed = (f"allowed for {layout.name} of shape {layout.shape}: integers of shape {as_classes} or "
               f"floats (probabilities) of shape {as_probabilities}")
    if labels.dtype.kind == "b":
        raise TypeError(f"labels has dtype bool; {allowed}")
    if labels.shape != (as_probabilities if labels.dtype.kind == "f" else as_classes):
        raise ValueError(f"labels has dtype {labels.dtype} and shape {labels.shape}; {allowed}")


def _first_bad(labels, bad):
    at = np.unravel_index(int(np.argmax(bad)), labels.shape)
    return f"labels contains {labels[at]} at index {tuple(int(i) for i in at)}"


def _class_indices(layout, labels, ignore_index, classes):
    ignored, extra = np.zeros(labels.shape, np.bool_), ""
    if ignore_index is not None:
        try:
            ignored = labels == operator.index(ignore_index)
        except TypeError:
            raise TypeError(f"ignore_index is {shown(ignore_index)}; allowed: an integer or None") from None
        extra = f", and ignore_index ({shown(ignore_index)})"
    bad = ~ignored & ((labels < 0) | (labels >= classes))
    if bad.any():
        raise ValueError(f"{_first_bad(labels, bad)}; allowed: 0 to {classes - 1}{extra}")
    index = layout.per_row(np.where(ignored, 0, labels), "labels", np.int64)
    index = np.where(ignored.reshape(layout.count), IGNORED, index)
    if layout.keep is not None:
        masked = (index != IGNORED) & ~layout.keep[np.arange(layout.count), index]
        if masked.any():
            raise ValueError(f"{_first_bad(labels, masked.reshape(labels.shape))}, a class that where masks; "
                             "allowed: classes that where keeps")
    return index


@kernel(fastmath="reorder")
def rows_are_probabilities(q):
    """Whether all entries are from 0 to 1 and each row sums to 1, nearly."""
    for i in range(q.shape[0]):
        total, outside = 0.0, 0
        for k in range(q.shape[1]):
            x = np.float64(q[i, k])
            total += x
            outside += not 0.0 <= x <= 1.0
        if outside > 0 or not abs(total - 1.0) <= _SUM_TOLERANCE:
            return False
    return True


def _probabilities(layout, labels):
    rows = (layout.count, layout.classes)
    if (layout.keep is None and labels.shape == rows and layout.axes == (1,) and labels.dtype == layout.compute
            and labels.flags.carray and rows_are_probabilities(labels)):
        return labels
    bad = ~((labels >= 0) & (labels <= 1))
    if bad.any():
        raise ValueError(f"{_first_bad(labels, bad)}; allowed: probabilities from 0 to 1")
    moved = np.moveaxis(labels.reshape(layout.shape or (1,)), layout.axes, range(-len(layout.axes), 0))
    q = moved.reshape(layout.count, layout.classes).astype(np.float64)
    total = q.sum(axis=1)
    wrong = np.abs(total - 1) > _SUM_TOLERANCE
    if wrong.any():
        raise ValueError(f"labels has a row that sums to {total[np.argmax(wrong)]:.6g}; allowed: 1")
    if layout.keep is not None and (q[~layout.keep] > 0).any():
        raise ValueError(f"labels has probability {q[~layout.keep].max():.6g} for a class that where masks; "
                         "allowed there: 0")
    return q


def balanced(weight):
    """Weights over a power of two, at most 2, and that number; None stays None."""
    if weight is None:
        return None, 1.0
    unit = np.ldexp(1.0, np.frexp(weight.max(initial=0.0))[1] - 1)
    return weight / unit, unit


def _row_weights(layout, sample_weight, format):
    if sample_weight is None:
        return None
    return checked_weights(layout.per_row(sample_weight, "sample_weight", np.float64), "sample_weight", format)


def _class_weights(classes, weight, format):
    if weight is None:
        return None
    weight = real_array(weight, "weight").astype(np.float64)
    if weight.shape != (classes,):
        raise ValueError(f"weight has shape {weight.shape}; allowed: ({classes},), one per class")
    return checked_weights(weight, "weight", format)


def checked_weights(weight, name, format):
    wrong = ~(np.isfinite(weight) & (weight >= 0))
    if wrong.any():
        raise ValueError(f"{name} contains {weight[wrong][0]}; allowed: finite numbers >= 0")
    return weight if format is None else round_to(weight, format)
