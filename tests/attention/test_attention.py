"""Attention by softmax, by sigmoid, linear and as a recurrence: published numbers, 50 digits, layouts and edges."""
import numpy as np
import pytest
from mpmath import mp, mpf
from numpy.testing import assert_allclose, assert_array_equal

from toolkit import vjp
from toolkit.attention import (
    dynamical_system,
    linear_attention,
    recurrence,
    sigmoid_attention,
    softmax_attention,
    taylor_features,
)

Q = np.array([[1.0, 0], [0, 1], [1, 1]])
K = np.array([[1, 0.5], [-0.5, 1], [0.2, 0.2]])
V = np.array([[1.0, 2], [3, 4], [5, 6]])
OF_PAIRS = (softmax_attention, sigmoid_attention, linear_attention)
LATER = np.triu(np.ones((16, 16), bool), 1)


def rows(*sizes, dtype=np.float64, seed=0):
    return np.random.default_rng(seed).normal(size=sizes).astype(dtype)


def example(dtype, seed=0):
    """Sixteen queries and keys of four numbers, with scores up to about 20."""
    q, k = 3 * rows(16, 4, dtype=dtype, seed=seed), 2 * rows(16, 4, dtype=dtype, seed=9)
    return q, k, rows(16, 3, dtype=dtype, seed=7)


def in_digits(x):
    return mp.matrix([[mpf(float(v)) for v in row] for row in x])


def weights_in_digits(of, q, k, causal):
    """Weights of pairs; ``of(scores of a query)``."""
    q, k = in_digits(q), in_digits(k)
    found = mp.matrix(q.rows, k.rows)
    for i in range(q.rows):
        scores = [mp.fdot(q[i, :], k[j, :]) for j in range(i + 1 if causal else k.rows)]
        for j, weight in enumerate(of(q[i, :], k, scores)):
            found[i, j] = weight
    return found


def softmax_of(q, k, scores):
    terms = [mp.exp(s / 2) for s in scores]
    return [t / mp.fsum(terms) for t in terms]


def sigmoid_of(q, k, scores):
    return [1 / (1 + k.rows * mp.exp(-s / 2)) for s in scores]


def linear_of(q, k, scores):
    def phi(x):
        return [v + 1 if v > 0 else mp.exp(v) for v in x]

    terms = [mp.fdot(phi(q), phi(k[j, :])) for j in range(len(scores))]
    return [t / mp.fsum(terms) for t in terms]


def all_near(function, of, size_of):
    for dtype in (np.float32, np.float64):
        for causal in (False, True):
            q, k, v = example(dtype)
            with mp.workdps(50):
                w = weights_in_digits(of, q, k, causal)
                right, size = w * in_digits(v), size_of(w, in_digits(v))
                found = function(q, k, v, causal=causal)
                assert found.dtype == dtype
                for i in range(16):
                    for c in range(3):
                        off, epsilon = abs(mpf(float(found[i, c])) - right[i, c]), float(np.finfo(dtype).eps)
                        assert off <= 64 * epsilon * size[i, c]


def largest_value(w, v):
    return mp.matrix(w.rows, v.cols) + max(abs(each) for each in v)


def of_absolutes(w, v):
    return w * v.apply(abs)


def test_accuracy_of_softmax_attention():
    all_near(softmax_attention, softmax_of, largest_value)


def test_accuracy_of_sigmoid_attention():
    all_near(sigmoid_attention, sigmoid_of, of_absolutes)


def test_accuracy_of_linear_attention():
    all_near(linear_attention, linear_of, largest_value)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_accuracy_of_recurrence(dtype):
    read, write, u = example(dtype)
    decay = np.random.default_rng(3).random((16, 4)).astype(dtype)
    found = recurrence(read, write, u, decay=decay)
    with mp.workdps(50):
        states, sizes = mp.matrix(4, 3), mp.matrix(4, 3)
        for i in range(16):
            kept = mp.diag([mpf(float(a)) for a in decay[i]])
            b, c, x = (in_digits(each[i:i + 1]) for each in (write, read, u))
            states, sizes = kept * states + b.T * x, kept * sizes + b.T.apply(abs) * x.apply(abs)
            right, size = c * states, c.apply(abs) * sizes
            for at in range(3):
                assert abs(mpf(float(found[i, at])) - right[at]) <= 64 * float(np.finfo(dtype).eps) * size[at]


