"""Losses and probabilities of ordered classes, against many digits."""
import numpy as np
import pytest
from accuracy_cases import exactly
from mpmath import mp, mpf

from toolkit import vjp
from toolkit.losses import (
    adjacent_loss,
    cross_entropy,
    cumulative_loss,
    ordinal_probabilities,
    stopping_ratio_loss,
)

CUMULATIVE, STOPPING, ADJACENT = cumulative_loss, stopping_ratio_loss, adjacent_loss
MODELS = {"cumulative": CUMULATIVE, "stopping ratio": STOPPING, "adjacent": ADJACENT}
ETA = (-0.3, 1.2, 2.7)


def sigma(x):
    return 1 / (1 + mp.exp(-x))


def probabilities(model, eta):
    if model == "cumulative":
        ends = [mpf(0), *map(sigma, eta), mpf(1)]
        return [sigma(-eta[-1]) if k == len(eta) else b - a for k, (a, b) in enumerate(zip(ends, ends[1:]))]
    if model == "stopping ratio":
        return [sigma(eta[k]) * mp.fprod(sigma(-v) for v in eta[:k]) if k < len(eta)
                else mp.fprod(sigma(-v) for v in eta) for k in range(len(eta) + 1)]
    w = [mp.exp(mp.fsum(eta[:k])) for k in range(len(eta) + 1)]
    return [v / mp.fsum(w) for v in w]


def slopes(model, eta, y):
    if model == "cumulative":
        found = [mpf(0)] * len(eta)
        if y < len(eta):
            found[y] = -sigma(-eta[y]) - (1 / mp.expm1(eta[y] - eta[y - 1]) if y else 0)
        if y > 0:
            found[y - 1] = sigma(eta[y - 1]) + (1 / mp.expm1(eta[y] - eta[y - 1]) if y < len(eta) else 0)
        return found
    if model == "stopping ratio":
        return [-sigma(-v) if k == y else sigma(v) if k < y else mpf(0) for k, v in enumerate(eta)]
    p = probabilities(model, eta)
    return [-mp.fsum(p[:k + 1]) if k < y else mp.fsum(p[k + 1:]) for k in range(len(eta))]


def rows(dtype):
    rng = np.random.default_rng(5)
    for n in (1, 2, 3, 9):
        for scale in (0.3, 3, 25):
            yield np.sort(rng.normal(0, scale, n)).astype(dtype)
    for row in ((1, -0.5), (-0.5, 1), (17, 18), (38, 40), (-40, -38), (-20, 20), (799, 800), (3, 3.0001), ETA, (0, 86)):
        yield np.sort(np.array(row)).astype(dtype)


EPSILONS = {"cumulative": lambda eta: 8, "stopping ratio": lambda eta: 4,
            "adjacent": lambda eta: 8 + sum(map(abs, eta))}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("function", "model"), [
    (cumulative_loss, "cumulative"), (stopping_ratio_loss, "stopping ratio"), (adjacent_loss, "adjacent")])
def test_losses_against_many_digits(function, model, dtype):
    """With their gradients."""
    info = np.finfo(dtype)
    for eta in rows(dtype):
        if model == "cumulative" and (np.diff(eta) <= 0).any():
            continue
        for y in range(eta.size + 1):
            loss, grad = function.value_and_gradient(eta, y)
            assert loss.dtype == grad.dtype == dtype
            with mp.workdps(450):
                given = exactly(eta)
                right = -mp.log(probabilities(model, given)[y])
                unit = EPSILONS[model](given) * float(info.eps)
                few = 64 * float(info.smallest_subnormal)
                assert abs(mpf(float(loss)) - right) <= unit * right + few, (eta, y, loss)
                for found, slope in zip(grad, slopes(model, given, y), strict=True):
                    assert abs(mpf(float(found)) - slope) <= unit * abs(slope) + few, (eta, y, grad)


def test_accuracy_sentences_are_those_measured():
    for function, words in ((CUMULATIVE, "loss and gradient within 8 epsilon"),
                            (STOPPING, "loss and gradient within 4 epsilon"), (ADJACENT, "within ``8 + S`` epsilon")):
        assert words in " ".join(function.__doc__.split())


def test_published_values():
    def of_pair(a, b):
        return CUMULATIVE.value_and_gradient([b, a], 1)
    loss, grad = of_pair(1.0, -0.5)
    assert float(loss) == pytest.approx(1.039821130623784, rel=1e-15)
    np.testing.assert_allclose(grad, [0.664757585587014, -0.556158338158863], rtol=1e-14)
    for (a, b), value in (((800.0, 799.0), 799.458675145387), ((3.0, 3 - 1e-12), 30.7281069224447),
                          ((20.0, -20.0), 4.12230724487712e-9), ((40.0, 38.0), 38.14541346)):
        assert float(of_pair(a, b)[0]) == pytest.approx(value, rel=2e-10)
    for model, right in (("cumulative", (0.425557483188, 0.342967300311, 0.168501860444, 0.062973356057)),
                         ("stopping ratio", (0.425557483188, 0.441473310865, 0.124595688796, 0.008373517151)),
                         ("adjacent", (0.024510611465, 0.018157907573, 0.060286376215, 0.897045104747))):
        np.testing.assert_allclose(ordinal_probabilities(ETA, model=model), right, atol=1e-12)
    loss, grad = CUMULATIVE.value_and_gradient(ETA, 1)
    assert float(loss) == pytest.approx(1.07012017073201, rel=1e-14)
    np.testing.assert_allclose(grad, [0.712774399977209, -0.518692133289851, 0], rtol=1e-14)
    steep = of_pair(1e-9, 0.0)[1]
    assert abs(steep[1]) == pytest.approx(1e9, rel=1e-6)


