"""Bases of Kolmogorov-Arnold networks and a layer: SciPy's splines, many digits, published numbers, differences."""
import numpy as np
import pytest
from mpmath import mp, mpf
from numpy.testing import assert_allclose, assert_array_equal
from scipy.interpolate import BSpline

from toolkit import vjp
from toolkit.networks import af_kan_basis, kan_layer, relu_kan_basis, spline_basis
from toolkit.networks._af_kan import ACTIVATIONS, COMBINATIONS
from toolkit.networks._kan_layer import BASES

BASIS_OF = {"spline": spline_basis, "relu": relu_kan_basis, "silu": af_kan_basis}
ALL = tuple(BASIS_OF.values())
CLOSE = {"rtol": 1e-13, "atol": 1e-14}


@pytest.mark.parametrize("order", [1, 2, 3, 4, 5])
@pytest.mark.parametrize(("grid", "low", "high"), [(5, 0.0, 1.0), (12, -2.0, 1.5)])
def test_splines_are_those_of_scipy(order, grid, low, high):
    cell = (high - low) / grid
    knots = low + cell * np.arange(-order, grid + order + 1)
    x = np.random.default_rng(order).uniform(low - cell, high + cell, 300)
    found = spline_basis(x, grid=grid, order=order, low=low, high=high)
    slopes = np.stack([vjp(spline_basis, x, grid=grid, order=order, low=low, high=high)[1](each)
                       for each in np.eye(grid + order)], axis=1)
    for i in range(grid + order):
        spline = BSpline.basis_element(knots[i:i + order + 2], extrapolate=False)
        assert_allclose(found[:, i], np.nan_to_num(spline(x)), rtol=0, atol=2e-14)
        assert_allclose(slopes[:, i] * cell, np.nan_to_num(spline(x, 1)) * cell, rtol=0, atol=1e-12)
    inside = (x >= low) & (x <= high)
    assert_allclose(found[inside].sum(axis=1), 1, rtol=1e-13)


def relu_in_digits(x, i, grid, order):
    s, e = mpf(i - order) / grid, mpf(i + 1) / grid
    r = 4 * mpf(grid) ** 2 / (order + 1) ** 2
    return (r * max(x - s, 0) * max(e - x, 0)) ** 2


@pytest.mark.parametrize(("grid", "order"), [(5, 3), (9, 2), (20, 3)])
def test_relu_kan_in_digits(grid, order):
    x = np.random.default_rng(1).uniform(-0.2, 1.2, 100)
    found = relu_kan_basis(x, grid=grid, order=order)
    slopes = np.stack([vjp(relu_kan_basis, x, grid=grid, order=order)[1](e) for e in np.eye(grid + order)], axis=1)
    with mp.workdps(30):
        for n, i in np.ndindex(found.shape):
            right = relu_in_digits(mpf(x[n]), i, grid, order)
            slope = mp.diff(lambda t, i=i: relu_in_digits(t, i, grid, order), mpf(x[n]))
            assert abs(found[n, i] - right) <= 1e-14 and abs(slopes[n, i] - slope) <= 1e-12 * grid


def test_published_values():
    assert_allclose(relu_kan_basis(0.0), [.5625, 1, .5625, 0, 0, 0, 0, 0], **CLOSE)
    assert_allclose(relu_kan_basis(0.3), [0, .19140625, .87890625, .87890625, .19140625, 0, 0, 0], **CLOSE)
    slopes = [float(vjp(relu_kan_basis, 0.3)[1](each)) for each in np.eye(8)]
    assert_allclose(slopes, [0, -3.28125, -2.34375, 2.34375, 3.28125, 0, 0, 0], rtol=1e-12)
    assert_allclose(af_kan_basis([0.1, 0.9])[:, 2:5], [[.00287672027525, .00060294444784, .000923820945604],
                                                       [.011101152045, .000923820945604, .00060294444784]], rtol=1e-11)


def test_invariants_of_relu_kan():
    x = np.linspace(0, 1, 2001)
    basis = relu_kan_basis(x)
    assert (basis >= 0).all() and basis.max() == 1 and 2.125 <= basis.sum(axis=1).min()
    assert basis.sum(axis=1).max() <= 2.140625 + 1e-14
    assert (np.count_nonzero(relu_kan_basis(x[1:-1][x[1:-1] * 5 % 1 != 0]), axis=1) == 4).all()
    wide = relu_kan_basis(np.linspace(-1, 2, 300_001))
    assert_allclose(wide.sum(axis=0) * 1e-5, np.full(8, 16 / 30 * 4 / 5), rtol=1e-6)
    assert_array_equal(relu_kan_basis([-1.0, 2.0]), np.zeros((2, 8)))
    assert_array_equal(vjp(relu_kan_basis, [-1.0, 2.0])[1](1.0), [0, 0])


