"""The catalog's methods as test cases, and rows of logits for those that take rows."""
import numpy as np
import pytest

from toolkit.catalog import METHODS, methods
from toolkit.catalog._of_rows import OfRows

CLASSES = 5


def variants_of(methods):
    return [(method, variant) for method in methods for variant in method.variants]


def for_each(methods):
    return pytest.mark.parametrize("method", methods, ids=[m.name for m in methods])


def for_each_variant(methods):
    pairs = variants_of(methods)
    return pytest.mark.parametrize(("method", "variant"), pairs, ids=[f"{m.name}-{v.name}" for m, v in pairs])


# Rows of logits; what permutes entries, or takes more than logits, has tests beside those of its family.
OF_CLASSES = [method for family in ("softmax", "loss") for method in methods(family, OfRows)
              if method.takes("where") and (method.arrays == 1 or method.takes("format"))]
VARIANTS = variants_of(OF_CLASSES)
every_method, every_variant = for_each(OF_CLASSES), for_each_variant(OF_CLASSES)
every_entry, every_entry_variant = for_each(METHODS), for_each_variant(METHODS)


def logits(method, count=6, classes=CLASSES, dtype=np.float64, seed=0):
    """Rows within half of the method's plot range and its domain, at least 0.1 from a kink at 0."""
    low = max(method.plot_range[0] / 2, method.domain[0])
    high = min(method.plot_range[1] / 2, method.domain[1])
    z = np.random.default_rng(seed).uniform(low, high, size=(count, classes))
    return (z + 0.1 * np.sign(z)).astype(dtype)


def labels(count, classes=CLASSES):
    return np.arange(count) % classes


def upstream(method, count=6, classes=CLASSES, seed=1):
    """Gradient with respect to the result of rows of logits."""
    result = method.of_rows(np.zeros((count, classes)))
    return np.random.default_rng(seed).normal(size=result.shape)


def all_hold(right, found, expected, *, of, given=None):
    """Fail, if not all are right, with the entry that is furthest off: where it is, what came out, what was right.

    `given` are the arguments that belong to the entries, or to the rows, as an array or by name.
    """
    right, found, expected = np.broadcast_arrays(right, found, expected)
    if right.all():
        return
    with np.errstate(all="ignore"):
        off = np.where(right, -1.0, np.nan_to_num(np.abs(found.astype(float) - expected.astype(float)), nan=np.inf))
    worst = np.unravel_index(int(off.argmax()), off.shape)
    given = given if isinstance(given, dict) else {} if given is None else {"x": given}
    at = "".join(f", {name} = {_entry(array, worst)}" for name, array in given.items())
    raise AssertionError(f"{of}{at}: came out {found[worst]!r}, right is {expected[worst]!r} "
                         f"({np.count_nonzero(~right)} of {right.size} are wrong, this one is furthest off)")


def _entry(array, place):
    """What of an argument belongs to an entry of the result: the same entry, or the row that it comes from."""
    array = np.asarray(array)
    if array.ndim > len(place):
        return array[place].tolist()
    return array[place[:1]].tolist() if len(place) == array.ndim > 1 else array[place[:array.ndim]].tolist()


def run_kernel(export, row, fmt, label=1, beside=()):
    """What the kernel of an export fills for one row and those beside it: the result, and of a loss its gradient."""
    given = {"row": row[None].copy(), "label": np.array([label]), "number": np.zeros(1, row.dtype)}
    further = iter(beside)
    read = [given[kind] if n == 0 or kind != "row" else next(further)[None].copy()
            for n, kind in enumerate(export.read)]
    filled = [np.zeros_like(given[kind]) for kind in export.filled]
    export(*read, *filled, fmt=fmt)
    return [each[0] for each in filled]
