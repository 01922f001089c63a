"""Dual activations, and the kernels and classifiers of infinitely wide networks, against many digits and quadrature."""
import math

import numpy as np
import pytest
from mpmath import mp, mpf

from toolkit import activations
from toolkit.catalog import ELEMENTWISE
from toolkit.networks import (
    dual_activation,
    kernel_classifier,
    kernels,
    limit_of_depth,
    neural_tangent_kernel,
    nngp_kernel,
    optimal_activation,
    singularity_exponent,
)

EACH = (("relu", None), ("erf", None), ("sine", 2.676), ("sine", 30.0), ("hermite", 2), ("hermite", 3), ("optimal", 1),
        ("optimal", 2), ("optimal", 5))
each = pytest.mark.parametrize(("activation", "a"), EACH)


def exact_dual(activation, a, s):
    if activation == "relu":
        return (s * (mp.pi - mp.acos(s)) + mp.sqrt(1 - s * s)) / mp.pi
    if activation == "erf":
        return mp.asin(2 * s / 3) / mp.asin(mpf(2) / 3)
    if activation == "sine":
        return mp.sinh(a * s) / mp.sinh(a)
    if activation == "hermite":
        return s**a
    w = mpf(2) ** (-mpf(a) / 2)
    return (s**7 + s) / 2 if a == 1 else w * s**3 + (1 - 2 * w) * s**2 + w * s


def exact_slope(activation, a, s):
    if activation == "relu":
        return 1 - mp.acos(s) / mp.pi
    if activation == "erf":
        return mpf(2) / 3 / mp.sqrt(1 - 4 * s * s / 9) / mp.asin(mpf(2) / 3)
    if activation == "sine":
        return a * mp.cosh(a * s) / mp.sinh(a)
    if activation == "hermite":
        return a * s ** (a - 1)
    w = mpf(2) ** (-mpf(a) / 2)
    return (7 * s**6 + 1) / 2 if a == 1 else 3 * w * s**2 + 2 * (1 - 2 * w) * s + w


@each
def test_duals_within_their_bound(activation, a):
    s = np.concatenate([np.linspace(-1, 1, 201), 1 - 10.0 ** -np.arange(1, 16), 10.0 ** -np.arange(1, 300, 30) - 1,
                        [1e-9, -1e-9, 5e-324]])
    found = dual_activation(s, activation=activation, parameter=a)
    slopes = dual_activation(s, activation=activation, parameter=a, derivative=True)
    with mp.workdps(40):
        for x, y, slope in zip(s, found, slopes):
            assert abs(y - exact_dual(activation, a, mpf(x))) < 4e-16, x
            right = exact_slope(activation, a, mpf(x))
            assert abs(slope - right) < 4e-16 * max(1, abs(right)) + (3e-8 if activation == "relu" else 0), x


def test_reference_values():
    assert dual_activation(0.3) == pytest.approx(0.482744283835488, rel=1e-14)
    assert dual_activation(0.3, derivative=True) == pytest.approx(0.596986684020678, rel=1e-14)
    x, y = [[1.0, 0.0]], [[0.3, math.sqrt(1 - 0.09)]]
    assert neural_tangent_kernel(x, y, depth=3)[0, 0] == pytest.approx(1.40403372656695, rel=1e-13)
    assert nngp_kernel(x, y, depth=3)[0, 0] == pytest.approx(0.675820854521665, rel=1e-13)
    cubic = {"activation": "optimal", "parameter": 2, "depth": 10}
    assert nngp_kernel(x, y, **cubic)[0, 0] == pytest.approx(0.00033096985114295, rel=1e-12)
    assert neural_tangent_kernel(x, y, **cubic)[0, 0] == pytest.approx(0.00375516410482037, rel=1e-12)
    assert neural_tangent_kernel(x, y, depth=10_000)[0, 0] / 10_001 == pytest.approx(0.250440431380508, rel=1e-11)
    for depth in (1, 7, 100):
        assert neural_tangent_kernel(x, depth=depth)[0, 0] == depth + 1