ONE = {"silu": lambda x: x / (1 + mp.exp(-x)), "relu": lambda x: max(x, 0), "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
       "softplus": lambda x: mp.log1p(mp.exp(x)), "leaky_relu": lambda x: x if x > 0 else x * mpf(0.01),
       "elu": lambda x: x if x > 0 else mp.expm1(x), "gelu": lambda x: x * mp.ncdf(x), "tanh": mp.tanh,
       "selu": lambda x: mpf("1.0507009873554804934") * (x if x > 0 else mpf("1.6732632423543772848") * mp.expm1(x))}
BOTH = {"quad1": lambda u, w: (u * w) ** 2, "quad2": lambda u, w: u * w + u * u + w * w, "sum": lambda u, w: u + w,
        "prod": lambda u, w: u * w, "sum_prod": lambda u, w: u + w + u * w,
        "cubic1": lambda u, w: (u + w) * (u * u + w * w), "cubic2": lambda u, w: (u * w) ** 3}


@pytest.mark.parametrize("combination", COMBINATIONS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_af_kan_in_digits(activation, combination):
    x, step = np.random.default_rng(2).uniform(-2, 3, 12), 1e-5
    options = {"activation": activation, "combination": combination}
    found = af_kan_basis(x, **options)
    with mp.workdps(30):
        for n, i in np.ndindex(found.shape):
            s = mpf(i - 3) / 5
            right = BOTH[combination](ONE[activation](x[n] - s), ONE[activation](s + mpf(4) / 5 - x[n]))
            assert abs(found[n, i] - right) <= 1e-13 * (1 + abs(right)), (n, i)
    g = np.random.default_rng(3).normal(size=found.shape)
    slope = (g * (af_kan_basis(x + step, **options) - af_kan_basis(x - step, **options))).sum(axis=1) / (2 * step)
    assert_allclose(vjp(af_kan_basis, x, **options)[1](g), slope, rtol=1e-6, atol=1e-5)


def test_normalising_a_batch():
    x = np.random.default_rng(5).uniform(0, 1, 20)
    raw, batch = af_kan_basis(x), af_kan_basis(x, normalize="batch")
    assert batch.min() == 0 and batch.max() == 1
    length = np.linalg.norm(raw)  # of the authors' program: it changes nothing
    assert_allclose(((raw / length) - (raw / length).min()) / np.ptp(raw / length), batch, rtol=1e-12)
    assert_allclose(af_kan_basis(x, normalize=(0.0, 2.0)), raw / 2, rtol=1e-14)
    assert not np.array_equal(af_kan_basis(x[:5], normalize="batch"), batch[:5])
    assert_array_equal(af_kan_basis([5.0, -4.0], activation="relu", normalize="batch"), np.zeros((2, 8)))
    assert_array_equal(vjp(af_kan_basis, [5.0], activation="relu", normalize="batch")[1](1.0), [0])
    g, step = np.random.default_rng(6).normal(size=raw.shape), 1e-6
    for normalize in ("batch", (0.1, 0.3)):
        found = vjp(af_kan_basis, x, normalize=normalize)[1](g)
        for n in range(20):
            ahead, behind = x.copy(), x.copy()
            ahead[n] += step
            behind[n] -= step
            change = af_kan_basis(ahead, normalize=normalize) - af_kan_basis(behind, normalize=normalize)
            assert found[n] == pytest.approx((g * change).sum() / (2 * step), rel=1e-4, abs=1e-6)


def test_smooth_products_have_few_directions():
    """23 functions, of which the SiLU ones are hardly more than a polynomial of degree 5 or 6."""
    x = np.linspace(0, 1, 400)
    conditions = {name: np.linalg.cond(of(x, grid=20)) for name, of in BASIS_OF.items()}
    assert conditions["spline"] < 100 and conditions["relu"] < 100 and conditions["silu"] > 1e14
    sizes = np.linalg.svd(af_kan_basis(x, grid=20), compute_uv=False)
    assert 4 <= (sizes > 1e-4 * sizes[0]).sum() <= 6 and (sizes > 1e-6 * sizes[0]).sum() <= 8


@pytest.mark.parametrize("basis", BASES)
def test_a_layer_is_a_sum_over_its_bases(basis):
    rng = np.random.default_rng(7)
    x, weight, bias = rng.uniform(-0.2, 1.2, (4, 5, 3)), rng.normal(size=(2, 3, 9)), rng.normal(size=2)
    features = BASIS_OF[basis](x, grid=6)
    found = kan_layer(x, weight, bias, basis=basis)
    right = np.einsum("abdi,odi->abo", features, weight) + bias
    size = np.einsum("abdi,odi->abo", abs(features), abs(weight)) + abs(bias)
    assert (abs(found - right) <= 64 * np.finfo(float).eps * size).all()
    g = rng.normal(size=found.shape)
    for of, value in (("x", x), ("weight", weight), ("bias", bias)):
        pull, step = vjp(kan_layer, x, weight, bias, basis=basis, of=of)[1], 1e-6
        slopes = pull(g)
        assert slopes.shape == value.shape
        for at in list(np.ndindex(value.shape))[::7]:
            change = []
            for sign in (1, -1):
                moved = {"x": x, "weight": weight, "bias": bias}
                moved[of] = value.copy()
                moved[of][at] += sign * step
                change.append((g * kan_layer(*moved.values(), basis=basis)).sum())
            assert slopes[at] == pytest.approx((change[0] - change[1]) / (2 * step), rel=1e-5, abs=1e-6)


def test_off_the_grid_a_layer_is_dead():
    x, weight = np.array([[5.0, -4.0]]), np.ones((1, 2, 8))
    for basis in ("spline", "relu"):
        assert kan_layer(x, weight, basis=basis) == 0
        assert not vjp(kan_layer, x, weight, basis=basis)[1](1.0).any()
        assert not vjp(kan_layer, x, weight, basis=basis, of="weight")[1](1.0).any()


@pytest.mark.parametrize("function", ALL)
def test_dtypes_shapes_and_special_values(function):
    x = np.random.default_rng(8).uniform(0, 1, (2, 3))
    for dtype in (np.float16, np.float32, np.float64):
        assert function(x.astype(dtype)).dtype == dtype == vjp(function, x.astype(dtype))[1](1.0).dtype
    assert function(x).shape == (2, 3, 8) and function(0.5).shape == (8,)
    assert function(np.zeros((0, 2))).shape == (0, 2, 8)
    assert_array_equal(function(x.T), function(x).transpose(1, 0, 2))
    assert np.isnan(function([np.nan, 0.5])[0]).all() and np.isfinite(function([np.nan, 0.5])[1]).all()
    for option, said in (({"grid": 0}, "grid is 0; allowed: an integer from 1"),
                         ({"order": 0}, "order is 0; allowed: an integer from 1 to 20"),
                         ({"low": 1.0}, "high is 1.0; allowed: a finite number > 1")):
        with pytest.raises(ValueError, match=said):
            function(x, **option)


def test_wrong_arguments_of_a_layer_and_a_basis():
    x, weight = np.zeros((2, 3)), np.zeros((1, 3, 8))
    for call, said in ((lambda: kan_layer(x, weight[0]), r"weight has shape \(3, 8\); allowed: \(outputs, inputs"),
                       (lambda: kan_layer(x[:, :2], weight), r"x has shape \(2, 2\); allowed: \(..., 3\)"),
                       (lambda: kan_layer(x, weight, np.zeros(2)), r"bias has shape \(2,\); allowed: \(1,\)"),
                       (lambda: kan_layer(x, weight, order=8), "order is 8; allowed: below 8"),
                       (lambda: kan_layer(x, weight, basis="af"), "basis is 'af'; allowed: 'spline', 'relu', 'silu'"),
                       (lambda: af_kan_basis(x, normalize="all"), "normalize is 'all'; allowed: None, 'batch'"),
                       (lambda: af_kan_basis(x, combination="cubic"), "combination is 'cubic'; allowed: 'quad1'"),
                       (lambda: vjp(kan_layer, x, weight)[1](np.zeros(7)), r"g has shape \(7,\); allowed: \(2, 1\)")):
        with pytest.raises(ValueError, match=said):
            call()
