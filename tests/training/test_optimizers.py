"""Optimizer rules against independent formulas in float64 and numbers recorded from PyTorch; ⟂Grad's geometry."""
import numpy as np
import pytest
from engine_setup import make, numbers

from toolkit._core.inner_products import inner, norm_squared
from toolkit._core.kernel import kernel
from toolkit._core.numbers import in_format
from toolkit.optimizers import (
    OPTIMIZERS,
    SCHEDULES,
    Optimizer,
    Settings,
    adam_direction,
    descend,
    keep_agreeing,
    learning_rate,
    lion_direction,
    perp_grad,
    sgd_direction,
)

START = np.array([0.5, -1.25, 2.0, 0.001])


def slope_at(w, t):
    """The gradient of ``sum (w - t/10)^2 / 2 + cos 3w``: neither constant nor of one sign."""
    return w - 0.1 * t - 3.0 * np.sin(3.0 * w)


# Weights after 10 steps, recorded with torch 2.13 on the CPU, float64, from START and the gradients of `slope_at`:
#   w = torch.tensor(START, requires_grad=True); o = OPTIMIZER([w], ...)
#   for t in range(1, 11): w.grad = w.detach() - 0.1 * t - 3 * torch.sin(3 * w.detach()); o.step()
RECORDED = {
    "sgd": [1.03128206265096, -0.845117145145457, 1.03750247507072, 0.806490081195455],
    "sgd momentum": [0.96453552572927, -0.899515801336661, 1.33808318802021, 1.4160800594715],
    "sgd momentum decay": [0.94850514058123, -0.887096569201204, 1.29658434554297, 1.35411969351213],
    "adam": [0.987196977252773, -0.80378498971706, 1.4956247793592, 0.472585459264069],
    "adam decay": [0.983115473553427, -0.797857188843091, 1.49587051650262, 0.475669239631475],
    "adamw": [0.892684143795684, -0.714247776006945, 1.25096186566637, 0.442783693333387],
    "adamw large eps": [0.45701625129636, -0.463700328835641, 0.571715966688911, 0.196539893582535],
}
SETTINGS = {
    "sgd": dict(lr=0.05),
    "sgd momentum": dict(lr=0.05, momentum=0.8),
    "sgd momentum decay": dict(lr=0.05, momentum=0.8, weight_decay=0.3),
    "adam": dict(lr=0.05, betas=(0.9, 0.99), eps=1e-25),
    "adam decay": dict(lr=0.05, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.3),
    "adamw": dict(lr=0.05, betas=(0.9, 0.99), eps=1e-25, weight_decay=0.3),
    "adamw large eps": dict(lr=0.05, betas=(0.8, 0.95), eps=0.5, weight_decay=2.0),
}


class Rule:
    """An optimizer made of the kernels, for one tensor."""

    def __init__(self, name, dtype=np.float64, *, lr, momentum=0.0, weight_decay=0.0, betas=(0.9, 0.99), eps=1e-8):
        self.name, self.lr, self.momentum, self.decay, self.betas, self.eps = (
            name, lr, momentum, weight_decay, betas, eps)
        self.w, self.u = START.astype(dtype), np.zeros(4, dtype)
        self.first, self.second, self.powers = np.zeros(4, dtype), np.zeros(4, dtype), np.ones(2)

    def step(self, g):
        w, g, first, second, u = (in_format(row, None) for row in (
            self.w, g.astype(self.w.dtype), self.first, self.second, self.u))
        self.powers *= self.betas
        decoupled = self.name in ("adamw", "lion")
        if self.name == "sgd":
            sgd_direction(w, g, first, self.momentum, self.decay, u)
        elif self.name == "lion":
            lion_direction(g, first, *self.betas, u)
        else:
            adam_direction(w, g, first, second, *self.betas, self.eps, *self.powers,
                           0.0 if decoupled else self.decay, u)
        descend(w, u, self.lr, self.decay if decoupled else 0.0)


