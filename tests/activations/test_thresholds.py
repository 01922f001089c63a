"""Thresholds beyond soft: published values, the penalties that they make least, and what breaks their formulas."""
import mpmath as mp
import numpy as np
import pytest

import toolkit
from toolkit import activations
from toolkit.activations._elementwise import slope
from toolkit.activations._sparsity_penalties import PENALTIES

Z = np.array([1.2, 1.6, 3.0])
REFERENCE = {  # at λ = 1 but for CEL0, to 12 digits
    "soft_shrink": ({"theta": 1.0}, (0.2, 0.6, 2)), "hard_threshold": ({"lam": 1.0}, (0, 1.6, 3)),
    "half_threshold": ({"lam": 1.0}, (0, 1.12954479885, 2.69545315102)),
    "mcp_threshold": ({"lam": 1.0, "gamma": 2.5}, (0.333333333333, 1, 3)),
    "scad_threshold": ({"lam": 1.0}, (0.2, 0.6, 2.58823529412)),
    "cel0_threshold": ({"lam": 0.5, "norm": 0.8}, (1.11111111111, 1.6, 3)),
}
# Penalty -> its proximal operator, which of its parameters is the shape, and shapes.
THRESHOLDS = {
    "l1": (activations.soft_shrink, "theta", None, (None,)), "l0": (activations.hard_threshold, "lam", None, (None,)),
    "half": (activations.half_threshold, "lam", None, (None,)),
    "mcp": (activations.mcp_threshold, "lam", "gamma", (0.6, 1.0, 1.5, 3.0)),
    "scad": (activations.scad_threshold, "lam", "a", (2.5, 3.7)),
    "cel0": (activations.cel0_threshold, "lam", "norm", (0.3, 0.8, 1.0, 1.7)),
}
CASES = [(name, lam, shape) for name, (*_, shapes) in THRESHOLDS.items() for lam in (0.3, 1.0) for shape in shapes]


def penalty(name, t, lam, shape):
    """Written down again, of arrays t >= 0."""
    if name == "mcp":
        return np.where(t < shape * lam, lam * t - t**2 / (2 * shape), shape * lam**2 / 2)
    if name == "scad":
        middle = (2 * shape * lam * t - t**2 - lam**2) / (2 * (shape - 1))
        return np.where(t <= lam, lam * t, np.where(t <= shape * lam, middle, lam**2 * (shape + 1) / 2))
    if name == "cel0":
        root = np.sqrt(2 * lam) / shape
        return lam - shape**2 / 2 * (t - root) ** 2 * (t <= root)
    return {"l1": lam * t, "l0": lam * (t > 0), "half": lam * np.sqrt(t)}[name]


@pytest.mark.parametrize("name", REFERENCE)
def test_reference_values(name):
    options, expected = REFERENCE[name]
    function = getattr(activations, name)
    np.testing.assert_allclose(function(Z, **options), expected, rtol=1e-11)
    np.testing.assert_allclose(function(-Z, **options), -np.array(expected), rtol=1e-11)


def test_more_reference_values_of_half_and_scad():
    assert activations.half_threshold(2.0) == pytest.approx(1.6053779404796, rel=1e-13)
    assert slope(activations.half_threshold, 2.0) == pytest.approx(1.14012901536007, rel=1e-13)
    assert activations.half_threshold(100.0) == pytest.approx(99.949987492181, rel=1e-13)
    assert slope(activations.scad_threshold, 3.0, lam=1.0) == pytest.approx(1.588235, abs=5e-7)
    above = np.nextafter(1.5, 2)
    assert activations.half_threshold(1.5) == 0
    assert activations.half_threshold(above) == pytest.approx(1, rel=1e-14)
    assert slope(activations.half_threshold, above) == pytest.approx(4 / 3, rel=1e-14)


