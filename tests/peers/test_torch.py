"""PyTorch: label conventions and divisors of cross-entropy, thresholds, kinks, infinities and half precision."""
import numpy as np
from exact import cross_entropy as exact_cross_entropy
from exact import softmax as exact_softmax
from mpmath import mp, mpf
from peer import Case, along_rows, check, each, entrywise, exactly, f16, f32, f64, installed

import toolkit
from toolkit import activations, losses, softmax
from toolkit.activations._elementwise import slope
from toolkit.gradients import grad

torch = installed("torch")
F = torch and torch.nn.functional
inf, nan = np.inf, np.nan
Z = f32([[1.5, -0.5, 0.25], [0.75, 2, -3], [-1, 0.5, 4]])
Y = np.array([0, 2, 1])
SOME = np.array([0, -100, 1])
Q = f32([[0.5, 0.375, 0.125], [0.25, 0.25, 0.5], [0, 1, 0]])
W = f32([0.5, 2, 3])


def rows_of_loss(z, y, smoothing=0.0):
    """The exact cross-entropy of each row."""
    q = np.eye(z.shape[1])[y] * (1 - smoothing) + smoothing / z.shape[1]
    return along_rows(exact_cross_entropy)(z, q)


def weighted_by(z, q, w):
    """The exact cross-entropy of each row whose labels q are weighted by class."""
    return along_rows(exact_cross_entropy)(z, np.float64(q) * w)


def their_slope(function):
    """The gradient of the sum of a function of PyTorch."""
    return lambda x: torch.func.grad(lambda x: function(x).sum())(x)


def binary(pos_weight=1):
    """The exact binary cross-entropy of each entry."""
    return entrywise(lambda x, y: pos_weight * y * mp.log1p(mp.exp(-x)) + (1 - y) * mp.log1p(mp.exp(x)))


def sigmoid(x):
    return 1 / (1 + mp.exp(-x))


