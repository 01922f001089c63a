"""The numbers of every row map of the register against mpmath, also on hard rows: as near as its docstring says."""
import numpy as np
import pytest
from accuracy_cases import accuracy, exactly, hard_rows, in_words
from catalog_cases import for_each
from mpmath import mp, mpf
from row_map_oracle import DIGITS, ORACLES

from toolkit.catalog import METHODS
from toolkit.catalog._row_map import RowMap, RowOfNumber

ROWS = [method for method in METHODS if isinstance(method, RowMap)]
WHERE = "ORACLES of tests/row_map_oracle.py"
every_row_map = for_each(ROWS)


def rows_of_numbers(method, dtype):
    low, high = method.plot_range
    return np.concatenate([np.linspace(low, high, 41), np.array([0, 1e-30, 0.5, 1.5, 3 - 1e-6, 1e-3])]).astype(dtype)


def arguments(method, dtype, most):
    """The rows of `hard_rows`, each with what belongs beside it, as the method takes them."""
    if isinstance(method, RowOfNumber):
        yield from ((number,) for number in rows_of_numbers(method, dtype))
        return
    for z in hard_rows(method, dtype, most):
        z = np.resize(z, -(-z.size // method.multiple) * method.multiple).clip(-most, most).astype(dtype)
        yield method.completed((z,))


def unit_of(dtype):
    """The distance of a number of mpmath to its neighbours in the dtype."""
    info = np.finfo(dtype)

    def unit(x):
        exponent = max(mp.frexp(abs(x))[1] - 1 if x and mp.isfinite(x) else -np.inf, int(info.minexp))
        return mp.ldexp(mpf(1), int(exponent) - info.nmant)

    return unit


def oracle_of(method):
    assert method.name in ORACLES, f"nobody knows whether {method.name} is right: give {WHERE} a line for it"
    return ORACLES[method.name]


def test_every_oracle_has_a_row_map():
    left = set(ORACLES) - {method.name for method in ROWS}
    assert not left, f"{WHERE} has lines for {sorted(left)}, which are no row maps of the register"


@every_row_map
def test_its_docstring_promises_an_accuracy(method):
    said, promised = accuracy(method.function), oracle_of(method).says
    name = method.function.__name__
    assert said, f"the docstring of {name} has no section Accuracy: what is promised, and was it tested?"
    assert promised in said, f"{WHERE} measures {method.name} by {promised!r}, but Accuracy of {name} says: {said}"


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@every_row_map
def test_it_is_as_accurate_as_its_docstring_says(method, dtype):
    oracle, unit, measured, rows, largest = oracle_of(method), unit_of(dtype), 0, 0, float(np.finfo(dtype).max)
    for given in arguments(method, dtype, oracle.most.get(dtype, largest)):
        with mp.workdps(DIGITS), np.errstate(all="ignore"):
            z, *beside = map(exactly, given)
            found, right = method(*given), oracle.exact(z, *beside, **dict(method.parameters))
            rows += 1
            if right is None:
                continue
            measured += 1
            right = [b if abs(b) <= largest else mp.sign(b) * mp.inf for b in right]
            errors = [0 if a == b else abs(a - b) if mp.isfinite(a) and mp.isfinite(b) else mp.inf
                      for a, b in zip(exactly(found), right, strict=True)]
            allowed = oracle.allowed(z, right, unit, *beside)
            worst = max(range(len(right)), key=lambda i: errors[i] - allowed[i] if errors[i] > allowed[i] else -1)
            assert found.dtype == dtype and errors[worst] <= allowed[worst], (
                f"{method.name} of {in_words(given[0])} in {np.dtype(dtype)}: entry {worst} came out "
                f"{np.ravel(found)[worst]!r}, right is {mp.nstr(right[worst], 12)}, which is off by "
                f"{mp.nstr(errors[worst] / unit(right[worst]), 4)} ulp where {oracle.says!r} allows "
                f"{mp.nstr(allowed[worst] / unit(right[worst]), 4)}")
    assert measured > 0.6 * rows, f"{WHERE} leaves {rows - measured} of {rows} rows of {method.name} undecided"
