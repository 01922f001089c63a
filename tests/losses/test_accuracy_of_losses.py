"""The numbers of every loss of the register against mpmath, also on hard rows: as near as its docstring says."""
import dataclasses

import numpy as np
import pytest
from accuracy_cases import accuracy, as_near, exactly, hard_rows, in_words
from catalog_cases import for_each
from loss_promises import ORACLES
from mpmath import mp, mpf
from row_map_oracle import DIGITS

from toolkit.catalog import METHODS, Loss

ROWS = [method for method in METHODS if isinstance(method, Loss)]
WHERE = "ORACLES of tests/losses/loss_promises.py"
SUBNORMALS = 8  # for each class, of what is below the normal numbers
every_loss = for_each(ROWS)
both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def oracle_of(method):
    assert method.name in ORACLES, f"nobody knows whether {method.name} is right: give {WHERE} a line for it"
    return ORACLES[method.name]


def rows_of(method, dtype):
    most = oracle_of(method).most.get(dtype, float(np.finfo(dtype).max))
    return [np.asarray(z).clip(-most, most).astype(dtype) for z in hard_rows(method, dtype, most)]


def beside(method, z):
    """What belongs beside the logits: what the row says, and unlike numbers of the same size."""
    usual = method.completed((z,))[1:]
    return [usual, tuple(0.9 * z[::-1] for _ in usual)] if usual else [usual]


def probabilities(z, rng):
    """Rows of label probabilities: nearly certain of the top class, even, certain, and any with zeros."""
    eye = np.eye(z.size, dtype=z.dtype)
    yield eye[z.argmin()]
    yield (0.9 * eye[z.argmax()] + z.dtype.type(0.1) / z.size).astype(z.dtype)
    yield rng.dirichlet(np.full(z.size, 0.5)).astype(z.dtype) if z.size < 60 else np.full_like(z, 1 / z.size)


def measure(method, dtype, given, labels, right, bounds):
    """Fail with the first number of the loss and the gradient that is further off than promised."""
    loss, slopes, at_label, words, words_of_slopes = bounds
    info, numbers = np.finfo(dtype), [mpf(float(dtype(v))) for v in method.numbers]
    eps, least = float(info.eps), SUBNORMALS * given[0].size * mpf(float(info.smallest_subnormal))
    options = {"reduction": "none"} | dict(method.parameters)
    with np.errstate(all="ignore"):
        value, gradient = method.function.value_and_gradient(*given, labels, **options)
    gradient = np.concatenate(gradient) if isinstance(gradient, tuple) else gradient
    assert value.dtype == gradient.dtype == dtype
    units = least * max(1, abs(right.factor))
    results = [("the loss", value, right.loss, loss(right, right.size, *numbers), words)]
    if not right.near_kink and abs(right.factor) <= float(info.max):
        classes = given[0].size
        results += [(f"entry {k} of the gradient", gradient[k], slope, slopes(right, size, *numbers)
                     + (at_label(classes) * right.rest if k % classes == right.y else 0), words_of_slopes)
                    for k, (slope, size) in enumerate(zip(right.slopes, right.sizes, strict=True))]
    for name, found, exact, allowed, said in results:
        if not as_near(found, exact, eps * allowed + units, float(info.max)):
            off = mpf(float(found)) - exact if np.isfinite(found) else mp.inf
            kind = "probabilities" if np.ndim(labels) else "the label"
            raise AssertionError(
                f"{method.name} of {in_words(given[0])} with {kind} {in_words(labels)} in {np.dtype(dtype)}: {name} "
                f"came out {found!r}, right is {mp.nstr(exact, 12)}, which is off by {mp.nstr(abs(off), 4)} where "
                f"{said!r} allows {mp.nstr(eps * allowed, 4)}")


def test_every_oracle_has_a_loss():
    left = set(ORACLES) - {method.name for method in ROWS}
    assert not left, f"{WHERE} has lines for {sorted(left)}, which are no losses of the register"


@every_loss
def test_its_docstring_promises_an_accuracy(method):
    said, oracle, name = accuracy(method.function), oracle_of(method), method.function.__name__
    assert said, f"the docstring of {name} has no section Accuracy: what is promised, and was it tested?"
    for words in (oracle.says, oracle.of_slopes):
        assert words and words in said, (
            f"{WHERE} measures {method.name} by {words!r}, but Accuracy of {name} says: {said}")


CASES = [*ROWS, *(dataclasses.replace(method, parameters=(("power", 2),), numbers=(1.0, 2.0))
                  for method in ROWS if method.name == "multiclass_hinge")]


@both_dtypes
@for_each(CASES)
def test_a_class_label(method, dtype):
    oracle = oracle_of(method)
    bounds = oracle.loss, oracle.slopes, oracle.at_label, oracle.says, oracle.of_slopes
    for z in rows_of(method, dtype):
        for others in beside(method, z):
            for label in sorted({int(z.argmax()), int(z.argmin()), z.size // 2}):
                with mp.workdps(DIGITS):
                    right = oracle.exact(*map(exactly, (z, *others)), label, *(mpf(float(dtype(v)))
                                                                              for v in method.numbers))
                    measure(method, dtype, (z, *others), label, right, bounds)


@both_dtypes
@for_each([method for method in ROWS if ORACLES.get(method.name) and ORACLES[method.name].soft])
def test_label_probabilities(method, dtype):
    oracle, rng = oracle_of(method), np.random.default_rng(5)
    bounds = (oracle.soft_loss or oracle.loss, oracle.soft_slopes or oracle.slopes, oracle.soft_label or
              oracle.at_label, oracle.says, oracle.of_slopes)
    for z in rows_of(method, dtype):
        for q in probabilities(z, rng):
            with mp.workdps(DIGITS):
                right = oracle.soft(exactly(z), exactly(q), *(mpf(float(dtype(v))) for v in method.numbers))
                measure(method, dtype, (z,), q, right, bounds)
