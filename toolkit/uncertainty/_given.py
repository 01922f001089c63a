"""Arguments of the methods here: rows of features, labels, numbers of a row."""
import numpy as np

from toolkit._core.arguments import shown
from toolkit._core.arrays import behaved, real_array

__all__ = []


def feature_rows(name, given, columns=None):
    """``(shape of the batch, rows)`` of features (..., d) in float64."""
    x = real_array(given, name)
    if x.ndim == 0 or x.shape[-1] == 0:
        raise ValueError(f"{name} has shape {x.shape}; allowed: (..., d) with d >= 1")
    if columns is not None and x.shape[-1] != columns:
        raise ValueError(f"{name} has shape {x.shape}; allowed: (..., {columns})")
    return x.shape[:-1], behaved(x.reshape(-1, x.shape[-1]), np.float64)


def class_row(name, given, count, classes=None):
    """Labels as int64, one for each of so many rows, from 0 on and below `classes`."""
    y = real_array(given, name)
    if y.dtype.kind not in "iu":
        raise TypeError(f"{name} is {shown(given)}; allowed: integers")
    if y.size != count or y.ndim > 1 and y.shape[-1] != count:
        raise ValueError(f"{name} has shape {y.shape}; allowed: {count} classes, one for each row")
    if y.size and (y.min() < 0 or classes is not None and y.max() >= classes):
        raise ValueError(f"{name} has classes from {y.min()} to {y.max()}; allowed: from 0 on"
                         + (f", below {classes}" if classes is not None else ""))
    return behaved(y.reshape(-1), np.int64)


def number_row(name, given, count=None, low=-np.inf, high=np.inf):
    """Numbers between low and high as a float64 row, of this length."""
    x = real_array(given, name)
    if x.ndim != 1 or count is not None and x.size != count or x.size == 0:
        raise ValueError(f"{name} has shape {x.shape}; allowed: " + ("(n,)" if count is None else f"({count},)"))
    x = behaved(x, np.float64)
    right = (x >= low) & (x <= high)
    if not right.all():
        raise ValueError(f"{name} contains {x[~right][0]}; allowed: numbers from {low:g} to {high:g}")
    return x