@pytest.mark.parametrize("name", SETTINGS)
def test_rules_are_those_of_pytorch(name):
    rule, single = (Rule(name.split()[0], dtype, **SETTINGS[name]) for dtype in (np.float64, np.float32))
    for t in range(1, 11):
        rule.step(slope_at(rule.w, t))
        single.step(slope_at(single.w.astype(np.float64), t))
    np.testing.assert_allclose(rule.w, RECORDED[name], rtol=1e-13)
    np.testing.assert_allclose(single.w, RECORDED[name], rtol=2e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_lion_is_its_papers_algorithm(dtype):
    """Chen et al. 2023, algorithm 2: c = b1 m + (1 - b1) g; w -= lr (sign c + decay w); m = b2 m + (1 - b2) g."""
    lr, b1, b2, decay = 0.02, 0.9, 0.99, 0.5
    rule, w, m = Rule("lion", dtype, lr=lr, betas=(b1, b2), weight_decay=decay), START.copy(), np.zeros(4)
    for t in range(1, 31):
        g = slope_at(w, t)
        rule.step(g)
        w = w - lr * (np.sign(b1 * m + (1 - b1) * g) + decay * w)
        m = b2 * m + (1 - b2) * g
    np.testing.assert_allclose(rule.w, w, rtol=1e-13 if dtype == np.float64 else 5e-6)
    np.testing.assert_allclose(rule.first, m, rtol=1e-13 if dtype == np.float64 else 5e-6, atol=1e-7)
    rule.first[:] = 0.0
    rule.step(np.zeros(4))
    assert np.all(rule.u == 0.0), "the sign of 0 is 0"


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_adam_forgets_a_first_gradient_at_the_published_rates(dtype):
    """The bias correction makes the first step lr sign(g), whatever the size of g, until eps stops it."""
    for size in (1e-18, 1e-3, 1e15):
        rule = Rule("adamw", dtype, lr=0.5, betas=(0.9, 0.99), eps=1e-25)
        rule.step(np.array([size, -size, 2 * size, 0.0]))
        np.testing.assert_allclose(rule.u, [1, -1, 1, 0], rtol=1e-5)
    rule = Rule("adamw", dtype, lr=0.5, eps=1e-8)
    rule.step(np.full(4, 1e-18))
    np.testing.assert_allclose(rule.u, 1e-10, rtol=1e-5)


def test_second_moments_die_in_float32_where_eps_must_take_over():
    """A constant gradient of 1e-22: (1 - beta2) g^2 is 0 in float32, and the step m / eps: 1000 for eps = 1e-25."""
    settings = dict(lr=1e-9, betas=(0.9, 0.99), eps=1e-25)
    single, double = Rule("adamw", np.float32, **settings), Rule("adamw", np.float64, **settings)
    for _ in range(300):
        single.step(np.full(4, 1e-22))
        double.step(np.full(4, 1e-22))
    np.testing.assert_allclose(single.u, 1e3, rtol=1e-3)
    np.testing.assert_allclose(double.u, 1.0, rtol=2e-3)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_cautious_keeps_what_agrees_and_its_mean(dtype):
    """Liang et al. 2024: u [u g > 0] / max(mean [u g > 0], 1e-3)."""
    u = np.array([1, -2, 3, -4, 0, 5, -6, 7], dtype)
    g = np.array([1, -1, -1, -1, 1, 0, 1, 2], dtype)
    kept, expected = u.copy(), np.where(u * g > 0, u * 2, 0)
    keep_agreeing(kept, g, 8)
    np.testing.assert_array_equal(kept, expected)
    kept = -g.copy()
    keep_agreeing(kept, g, 8)
    assert np.all(kept == 0.0), "nothing agrees: no step, and no division by 0"
    kept, tiny = np.full(4000, dtype(2)), np.full(4000, dtype(-1))
    tiny[7] = 1
    keep_agreeing(kept, tiny, 4000)
    assert np.flatnonzero(kept).tolist() == [7] and kept[7] == pytest.approx(2 * 1000, rel=1e-6)


def test_cautious_compares_signs_where_the_product_underflows():
    u = np.array([1e-30, -1e-30, 1e-30, -1e-30], np.float32)
    g = np.array([1e-30, -1e-30, -1e-30, 1e-30], np.float32)
    keep_agreeing(u, g, 4)
    np.testing.assert_array_equal(u, np.array([2e-30, -2e-30, 0, 0], np.float32))


def test_cautious_does_not_count_padding():
    """Two real numbers that agree, padded to a cache line: the mean is over the two."""
    u, g = np.zeros(16, np.float32), np.zeros(16, np.float32)
    u[:2], g[:2] = 1.0, 1.0
    keep_agreeing(u, g, 2)
    np.testing.assert_array_equal(u[:3], [1, 1, 0])


def pair(n, dtype, seed, ratio=1.0):
    rng = np.random.default_rng([seed, n])
    return rng.standard_normal(n).astype(dtype), (ratio * rng.standard_normal(n)).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", [2, 3, 4, 5, 31, 200, 45000])
@pytest.mark.parametrize("ratio", [1e-10, 1.0, 1e12])
def test_perp_grad_is_orthogonal_and_keeps_the_norm(n, dtype, ratio):
    """Entries are rounded twice: cosine and norm are exact to two ulp of 1, and float64 sums to sqrt(n) of theirs."""
    ulp = np.finfo(dtype).eps
    sums = np.sqrt(n) * 2.0**-52 / 8
    for seed in range(20):
        w, g = pair(n, dtype, seed, ratio)
        result = g.copy()
        perp_grad(w, result)
        W, G, R = w.astype(np.longdouble), g.astype(np.longdouble), result.astype(np.longdouble)
        rest = G - (W @ G) / (W @ W) * W
        length = np.sqrt(G @ G)
        shrunk = length / np.sqrt(rest @ rest)  # rounding noise grows as much as the rest is scaled up
        assert abs(W @ R) / np.sqrt((W @ W) * (R @ R)) < (2 * ulp + sums) * shrunk
        assert abs(np.sqrt(R @ R) / length - 1) < 2 * ulp + sums
        np.testing.assert_allclose(R.astype(np.float64), (rest * shrunk).astype(np.float64),
                                   atol=float(4 * ulp * shrunk * length))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_perp_grad_at_its_edges(dtype):
    w, g = pair(50, dtype, 1)
    result = g.copy()
    perp_grad(np.zeros(50, dtype), result)
    np.testing.assert_allclose(result, g, rtol=2 * np.finfo(dtype).eps, err_msg="weights of 0 have no direction")

    result = np.zeros(50, dtype)
    perp_grad(w, result)
    np.testing.assert_array_equal(result, 0.0, "no gradient")

    result = np.array([0.25], dtype)
    perp_grad(np.array([3.0], dtype), result)
    assert result[0] == 0.25, "one element is left alone"

    for scale in (1.0, -3.0, 1e-12):
        result = (w * dtype(scale)).astype(dtype)
        perp_grad(w, result)
        assert np.linalg.norm(result) <= 1e-5 * abs(scale) * np.linalg.norm(w), "a parallel gradient is not blown up"

    for first, second in ((0.6, -0.8), (-1e-3, 1e3)):
        w2 = np.array([3.0, 4.0], dtype)
        result = np.array([first, second], dtype)
        perp_grad(w2, result)
        expected = np.hypot(first, second) * np.sign(first * 4 - second * 3) * np.array([0.8, -0.6])
        np.testing.assert_allclose(result, expected, rtol=8 * np.finfo(dtype).eps)


def test_perp_grad_of_float32_lives_on_where_squares_underflow():
    """Gradients of 1e-23, as after a collapse: their squares are 0 in float32, not in float64."""
    w, g = pair(300, np.float32, 2, 1e-23)
    result = g.copy()
    perp_grad(w, result)
    assert norm_squared(result) == pytest.approx(norm_squared(g), rel=1e-6, abs=0.0)
    assert abs(inner(w, result)) < 1e-6 * np.sqrt(norm_squared(w) * norm_squared(g))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_perp_sgd_grows_the_squared_norm_by_the_squared_step(dtype):
    """||w - lr g||^2 = ||w||^2 + lr^2 ||g||^2 when g is orthogonal to w, at every step."""
    rng, lr = np.random.default_rng(4), 0.1
    w, memory, u = rng.standard_normal(2000).astype(dtype), np.zeros(2000, dtype), np.zeros(2000, dtype)
    for _ in range(50):
        g = (rng.standard_normal(2000) - 0.7 * w).astype(dtype)
        size, before = norm_squared(g), norm_squared(w)
        perp_grad(w, g)
        sgd_direction(w, g, memory, 0.0, 0.0, u)
        descend(w, u, lr, 0.0)
        assert norm_squared(w) - before == pytest.approx(lr**2 * size, rel=3e-6 if dtype == np.float32 else 1e-12,
                                                             abs=0.0)


@pytest.mark.parametrize("n", [0, 1, 3, 4, 7, 1000])
def test_inner_products_are_float64(n):
    a, b = pair(n, np.float32, 5)
    assert inner(a, b) == pytest.approx(float(a.astype(np.longdouble) @ b.astype(np.longdouble)), rel=1e-13, abs=1e-13)
    assert norm_squared(a) == inner(a, a)


def settings(schedule, lr=0.5, warmup=0, steps=10):
    return Settings(lr=lr, weight_decay=0.0, beta1=0.0, beta2=0.0, eps=0.0, momentum=0.0, schedule=SCHEDULES[schedule],
                    warmup=float(warmup), steps=float(steps), decoupled=False, perp=False, cautious=False,
                    norm=0, turning=False)


def curve(schedule, count, **changes):
    return [learning_rate(settings(schedule, **changes), float(t)) for t in range(count)]


def test_schedules_at_their_edges():
    assert curve("constant", 3, steps=1) == [0.5] * 3
    np.testing.assert_allclose(curve("linear_decay", 12), [*(0.05 * np.arange(10, 0, -1)), 0, 0], rtol=1e-15)
    np.testing.assert_allclose(curve("warmup", 6, warmup=4), [0.125, 0.25, 0.375, 0.5, 0.5, 0.5])
    assert curve("warmup", 2, warmup=0) == [0.5, 0.5], "no warm-up"
    assert curve("warmup", 2, warmup=1) == [0.5, 0.5]
    np.testing.assert_allclose(curve("warmup_linear_decay", 11, warmup=2),
                               [0.25, 0.5, *(0.5 * np.arange(8, 0, -1) / 8), 0])
    assert curve("linear_decay", 2, warmup=5) == [0.5, 0.45], "a rule without warm-up ignores it"


# ---- another optimizer is a rule and a row

@kernel
def amsgrad(w, g, first, second, largest, settings, clock, u):
    """Adam whose second moment never falls (Reddi et al. 2018): three arrays of memory."""
    for i in range(w.size):
        first[i] = settings.beta1 * first[i] + (1.0 - settings.beta1) * g[i]
        second[i] = settings.beta2 * second[i] + (1.0 - settings.beta2) * g[i] * g[i]
        largest[i] = max(largest[i], second[i])
        u[i] = first[i] / (np.sqrt(largest[i]) + settings.eps)


def test_an_optimizer_with_three_arrays_is_one_row(monkeypatch):
    monkeypatch.setitem(OPTIMIZERS, "amsgrad", Optimizer("AMSGrad", amsgrad, ("first", "second", "largest"),
                                                         decoupled=True))
    work = make(p=5, widths=(6,), dtype="float64", loss_format="float64", optimizer="amsgrad", weight_decay=0.5, lr=0.1,
                eps=1e-8)
    w = numbers(work).copy()
    first, second, largest = np.zeros((3, w.size))
    for _ in range(4):
        work.measure()
        g = numbers(work, "grads").copy()
        first, second = 0.9 * first + 0.1 * g, 0.99 * second + 0.01 * g * g
        largest = np.maximum(largest, second)
        w = (1 - 0.1 * 0.5) * w - 0.1 * first / (np.sqrt(largest) + 1e-8)
        work.advance(1)
        np.testing.assert_allclose(numbers(work), w, rtol=1e-12)
    assert work.kept == ("parameters", "first", "second", "largest", "clock")