CASES = [
    Case("weights of classes and ignored rows in one mean", (Z, SOME, W),
         lambda z, y, w: losses.cross_entropy(z, y, weight=w, ignore_index=-100),
         lambda z, y, w: (rows_of_loss(z[::2], y[::2]) * w[y[::2]]).sum() / w[y[::2]].sum(),
         lambda z, y, w: F.cross_entropy(z, y, weight=w)),
    Case("smoothing with weights, a row each", (Z, Y, W),
         lambda z, y, w: losses.cross_entropy(z, y, weight=w, label_smoothing=0.25, reduction="none"),
         lambda z, y, w: weighted_by(z, np.eye(3)[y] * 0.75 + 0.25 / 3, w),
         lambda z, y, w: F.cross_entropy(z, y, weight=w, label_smoothing=0.25, reduction="none")),
    Case("smoothing beside ignored rows", (Z, SOME),
         lambda z, y: losses.cross_entropy(z, y, label_smoothing=0.5, ignore_index=-100),
         lambda z, y: rows_of_loss(z[::2], y[::2], 0.5).sum() / 2,
         lambda z, y: F.cross_entropy(z, y, label_smoothing=0.5)),
    Case("all rows ignored: a mean over none", (Z[:2], np.array([-100, -100])),
         lambda z, y: losses.cross_entropy(z, y, ignore_index=-100), nan, lambda z, y: F.cross_entropy(z, y)),
    Case("all rows ignored: a sum over none", (Z[:2], np.array([-100, -100])),
         lambda z, y: losses.cross_entropy(z, y, ignore_index=-100, reduction="sum"), 0.0,
         lambda z, y: F.cross_entropy(z, y, reduction="sum")),
    Case("no rows", (Z[:0], Y[:0]), losses.cross_entropy, nan, lambda z, y: F.cross_entropy(z, y)),
    Case("probabilities as labels, weighted, smoothed, summed", (Z, Q, W),
         lambda z, q, w: losses.cross_entropy(z, q, weight=w, label_smoothing=0.125, reduction="sum"),
         lambda z, q, w: weighted_by(z, q * 0.875 + 0.125 / 3, w).sum(),
         lambda z, q, w: F.cross_entropy(z, q, weight=w, label_smoothing=0.125, reduction="sum")),
    Case("a label whose logit is -inf", (f32([[0.5, -inf, 1]]), np.array([1])), losses.cross_entropy, inf,
         lambda z, y: F.cross_entropy(z, y)),
    Case("a class of probability 0 whose logit is -inf", (f32([[0.5, 1, -inf]]), f32([[0.25, 0.75, 0]])),
         losses.cross_entropy, lambda z, q: exact_cross_entropy(z[0, :2].tolist(), [0.25, 0.75]),
         lambda z, q: F.cross_entropy(z, q), "limit"),
    Case("classes on the second axis", (f32(np.sin(np.arange(12))).reshape(2, 3, 2), np.array([[0, 2], [1, 1]])),
         lambda z, y: losses.cross_entropy(z, y, axis=1, reduction="none"),
         lambda z, y: rows_of_loss(np.moveaxis(z, 1, -1).reshape(4, 3), y.ravel()).reshape(2, 2),
         lambda z, y: F.cross_entropy(z, y, reduction="none")),
    Case("the gradient of a confident row", (f32([30, 0, -1]),), lambda z: grad(losses.cross_entropy)(z, 0),
         lambda z: np.subtract(exact_softmax([30, 0, -1]), [1, 0, 0]),
         lambda z: torch.func.grad(lambda z: F.cross_entropy(z, torch.tensor(0)))(z), "absorbs"),
    Case("a gradient beside a masked logit", (f32([2, -inf, 1]),), lambda z: grad(losses.cross_entropy)(z, 2),
         lambda z: [softmax_of := 1 / (1 + mp.exp(-1)), 0, -softmax_of],
         lambda z: torch.func.grad(lambda z: F.cross_entropy(z, torch.tensor(2)))(z)),
    Case("the gradient where labels are nearly what is predicted", (f32([0.1, 0.7]), f32([0.3543, 0.6457])),
         lambda z, q: q + grad(losses.cross_entropy)(z, q), lambda z, q: exact_softmax([*map(mpf, z.tolist())]),
         lambda z, q: q + torch.func.grad(lambda z: F.cross_entropy(z, q))(z)),
    Case("float16 logits of 70 001 classes", (np.zeros((1, 70_001), np.float16), np.array([3])), losses.cross_entropy,
         mp.log(70_001), lambda z, y: F.cross_entropy(z, y), "overflows"),
    Case("softplus about the threshold of PyTorch", (f32([19, 20.25, 21]),), activations.softplus,
         entrywise(lambda x: mp.log1p(mp.exp(x))), lambda x: F.softplus(x)),
    Case("softplus of a large beta", (f32([3e38, -0.001, 0.01]),), lambda x: activations.softplus(x, beta=1000),
         entrywise(lambda x: max(x, 0) + mp.log1p(mp.exp(-1000 * abs(x))) / 1000), lambda x: F.softplus(x, beta=1000)),
    Case("log-sigmoid in the tails", (f32([-1e5, -50, 30, 95]),), activations.log_sigmoid,
         entrywise(lambda x: -mp.log1p(mp.exp(-x))), lambda x: F.logsigmoid(x)),
    Case("SiLU at -inf", (f32([-inf, -80, inf]),), activations.silu, lambda x: [0, -80 * sigmoid(mpf(-80)), inf],
         lambda x: F.silu(x), "limit"),
    Case("Mish in the tail", (f32([-85, -60, -20]),), activations.mish,
         entrywise(lambda x: x * mp.tanh(mp.log1p(mp.exp(x)))), lambda x: F.mish(x)),
    Case("GELU in float16", (f16([-5, -3.5, 0.25]),), activations.gelu, entrywise(lambda x: x * mp.ncdf(x)),
         lambda x: F.gelu(x), "cancels"),
    Case("the slope of GELU in its tail", (f32([-9, -6, -1]),), lambda x: slope(activations.gelu, x),
         entrywise(lambda x: mp.ncdf(x) + x * mp.npdf(x)), their_slope(lambda x: F.gelu(x)), "cancels", ulp=8),
    Case("slopes at the kinks of hard-swish", (f32([-3, 0, 3]),), lambda x: slope(activations.hard_swish, x),
         [0, 0.5, 1], their_slope(lambda x: F.hardswish(x))),
    Case("slopes at the kinks of ReLU6", (f32([0, 6]),), lambda x: slope(activations.relu6, x), [0, 0],
         their_slope(lambda x: F.relu6(x))),
    Case("slopes at the kink of ELU", (f32([-0.0, 0, -1e-30]),), lambda x: slope(activations.elu, x, alpha=0.5),
         [0.5, 0.5, 0.5], their_slope(lambda x: F.elu(x, alpha=0.5))),
    Case("slopes at the kinks of hard tanh", (f32([-1, 1, 0.5, nan]),), lambda x: slope(activations.hard_tanh, x),
         [0, 0, 1, nan], their_slope(lambda x: F.hardtanh(x)), "convention"),
    Case("CELU of a tiny alpha", (f32([-1, -1e-3, 2]),), lambda x: activations.celu(x, alpha=1e-6),
         entrywise(lambda x: x if x > 0 else mpf("1e-6") * mp.expm1(x / mpf("1e-6"))),
         lambda x: F.celu(x, alpha=1e-6)),
    Case("soft shrinkage at and beside its threshold", (f32([-0.75, 0.75, 0.75000006, -2, nan]),),
         lambda x: activations.soft_shrink(x, theta=0.75), [0, 0, 2.0**-24, -1.25, nan],
         lambda x: F.softshrink(x, 0.75)),
    Case("hard shrinkage at its threshold", (f32([-0.5, 0.5, 0.50000006, -inf]),), lambda x: activations.hard_shrink(x),
         lambda x: [0, 0, x[2], -inf], lambda x: F.hardshrink(x)),
    Case("what tanh takes away from a small number", (f32([1e-3, -0.02, 3]),), lambda x: activations.tanh_shrink(x),
         entrywise(lambda x: x - mp.tanh(x)), lambda x: F.tanhshrink(x), "cancels"),
    Case("a threshold and its value", (f32([0.5, 1, -3, nan]),),
         lambda x: activations.threshold(x, theta=0.5, value=-7), [-7, 1, -7, nan], lambda x: F.threshold(x, 0.5, -7)),
    Case("logarithms that are infinite, added", (f32([-inf, inf, -inf, 3]), f32([-inf, -inf, inf, -inf])),
         lambda a, b: softmax.logaddexp(a, b), [-inf, inf, inf, 3], lambda a, b: torch.logaddexp(a, b)),
    Case("binary questions with a weight of yes", (f32([3, -2, 40, 0.5]), f32([1, 0, 1, 0.25])),
         lambda x, y: losses.binary_cross_entropy(x, y, pos_weight=5.0, reduction="none"), binary(5),
         lambda x, y: F.binary_cross_entropy_with_logits(x, y, pos_weight=torch.tensor(5.0), reduction="none")),
    Case("a sure no", (f32([-20, -35]), f32([0, 0])),
         lambda x, y: losses.binary_cross_entropy(x, y, reduction="none"), binary(),
         lambda x, y: F.binary_cross_entropy_with_logits(x, y, reduction="none"), "absorbs"),
    Case("binary questions with weights in their mean", (f32([3, -2]), f32([1, 1]), f32([0.5, 2])),
         lambda x, y, w: losses.binary_cross_entropy(x, y, weight=w),
         lambda x, y, w: (binary()(x, y) * w).sum() / 2.5,
         lambda x, y, w: F.binary_cross_entropy_with_logits(x, y, weight=w), "convention"),
    Case("binary questions without doubt", (f32([inf, -inf, inf, -inf]), f32([1, 0, 0, 1])),
         lambda x, y: losses.binary_cross_entropy(x, y, reduction="none"), [0, 0, inf, inf],
         lambda x, y: F.binary_cross_entropy_with_logits(x, y, reduction="none"), "limit"),
    Case("log-probabilities with weights and an ignored class", (np.log(Q[:2]), np.array([1, 2]), W),
         lambda z, y, w: losses.negative_log_likelihood(z, y, weight=w, ignore_index=2), lambda z, y, w: -z[0, 1],
         lambda z, y, w: F.nll_loss(z, y, weight=w, ignore_index=2)),
    Case("multiclass hinge, squared", (Z, Y),
         lambda z, y: losses.multiclass_hinge(z, y, power=2, margin=0.5, reduction="none"),
         lambda z, y: [sum(max(mpf(0.5) - row[k] + x, 0) ** 2 for j, x in enumerate(row) if j != k) / 3
                       for row, k in zip(exactly(z), y)],
         lambda z, y: F.multi_margin_loss(z, y, p=2, margin=0.5, reduction="none")),
    Case("multiclass hinge with weights in its mean", (Z, Y, W),
         lambda z, y, w: losses.multiclass_hinge(z, y, weight=w), 2.5,
         lambda z, y, w: F.multi_margin_loss(z, y, weight=w), "convention"),
    Case("multiclass hinge whose sum overflows", (f32([[3e38, -3e38]]), np.array([1])),
         lambda z, y: losses.multiclass_hinge(z, y), lambda z, y: mpf(float(z[0, 0])),
         lambda z, y: F.multi_margin_loss(z, y), "overflows"),
    Case("squared errors beside targets in float32", (f64([1, -0.5]), f32([0.5, 0.5])),
         lambda x, t: losses.squared_error(x, t), 0.625, lambda x, t: F.mse_loss(x, t)),
    Case("Huber's loss in float16", (f16([1, -0.5]), f16([0.5, 1.5])), lambda x, t: losses.huber(x, t), 0.8125,
         lambda x, t: F.huber_loss(x, t)),
    Case("Huber's loss and its kink", (f32([0.25, -0.25, 2, 3e38]), f32([0, 0, -1, -3e38])),
         lambda x, t: losses.huber(x, t, delta=0.25, reduction="none"),
         lambda x, t: [0.03125, 0.03125, 0.71875, (mpf(float(x[3])) * 2 - 0.125) / 4],
         lambda x, t: F.huber_loss(x, t, delta=0.25, reduction="none"), "overflows"),
    Case("a divergence, its arguments the other way round", (Q[:1], f32([[0.25, 0.5, 0.25]])),
         lambda p, q: toolkit.information.kl_divergence(p, q),
         along_rows(lambda p, q: sum(a * mp.log(a / b) for a, b in zip(p, q))),
         lambda p, q: F.kl_div(torch.log(q), p, reduction="none").sum(-1), ulp=16),
    Case("float64 stays", (f64([0.1, 0.2]),), softmax.softmax, along_rows(exact_softmax), lambda z: F.softmax(z, -1)),
]


def tensor(x):
    return torch.from_numpy(x.copy())


@each(CASES)
def test_case(case):
    check(case, torch, tensor)
