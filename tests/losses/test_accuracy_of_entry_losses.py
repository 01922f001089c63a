"""The numbers of every loss of entries against mpmath, also at the ends: as near as its docstring says."""
import inspect
from collections.abc import Callable
from typing import NamedTuple

import loss_definitions as exact
import numpy as np
import pytest
from accuracy_cases import accuracy, as_near
from catalog_cases import for_each
from mpmath import mp, mpf
from row_map_oracle import DIGITS

from toolkit.catalog import METHODS, EntryLoss

ROWS = [method for method in METHODS if isinstance(method, EntryLoss)]
WHERE = "ORACLES of tests/losses/test_accuracy_of_entry_losses.py"
every_entry_loss = for_each(ROWS)


class Oracle(NamedTuple):
    """What is right for a loss of entries, and what is promised.

    Attributes
    ----------
    exact : callable
        ``exact(x, target, *numbers)`` of mpmath numbers: the loss, its slope, what the slope's error is relative to,
        None for the slope itself; and what the loss's is relative to, where that is not the loss.
    targets : tuple of float
        At which that is promised.
    says, of_slope : str
        Words of the docstring's Accuracy section about the loss, and about the gradient.
    loss, slope : callable
        ``loss(*numbers)``: how many epsilon these words allow.
    """

    exact: Callable
    targets: tuple
    says: str
    of_slope: str
    loss: Callable
    slope: Callable


CLOSE = 0.0, 1.0, -0.3, 1 + 2.0 ** -20, 1e4, 1e30
ORACLES = {
    "binary_cross_entropy": Oracle(lambda x, label: exact.of_both(lambda x: exact.focal_of_yes(x, 0), x, label),
                                   (0, 1, 0.25, 0.5), "the loss within 3 epsilon",
                                   "the gradient within 3 epsilon of the larger of its two terms",
                                   lambda: 3, lambda: 3),
    "noise_contrastive_loss": Oracle(
        lambda x, label, ratio: exact.of_both(lambda x: exact.focal_of_yes(x, 0), x, label), (0, 1),
        "with nu = 1 within 3 epsilon", "loss and gradient within ``4 + |G|`` epsilon",
        lambda ratio: 3, lambda ratio: 3),
    "sigmoid_focal_loss": Oracle(lambda x, label, gamma: exact.of_both(exact.focal_of_yes, x, label, gamma), (0, 1),
                                 "loss and gradient within ``8 + 2 gamma`` epsilon", "while they are normal numbers",
                                 lambda gamma: 8 + 2 * gamma, lambda gamma: 8 + 2 * gamma),
    "hinge": Oracle(exact.hinge, (0, 1), "the loss is correctly rounded", "the gradient exact",
                    lambda margin: mpf(0.5), lambda margin: 0),
    "squared_error": Oracle(exact.squared_error, CLOSE, "the loss within 2 epsilon", "the gradient correctly rounded",
                            lambda: 2, lambda: mpf(0.5)),
    "huber": Oracle(exact.huber, CLOSE, "the loss within 3 epsilon", "the gradient correctly rounded",
                    lambda delta: 3, lambda delta: mpf(0.5)),
    "clipped_surrogate": Oracle(exact.clipped_surrogate, CLOSE[:3], "loss and gradient within 4 epsilon",
                                "while they are normal numbers", lambda low, high: 4, lambda low, high: 4),
    "kl_estimate": Oracle(exact.kl_estimate, CLOSE, "k3 within 16 epsilon", "all gradients within 4 epsilon",
                          lambda: 16, lambda: 4),
    "kl_estimate_k2": Oracle(exact.kl_estimate_k2, CLOSE, "k1 and k2 within 2 epsilon",
                             "all gradients within 4 epsilon", lambda: 2, lambda: 4),
    **{name: Oracle(getattr(exact, name), CLOSE, "the loss within ``4 + 4 s`` epsilon", "gradient within ``4 + 4 s``",
                    lambda *numbers: 4, lambda *numbers: 4) for name in ("dpo", "dpo_smoothed")},
    **{name: Oracle(getattr(exact, name), CLOSE, "the loss within ``4 + 4 s`` epsilon", "4 s`` epsilon",
                    lambda *numbers: 4, lambda *numbers: 4) for name in ("offset_dpo", "cpl", "poft", "expo")},
    "ipo": Oracle(exact.ipo, CLOSE, "the loss within 4 epsilon of ``s^2``", "the gradient within 4 epsilon of s",
                  lambda goal: 4, lambda goal: 4),
    "exo": Oracle(exact.exo, CLOSE, "the loss within ``32 (1 + s)`` epsilon", "the gradient within ``16 (1 + s)``",
                  lambda *numbers: 32, lambda *numbers: 16),
    "implicit_reward_loss": Oracle(exact.implicit_reward_loss, (0, 1), "the loss within ``4 + 4 abs(R)`` epsilon",
                                   "the gradient within ``4 + 4 abs(R)`` epsilon", lambda beta: 4, lambda beta: 4),
    **{name: Oracle(getattr(exact, name), CLOSE, "the loss within 8 epsilon of ``s^2``",
                    "the gradient within 4 epsilon of ``beta s``", lambda *numbers: 8, lambda *numbers: 4)
       for name in ("imitation_loss", "imitation_loss_pearson")},
    "imitation_loss_hellinger": Oracle(exact.imitation_loss_hellinger, CLOSE, "both within 16 epsilon times",
                                       "is above ``1e-5 s``", lambda *numbers: 16, lambda *numbers: 16),
    "srpo": Oracle(exact.srpo, CLOSE, "the loss within 16 epsilon of the square", "the gradient within 8 epsilon",
                   lambda *numbers: 16, lambda *numbers: 8),
    "kl_estimate_k1": Oracle(exact.kl_estimate_k1, CLOSE, "k1 and k2 within 2 epsilon",
                             "all gradients within 4 epsilon", lambda: 2, lambda: 4),
}


