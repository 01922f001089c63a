"""Activations in lanes: every 1021st float32 against float64, ends and NaN, and that no lane sees its neighbours."""
import numba
import numpy as np
import pytest
from catalog_cases import for_each

from benchmarks.activation_truths import TRUE
from toolkit.activations._elementwise import slope
from toolkit.catalog import methods
from toolkit.large_arrays import map_lanes
from toolkit.large_arrays._arrays import PARALLEL_FROM

ROWS = [method for method in methods("activation")
        if hasattr(method.function, "elementwise") and method.function.elementwise.lanes]
every_row = for_each(ROWS)
EACH = np.arange(0, 2**32, 1021, dtype=np.uint64).astype(np.uint32).view(np.float32)
INF = np.inf


def functions(method):
    """(function of an array, truth, bound in ulp, where the truth is 0 between terms that cancel)."""
    declared = method.function.elementwise
    value, derivative = TRUE[method.name]
    yield method.function, value, declared.ulp, None
    yield lambda x: slope(method.function, x), derivative, declared.slope_ulp, declared.slope_zero


def test_all_that_have_lanes_have_a_truth():
    assert {method.name for method in ROWS} == set(TRUE)


@pytest.mark.parametrize("derivative", [False, True])
@every_row
def test_a_thousandth_of_all_float32(method, derivative):
    """The bound of the docstring for results that are not near the subnormals; others to 2 of the smallest numbers."""
    function, true, bound, zero = tuple(functions(method))[derivative]
    x = EACH[np.isfinite(EACH)]
    if zero is not None:
        x = x[np.abs(x.astype(float) - zero) > 0.1]
    with np.errstate(all="ignore"):
        exact = true(x.astype(float))
    far = ~np.isfinite(exact)  # the truth computes inf * 0 far out, or beyond float32
    exact[far] = np.where(x[far] > 0, 1.0 if derivative else x[far].astype(float), 0.0)
    unit = np.spacing(np.maximum(np.abs(exact), np.finfo(np.float32).tiny).astype(np.float32)).astype(float)
    errors = np.abs(function(x) - exact) / unit
    allowed = np.where(np.abs(exact) > 2.0**-116, bound, 4 * bound + 2)
    worst = np.argmax(errors - allowed)
    assert errors[worst] <= allowed[worst], (x[worst], function(x)[worst], exact[worst], errors[worst])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@every_row
def test_no_lane_sees_its_neighbours(method, dtype):
    """Easy numbers, hard ones and ends of the dtype in any company, at any place, in arrays of any length."""
    rng = np.random.default_rng(3)
    hard = [0.0, -0.0, INF, -INF, np.nan, 1e30, -1e30, 85, -85, 95, -100, -103, 13, -13, -14, 700, -720, -744, -37.5,
            1e-40]
    x = np.concatenate([rng.normal(size=300) * 5, np.array(hard)]).astype(dtype)
    for function, _, _, _ in functions(method):
        alone = np.array([function(x[i:i + 1])[0] for i in range(x.size)])
        order = rng.permutation(x.size)
        for size in (1, 7, 16, 33, x.size):
            together = function(x[order[:size]])
            assert together.tobytes() == alone[order[:size]].tobytes() or np.array_equal(
                together, alone[order[:size]], equal_nan=True)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@every_row
def test_ends(method, dtype):
    limits = {"relu": (0, INF), "elu": (-1, INF), "sigmoid": (0, 1), "tanh": (-1, 1), "softplus": (0, INF),
              "silu": (0, INF), "mish": (0, INF), "gelu": (0, INF)}[method.name]
    slopes = {"sigmoid": (0, 0), "tanh": (0, 0)}.get(method.name, (0, 1))
    x = np.array([-INF, INF, np.nan, -np.finfo(dtype).max, np.finfo(dtype).max], dtype)
    for (function, *_), (low, high) in zip(functions(method), (limits, slopes), strict=True):
        y = function(x)
        assert y.dtype == dtype and y[0] == low and y[1] == high and np.isnan(y[2])
        assert y[3] == low and y[4] == (high if high < INF else x[4])


@every_row
def test_threads_change_no_bit(method):
    x = np.random.default_rng(4).normal(size=PARALLEL_FROM + 1001).astype(np.float32) * 9
    before, out = numba.get_num_threads(), {}
    for threads in {1, numba.config.NUMBA_NUM_THREADS}:
        numba.set_num_threads(threads)
        out[threads] = method.function(x)
    numba.set_num_threads(before)
    assert len({values.tobytes() for values in out.values()}) == 1


def test_layouts_and_narrow_dtypes():
    """Strided, masked, integer and float16 arrays go through the same lanes; nothing is written over."""
    gelu = next(method.function for method in ROWS if method.name == "gelu")
    x = np.random.default_rng(5).normal(size=(7, 30)).astype(np.float32)
    kept = x.copy()
    assert np.array_equal(gelu(x.T), gelu(x).T) and np.array_equal(gelu(x[:, ::3]), gelu(x)[:, ::3])
    assert np.array_equal(gelu(x.astype(np.float16)), gelu(x.astype(np.float16).astype(np.float32)).astype(np.float16))
    assert np.array_equal(gelu(np.arange(-3, 4)), gelu(np.arange(-3.0, 4.0)))
    masked = gelu(np.ma.array(x, mask=x > 1))
    assert np.array_equal(masked.filled(0), np.where(x > 1, 0, gelu(x))) and np.array_equal(x, kept)
    assert gelu(np.zeros((0, 3), np.float32)).shape == (0, 3) and isinstance(gelu(0.5), float)
    out = np.full(40, -1, np.float32)
    map_lanes(gelu.elementwise.lanes, x.reshape(-1)[:37], out[:37])
    assert np.all(out[37:] == -1) and np.array_equal(out[:37], gelu(x.reshape(-1)[:37]))