@each
def test_the_dual_is_that_of_the_activation_by_quadrature(activation, a):
    nodes, weights = np.polynomial.hermite_e.hermegauss(120)
    weights = weights / weights.sum()
    hermite = np.polynomial.hermite_e.HermiteE([0] * int(a or 0) + [1 / math.sqrt(math.factorial(int(a or 0)))])
    phi = {"relu": lambda z: math.sqrt(2) * np.maximum(z, 0), "hermite": hermite,
           "erf": lambda z: np.vectorize(math.erf)(z) / math.sqrt(2 / math.pi * math.asin(2 / 3)),
           "sine": lambda z: np.sin(math.sqrt(a) * z) / math.sqrt(math.exp(-a) * math.sinh(a)),
           "optimal": lambda z: optimal_activation(z, dimension=a)}[activation]
    for s in (-0.7, 0.0, 0.3, 0.9):
        v = s * nodes[:, None] + math.sqrt(1 - s * s) * nodes
        found = weights @ (phi(nodes)[:, None] * phi(v)) @ weights
        exact = float(dual_activation(s, activation=activation, parameter=a))
        assert a == 30.0 or abs(found - exact) < (3e-3 if activation == "relu" else 1e-9)  # a kink


@each
def test_kernels_after_sixty_layers_within_their_bounds(activation, a):
    angles = (1e-7, 1e-3, 0.1, 1.0, 1.5)
    x = [[1.0, 0.0]]
    y = [[math.cos(t), math.sin(t)] for t in angles]
    found = nngp_kernel(x, y, activation=activation, parameter=a, depth=60, log=True)[0]
    tangents = neural_tangent_kernel(x, y, activation=activation, parameter=a, depth=60)[0]
    with mp.workdps(60):
        for row, log, tangent in zip(y, found, tangents):
            s = mpf(row[0]) / mp.sqrt(mpf(row[0]) ** 2 + mpf(row[1]) ** 2)
            k = s
            for _ in range(60):
                k = exact_dual(activation, a, s) + k * exact_slope(activation, a, s)
                s = exact_dual(activation, a, s)
            assert abs(log - mp.log(s)) <= 1e-11 * abs(mp.log(s)), row
            assert abs(tangent - k) <= 1e-11 * k + 1e-300, row


def test_logarithms_after_a_thousand_layers():
    """Σ has underflowed long before; and opposite inputs, of which a layer of ReLU makes 0 and the next one 1 / π."""
    x, y = [[1.0, 0.0]], [[0.6, 0.8]]
    for activation, a in (("optimal", 1), ("optimal", 2), ("sine", 2.676), ("erf", None)):
        found = nngp_kernel(x, y, activation=activation, parameter=a, depth=1000, log=True)[0, 0]
        with mp.workdps(30):
            s = mpf("0.6")
            for _ in range(1000):
                s = exact_dual(activation, a, s)
            assert found == pytest.approx(float(mp.log(s)), rel=1e-12)
    opposite = [nngp_kernel(x, [[-1.0, 0.0]], depth=depth, log=True)[0, 0] for depth in (1, 2)]
    assert opposite[0] == -np.inf and opposite[1] == pytest.approx(-math.log(math.pi))


def test_limits_of_relu():
    """K_L / (L + 1) tends to 1/4 off the diagonal, and the Gram matrix has no eigenvalue below 0."""
    t = np.linspace(0, np.pi / 2, 12)
    x = np.c_[np.cos(t), np.sin(t)]
    near, far = (np.abs(neural_tangent_kernel(x, depth=d) / (d + 1) - 0.25)[~np.eye(12, dtype=bool)].max()
                 for d in (300, 30_000))
    assert far < 0.002 < near < 0.2
    for kernel in (nngp_kernel, neural_tangent_kernel):
        assert np.linalg.eigvalsh(kernel(x, depth=5)).min() > 0


