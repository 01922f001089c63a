"""Published and independent values, failures of the naive forms, arguments, and the functions beside the catalog."""
import doctest
import importlib
import subprocess
import sys

import numpy as np
import pytest
from mpmath import mp, mpf, ncdf
from scipy import special

from toolkit import activations
from toolkit.activations._elementwise import slope
from toolkit.activations.kernels import crrelu_correction
from toolkit.course.exercises import keeping_gradients_alive as gradients
from toolkit.elementary import normal

POINTS = np.array([-2.0, -0.5, 1.5])
# Values and derivatives at POINTS, from PyTorch 2.13 in float64.
REFERENCE = {
    "elu": ((-0.864664716763, -0.393469340287, 1.5), (0.135335283237, 0.606530659713, 1)),
    "selu": ((-1.5201664686, -0.691758187803, 1.57605148103), (0.237932872252, 1.06634115304, 1.05070098736)),
    "gelu": ((-0.0455002638964, -0.154268769363, 1.3997891981), (-0.0852318010782, 0.132504875344, 1.12746919223)),
    "gelu_tanh": ((-0.0454023059122, -0.154285990175, 1.39957157698),
                  (-0.0860992566236, 0.132630096465, 1.12771079315)),
    "silu": ((-0.238405844044, -0.188770334399, 1.22636171429), (-0.0907842487849, 0.260038812697, 1.0412941543)),
    "mish": ((-0.252501482696, -0.220743774652, 1.4033782664), (-0.10835509242, 0.289510677914, 1.08848798501)),
    "softplus": ((0.126928011043, 0.47407698418, 1.70141327798), (0.119202922022, 0.377540668798, 0.817574476194)),
    "log_sigmoid": ((-2.12692801104, -0.97407698418, -0.201413277983),
                    (0.880797077978, 0.622459331202, 0.182425523806)),
    "tanh": ((-0.964027580076, -0.46211715726, 0.905148253645), (0.0706508248532, 0.786447732966, 0.180706638924)),
    "hard_swish": ((-1 / 3, -0.208333333333, 1.125), (-1 / 6, 1 / 3, 1)),
}


@pytest.mark.parametrize("name", REFERENCE)
def test_values_of_pytorch(name):
    values, slopes = REFERENCE[name]
    np.testing.assert_allclose(getattr(activations, name)(POINTS), values, rtol=1e-10)
    np.testing.assert_allclose(slope(getattr(activations, name), POINTS), slopes, rtol=1e-10)


def test_values_of_functions_with_a_parameter():
    np.testing.assert_allclose(activations.celu(POINTS, alpha=2.0), [-1.26424111766, -0.442398433857, 1.5], rtol=1e-11)
    np.testing.assert_allclose(slope(activations.celu, POINTS, alpha=2.0), [0.367879441171, 0.778800783071, 1],
                               rtol=1e-11)
    np.testing.assert_allclose(activations.swiglu(1.0, 2.0), 1.46211715726, rtol=1e-11)
    np.testing.assert_allclose(activations.geglu(1.0, 2.0), 1.68268949214, rtol=1e-11)
    np.testing.assert_allclose(activations.crrelu([0.5, 2.0], epsilon=[0.01, 0.5]),
                               [0.504412484512923, 2.13533528323661], rtol=1e-14)
    np.testing.assert_allclose(slope(activations.crrelu, [-1.0, 0.5, 2.0, 0.0], epsilon=[0.01, 0.01, 0.5, 0.2]),
                               [0, 1.00661872676938, 0.796997075145081, 0.2], rtol=1e-13)
    np.testing.assert_allclose(crrelu_correction(2.0), 0.270670566473225, rtol=1e-14)


def test_values_of_scipy():
    x = np.linspace(-30, 30, 1001)
    np.testing.assert_allclose(activations.sigmoid(x), special.expit(x), rtol=1e-13)
    np.testing.assert_allclose(activations.log_sigmoid(x), special.log_expit(x), rtol=1e-13)
    np.testing.assert_allclose(activations.gelu(x), x * special.ndtr(x), rtol=1e-12)


@pytest.mark.parametrize(("function", "exact", "bound"), [
    (normal.normal_cdf, ncdf, 5), (normal.bell, lambda x: mp.exp(-x * x / 2), 2)])
def test_the_normal_distribution_keeps_its_tail(function, exact, bound):
    worst = 0.0
    for low, high in ((-37, -8), (-8, -2), (-2, -0.7), (-0.7, 0.7), (0.7, 37)):
        for x in np.random.default_rng(4).uniform(low, high, 300):
            with mp.workdps(40):
                truth = exact(mpf(float(x)))
                worst = max(worst, float(abs(function(x) - truth)) / np.spacing(float(truth)))
    assert 0.5 < worst <= bound


@pytest.mark.parametrize(("name", "dtype", "x", "naive", "stable"), [
    ("softplus", np.float32, 89, np.inf, 89), ("softplus", np.float32, -20, 0, 2.061153620e-9),
    ("softplus", np.float16, 12, np.inf, 12), ("log_sigmoid", np.float32, -89, -np.inf, -89),
    ("log_sigmoid", np.float16, -12, -np.inf, -12), ("mish", np.float32, 45, np.nan, 45),
    ("mish", np.float16, 6, np.nan, 6), ("gelu", np.float32, -6, 0, -5.919525870e-9),
    ("gelu", np.float32, -5.5, -1.639e-7, -1.0444e-7), ("gelu", np.float64, -8.5, 0, -8.0576e-17),
    ("silu", np.float16, -12, 0, -7.3730e-5), ("elu", np.float32, -1e-8, 0, -1e-8)])
