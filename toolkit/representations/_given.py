"""What functions of a batch share: matrices of rows, in float64 or in a format, and their errors."""
import numpy as np

from toolkit._core.arguments import check_whole, shown
from toolkit._core.arrays import behaved, real_array
from toolkit._core.format import get_format
from toolkit._core.rounded_arrays import round_to


def checked_matrix(x, name, rows=None, *, least=1):
    """A batch of rows in float64; with `rows` it has so many."""
    x = real_array(x, name)
    if x.ndim != 2 or x.shape[0] < least or x.shape[1] < 1:
        raise ValueError(f"{name} has shape {x.shape}; allowed: (rows, features), at least {least} and 1")
    if rows is not None and x.shape[0] != rows:
        raise ValueError(f"{name} has {x.shape[0]} rows; allowed: {rows}, as many as what it goes with")
    return behaved(x, np.float64)


def same_shape(x, y, *, least=1, names=("x", "y")):
    """Two batches whose rows belong together."""
    x, y = checked_matrix(x, names[0], least=least), checked_matrix(y, names[1], least=least)
    if x.shape != y.shape:
        raise ValueError(f"{names[1]} has shape {y.shape}; allowed: {x.shape}, that of {names[0]}")
    return x, y


def rounded(format, *arrays):
    """``(code, *arrays)``: arrays rounded to a format, and its code; as they are, without one."""
    if format is None:
        return None, *arrays
    fmt = get_format(format)
    return fmt.code, *(round_to(x, fmt) for x in arrays)


def classes_of(labels, rows, name="labels"):
    """Labels of so many rows as 0, 1 ... in the order of their numbers, and how many there are: at least two."""
    given = real_array(labels, name)
    if given.dtype.kind not in "iu":
        raise TypeError(f"{name} is {shown(labels)}; allowed: integers")
    if given.shape != (rows,):
        raise ValueError(f"{name} has shape {given.shape}; allowed: ({rows},), one for each row")
    classes, places = np.unique(given, return_inverse=True)
    if len(classes) < 2:
        raise ValueError(f"{name} has {len(classes)} class; allowed: at least two")
    return places.reshape(-1).astype(np.int64), len(classes)


def counts_of(counts, least=1):
    """How many rows each class has, at least `least` classes, in float64."""
    given = real_array(counts, "counts")
    if given.ndim != 1 or given.size < least:
        raise ValueError(f"counts has shape {given.shape}; allowed: one number for each of at least {least} classes")
    return np.array([check_whole("each of counts", count, 1, 2**31) for count in given.tolist()], np.float64)


def upstream(g):
    """The gradient with respect to a number, as a float."""
    g = real_array(g, "g")
    if g.ndim:
        raise ValueError(f"g has shape {g.shape}; allowed: a number")
    return float(g)