def test_exponents():
    for a, alpha in ((2.676, 2), (6.13539, 4), (13.8258, 8)):
        assert singularity_exponent("sine", parameter=a) == pytest.approx(alpha, rel=3e-5)
    assert singularity_exponent("sine", parameter=1) == pytest.approx(1.185566, abs=1e-6)
    assert singularity_exponent("erf") == pytest.approx(0.888215, abs=1e-6)
    for d in (1, 2, 3, 9):
        assert singularity_exponent("optimal", parameter=d) == pytest.approx(d, rel=1e-14)
    assert np.isnan(singularity_exponent("relu")) and np.isnan(singularity_exponent("hermite"))
    assert kernels.exponent_of_sine(3.0) == singularity_exponent(parameter=3)
    assert np.isnan(singularity_exponent("hermite", parameter=1))
    assert singularity_exponent("optimal", parameter=64) == pytest.approx(64, rel=1e-7)


def test_depth_leads_to_the_exponent():
    """The slope of log Σ against the log of the distance, for the activation of a circle and a sine."""
    t = np.array([1e-2, 1e-3])
    y = np.c_[np.cos(t), np.sin(t)]
    for options in ({"activation": "optimal"}, {"activation": "sine", "parameter": 2.676}, {"activation": "erf"}):
        logs = nngp_kernel([[1.0, 0.0]], y, depth=200, log=True, **options)[0]
        assert (logs[1] - logs[0]) / math.log(10) == pytest.approx(
            singularity_exponent(options["activation"], parameter=options.get("parameter")), rel=0.03)


@pytest.mark.parametrize("method", ELEMENTWISE, ids=lambda method: method.name)
def test_moments_of_every_activation(method):
    """Against mpmath's quadrature between the kinks; a jump may lie inside of a piece."""
    if len(method.parameters) > 1 or method.name in ("glu", "reglu", "geglu", "swiglu", "hard_shrink"):
        return
    found = limit_of_depth(method.function)
    parameters = dict(zip(method.function.elementwise.parameters, method.function.elementwise.defaults))
    x, w = np.polynomial.legendre.leggauss(40)
    ends = np.arange(-14, 14, 0.25)
    z = (ends[:, None] + 0.125 * (1 + x)).ravel()
    weight = np.tile(0.125 * w, ends.size) * np.exp(-z * z / 2) / np.sqrt(2 * np.pi)
    f = method.function(z, **parameters)
    square = weight @ (f * f)
    assert found.value == pytest.approx((weight @ f) ** 2 / square, abs=1e-11)
    assert found.slope == pytest.approx((weight @ (z * f)) ** 2 / square, abs=1e-11)
    assert found.end_slope > 0


def test_limit_of_depth_by_many_digits():
    """Published constants: E f² and E f'² of GELU, and f of SELU, which has mean 0 and mean square 1."""
    gelu = limit_of_depth("gelu")
    with mp.workdps(30):
        mean = mp.quad(lambda z: z * mp.ncdf(z) * mp.npdf(z), [-12, 0, 12])
        square = mp.quad(lambda z: (z * mp.ncdf(z)) ** 2 * mp.npdf(z), [-12, 0, 12])
    assert float(square) == pytest.approx(0.4252214826, rel=1e-9)
    assert gelu.value == pytest.approx(float(mean**2 / square), rel=1e-11)
    assert gelu.slope == pytest.approx(0.25 / float(square), rel=1e-11)
    assert gelu.end_slope == pytest.approx(0.4558508656 / 0.4252214826, rel=1e-9)
    assert gelu.classifier == "majority" and np.isnan(gelu.exponent)
    half = float((mean / 2) ** 2 / (square - 0.75 * mean**2))
    assert limit_of_depth("gelu", centred=0.5).value == pytest.approx(half)
    selu = limit_of_depth("selu")
    assert selu.classifier == "singular" and selu.end_slope == pytest.approx(1.0715749925, rel=1e-9)
    assert limit_of_depth(activations.tanh).classifier == "singular"
    even = kernels.ratios_of((0.0, 0.0, 1.0, 2.0), 0.0)
    assert kernels.classifier_of(*even)[0] == 1
    for wrong in ("no_such", "swiglu", "logit", len, None, 3):
        with pytest.raises(ValueError, match=r"limit_of_depth\(\): activation is "):
            limit_of_depth(wrong)


