"""What the test modules of peers share: the peer, where it is installed, and how a case is checked.

A case holds our result to the truth. Of the peer's it says that it is right too, or in one word why it is not.
"""
import importlib
import os
import warnings
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest
from mpmath import mp, mpf

DIFFERS = {
    "absorbs": "a sum loses what is small beside its largest term",
    "cancels": "nearly equal numbers are subtracted",
    "clips": "an argument or a result is moved into a range",
    "convention": "each is right by its own definition",
    "flushes": "subnormal numbers become 0",
    "limit": "an infinity times 0 is NaN there, the limit here",
    "masks": "what an array hides is taken along",
    "overflows": "something on the way is beyond the dtype",
    "refuses": "an error is raised",
    "steps": "the iteration ends too soon or at the wrong end",
    "ties": "equal numbers are ranked otherwise",
}
# Relative, as `torch.testing.assert_close` takes numbers for equal: the widest tolerance that a peer documents.
CLOSE = {"bfloat16": 1.6e-2, "float16": 1e-3, "float32": 1.3e-6, "float64": 1e-7}
REFUSED = (ArithmeticError, IndexError, NotImplementedError, RuntimeError, TypeError, ValueError)


class Case(NamedTuple):
    """What a peer's users probe, by inputs of our own.

    probes : words for it
    inputs : arrays, for both sides
    ours : function of them
    truth : numbers, or a function of the inputs that makes them with mpmath
    theirs : function of the inputs as the peer's arrays, if it has one
    differs : why theirs is not the truth, a key of `DIFFERS`
    ulp : at most so far from the truth are we
    row : whether ulp and closeness are of the largest entry of a row
    dtype : of our result, by default that of the first input
    """

    probes: str
    inputs: tuple
    ours: Callable
    truth: object
    theirs: Callable | None = None
    differs: str = ""
    ulp: float = 3
    row: bool = False
    dtype: type | None = None


def installed(name):
    """The module of a peer, or None."""
    os.environ.setdefault("KERAS_BACKEND", "jax")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return importlib.import_module(name)
        except ImportError:
            return None


def f16(numbers):
    return np.array(numbers, np.float16)


def f32(numbers):
    return np.array(numbers, np.float32)


def f64(numbers):
    return np.array(numbers, np.float64)


def exactly(x):
    """An array as numbers of mpmath."""
    with np.errstate(all="ignore"):
        return np.asarray(np.frompyfunc(lambda each: each if isinstance(each, mpf) else mpf(float(each)), 1, 1)(x))


def entrywise(formula):
    """The truth of a function of entries, by a formula of numbers of mpmath."""
    def truth(*inputs):
        with np.errstate(all="ignore"):
            return np.frompyfunc(formula, len(inputs), 1)(*map(exactly, inputs))

    return truth


def along_rows(formula):
    """The truth of a function of rows, by a formula of lists of numbers."""
    def truth(*inputs):
        rows = [formula(*each) for each in zip(*(exactly(x).reshape(-1, x.shape[-1]).tolist() for x in inputs))]
        batch = inputs[0].shape[:-1]
        return np.array(rows, object).reshape(batch + np.shape(rows[0]))

    return truth


def errors(found, truth, row):
    """``(|found - truth|, size, last place)`` of entries; an error is inf where one side alone is NaN or infinite."""
    rounded = truth.astype(float)
    size = np.where(np.isfinite(rounded), np.abs(rounded), 0)
    if row and size.ndim:
        size = np.broadcast_to(size.max(axis=-1, keepdims=True), size.shape)
    with np.errstate(all="ignore"):
        error = np.asarray(np.abs(exactly(found) - truth)).astype(float)
        special = ~np.isfinite(found) | ~np.isfinite(rounded)
        same = (found == rounded.astype(found.dtype)) | (np.isnan(found) & np.isnan(rounded))
        unit = np.spacing(size.astype(float if found.dtype.kind in "biu" else found.dtype)).astype(float)
    return np.where(special, np.where(same, 0, np.inf), error), size, unit


def check(case, peer, as_theirs=np.asarray):
    """Ours is the truth within `case.ulp`; theirs is close to it or, where the case says so, is not."""
    assert case.differs in ("", *DIFFERS)
    with mp.workdps(60):
        truth = exactly(case.truth(*case.inputs) if callable(case.truth) else case.truth)
        ours = np.asarray(case.ours(*case.inputs))
        first = case.inputs[0].dtype
        assert ours.dtype == (case.dtype or (first if first.kind == "f" else np.float64))
        assert ours.shape == truth.shape
        error, size, unit = errors(ours, truth, case.row)
        assert (error <= case.ulp * unit).all(), f"{ours} is not {truth}: {(error / unit).max():.3g} ulp"
        if peer is None or case.theirs is None:
            return
        given = [as_theirs(x) for x in case.inputs]
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            if case.differs == "refuses":
                with pytest.raises(REFUSED):
                    case.theirs(*given)
                return
            theirs = case.theirs(*given)
        theirs = np.asarray(theirs.detach() if hasattr(theirs, "detach") else theirs)
        close = theirs.shape == truth.shape
        if close:
            error, size, unit = errors(theirs, truth, case.row)
            close = bool((error <= np.maximum(CLOSE[ours.dtype.name] * size, unit)).all())
        assert close != bool(case.differs), f"theirs: {theirs}, truth: {truth.astype(float)}"


def each(cases):
    """Decorator of the test of a table."""
    return pytest.mark.parametrize("case", cases, ids=[case.probes for case in cases])