@pytest.mark.parametrize(("name", "lam", "shape"), CASES)
def test_a_threshold_makes_its_objective_least(name, lam, shape):
    """By all of a fine grid, with a penalty that is written down in this file."""
    function, price, further, _ = THRESHOLDS[name]
    options = {price: lam} | ({further: shape} if further else {})
    x = np.linspace(-4, 4, 321) + 1e-3
    grid = np.linspace(0, 4.5, 90_001)
    costs = penalty(name, grid, lam, shape)
    best = np.array([((grid - abs(each)) ** 2 / 2 + costs).min() for each in x])
    found = function(x, **options)
    mine = (found - x) ** 2 / 2 + penalty(name, np.abs(found), lam, shape)
    assert (mine <= best + 1e-12).all()
    assert (mine >= best - 1e-8).all()
    assert (np.abs(found) <= np.abs(x)).all() and (np.diff(found) >= -1e-15).all()


@pytest.mark.parametrize(("name", "lam", "shape"), CASES)
def test_penalties(name, lam, shape):
    x = np.linspace(-6, 6, 601)
    options = {} if shape is None else {"shape": shape}
    found = activations.sparsity_penalty(x, penalty=name, lam=lam, **options)
    np.testing.assert_allclose(found, penalty(name, np.abs(x), lam, shape), rtol=1e-13, atol=1e-15)
    assert activations.sparsity_penalty(np.float32(0), penalty=name).dtype == np.float32
    assert activations.sparsity_penalty(0.0, penalty=name) == 0
    assert np.isnan(activations.sparsity_penalty(np.nan, penalty=name))
    assert activations.sparsity_penalty([], penalty=name).shape == (0,)
    low = activations.sparsity_penalty(1.2, penalty=name, format="float16")
    assert low == np.float16(low) and low == pytest.approx(activations.sparsity_penalty(1.2, penalty=name), rel=2e-3)


@pytest.mark.parametrize(("name", "lam", "shape"), CASES)
def test_proximal_steps_of_sparse_codes_make_a_share_of_the_penalty_least(name, lam, shape):
    _, prox, _ = PENALTIES[name]
    grid = np.linspace(0, 4.5, 90_001)
    for step in (0.1, 0.6):
        if name == "scad" and shape <= 1 + step:
            continue
        for x in (0.05, 0.2, 0.7, 1.1, 1.9, 3.3):
            found = prox(x, lam, 1.0 if shape is None else shape, step)
            ends = np.append(grid, found)
            costs = (ends - x) ** 2 / 2 + step * penalty(name, ends, lam, shape)
            assert costs[-1] <= costs.min() + 1e-12


PARAMETERS = [("soft_shrink", {"theta": 0.7}), ("hard_threshold", {"lam": 0.4}), ("half_threshold", {"lam": 0.6}),
              ("firm_threshold", {"low": 0.6, "high": 2.1}), ("mcp_threshold", {"lam": 0.6, "gamma": 2.2}),
              ("scad_threshold", {"lam": 0.6, "a": 3.3}), ("cel0_threshold", {"lam": 0.4, "norm": 0.6})]


@pytest.mark.parametrize(("name", "options"), PARAMETERS)
def test_gradients_in_parameters_against_differences(name, options):
    function, x, step = getattr(activations, name), np.linspace(-4, 4, 397), 1e-6
    for of in options:
        ahead, behind = (function(x, **options | {of: options[of] + way * step}) for way in (1, -1))
        differences = (ahead - behind) / (2 * step)
        pulled = toolkit.vjp(function, x, of=of, **options)[1](np.ones_like(x))
        calm = np.abs(differences) < 100  # no jump between
        assert calm.sum() > 390
        np.testing.assert_allclose(pulled[calm], differences[calm], rtol=1e-7, atol=1e-8)
        assert np.isnan(toolkit.vjp(function, np.nan, of=of, **options)[1](1.0))
        narrow = toolkit.vjp(function, x.astype(np.float32), of=of, **options)[1](np.float32(1))
        assert narrow.dtype == np.float32
        assert np.isclose(narrow, pulled, rtol=1e-4, atol=1e-5).mean() > 0.98
    with pytest.raises(ValueError, match=f"of is 'tau'; allowed for {name}: 'x', '{next(iter(options))}'"):
        toolkit.vjp(function, x, of="tau", **options)