def test_reference_values():
    """Of the papers' formulas, in float64."""
    w = sigmoid_attention(Q, K, np.eye(3))
    assert_allclose(w[0], [0.403354933022, 0.189668489618, 0.277440969359], rtol=1e-11)
    assert_allclose(w.sum(axis=1), [0.870464391998, 1.00269479642, 1.11907440211], rtol=1e-11)
    assert_allclose(sigmoid_attention(Q, K, V)[0], [2.35956524867, 3.23002964067], rtol=1e-11)
    assert_allclose(softmax_attention(Q, K, V)[0], [2.54860540483, 3.54860540483], rtol=1e-11)
    assert_allclose(linear_attention(Q, K, V, causal=True),
                    [[1, 2], [1.95904147353, 2.95904147353], [2.74137517538, 3.74137517538]], rtol=1e-11)
    assert_allclose(softmax_attention(Q, K, V, causal=True),
                    [[1, 2], [2.17495800168, 3.17495800168], [2.44624945209, 3.44624945209]], rtol=1e-11)


def test_a_published_sum_of_weights():
    """With N(0, 1) scores the bias -log n keeps the sum near e^(1/2); without it the sum is n / 2."""
    q, k = rows(2048, 64, seed=1), rows(2048, 64, seed=2)
    with_bias, without = (sigmoid_attention(q[:64], k, np.ones((2048, 1)), bias=b).mean() for b in (None, 0.0))
    assert_allclose(with_bias, np.exp(0.5), rtol=0.03)
    assert_allclose(without, 1024, rtol=0.01)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("function", OF_PAIRS)
def test_forms_agree(function, causal):
    q, k, v = example(np.float64)
    assert_allclose(function(q, k, v, causal=causal, form="naive"), function(q, k, v, causal=causal), rtol=1e-12,
                    atol=1e-14)


