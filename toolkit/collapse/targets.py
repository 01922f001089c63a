"""Labels of a file of logits as one class per row, in the ways in which people keep them."""
import operator

import numpy as np

from toolkit._core.arguments import shown
from toolkit._core.array_likes import array_of, numbers_of

__all__ = []

TOP, IGNORED = -1, -2  # the class of the largest logit; a row that is left out


def targets_of(labels, shape, classes, ignore_index, start=0):
    """One label per row, flat: a class, `TOP` where there are no labels, or `IGNORED`. Errors count from `start`."""
    count = int(np.prod(shape))
    ignored = None if ignore_index is None else _index(ignore_index)
    if labels is None:
        if ignored is not None:
            raise ValueError(f"ignore_index is {shown(ignored)} but there are no labels; allowed: None")
        return np.full(count, TOP)
    labels = np.atleast_1d(numbers_of(array_of(labels, "labels")))
    if labels.dtype.kind not in "iuf" and not (labels.dtype.kind == "b" and labels.shape == (*shape, classes)):
        raise TypeError(f"labels has dtype {labels.dtype}; allowed: integers")
    if labels.shape == (*shape, classes) and labels.shape not in ((*shape, 1), (count,)):
        return _of_one_hot(labels.reshape(count, classes))
    if labels.shape not in (shape, (count,), (*shape, 1), (count, 1)):
        raise ValueError(f"labels has shape {labels.shape}; allowed: one label for each of the {count} rows "
                         f"of logits, {shape if len(shape) > 1 else (count,)}, or one-hot rows")
    flat = labels.reshape(-1)
    left_out = np.zeros(count, np.bool_) if ignored is None else flat == ignored
    outside = ~((flat >= 0) & (flat < classes) | left_out)
    if outside.any():
        first = int(np.argmax(outside))
        raise ValueError(f"labels[{start + first}] is {flat[first]}; allowed: 0 to {classes - 1}"
                         + (", and one value for rows to leave out, named by ignore_index (--ignore-index)"
                            if ignored is None else f", and ignore_index ({shown(ignored)})"))
    if flat.dtype.kind == "f" and (flat != np.floor(flat)).any():
        first = int(np.argmax(flat != np.floor(flat)))
        raise ValueError(f"labels[{start + first}] is {flat[first]}; allowed: whole numbers")
    return np.where(left_out, IGNORED, flat).astype(np.int64)


def _index(ignore_index):
    try:
        return operator.index(ignore_index)
    except TypeError:
        raise TypeError(f"ignore_index is {shown(ignore_index)}; allowed: an integer or None") from None


def _of_one_hot(rows):
    bad = (rows != 0).sum(axis=1) != 1
    bad |= rows.max(axis=1, initial=0) != 1
    if bad.any():
        first = int(np.argmax(bad))
        raise ValueError(f"labels has the shape of logits, but row {first} is not one-hot; allowed: one class "
                         "index per row, or rows of zeros with a single 1")
    return rows.argmax(axis=1)
