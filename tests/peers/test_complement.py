"""The complement form as the book gives it to users of PyTorch and JAX: its values and gradients are ours."""
import importlib

import numpy as np
import pytest

from benchmarks.complement import LIBRARIES, ROWS, measured, recorded
from toolkit import value_and_grad, vjp
from toolkit.losses import cross_entropy
from toolkit.softmax import log_softmax

EPS = float(np.finfo(np.float32).eps)


def ours(row, label):
    """In float64: the truth, to the digits of float32."""
    z = np.array([row], float)
    loss, slope = value_and_grad(cross_entropy)(z, [label])
    logs, pull = vjp(log_softmax, z)
    return {"loss": loss, "gradient": slope, "log_softmax": logs, "gradient_of_log": pull(np.eye(len(row))[[label]])}


@pytest.mark.parametrize("library", LIBRARIES)
def test_what_is_recorded_of_a_library_is_right_to_a_few_ulp(library):
    kept = recorded()[library]["rows"]
    assert len(kept) == len(ROWS)
    for (row, label), found in zip(ROWS, kept, strict=True):
        for what, truth in ours(row, label).items():
            np.testing.assert_allclose(found[what], truth, rtol=8 * EPS, atol=0, err_msg=f"{what} of {row}, {label}")


@pytest.mark.parametrize("library", LIBRARIES)
def test_an_installed_library_gives_what_is_recorded(library):
    try:
        importlib.import_module(LIBRARIES[library][0])
    except ImportError:
        return  # the record is all there is
    for found, kept in zip(measured(library), recorded()[library]["rows"], strict=True):
        for what, numbers in kept.items():
            np.testing.assert_allclose(found[what], numbers, rtol=8 * EPS, atol=0)


@pytest.mark.parametrize("row, label", ROWS, ids=str)
def test_the_formula_in_numpy(row, label):
    """As in those files, with the gradient by hand: the others' softmax times the sigmoid of minus the margin."""
    z = np.array(row, np.float32)
    others = np.delete(z, label)
    rest = np.logaddexp.reduce(others)
    loss = np.logaddexp(np.float32(0), rest - z[label])
    share = 1 / (1 + np.exp(z[label] - rest))
    slope = np.insert(share * np.exp(others - rest), label, -share)
    truth = ours(row, label)
    np.testing.assert_allclose(loss, truth["loss"], rtol=40 * EPS)
    np.testing.assert_allclose(slope, truth["gradient"][0], rtol=40 * EPS)