@pytest.mark.parametrize("function", OF_PAIRS)
def test_causal_is_what_the_first_steps_alone_give(function):
    q, k, v = example(np.float64)
    options = {"bias": -2.0} if function is sigmoid_attention else {}
    whole = function(q, k, v, causal=True, **options)
    for i in (0, 4, 15):
        assert_allclose(whole[i], function(q[i:i + 1], k[:i + 1], v[:i + 1], **options)[0], rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("function", [softmax_attention, sigmoid_attention])
def test_a_mask_of_pairs(function):
    q, k, v = example(np.float64)
    bias = {"bias": -1.0} if function is sigmoid_attention else {}
    assert_array_equal(function(q, k, v, where=~LATER, **bias), function(q, k, v, causal=True, **bias))
    v[3] = np.nan
    keep = np.ones(16, bool)
    keep[3] = False
    seen = [j for j in range(16) if j != 3]
    assert_allclose(function(q, k, v, where=keep, **bias), function(q, k[seen], v[seen], **bias), rtol=1e-14)
    assert_array_equal(function(q, k, v, where=np.zeros((16, 16), bool), **bias), np.zeros((16, 3)))


def test_a_mask_of_keys():
    q, k, v = example(np.float64)
    k[3] = np.nan
    keep = np.arange(16) != 3
    assert_allclose(linear_attention(q, k, v, where=keep), linear_attention(q, k[keep], v[keep]), rtol=1e-13)
    assert np.isnan(linear_attention(q, k, v, where=np.zeros(16, bool))).all()


@pytest.mark.parametrize("function", OF_PAIRS)
def test_batches_are_broadcast_and_dtypes_kept(function):
    q, k, v = rows(2, 1, 5, 4), rows(3, 6, 4, seed=1), rows(6, 2, seed=2)
    found = function(q, k, v)
    assert found.shape == (2, 3, 5, 2)
    assert_array_equal(found[1, 2], function(q[1, 0], k[2], v))
    assert_array_equal(function(q[:, :, ::-1], np.asfortranarray(k), v)[0, 0], function(q[0, 0, ::-1], k[0], v))
    for dtype in (np.float16, np.float32):
        narrow = function(*(x.astype(dtype) for x in (q, k, v)))
        assert narrow.dtype == dtype
        assert_allclose(narrow, found, atol=40 * float(np.finfo(dtype).eps))
    assert function([[1, 2]], [[3, 4]], [[5]]).dtype == np.float64
    assert function(rows(0, 5, 4), k[0], v).shape == (0, 5, 2)


def test_the_naive_forms_fail_and_the_stable_ones_do_not():
    far = np.float32([[100.0]])
    assert np.isnan(softmax_attention(far, far, far, form="naive")) and softmax_attention(far, far, far) == 100
    ones, low = np.ones((1, 1), np.float32), np.full((1, 1), -89.0, np.float32)
    assert sigmoid_attention(low, ones, ones, form="naive") == 0
    assert_allclose(sigmoid_attention(low, ones, ones).item(), 2.23e-39, rtol=1e-2)
    assert sigmoid_attention(low / 8, ones, ones, form="naive", format="float16") == 0
    assert sigmoid_attention(low / 8, ones, ones, format="float16") > 1e-5
    steps = np.ones((2000, 1))
    assert np.isnan(recurrence(steps, steps, steps, decay=0.5, form="naive")[-1])
    assert_allclose(recurrence(steps, steps, steps, decay=0.5)[-1], 2, rtol=1e-15)


def test_a_state_in_float16_stops_growing():
    ones = np.ones((3000, 1))
    found = recurrence(ones, ones, ones, format="float16")
    assert found[2047] == found[2999] == 2048


def test_linear_attention_by_relu():
    q, k, v = (abs(x) for x in example(np.float64))
    weights = q @ k.T
    assert_allclose(linear_attention(q, k, v, feature="relu"), weights @ v / weights.sum(axis=1)[:, None], rtol=1e-13)
    assert np.isnan(linear_attention(-q, k, v, feature="relu")).all()


def differences(function, arguments, options, name, g):
    """``d sum(g * function) / d name`` by central differences of order 4."""
    x = {**dict(zip(("q", "k", "v", "read", "write", "u"), [*arguments, *arguments], strict=False)), **options}[name]
    found = np.zeros_like(x)
    for at in np.ndindex(x.shape):
        for steps, weight in {1: 2 / 3, 2: -1 / 12}.items():
            for sign in (1, -1):
                moved = x.copy()
                moved[at] += sign * steps * 2.0**-8
                given = [moved if each is x else each for each in arguments]
                named = {key: moved if each is x else each for key, each in options.items()}
                found[at] += sign * weight * 2.0**8 * (g * function(*given, **named)).sum()
    return found


CASES = [(function, names, options) for function, names in (
    (softmax_attention, "qkv"), (sigmoid_attention, "qkv"), (linear_attention, "qkv"))
    for options in ({}, {"causal": True}, {"where": np.arange(5) != 2})]
CASES += [(sigmoid_attention, "qkv", {"bias": 1.0, "scale": 0.3}), (softmax_attention, "qkv", {"scale": 2.0}),
          (recurrence, ("read", "write", "u", "decay"), {"decay": np.random.default_rng(5).random((5, 1))}),
          (recurrence, ("decay",), {"decay": np.random.default_rng(5).random(3)})]


@pytest.mark.parametrize(("function", "names", "options"), CASES)
def test_gradients(function, names, options):
    arguments = rows(2, 1, 5, 3), rows(3, 5, 3, seed=1), rows(5, 2, seed=2)
    g = rows(2, 3, 5, 2, seed=3)
    for name in names:
        value, pull = vjp(function, *arguments, of=name, **options)
        assert_array_equal(value, function(*arguments, **options))
        assert_allclose(pull(g), differences(function, arguments, options, name, g), rtol=1e-6, atol=1e-7)
    narrow = vjp(function, *(x.astype(np.float32) for x in arguments), of=names[0],
                 **{key: x.astype(np.float32) if key == "decay" else x for key, x in options.items()})[1](g)
    assert narrow.dtype == np.float32


def test_gradient_of_relu_features():
    arguments, g = (abs(rows(4, 3)) + 0.1, rows(4, 3, seed=1), rows(4, 2, seed=2)), rows(4, 2, seed=3)
    for name in "qkv":
        pull = vjp(linear_attention, *arguments, of=name, feature="relu")[1]
        assert_allclose(pull(g), differences(linear_attention, arguments, {"feature": "relu"}, name, g), rtol=1e-6,
                        atol=1e-7)


def test_taylor_features_are_those_of_the_exponential():
    q, k = rows(6, 3), rows(6, 3, seed=1)
    for degree in (0, 1, 2, 5):
        s = q @ k.T
        series = sum(s**j / float(mp.factorial(j)) for j in range(degree + 1))
        assert_allclose(taylor_features(q, degree=degree) @ taylor_features(k, degree=degree).T, series, rtol=1e-12,
                        atol=1e-12)
    for degree, size in ((2, 45), (4, 495), (8, 12870)):
        assert taylor_features(rows(1, 8), degree=degree).shape == (1, size)
    assert taylor_features(np.float32(q), degree=2).dtype == np.float32


def test_layers_are_one_dynamical_system():
    q, k, v = example(np.float64)
    q, k = q / 4, k / 4
    step, eta = np.linspace(0.1, 2, 16), np.linspace(1, 3, 16)

    def layer(name, **given):
        read, write, decay = dynamical_system(q, k, layer=name, **given)
        assert np.broadcast_shapes(decay.shape, write.shape) == write.shape == read.shape
        return recurrence(read, write, v, decay=decay)

    assert_allclose(layer("linear"), linear_attention(q, k, v, causal=True), rtol=1e-12, atol=1e-13)
    assert_allclose(layer("softmax", degree=14), softmax_attention(q, k, v, causal=True), rtol=1e-6, atol=1e-8)
    assert_allclose(layer("normalised", normaliser=eta), np.tril(q @ k.T) @ v / eta[:, None], rtol=1e-12, atol=1e-13)
    h, gated, space = np.zeros((2, 4, 3)), [], []
    for i in range(16):
        h[0] += 0.25 * (np.outer(k[i], v[i]) - h[0])
        h[1] = np.exp(-step[i]) * h[1] + step[i] * np.outer(k[i], v[i])
        gated.append(q[i] @ h[0])
        space.append(q[i] @ h[1])
    assert_allclose(layer("gated", gate=0.25), gated, rtol=1e-12, atol=1e-14)
    assert_allclose(layer("state space", step=step), space, rtol=1e-12, atol=1e-14)


def test_an_odd_series_can_have_negative_weights():
    q, k = 4 * rows(32, 4, seed=1), rows(32, 4, seed=2)
    for degree in (1, 3):
        assert (taylor_features(q, degree=degree) @ taylor_features(k, degree=degree).T).min() < 0
    for degree in (2, 4):
        assert (taylor_features(q, degree=degree) @ taylor_features(k, degree=degree).T).min() > 0


@pytest.mark.parametrize(("function", "arguments", "options", "says"), [
    (softmax_attention, (Q, K[:, :1], V), {}, r"k has shape \(3, 1\); allowed: \(..., m, 2\), as q"),
    (softmax_attention, (Q, K, V[:2]), {}, r"v has shape \(2, 2\); allowed: \(..., 3, e\), a value for each key"),
    (linear_attention, (Q[:2], K, V), {"causal": True}, r"k has shape \(3, 2\); allowed with causal: \(..., 2, 2\)"),
    (linear_attention, (Q, K, V), {"where": np.ones((3, 3), bool)}, r"where has shape \(3, 3\); allowed: what broad"),
    (sigmoid_attention, (Q, K, V), {"bias": np.inf}, "bias is inf; allowed: a finite number"),
    (sigmoid_attention, (Q[0], K, V), {}, r"q has shape \(2,\); allowed: \(..., n, d\)"),
    (softmax_attention, ([Q, Q], [K, K, K], V), {}, r"q has shape \(2, 3, 2\), k has shape \(3, 3, 2\)"),
    (recurrence, (Q, Q, V), {"decay": [0.5, 0.5, 0.5]}, r"decay has shape \(3,\); allowed: what broadcasts"),
    (dynamical_system, (Q, K), {"layer": "softmax"}, "degree is missing; allowed: a value with layer='softmax'"),
    (dynamical_system, (Q, K), {"step": 1.0}, "step is given; allowed: None with layer='linear'"),
    (dynamical_system, (Q, K), {"layer": "gated", "gate": 2.0}, "gate has 2.0; allowed: numbers > 0, at most 1"),
    (taylor_features, (rows(1, 64),), {"degree": 9}, "degree is 9, which makes"),
])
def test_what_is_said_of_wrong_arguments(function, arguments, options, says):
    with pytest.raises(ValueError, match=rf"^{function.__name__}\(\): {says}"):
        function(*arguments, **options)
