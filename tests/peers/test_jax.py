"""JAX: masks, gradients at kinks and at infinite logits, half precision, and functions of small arguments."""
import numpy as np
from exact import log_softmax as exact_log_softmax
from exact import logsumexp as exact_logsumexp
from exact import softmax as exact_softmax
from ml_dtypes import bfloat16
from mpmath import mp, mpf
from peer import Case, along_rows, check, each, entrywise, f16, f32, installed

import toolkit
from toolkit import activations, softmax
from toolkit.activations._elementwise import slope
from toolkit.gradients import grad, vjp

jax = installed("jax")
nn = jax and jax.nn
inf, nan = np.inf, np.nan
Z = f32([[1.25, -0.5, 3], [0.5, 2, -1]])
KEEP = np.array([[True, False, True], [False, False, False]])
MANY = 150_001


def their_slope(function):
    """The gradient of the sum of a function of JAX."""
    return lambda *x: jax.grad(lambda *x: function(*x).sum())(*x)


def sigmoid(x):
    return 1 / (1 + mp.exp(-x))


def kept(formula, row):
    """The truth of the first row of Z without its masked class, which has `row` with what the others give put in."""
    first, last = formula([mpf(1.25), mpf(3)])
    return row(first, last)


CASES = [
    Case("a row that is masked entirely", (Z, KEEP), lambda z, keep: softmax.softmax(z, where=keep),
         lambda z, keep: kept(exact_softmax, lambda p, q: [[p, 0, q], [0, 0, 0]]),
         lambda z, keep: nn.softmax(z, where=keep)),
    Case("the log of masked classes", (Z, KEEP), lambda z, keep: softmax.log_softmax(z, where=keep),
         lambda z, keep: kept(exact_log_softmax, lambda p, q: [[p, -inf, q], [-inf, -inf, -inf]]),
         lambda z, keep: nn.log_softmax(z, where=keep)),
    Case("the log of a sum over no classes", (Z, KEEP), lambda z, keep: softmax.logsumexp(z, where=keep),
         lambda z, keep: [exact_logsumexp([mpf(1.25), mpf(3)]), -inf],
         lambda z, keep: nn.logsumexp(z, axis=-1, where=keep)),
    Case("a mask hides NaN and +inf", (f32([0.5, nan, 1, inf]), np.array([True, False, True, False])),
         lambda z, keep: softmax.softmax(z, where=keep),
         lambda z, keep: [sigmoid(mpf(-0.5)), 0, sigmoid(mpf(0.5)), 0], lambda z, keep: nn.softmax(z, where=keep)),
    Case("a gradient through a mask", (f32([0.5, nan, 1.5]), np.array([True, False, True]), f32([1, 7, 0])),
         lambda z, keep, g: vjp(softmax.softmax, z, where=keep)[1](g),
         lambda z, keep, g: [p := sigmoid(mpf(1)) * sigmoid(mpf(-1)), 0, -p],
         lambda z, keep, g: jax.grad(lambda z: (nn.softmax(z, where=keep) * g).sum(where=keep))(z)),
    Case("a gradient at a logit of -inf", (f32([0.25, -inf, 1.25]),), lambda z: grad(softmax.logsumexp)(z),
         lambda z: [sigmoid(mpf(-1)), 0, sigmoid(mpf(1))], jax and jax.grad(nn.logsumexp)),
    Case("a gradient of log-softmax in float16", (f16([12, -8, 0]),),
         lambda z: vjp(softmax.log_softmax, z)[1](f16([1, 0, 0])),
         lambda z: np.subtract([1, 0, 0], exact_softmax([12, -8, 0])),
         jax and jax.grad(lambda z: nn.log_softmax(z)[0]), "cancels"),
    Case("the gradient of the log of the top class", (f32([21, 0.5, 0]),),
         lambda z: vjp(softmax.log_softmax, z)[1](f32([1, 0, 0])),
         lambda z: np.subtract([1, 0, 0], exact_softmax([21, 0.5, 0])),
         jax and jax.grad(lambda z: nn.log_softmax(z)[0]), "cancels"),
    Case("the mean of exponentials of nearly equal numbers", (f32([2e-8, -1e-8, 1e-8]),),
         lambda z: softmax.logmeanexp(z), along_rows(lambda z: exact_logsumexp(z) - mp.log(3)),
         lambda z: nn.logmeanexp(z), "cancels"),
    Case("the mean of exponentials far out", (f32([[900, 901], [-700, -inf], [-inf, -inf]]),),
         lambda z: softmax.logmeanexp(z),
         lambda z: [*(exact_logsumexp([*map(mpf, row)]) - mp.log(2) for row in ((900, 901), (-700, -inf))), -inf],
         lambda z: nn.logmeanexp(z, axis=-1)),
    Case("the log of what is left to 1", (f32([1e-30, 1e-3, 0.69, 0.7, 30, 80]),), lambda x: activations.log1mexp(x),
         entrywise(lambda x: mp.log(-mp.expm1(-x))), lambda x: nn.log1mexp(x)),
    Case("the log of what is left to 1 at its ends", (f32([0, inf, -1]),), lambda x: activations.log1mexp(x),
         [-inf, 0, nan], lambda x: nn.log1mexp(x)),
    Case("squareplus far below 0", (f32([-50_000, -30, 3, 1e25]),), lambda x: activations.squareplus(x, b=2),
         entrywise(lambda x: (x + mp.sqrt(x * x + 2)) / 2), lambda x: nn.squareplus(x, b=2), "cancels"),
    Case("slopes at the kink of ReLU", (f32([-0.0, 0, 1e-45, nan]),), lambda x: slope(activations.relu, x),
         [0, 0, 1, nan], jax and their_slope(nn.relu), "convention"),
    Case("slopes at the kinks of ReLU6", (f32([0, 6, 3]),), lambda x: slope(activations.relu6, x), [0, 0, 1],
         jax and their_slope(nn.relu6)),
    Case("slopes at the kinks of hard tanh", (f32([-1, 1, 0.25]),), lambda x: slope(activations.hard_tanh, x),
         [0, 0, 1], jax and their_slope(nn.hard_tanh), "convention"),
    Case("slopes at the kinks of the hard sigmoid", (f32([-3, 3, 1]),), lambda x: slope(activations.hard_sigmoid, x),
         lambda x: [0, 0, mpf(1) / 6], jax and their_slope(nn.hard_sigmoid)),
    Case("the slope of ELU far below", (f32([-120, -80, 200]),), lambda x: slope(activations.elu, x),
         entrywise(lambda x: mp.exp(min(x, 0))), jax and their_slope(nn.elu), "cancels"),
    Case("the slope of SELU far above", (f32([100, 1e30]),), lambda x: slope(activations.selu, x),
         [1.0507009873554804934] * 2, jax and their_slope(nn.selu)),
    Case("SiLU at infinities", (f32([-inf, inf, nan]),), activations.silu, [0, inf, nan], nn and nn.silu, "limit"),
    Case("the slope of Mish in its tail", (f32([-60, -30, 40]),), lambda x: slope(activations.mish, x),
         entrywise(lambda x: mp.diff(lambda t: t * mp.tanh(mp.log1p(mp.exp(t))), x)), jax and their_slope(nn.mish),
         ulp=8),
    Case("subnormal numbers of the sigmoid", (f32([-90, -100]),), activations.sigmoid, entrywise(sigmoid),
         nn and nn.sigmoid, "flushes"),
    Case("log-sigmoid in float16", (f16([-3000, 9, 14]),), activations.log_sigmoid,
         entrywise(lambda x: -mp.log1p(mp.exp(-x))), nn and nn.log_sigmoid),
    Case("softplus of infinities", (f32([-inf, inf, nan, 0]),), activations.softplus,
         lambda x: [0, inf, nan, mp.log(2)], nn and nn.softplus),
    Case("float16 over many classes", (np.zeros(70_500, np.float16),), lambda z: softmax.softmax(z)[[0, -1]],
         [1 / 70_500] * 2, lambda z: nn.softmax(z)[np.array([0, -1])], "overflows"),
    Case("log-softmax of many classes in float16", (np.zeros(70_500, np.float16),),
         lambda z: softmax.log_softmax(z)[[0, -1]], lambda z: [-mp.log(70_500)] * 2,
         lambda z: nn.log_softmax(z)[np.array([0, -1])], "overflows"),
    Case("a sum over many classes", (np.full(MANY, 1.5, np.float32),), softmax.logsumexp,
         lambda z: mp.log(MANY) + 1.5, nn and nn.logsumexp),
    Case("bfloat16 in and out", (np.array([2, -3, 0.5], bfloat16),), softmax.softmax, along_rows(exact_softmax),
         nn and nn.softmax, ulp=0.5, dtype=bfloat16),
    Case("terms of a divergence near equality", (f32([0.25, 0.75]), f32([0.25000012, 0.7499999])),
         lambda p, q: toolkit.information.rel_entr(p, q), entrywise(lambda p, q: p * mp.log(p / q)),
         lambda p, q: jax.scipy.special.rel_entr(p, q), "cancels"),
    Case("axes in another order", (f32(np.cos(np.arange(12))).reshape(3, 2, 2),),
         lambda z: softmax.softmax(z, axis=(2, 0)),
         lambda z: np.moveaxis(np.reshape([exact_softmax(exact(z[:, k].ravel())) for k in (0, 1)], (2, 3, 2)), 0, 1),
         lambda z: nn.softmax(z, axis=(2, 0))),
]


def exact(row):
    return [mpf(float(x)) for x in row]


@each(CASES)
def test_case(case):
    check(case, jax, lambda x: jax.numpy.asarray(x))
