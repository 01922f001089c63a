"""EvoNorm-B0 and S0: published numbers, thirty digits, differences, invariants, formats and edges."""
import numpy as np
import pytest
from mpmath import mp, mpf
from numpy.testing import assert_allclose, assert_array_equal

from toolkit import vjp
from toolkit.activations import evonorm_b0, evonorm_s0, running_variance

X = np.array([1, -2, 3, 0.5, -1, 2, 0.25, -0.75])
BOTH = (evonorm_b0, evonorm_s0)
OPTIONS = {evonorm_b0: [{}, {"variance": [0.7, 2.0, 1.3, 0.2]}], evonorm_s0: [{"groups": 2}, {"groups": 4}]}
CASES = [(function, options) for function in BOTH for options in OPTIONS[function]]


def maps(dtype=np.float64, mean=0.0, seed=0):
    return (mean + np.random.default_rng(seed).normal(size=(3, 4, 4, 2))).astype(dtype)


def test_reference_values():
    """Of the paper's formulas, by the program of a library, in float64."""
    right = [.47752444521, -.155725713014, 1.866652460126, .203293932584, -.175671426049, 1.150666029505,
             .091802842324, -.157169361833]
    assert_allclose(evonorm_s0(X.reshape(1, 2, 2, 2), groups=1).ravel(), right, rtol=1e-10)
    assert_allclose(evonorm_s0(X.reshape(1, 2, 2, 2), groups=2).ravel()[:4],
                    [.410481379477, -.133862268496, 1.604579795909, .174752046148], rtol=1e-10)
    assert_allclose(evonorm_b0(X.reshape(2, 1, 2, 2)).ravel(),
                    [.359585642676, -1.306391742518, .627486590324, .219204154774, -.653195871259, .629078813051,
                     .163298967815, -.489896903444], rtol=1e-10)


def variance_of(numbers):
    mean = mp.fsum(numbers) / len(numbers)
    return mp.fsum((x - mean) ** 2 for x in numbers) / len(numbers)


def exact(function, x, v, gamma, beta, groups=None, variance=None):
    """The definition, in mpmath: results and ``abs(gamma x / d) + abs(beta)``."""
    x = np.vectorize(mpf, otypes=[object])(x.astype(float))
    samples, channels = x.shape[:2]
    value, size = np.empty(x.shape, object), np.empty(x.shape, object)
    epsilon = mpf(1e-5)
    for n, c in np.ndindex(samples, channels):
        if function is evonorm_b0:
            batch = mpf(variance[c]) if variance is not None else variance_of(x[:, c].ravel())
            own = mp.sqrt(variance_of(x[n, c].ravel()) + epsilon)
        else:
            each = channels // groups
            first = c // each * each
            root = mp.sqrt(variance_of(x[n, first:first + each].ravel()) + epsilon)
        for at in np.ndindex(x.shape[2:]):
            z = x[(n, c, *at)]
            if function is evonorm_b0:
                part = gamma[c] * z / max(mp.sqrt(batch + epsilon), v[c] * z + own)
            else:
                part = gamma[c] * z / (1 + mp.exp(-v[c] * z)) / root
            value[(n, c, *at)], size[(n, c, *at)] = part + beta[c], abs(part) + abs(beta[c])
    return value, size


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("mean", [0.0, 100.0])
@pytest.mark.parametrize(("function", "options"), CASES)
def test_accuracy_against_thirty_digits(function, options, mean, dtype):
    x = maps(dtype, mean)
    numbers = [np.random.default_rng(2).uniform(0.5, 2, 4).astype(dtype) for _ in range(3)]
    if "variance" in options:
        options = {"variance": np.asarray(options["variance"], dtype)}
    found = function(x, v=numbers[0], gamma=numbers[1], beta=numbers[2], **options)
    assert found.dtype == dtype and function in (evonorm_b0, evonorm_s0)
    with mp.workdps(30):
        right, size = exact(function, x, *([mpf(float(a)) for a in each] for each in numbers),
                            **{k: [float(a) for a in v] if k == "variance" else v for k, v in options.items()})
        for at in np.ndindex(found.shape):
            assert abs(mpf(float(found[at])) - right[at]) <= 32 * float(np.finfo(dtype).eps) * size[at]


