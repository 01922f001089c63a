"""SciPy: weights of log-sum-exp, special values, axes, tails, and sums of many terms."""
import numpy as np
from exact import log_softmax as exact_log_softmax
from exact import logsumexp as exact_logsumexp
from exact import softmax as exact_softmax
from mpmath import mp
from peer import Case, along_rows, check, each, entrywise, f16, f32, f64, installed

import toolkit
from toolkit import activations, losses, softmax

special, distance = installed("scipy.special"), installed("scipy.spatial.distance")
inf, nan = np.inf, np.nan
MANY = 150_001


def weighted(z, b):
    """The logarithm and the sign of a weighted sum."""
    return np.stack(softmax.logsumexp(z, b=b, return_sign=True))


def their_weighted(z, b):
    return np.stack(special.logsumexp(z, b=b, return_sign=True))


def rel_entr(p, q):
    return toolkit.information.rel_entr(p, q)


def their_divergence(p, q):
    return special.rel_entr(p, q).sum()


def ends(p):
    return p[[0, -1]]


CASES = [
    Case("a weight of NaN beside an infinite logit", (f64([3, inf, 1]), f64([2, 1, nan])), weighted, [nan, nan],
         their_weighted),
    Case("an infinite weight far below the top", (f64([0, -900, 5]), f64([1, inf, 2])), weighted, [inf, 1],
         their_weighted, "limit"),
    Case("a negative infinite weight", (f64([0, 2]), f64([-inf, 3])), weighted, [inf, -1], their_weighted),
    Case("infinite terms of both signs", (f64([inf, inf]), f64([1, -2])), weighted, [nan, nan], their_weighted),
    Case("the sign of NaN", (f64([nan, 4]), f64([1, 1])), weighted, [nan, nan], their_weighted),
    Case("a weight of 0 leaves out +inf", (f64([inf, 0.5, 2]), f64([0, 1, 3])), weighted,
         lambda z, b: [exact_logsumexp([0.5, 2], [1, 3]), 1], their_weighted),
    Case("weights that cancel", (f64([1.5, 1.5]), f64([3, -3])), weighted, [-inf, 0], their_weighted),
    Case("a negative sum", (f32([0.25, -1]), f32([-2, 1])), weighted,
         lambda z, b: [mp.log(2 * mp.exp(0.25) - mp.exp(-1)), -1], their_weighted),
    Case("a negative sum without its sign", (f64([2, 1]), f64([-1, 1])), lambda z, b: softmax.logsumexp(z, b=b), nan,
         lambda z, b: special.logsumexp(z, b=b)),
    Case("a float64 weight of float32 logits", (f32([0.1, 0.7]), f64([0.3, 1.1])),
         lambda z, b: softmax.logsumexp(z, b=b), along_rows(exact_logsumexp), lambda z, b: special.logsumexp(z, b=b),
         dtype=np.float64),
    Case("log-probabilities", (f32([-0.13353139, -2.0794415]),), softmax.logsumexp, along_rows(exact_logsumexp),
         special and special.logsumexp, "cancels"),
    Case("log-probabilities in float64", (f64([-0.35667494393873245, -1.2039728043259361]),), softmax.logsumexp,
         along_rows(exact_logsumexp), special and special.logsumexp, "cancels"),
    Case("logits at the end of float32", (f32([-3e38, -3e38]),), softmax.logsumexp, lambda z: z[0],
         special and special.logsumexp),
    Case("an empty axis", (np.ones((2, 0)),), softmax.logsumexp, [-inf, -inf],
         lambda z: special.logsumexp(z, axis=-1)),
    Case("logits of -inf alone", (np.full((2, 3), -inf),), softmax.logsumexp, [-inf, -inf],
         lambda z: special.logsumexp(z, axis=-1)),
    Case("axes that are not in order", (np.arange(12.0).reshape(2, 3, 2),),
         lambda z: softmax.logsumexp(z, axis=(2, 0), keepdims=True),
         lambda z: along_rows(exact_logsumexp)(np.moveaxis(z, 1, 0).reshape(3, 4)).reshape(1, 3, 1),
         lambda z: special.logsumexp(z, axis=(2, 0), keepdims=True)),
    Case("the logarithm of a mean of equal numbers", (f32([1e-8, -2e-8, 3e-8]),), lambda z: softmax.logmeanexp(z),
         along_rows(lambda z: exact_logsumexp(z) - mp.log(3)),
         lambda z: special.logsumexp(z) - np.float32(np.log(3)), "cancels"),
    Case("logarithms that add up to that of 1", (f32([-0.5, -0.1]), f32([-0.93275213, -2.3521676])),
         lambda a, b: softmax.logaddexp(a, b), entrywise(lambda a, b: exact_logsumexp([a, b])), np.logaddexp,
         "cancels"),
    Case("infinite logarithms that are added", (f64([inf, -inf, inf, nan]), f64([inf, -inf, -inf, -inf])),
         lambda a, b: softmax.logaddexp(a, b), [inf, -inf, inf, nan], np.logaddexp),
    Case("equal logits without end", (np.full(MANY, 0.5, np.float32),), softmax.logsumexp,
         lambda z: mp.log(MANY) + 0.5, special and special.logsumexp),
    Case("a temperature over many classes", (np.zeros(MANY, np.float32),),
         lambda z: ends(softmax.softmax(z, temperature=3)), np.full(2, 1 / MANY),
         lambda z: ends(special.softmax(z / 3))),
    Case("float16 over many classes", (np.zeros(90_000, np.float16),), lambda z: ends(softmax.softmax(z)),
         np.full(2, 1 / 90_000), lambda z: ends(special.softmax(z)), "overflows"),
    Case("integers", (np.array([[3, 1, -2], [900, 0, 901]]),), softmax.softmax, along_rows(exact_softmax),
         lambda z: special.softmax(z, axis=-1)),
    Case("all axes at once", (f32([[0.3, -1], [4, 2.5]]),), lambda z: softmax.softmax(z, axis=None),
         lambda z: np.reshape(exact_softmax([*map(mp.mpf, z.ravel().tolist())]), (2, 2)), special and special.softmax),
    Case("an infinite logit", (f64([0.5, inf, 1]),), softmax.softmax, [nan, nan, nan], special and special.softmax),
    Case("-inf is left out", (f64([0.5, -inf, 1]),), softmax.softmax, along_rows(exact_softmax),
         special and special.softmax),
    Case("a masked array", (np.ma.array([0.5, 40, 1.25], mask=[False, True, False]),), softmax.logsumexp,
         lambda z: exact_logsumexp([0.5, 1.25]), special and special.logsumexp, "masks"),
    Case("the log of the top class", (f64([0.25, -39, -41]),), softmax.log_softmax, along_rows(exact_log_softmax),
         special and special.log_softmax, "absorbs"),
    Case("tails of the sigmoid in float32", (f32([-88, -20, 16.5, 90]),), activations.sigmoid,
         entrywise(lambda x: 1 / (1 + mp.exp(-x))), special and special.expit),
    Case("subnormal numbers of the sigmoid", (f32([-95, -103]),), activations.sigmoid,
         entrywise(lambda x: 1 / (1 + mp.exp(-x))), special and special.expit, "overflows"),
    Case("tails of the sigmoid in float16", (f16([-16, -9.5, 7]),), activations.sigmoid,
         entrywise(lambda x: 1 / (1 + mp.exp(-x))), special and special.expit),
    Case("logarithms of the sigmoid", (f32([-2e4, -88, 40, 100]),), activations.log_sigmoid,
         entrywise(lambda x: -mp.log1p(mp.exp(-x))), special and special.log_expit),
    Case("softplus far out", (f32([-inf, -99, -17, 25, 3e38, inf]),), activations.softplus,
         entrywise(lambda x: mp.log1p(mp.exp(x)) if abs(x) < inf else max(x, 0)), special and special.softplus),
    Case("the logit near 1/2", (f32([0.49999, 0.5, 0.50000012]),), lambda p: activations.logit(p),
         entrywise(lambda p: mp.log(p / (1 - p))), special and special.logit),
    Case("the logit at the ends and beyond", (f64([0, 1, -0.1, 1.1, nan, 1e-310]),), lambda p: activations.logit(p),
         lambda p: [-inf, inf, nan, nan, nan, mp.log(p[-1])], special and special.logit),
    Case("terms of a divergence near equality", (f64([0.3, 0.7]), f64([0.3 + 1e-12, 0.7 - 1e-12])), rel_entr,
         entrywise(lambda p, q: p * mp.log(p / q)), special and special.rel_entr),
    Case("terms of a divergence whose quotient overflows", (f64([1e200, 1e-200]), f64([1e-200, 1e200])), rel_entr,
         entrywise(lambda p, q: p * mp.log(p / q)), special and special.rel_entr),
    Case("terms of a divergence at 0", (f64([0, 0, 2, -1, nan, 0]), f64([0, 3, 0, 1, 1, -1])), rel_entr,
         [0, 0, inf, inf, nan, inf], special and special.rel_entr),
    Case("0 log y", (f64([0, 0, 0, 2, 0]), f64([0, inf, nan, 0, -1])), lambda x, y: toolkit.information.xlogy(x, y),
         [0, 0, nan, -inf, 0], special and special.xlogy),
    Case("a divergence of near rows", (f64([0.25, 0.75]), f64([0.25 + 2**-30, 0.75 - 2**-30])),
         lambda p, q: toolkit.information.kl_divergence(p, q),
         along_rows(lambda p, q: sum(a * mp.log(a / b) for a, b in zip(p, q))), their_divergence, ulp=16),
    Case("the squared distance of Jensen and Shannon", (f64([0.25, 0.75]), f64([0.25 + 2**-40, 0.75 - 2**-40])),
         lambda p, q: toolkit.information.js_divergence(p, q),
         along_rows(lambda p, q: sum(a * mp.log(2 * a / (a + b)) / 2 for a, b in [*zip(p, q), *zip(q, p)])),
         lambda p, q: distance.jensenshannon(p, q) ** 2, "cancels", ulp=16),
    Case("an entropy with empty classes", (f64([0.5, 0, 0.125, 0.375]),), lambda p: toolkit.information.entropy(p),
         along_rows(lambda p: -sum(x * mp.log(x) for x in p if x)), lambda p: special.entr(p).sum(), ulp=8),
    Case("an entropy of logits at both ends", (f32([3e38, -3e38]),),
         lambda z: toolkit.information.entropy(z, from_logits=True), 0,
         lambda z: special.entr(special.softmax(z)).sum()),
    Case("Huber's loss at its kink and far out", (f64([-1.5, 1.5, 1e-170, 1e308, nan]),),
         lambda r: losses.huber(r, np.zeros(5), delta=1.5, reduction="none"),
         lambda r: [1.125, 1.125, 0, mp.mpf(1.5) * (mp.mpf(1e308) - 0.75), nan], lambda r: special.huber(1.5, r)),
]


@each(CASES)
def test_case(case):
    check(case, special)