def arc(n, seed=0):
    """The mixture of the quarter circle: + with 0.65 from Beta(4, 2), - from Beta(2, 3)."""
    rng = np.random.default_rng(seed)
    y = np.where(rng.random(n) < 0.65, 1, -1)
    t = np.where(y > 0, rng.beta(4, 2, n), rng.beta(2, 3, n))
    return np.c_[np.cos(np.pi * t / 2), np.sin(np.pi * t / 2)], y, t


def test_kernel_classifier_has_three_limits():
    x, y, t = arc(60)
    test, _, places = arc(200, seed=1)
    nearest = y[np.abs(places[:, None] - t).argmin(axis=1)]
    hilbert = np.sign((y / np.linalg.norm(test[:, None] - x, axis=2)).sum(axis=1))
    for machine in ("vote", "regression"):
        singular = np.sign(kernel_classifier(x, y, test, activation="optimal", depth=60, machine=machine))
        assert (singular == hilbert).mean() > 0.98
    assert (np.sign(kernel_classifier(x, y, test, activation="hermite", depth=30)) == nearest).all()
    x, y, _ = arc(20, seed=2)
    deep = kernel_classifier(x, y, test, kernel="ntk", machine="regression", depth=30_000)
    assert y.sum() > 4 and (deep > 0).mean() > 0.9
    vote = kernel_classifier(x, y, test, kernel="ntk", depth=3)
    gram = neural_tangent_kernel(test, x, depth=3)
    np.testing.assert_allclose(vote, gram @ y / gram.sum(axis=1), rtol=1e-13)


def test_regression_goes_through_the_training_points():
    x, y, _ = arc(8)
    found = kernel_classifier(x, y, x, kernel="ntk", machine="regression", activation="erf", depth=3)
    np.testing.assert_allclose(found, y, atol=1e-6)


def test_special_values():
    nan = np.array([[np.nan, 1.0], [0.0, 0.0], [np.inf, 1.0], [1.0, 2.0]])
    for of in (nngp_kernel, neural_tangent_kernel):
        assert np.isnan(of(nan[:3], nan)).all() and not np.isnan(of(nan[3:])).any()
        assert of(np.zeros((0, 2))).shape == (0, 0)
        assert of(np.ones((2, 2), np.float32)).dtype == np.float64
    assert np.isnan(dual_activation([np.nan, 1.5, -1.5, np.inf])).all()
    assert dual_activation(np.zeros((0, 3))).shape == (0, 3)
    assert nngp_kernel([[1e200, 0.0]], [[1e-200, 1e-200]])[0, 0] == pytest.approx(dual_activation(math.sqrt(0.5)))
    assert np.isnan(optimal_activation(np.nan)) and optimal_activation(np.inf) == np.inf
    assert dual_activation(1.0, activation="sine", parameter=1e4) == 1
    opposite = nngp_kernel([[1.0, 0.0]], [[-1.0, 1e-8]], activation="relu")
    assert 0 <= opposite[0, 0] < 1e-20 or opposite[0, 0] == pytest.approx((1e-8) ** 3 / 3 / math.pi, rel=1e-6)


def test_mean_square_of_optimal_activations():
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    weights = weights / weights.sum()
    for d in (1, 2, 3, 9):
        phi = optimal_activation(nodes, dimension=d)
        assert weights @ phi == pytest.approx(0, abs=1e-12)
        assert weights @ (phi * phi) == pytest.approx(1, rel=1e-12)