@pytest.mark.parametrize(("function", "options"), CASES)
def test_gradients_against_differences(function, options):
    x, g, step = maps(), np.random.default_rng(4).normal(size=(3, 4, 4, 2)), 1e-6
    numbers = {"v": np.array([0.5, 1.0, 2.0, 3.0]), "gamma": np.array([1.0, -0.5, 2.0, 0.3]), "beta": np.ones(4)}
    given = {"x": x} | numbers
    for of in given:
        _, pull = vjp(function, x, of=of, **numbers, **options)
        found, expected = pull(g), np.empty_like(given[of])
        for at in np.ndindex(expected.shape):
            moved = {k: v.copy() for k, v in given.items()}
            moved[of][at] += step
            ahead = function(moved.pop("x"), **moved, **options)
            moved = {k: v.copy() for k, v in given.items()}
            moved[of][at] -= step
            expected[at] = (g * (ahead - function(moved.pop("x"), **moved, **options))).sum() / (2 * step)
        assert_allclose(found, expected, rtol=1e-6, atol=1e-7)


def test_a_gradient_has_the_shape_of_its_argument():
    x = maps(np.float32)
    for function in BOTH:
        for of, value in (("v", 1.0), ("gamma", np.ones(4, np.float32)), ("beta", 0.5)):
            _, pull = vjp(function, x, of=of, **{of: value})
            assert np.shape(pull(np.ones_like(x))) == np.shape(value) and pull(1.0).dtype == np.float32
    with pytest.raises(ValueError, match=r"g has shape \(3,\); allowed: \(3, 4, 4, 2\)"):
        vjp(evonorm_b0, x)[1](np.ones(3))


def test_invariants():
    x, tiny = maps(), {"epsilon": 1e-300}
    assert_allclose(evonorm_b0(3 * x, **tiny), evonorm_b0(x, **tiny), rtol=1e-12)
    assert_allclose(evonorm_s0(3 * x, v=1 / 3, **tiny), evonorm_s0(x, **tiny), rtol=1e-12)
    assert abs(evonorm_s0(3 * x, **tiny) - evonorm_s0(x, **tiny)).max() > 0.1
    assert abs(evonorm_b0(x + 1) - evonorm_b0(x)).max() > 0.1 < abs(evonorm_s0(x + 1) - evonorm_s0(x)).max()
    assert_allclose(evonorm_s0(x, v=0), x / 2 / np.sqrt(x.reshape(3, 4, 8).var(axis=-1) + 1e-5)[:, :, None, None])
    steep = evonorm_s0(x, v=1e6)
    assert_array_equal(steep[x < 0], 0) and (steep[x > 0] > 0).all()


def test_saturation_is_on_the_positive_side():
    x = np.zeros((2, 1, 3, 1))
    x[0, 0, :, 0] = 40, -40, 0.1
    x[1, 0, :, 0] = 0.2, -0.1, 0
    y = evonorm_b0(x, variance=1.0)
    assert y[0, 0, 0, 0] < 1 and y[0, 0, 1, 0] == pytest.approx(-40 / np.sqrt(1 + 1e-5))


def test_batch_mates_change_b0_and_not_s0():
    x, other = maps(), maps(seed=1)
    mixed = np.concatenate([x[:1], other])
    assert_array_equal(evonorm_s0(mixed)[0], evonorm_s0(x)[0])
    assert abs(evonorm_b0(mixed)[0] - evonorm_b0(x)[0]).max() > 0.01
    assert_array_equal(evonorm_b0(mixed, variance=1.0)[0], evonorm_b0(x, variance=1.0)[0])


def test_running_variance_is_what_evaluation_needs():
    x, running = maps(np.float32), np.array([0.5, 1.0, 2.0, 4.0])
    unbiased = x.astype(float).var(axis=(0, 2, 3), ddof=1)
    assert_allclose(running_variance(x, running, momentum=0.1), 0.9 * running + 0.1 * unbiased, rtol=1e-6)
    assert running_variance(x).dtype == np.float32 and running_variance(x, momentum=0.0).tolist() == [1.0] * 4
    for _ in range(200):
        running = running_variance(x, running)
    assert_allclose(running, unbiased, rtol=1e-6)
    assert abs(evonorm_b0(x, variance=running) - evonorm_b0(x)).max() < 0.1
    assert running_variance(np.full((1, 2, 1, 1), 3.0), momentum=1.0).tolist() == [0.0, 0.0]
    assert np.isnan(running_variance(np.full((1, 1, 2, 1), np.nan))).all()