def oracle_of(method):
    assert method.name in ORACLES, f"nobody knows whether {method.name} is right: give {WHERE} a line for it"
    return ORACLES[method.name]


def predictions(method, dtype):
    """Where a figure shows it and beyond, beside each target and kink, and the ends of the dtype."""
    info = np.finfo(dtype)
    around = np.array([-1.0, -0.3, 1.0, 2.0, 1e4], dtype)
    ends = [info.smallest_subnormal, info.tiny, 1e-30, 1e-8, 1e-3, 17, 86, 104, 700, 745, 1e4, 1e18, info.max / 2,
            info.max]
    found = np.concatenate([np.linspace(*method.plot_range, 81), around, np.nextafter(around, dtype(0)),
                            np.nextafter(around, dtype(np.inf)), [0.0], ends, np.negative(ends)])
    return found.astype(dtype)


def test_every_oracle_has_a_loss():
    left = set(ORACLES) - {method.name for method in ROWS}
    assert not left, f"{WHERE} has lines for {sorted(left)}, which are no losses of entries of the register"


@every_entry_loss
def test_its_docstring_promises_an_accuracy(method):
    said, oracle, name = accuracy(method.function), oracle_of(method), method.function.__name__
    assert said, f"the docstring of {name} has no section Accuracy: what is promised, and was it tested?"
    for words in (oracle.says, oracle.of_slope):
        assert words in said, f"{WHERE} measures {method.name} by {words!r}, but Accuracy of {name} says: {said}"


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@every_entry_loss
def test_it_is_as_accurate_as_its_docstring_says(method, dtype):
    oracle, info, x = oracle_of(method), np.finfo(dtype), predictions(method, dtype)
    beside = list(inspect.signature(method.function).parameters)[1]
    options = {name: value for name, value in method.parameters if name != beside}
    numbers = [mpf(float(dtype(v))) for v in method.numbers]
    for target in oracle.targets:
        target = dtype(target)
        with np.errstate(all="ignore"):
            values, slopes = method.function.value_and_gradient(x, np.full_like(x, target), **options)
        assert values.dtype == slopes.dtype == dtype
        for given, value, slope in zip(x, values, slopes, strict=True):
            with mp.workdps(DIGITS):
                loss, fall, size, *of_loss = oracle.exact(mpf(float(given)), mpf(float(target)), *numbers)
                of_loss = of_loss[0] if of_loss else abs(loss)
                unit = 4 * mpf(float(info.tiny)) * float(info.eps)
                for name, found, right, allowed, said in (
                        ("the loss", value, loss, oracle.loss(*numbers) * of_loss, oracle.says),
                        ("the gradient", slope, fall, oracle.slope(*numbers) * (abs(fall) if size is None else size),
                         oracle.of_slope)):
                    assert as_near(found, right, float(info.eps) * allowed + unit, float(info.max)), (
                        f"{method.name} of {given!r} and the target {target!r} in {np.dtype(dtype)}: {name} came out "
                        f"{found!r}, right is {mp.nstr(right, 12)}, where {said!r} allows to be off by "
                        f"{mp.nstr(float(info.eps) * allowed, 4)}")