def test_failures_of_the_naive_forms(name, dtype, x, naive, stable):
    """As the methods' cards list them; float16 emulated, since its own arrays compute in float32."""
    function = getattr(activations, name)
    given = {"format": "float16"} if dtype == np.float16 else {}
    x = np.float64(x) if given else dtype(x)
    if np.isfinite(naive):
        broken = function(x, form="naive", **given)
    else:
        with pytest.warns(RuntimeWarning, match=f"{name}.* is not finite for 1 of 1 finite numbers"):
            broken = function(x, form="naive", **given)
    np.testing.assert_allclose(broken, naive, rtol=1e-3)
    np.testing.assert_allclose(function(x, **given), stable, rtol=2e-3)


@pytest.mark.parametrize(("name", "x", "format", "naive", "stable"), [
    ("sigmoid", 20, "float32", 0, 2.0611536e-9), ("tanh", 10, "float32", 0, 8.2446e-9),
    ("elu", -18, "float32", 0, 1.523e-8), ("gelu_tanh", 700, "float16", np.nan, 1),
    ("softsign", 300, "float16", 0, 1.1e-5), ("softplus", 12, "float16", np.nan, 1),
    ("log_sigmoid", 18, "float32", 0, 1.523e-8)])
def test_failures_of_naive_derivatives(name, x, format, naive, stable):
    function = getattr(activations, name)
    if np.isnan(naive):
        with pytest.warns(RuntimeWarning, match=f"the derivative of {name}.* is not finite"):
            assert np.isnan(slope(function, x, form="naive", format=format))
    else:
        assert slope(function, x, form="naive", format=format) == naive
    np.testing.assert_allclose(slope(function, x, format=format), stable, rtol=0.01)


def test_parameters_are_broadcast_and_checked():
    x = np.array([[-1.0, -2.0], [-3.0, 4.0]])
    assert np.array_equal(activations.prelu(x, a=[0.5, 0.25]), [[-0.5, -0.5], [-1.5, 4.0]])
    assert activations.prelu(x.astype(np.float32), a=0.3).dtype == np.float32
    assert activations.leaky_relu(-1.0, alpha=0.1, format="float16") == -np.float64(np.float16(0.1))
    with pytest.raises(ValueError, match="alpha is 0; allowed: numbers > 0"):
        activations.celu(x, alpha=0)
    with pytest.raises(ValueError, match="a has shape .*; allowed: what broadcasts to"):
        activations.prelu(x, a=[1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="form is 'exact'; allowed: 'naive', 'stable'"):
        activations.gelu(x, form="exact")
    with pytest.raises(TypeError, match="x has dtype complex128"):
        activations.relu(np.zeros(2, complex))
    with pytest.raises(TypeError):
        activations.relu(x, form="naive")
    with pytest.raises(TypeError, match="'v'"):
        slope(activations.glu, x)


def test_swish_lies_between_half_of_x_and_relu():
    x = np.linspace(-4, 4, 33)
    np.testing.assert_allclose(activations.swish(x, beta=1e-9), x / 2, atol=1e-8)
    np.testing.assert_allclose(activations.swish(x, beta=1e4), activations.relu(x), atol=1e-12)
    assert np.array_equal(activations.swish(x, beta=1.0), activations.silu(x))


def test_selu_keeps_mean_and_variance():
    """Gauss-Hermite quadrature on both sides of the kink, each a smooth half."""
    nodes, weights = np.polynomial.legendre.leggauss(400)
    x = np.concatenate([6 * (nodes - 1), 6 * (nodes + 1)])
    density = np.tile(6 * weights, 2) * np.exp(-x * x / 2) / np.sqrt(2 * np.pi)
    y = activations.selu(x)
    np.testing.assert_allclose([(density * y).sum(), (density * y * y).sum()], [0, 1], atol=1e-12)


@pytest.mark.parametrize("module", ["_rectifiers", "_hard", "_exponential", "_sigmoids", "_gelu", "_smooth",
                                    "_gated", "_sorting", "_shrinkage", "_squareplus", "_complements"])
def test_examples_in_docstrings(module):
    module = importlib.import_module(f"toolkit.activations.{module}")
    finder, runner = doctest.DocTestFinder(), doctest.DocTestRunner()
    own = {name: f for name, f in vars(module).items() if name in activations.__all__ and callable(f)}
    for name, function in own.items():
        for test in finder.find(function, name, module=False, globs=dict(vars(module))):
            runner.run(test)
    assert runner.tries > 0 and runner.failures == 0


def test_mean_squares_that_an_exercise_relies_on():
    nodes, weights = np.polynomial.hermite_e.hermegauss(120)
    weights = weights / weights.sum()
    assert weights @ activations.gelu(nodes) ** 2 == pytest.approx(gradients.GELU_SQUARE, rel=1e-9)
    assert weights @ slope(activations.gelu, nodes) ** 2 == pytest.approx(gradients.GELU_SLOPE_SQUARE, rel=1e-9)


def test_a_second_process_compiles_nothing():
    """Kernels are arguments of loops, and hold parameters; Numba's disk cache has to find them again."""
    code = """
from numba.core import event
from toolkit import activations, catalog
with event.install_recorder("numba:compile") as recorder:
    activations.elu([1.0], alpha=2.0)
    catalog.get_method("celu").default.kernel(-1.0)
    catalog.activation_kernel("slope")(3, -1.0)
print(len(recorder.buffer))
"""
    first, second = (subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
                     for _ in range(2))
    assert int(second.stdout) == 0, first.stdout