def test_the_upper_tail_dies_in_the_naive_form():
    """With a correctly rounded sigmoid; where ``1 + e^-x`` is formed, as it mostly is, already at 17 in float32."""
    f4 = np.float32
    assert np.exp(-CUMULATIVE(f4([0, 16]), 2, form="naive")) == pytest.approx(1.1920929e-07, rel=1e-6)
    assert np.exp(-float(CUMULATIVE(f4([0, 16]), 2))) == pytest.approx(1.1253516e-07, rel=1e-6)
    assert 1 - 1 / (1 + np.exp(f4(-17))) == 0
    for eta, y in ((f4([0, 18]), 2), (f4([18, 19]), 1), (np.array([0.0, 38.0]), 2), (np.array([38.0, 40.0]), 1)):
        with pytest.warns(RuntimeWarning):
            assert np.isinf(CUMULATIVE(eta, y, form="naive"))
        assert np.isfinite(CUMULATIVE(eta, y))
    assert np.exp(-float(CUMULATIVE(f4([17, 18]), 1))) == pytest.approx(2.616939596e-8, rel=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("model", MODELS)
def test_probabilities_against_many_digits(model, dtype):
    """ordinal_probabilities of the three models."""
    info = np.finfo(dtype)
    for eta in rows(dtype):
        if (np.diff(eta) <= 0).any():
            continue
        found = ordinal_probabilities(eta, model=model)
        with mp.workdps(450):
            right = probabilities(model, exactly(eta))
            allowed = (4 + eta.size + 1) if model != "adjacent" else 8 + eta.size + 1 + float(np.abs(eta).sum())
            for p, exact in zip(found, right, strict=True):
                if exact > float(info.tiny) / float(info.eps):
                    assert abs(mpf(float(p)) - exact) <= allowed * float(info.eps) * exact
        assert found.sum() == pytest.approx(1, abs=1e-5)


def test_what_holds():
    eta = np.sort(np.random.default_rng(6).normal(0, 2, (5, 3)), axis=1)
    for y in range(4):
        for of in (CUMULATIVE, ADJACENT):  # the order of the classes turned around
            np.testing.assert_allclose(of(eta, np.full(5, y)), of(-eta[:, ::-1], np.full(5, 3 - y)), rtol=1e-13)
    assert abs(STOPPING(eta[0], 1) - STOPPING(-eta[0, ::-1], 2)) > 1e-3
    z = np.concatenate([np.zeros((5, 1)), np.cumsum(eta, axis=1)], axis=1)
    np.testing.assert_allclose(ADJACENT(eta, [0, 1, 2, 3, 3]), cross_entropy(z, [0, 1, 2, 3, 3]), rtol=1e-13)


def test_curves_that_cross():
    with pytest.warns(RuntimeWarning, match="curves cross in 1 of 1 rows"):
        found = ordinal_probabilities([0.0, -1.0])
    assert found[1] == pytest.approx(-0.2310585786, abs=1e-10) and found.sum() == pytest.approx(1)
    loss, grad = CUMULATIVE.value_and_gradient([0.0, -1.0], 1)
    assert np.isinf(loss) and np.isnan(grad).all()
    assert np.isfinite(CUMULATIVE([0.0, -1.0], 0)) and np.isinf(CUMULATIVE([1.0, 1.0], 1))
    for other in (STOPPING, ADJACENT):
        assert np.isfinite([other([0.0, -1.0], y) for y in range(3)]).all()


@pytest.mark.parametrize("function", MODELS.values())
def test_arguments_and_reductions(function):
    eta, y = np.sort(np.random.default_rng(7).normal(size=(4, 2)), axis=1), np.array([0, 1, 2, 2])
    each, grads = function.value_and_gradient(eta, y, reduction="none")
    assert function(eta, y) == pytest.approx(each.mean()) and function(eta, y, ignore_index=2) == pytest.approx(
        each[:2].mean())
    weighted = function(eta, y, weight=[1.0, 2.0, 3.0])
    assert weighted == pytest.approx(np.average(each, weights=[1, 2, 3, 3]))
    value, pull = vjp(function, eta, y, reduction="none")
    np.testing.assert_allclose(pull(np.arange(4.0)), grads * np.arange(4.0)[:, None])
    np.testing.assert_allclose(function(eta.T, y, axis=0, reduction="none"), each)
    assert np.isnan(function([0.0, np.nan], 1)) and function(eta.astype(np.float16), y).dtype == np.float16
    assert function(eta[:0], y[:0], reduction="sum") == 0
    with pytest.raises(ValueError, match="labels contains 3 at index .*allowed: 0 to 2"):
        function(eta, [0, 1, 2, 3])
    with pytest.raises(TypeError, match="labels are probabilities"):
        function(eta, np.full((4, 2), 0.5))
    naive = function(eta, y, form="naive")
    assert naive == pytest.approx(function(eta, y), rel=1e-12)