def batch_norm_relu(x):
    mean, variance = x.mean(axis=(0, 2, 3), keepdims=True), x.var(axis=(0, 2, 3), keepdims=True)
    return np.maximum((x - mean) / np.sqrt(variance + 1e-5), 0)


def test_spread_of_a_sample_in_random_company():
    """Measured before this program: the mean of the standard deviations of a sample's numbers over 200 batches, divided
    by the root mean square of all of them. The sample's channels have offsets as its mates' have; each measured number
    lies among those of a dozen samples.
    """
    measured = {batch_norm_relu: (.277, .262, .159, .083), evonorm_b0: (.087, .083, .048, .025)}
    for layer, numbers in measured.items():
        for size, right in zip((2, 4, 16, 64), numbers, strict=True):
            spreads = []
            for seed in range(12):
                rng, found = np.random.default_rng(seed), []
                sample = rng.normal(size=(1, 8, 1, 1)) + rng.normal(size=(1, 8, 4, 4))
                for _ in range(60):
                    mates = rng.normal(size=(size - 1, 8, 1, 1)) + rng.normal(size=(size - 1, 8, 4, 4))
                    found.append(layer(np.concatenate([sample, mates]))[0])
                spreads.append(np.std(found, axis=0).mean() / np.sqrt(np.mean(np.square(found))))
            assert min(spreads) < right < max(spreads) and abs(np.mean(spreads) - right) < 0.15 * right


def test_the_naive_variance_is_noise_at_a_large_mean():
    x = np.random.default_rng(1).normal(1e4, 1, (8, 1, 16, 16)).astype(np.float32)
    truth = evonorm_b0(x.astype(float))
    assert_allclose(evonorm_b0(x), truth, rtol=1e-5)
    with pytest.warns(RuntimeWarning, match=r"evonorm_s0\(form='naive'\) is not finite for \d+ of \d+ finite numbers"):
        evonorm_s0(x, form="naive")
    with np.errstate(all="ignore"):
        assert abs(evonorm_b0(maps(), form="naive") - evonorm_b0(maps())).max() < 1e-12


@pytest.mark.parametrize("function", BOTH)
def test_formats_dtypes_and_layouts(function):
    x = maps()
    for dtype in (np.float16, np.float32, np.float64):
        assert function(x.astype(dtype)).dtype == dtype
    assert function(np.ones((2, 2, 2, 2), int)).dtype == np.float64
    assert_array_equal(function(np.asfortranarray(x)), function(x))
    assert_allclose(function(x, format="float64"), function(x), rtol=1e-14)  # its sums are plain
    assert_allclose(function(x, format="float16"), function(x), rtol=0.02, atol=0.01)
    big = (300 + 100 * x).astype(np.float16)
    assert np.isfinite(function(big)).all()  # its squares would overflow float16
    assert function(x.reshape(3, 4, 8)).shape == (3, 4, 8)


@pytest.mark.parametrize("function", BOTH)
def test_special_values(function):
    x = maps()
    x[0, 0, 0, 0] = np.nan
    y = function(x)
    assert np.isnan(y[0, 0]).all() and np.isfinite(y[:, 1:]).all()
    assert np.isnan(y[1:, 0]).all() == (function is evonorm_b0)
    one = function(np.full((1, 2, 1, 1), 0.5), **({"groups": 2} if function is evonorm_s0 else {}))
    assert np.isfinite(one).all()


def test_wrong_arguments():
    x = maps()
    for call, said in ((lambda: evonorm_b0(X), r"x has shape \(8,\); allowed: \(N, C, H, W\)"),
                       (lambda: evonorm_b0(x, v=[1.0, 2.0]), r"v has shape \(2,\); allowed: a number, or \(4,\)"),
                       (lambda: evonorm_b0(x, variance=-1.0), r"variance has -1.0; allowed: numbers >= 0"),
                       (lambda: evonorm_s0(x, groups=3), "groups is 3; allowed: what divides 4"),
                       (lambda: evonorm_s0(x, epsilon=0.0), "epsilon is 0.0; allowed: a finite number > 0"),
                       (lambda: evonorm_b0(x, form="fast"), "form is 'fast'; allowed: 'naive', 'stable'")):
        with pytest.raises(ValueError, match=said):
            call()