def test_mcp_and_cel0_are_firm_in_other_numbers():
    x = np.linspace(-5, 5, 1001)
    for lam, gamma in ((0.5, 1.5), (0.7, 4.0)):
        mcp = activations.mcp_threshold(x, lam=lam, gamma=gamma)
        firm = activations.firm_threshold(x, low=lam, high=gamma * lam)
        np.testing.assert_allclose(mcp, firm, rtol=1e-13, atol=1e-14)
        cel0 = activations.cel0_threshold(x, lam=gamma * lam**2 / 2, norm=gamma**-0.5)
        np.testing.assert_allclose(cel0, mcp, rtol=1e-13, atol=1e-14)
    assert np.array_equal(activations.cel0_threshold(x, lam=0.3, norm=1.2), activations.hard_threshold(x, lam=0.3))
    assert np.array_equal(activations.firm_threshold(x, low=1.0, high=1.0), activations.hard_shrink(x, theta=1.0))
    assert np.array_equal(activations.firm_threshold(x, low=1.0, high=np.inf), activations.soft_shrink(x, theta=1.0))


def test_a_tie_of_hard_thresholds_is_decided_by_squares():
    rng = np.random.default_rng(0)
    for lam in rng.uniform(0.01, 10, 300):
        t = np.sqrt(2 * lam)
        kept = activations.hard_threshold(t, lam=lam) != 0
        with mp.workdps(60):
            assert kept == (mp.mpf(t) ** 2 > 2 * mp.mpf(lam))


def test_what_breaks_the_naive_forms():
    with pytest.warns(RuntimeWarning, match="not finite for 2 of 4 finite numbers"):
        half = activations.half_threshold([0.0, 0.5, 1.2, 2.0], form="naive")
    assert np.isnan(half[:2]).all() and half[2] > 0.4 and half[3] == pytest.approx(1.6053779404796)
    small = {"lam": 2.0**-20, "format": "float16"}
    assert activations.half_threshold(2.0**-10, **small) == pytest.approx(2.0**-10, rel=0.02)
    with pytest.warns(RuntimeWarning):
        assert np.isnan(activations.half_threshold(2.0**-10, form="naive", **small))
    with pytest.warns(RuntimeWarning):
        assert np.isnan(activations.firm_threshold(1.0, low=1.0, high=1.0, form="naive"))
    ends = {"low": 100.0, "high": 1000.0}
    assert activations.firm_threshold(500.0, **ends, format="float16") == np.float16(1000 * 400 / 900)
    assert activations.firm_threshold(500.0, **ends, format="float16", form="naive") == 500
    assert activations.cel0_threshold(3.0, lam=0.5, norm=1.2, form="naive") < 0 < activations.cel0_threshold(
        3.0, lam=0.5, norm=1.2)


@pytest.mark.parametrize(("call", "said"), [
    (lambda: activations.mcp_threshold(1.0, gamma=0.0), r"mcp_threshold\(\): gamma is 0.0; allowed: numbers > 0"),
    (lambda: activations.scad_threshold(1.0, a=2.0), r"scad_threshold\(\): a is 2.0; allowed: numbers > 2"),
    (lambda: activations.cel0_threshold(1.0, norm=-1.0), r"cel0_threshold\(\): norm is -1.0; allowed: numbers > 0"),
    (lambda: activations.half_threshold(1.0, lam=-1.0), r"half_threshold\(\): lam is -1.0; allowed: numbers >= 0"),
    (lambda: activations.sparsity_penalty(1.0, lam=-1.0), r"sparsity_penalty\(\): lam is -1.0; allowed: numbers >= 0"),
    (lambda: activations.sparsity_penalty(1.0, shape=2.0), r"shape is 2.0; allowed for 'l1': None"),
    (lambda: activations.sparsity_penalty(1.0, penalty="scad", shape=1.0), r"shape is 1.0; allowed for 'scad'"),
    (lambda: activations.sparsity_penalty(1.0, penalty="l2"), r"penalty is 'l2'; allowed: 'l1', 'l0', 'half'")])
def test_wrong_arguments(call, said):
    with pytest.raises(ValueError, match=said):
        call()
