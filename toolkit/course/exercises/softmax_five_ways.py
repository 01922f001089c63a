"""Exercises of the chapter *Softmax, five ways*."""
import math

import numpy as np

from toolkit.course.exercises._check import Exercise, close_to, exactly

__all__ = ["EXERCISES"]

_HARMONIC = math.fsum(1 / i for i in range(1, 1001))
_CLASSES = 50_257


def _merged(a, b):
    (m, d), (n, e) = max(a, b), min(a, b)
    return (m, d) if n == -math.inf else (m, d + e * math.exp(n - m))


def _merged_without_empty(a, b):
    m = max(a[0], b[0])
    return m, a[1] * np.exp(a[0] - m) + b[1] * np.exp(b[0] - m)


def _merged_upside_down(a, b):
    m = max(a[0], b[0])
    return m, a[1] * np.exp(np.minimum(m - a[0], 700)) + b[1] * np.exp(np.minimum(m - b[0], 700))


def _added(a, b):
    return max(a[0], b[0]), a[1] + b[1]


def _judge_merge(merge):
    if not callable(merge):
        return f"expected a function merge(a, b), got {merge!r}"
    empty = (-math.inf, 0.0)
    pairs = [((3.0, 1.5), (5.0, 2.0)), ((5.0, 2.0), (3.0, 1.5)), ((4.0, 1.0), (4.0, 2.5)),
             ((-900.0, 3.0), (900.0, 1.0)), ((1000.0, 7.0), (999.0, 1.0)),
             ((2.0, 1.25), empty), (empty, (2.0, 1.25)), (empty, empty)]
    for a, b in pairs:
        with np.errstate(all="ignore"):
            m, d = merge(a, b)
        expected = _merged(a, b)
        if m != expected[0] or not math.isclose(d, expected[1], rel_tol=1e-12, abs_tol=0.0):
            return f"merge({a}, {b}) is {(float(m), float(d))}, and should be {expected}"
    return None


EXERCISES = {
    "softmax.naive_limit": Exercise(
        solution=10,
        judge=exactly(10, (11, "e^11 fits into float16, but the naive softmax adds two of them"),
                      (12, "e^12 is inf in float16: print it"),
                      (88, "that is float32"),
                      otherwise="try whole numbers one by one with algorithm='naive' and format='float16'"),
        wrong=(11, 12, 9, 88, 10.4),
        praise="at 11 each exponential still fits, their sum is inf, and both probabilities are 0.",
    ),
    "softmax.merge": Exercise(
        solution=_merged,
        judge=_judge_merge,
        wrong=(_merged_without_empty, _merged_upside_down, _added, lambda a, b: a, 2.203),
        praise="the order of the chunks does not matter, so they can be reduced in parallel: this is the heart"
               " of tiled attention.",
    ),
    "softmax.repairs": Exercise(
        solution=_HARMONIC - 1,
        judge=close_to(_HARMONIC - 1, 1e-3,
                       (_HARMONIC, "that counts the first logit too, and it repairs nothing"),
                       (math.log(1000), "close: the sum of 1/i is not quite the logarithm"),
                       (999, "that is the worst case, rising logits"),
                       (499.5, "logit i is the largest of the first i with probability 1/i, not 1/2"),
                       otherwise="with which probability is logit i the largest of the first i?"),
        wrong=(_HARMONIC, math.log(1000), 999, 499.5, 0.0),
        praise="about 6.5 repairs in 1000 logits: online softmax pays for its pass with almost nothing.",
    ),
    "softmax.exponent_range": Exercise(
        solution=2048 * math.log(2.0),
        judge=close_to(2048 * math.log(2.0), 2e-3,
                       (2048, "that is n; the logit is n ln 2"),
                       (2048 / math.log(2.0), "z = n ln 2: multiply, do not divide"),
                       (65504 * math.log(2.0), "there n overflows, but it has lost digits long before"),
                       (1024 * math.log(2.0), "float16 has 11 significant bits, one more than it stores"),
                       otherwise="which is the first whole number that float16 does not have?"),
        wrong=(2048, 2048 / math.log(2.0), 65504 * math.log(2.0), 1024 * math.log(2.0), 11.09),
        praise="about 1420, where e^z itself would overflow at 12: an exponent in a float of its own goes a long"
               " way.",
    ),
    "softmax.bfloat16_sum": Exercise(
        solution=_CLASSES / 256,
        judge=close_to(_CLASSES / 256, 2e-3,
                       (1.0, "that is what they should sum to; compute it with format='bfloat16'"),
                       (256.0, "that is where the sum of the exponentials stops"),
                       (_CLASSES / 2048, "that is float16"),
                       otherwise="at which sum of ones does adding 1 no longer change a bfloat16?"),
        wrong=(1.0, 256.0, _CLASSES / 2048, 1 / 256, 50_257),
        praise="the sum of ones stops at 256, so each of the 50 257 probabilities is 1/256.",
    ),
}
