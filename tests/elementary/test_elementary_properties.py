"""Identities, symmetry and monotonicity, and the same bits without the compiler."""
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.elementary_ulp import scanner
from toolkit import elementary
from toolkit.elementary import cos, erf, exp, exp2, expm1, log, log1p, pow, sigmoid, sin, softplus, tanh

ROOT = Path(__file__).parents[2]
EPS = 2.0**-52
steady = settings(deadline=None, derandomize=True)  # the first call compiles


def floats(low, high):
    return st.floats(low, high, allow_nan=False)


@steady
@given(floats(-700, 700))
def test_exp_of_opposites_multiply_to_one(x):
    assert exp(x) * exp(-x) == pytest.approx(1, abs=2 * EPS)


@steady
@given(floats(-700, 700))
def test_log_inverts_exp(x):
    # exp(x) is rounded, which moves its logarithm by half an ulp of 1.
    assert log(exp(x)) == pytest.approx(x, rel=2 * EPS, abs=EPS)


@steady
@given(floats(-36, 700))
def test_log1p_inverts_expm1(x):
    assert log1p(expm1(x)) == pytest.approx(x, rel=3 * EPS, abs=EPS * exp(-min(x, 0.0)))


@steady
@given(floats(-1000, 1000), st.integers(-20, 20))
def test_exp2_shifts_the_exponent(x, n):
    if -1000 < x < 1000 and (x + n) - n == x:
        assert exp2(x + n) == exp2(x) * 2.0**n


@steady
@given(st.floats(allow_nan=False))
def test_tanh_erf_and_sin_are_odd_and_cos_is_even(x):
    assert tanh(-x) == -tanh(x) and abs(tanh(x)) <= 1
    assert erf(-x) == -erf(x) and abs(erf(x)) <= 1
    if np.isfinite(x):
        assert sin(-x) == -sin(x) and cos(-x) == cos(x)
        assert sin(x) ** 2 + cos(x) ** 2 == pytest.approx(1, abs=2 * EPS)


@steady
@given(st.floats(allow_nan=False))
def test_sigmoids_of_opposites_add_to_one(x):
    assert sigmoid(x) + sigmoid(-x) == pytest.approx(1, abs=EPS)


@steady
@given(floats(-700, 700))
def test_softplus_differs_by_x_and_its_bound(x):
    assert softplus(x) >= max(x, 0.0)
    assert softplus(x) - softplus(-x) == pytest.approx(x, rel=2 * EPS, abs=4 * EPS)


@steady
@given(floats(1e-100, 1e100))
def test_pow_identities(x):
    assert pow(x, 1.0) == x
    assert pow(x, 2.0) == pytest.approx(x * x, rel=EPS)
    assert pow(x, -1.0) == pytest.approx(1 / x, rel=EPS)
    assert pow(x, 0.5) == pytest.approx(np.sqrt(x), rel=EPS)
    assert pow(2.0, log(x)) == pytest.approx(exp2(log(x)), rel=EPS)


@pytest.mark.parametrize(("name", "low", "high"), [
    ("exp", -745.2, 709.8), ("exp", -1e-3, 1e-3), ("exp", 0.3, 0.4), ("exp", -709, -707),
    ("exp2", -1075, 1024), ("expm1", -1, 1), ("log", 0.5, 2), ("log", 1e-310, 1e-307), ("log", 1, 1e6),
    ("log1p", -0.999, 2), ("tanh", 0.3, 0.4), ("tanh", -20, 20), ("sigmoid", -40, 40), ("sigmoid", -41, -39),
    ("softplus", -35, -33), ("softplus", -40, 41), ("erf", 0.8, 0.9), ("erf", 1.49, 1.51), ("erf", -6, 6),
])
def test_never_decreases(name, low, high):
    """On a dense grid, and on runs of neighbouring float64, whose steps may be below an ulp of the result."""
    scan = scanner(name)
    runs = np.random.default_rng(3).uniform(low, high, 50)[:, None].view(np.int64) + np.arange(400)
    for x in (np.linspace(low, high, 200_001), *np.sort(runs.view(np.float64))):
        result = np.empty_like(x)
        scan(x, result)
        assert np.all(result[1:] >= result[:-1])


SCRIPT = """
import sys
import numpy as np
from toolkit import elementary
x = np.load(sys.argv[1])
rows = []
for name in elementary.__all__:
    function = getattr(elementary, name)
    for dtype in (np.float64, np.float32):
        with np.errstate(over="ignore"):
            values = x.astype(dtype)
        pairs = zip(values, values[::-1])
        results = [function(*pair) if name == "pow" else function(pair[0]) for pair in pairs]
        rows.append(np.array([dtype(r) for r in results], np.float64))
np.save(sys.argv[2], np.array(rows))
"""


def test_plain_python_gives_the_same_bits_and_no_warnings(tmp_path):
    rng = np.random.default_rng(5)
    points = np.concatenate([
        [0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0, 5e-324, 2.0**-1022, 1e22, 2.0**1000],
        [709.78, -745.1, -708.5, 1.0 - 2.0**-53, np.pi / 2, 1647099.5],
        rng.uniform(-750, 720, 100), rng.uniform(-2, 2, 60), rng.integers(-9, 9, 30).astype(float),
        rng.integers(0, 2**63, 60).view(np.float64)])
    np.save(tmp_path / "x.npy", points)
    results = []
    for disabled in ("0", "1"):
        subprocess.run([sys.executable, "-W", "error", "-c", SCRIPT, "x.npy", f"{disabled}.npy"],
                       check=True, cwd=tmp_path,
                       env={**os.environ, "NUMBA_DISABLE_JIT": disabled, "PYTHONPATH": str(ROOT)})
        results.append(np.load(tmp_path / f"{disabled}.npy"))
    compiled, plain = results
    differ = (compiled.view(np.int64) != plain.view(np.int64)) & ~(np.isnan(compiled) & np.isnan(plain))
    assert not differ.any(), [elementary.__all__[i // 2] for i in np.flatnonzero(differ.any(axis=1))]
