"""Rows of logits that are hard for some kernel, and what is exact for them in mpmath."""
from functools import cache
from typing import NamedTuple

import mpmath
import numpy as np

mpmath.mp.dps = 50

DTYPES = (np.float32, np.float64)
NORMAL_GAP = {np.float32: 87, np.float64: 708}  # e^-gap is still a normal number
LAST_GAP = {np.float32: 104, np.float64: 745}  # the last that does not round to 0
WIDTH = {np.float32: 16, np.float64: 8}  # numbers in a vector


class Exact(NamedTuple):
    """The exact distribution of a row, as mpmath numbers."""

    z: np.ndarray
    logs: list
    probabilities: list
    logsumexp: object


def remainders(dtype, rng):
    """Every number of classes up to three vectors, and of a long row's remainder."""
    width = WIDTH[dtype]
    for classes in [*range(1, 3 * width + 1), *range(20 * width, 21 * width)]:
        yield rng.standard_normal(classes) * rng.choice([0.1, 3, 20]) + rng.choice([0, 7, -40])


def far_from_zero(rng):
    """Differences that round: offsets from 1e2 to 1e6."""
    for offset in (1e2, -1e3, 1e4, 12345.678, -1e6):
        for scale in (1e-3, 1, 30):
            yield offset + scale * rng.standard_normal(37)


def gaps(dtype, rng):
    """One class ahead by 1e-8 up to where exp underflows, with one, two and many others below."""
    last = LAST_GAP[dtype]
    for gap in [*np.geomspace(1e-8, last, 40), *np.linspace(NORMAL_GAP[dtype], last + 2, 25)]:
        yield np.array([0, -gap])
        yield np.array([0.3 - gap, 0.3, 0.3 - gap - rng.exponential()])
    for gap in np.linspace(1, last + 1, 20):
        yield np.append(np.zeros(1), np.full(rng.integers(1, 120), -gap))
        yield rng.permutation(-gap * rng.random(50) + 100)


def ties(rng):
    for classes in (1, 2, 3, 16, 17, 113, 1000, 4999):
        yield np.full(classes, rng.normal())
        yield np.full(classes, -0.0)
        yield rng.choice([-0.0, 0.0, -3.0], classes)


def absorbed(dtype):
    """Others that a plain sum drops one by one beside the 1 of the top class."""
    unit_roundoff = np.finfo(dtype).eps / 2
    for classes in (2, 100, 1000, 5000):
        for share in (0.999, 0.75, 0.51):
            z = np.full(classes, np.log(share * unit_roundoff))
            z[0] = 0
            yield z
            yield z[::-1]


def long_rows(rng):
    for scale in (0.01, 1, 8):
        yield scale * rng.standard_normal(5000)
    yield 1e4 + rng.standard_normal(4096 + 5)
    yield np.sort(10 * rng.standard_normal(2000))  # the maximum grows until the end
    yield np.sort(10 * rng.standard_normal(2000))[::-1]


@cache
def hard_rows(dtype):
    """All of them, in `dtype`."""
    rng = np.random.default_rng(41)
    rows = [*remainders(dtype, rng), *far_from_zero(rng), *gaps(dtype, rng), *ties(rng), *absorbed(dtype),
            *long_rows(rng)]
    return [np.ascontiguousarray(row, dtype) for row in rows]


@cache
def hard_stable_rows(dtype):
    """The same for StableMax, which sees sizes and not differences: up to where squares overflow."""
    rng = np.random.default_rng(42)
    largest = {np.float32: 1e18, np.float64: 1e150}[dtype]
    rows = [*remainders(dtype, rng), *ties(rng), *long_rows(rng)]
    for size in np.geomspace(1e-8, largest, 50):
        rows += [np.array([size, -size]), np.array([-size]), size * rng.standard_normal(21),
                 -size * rng.random(18), size * rng.random(35),
                 np.append(size, -rng.exponential(size, 112))]
    for size in (1e-6, 1.0, 1e6):  # neighbours of the maximum
        rows.append(size * (1 + np.finfo(dtype).eps * rng.integers(0, 8, 40)))
    return [np.ascontiguousarray(row, dtype) for row in rows]


def numbers(values):
    return [mpmath.mpf(float(v)) for v in np.asarray(values).reshape(-1)]


def exact_softmax(z, scores=None):
    """`Exact` of logits, or of these scores as the logits of a softmax."""
    scores = numbers(z) if scores is None else scores
    top = max(range(len(scores)), key=lambda k: scores[k])
    known = {}
    terms = [known[v] if v in known else known.setdefault(v, mpmath.exp(v - scores[top])) for v in scores]
    rest = mpmath.fsum(t for k, t in enumerate(terms) if k != top)
    log_total = mpmath.log1p(rest)
    return Exact(z, [(v - scores[top]) - log_total for v in scores], [t / (1 + rest) for t in terms],
                 scores[top] + log_total)


def log_s(x):
    return mpmath.log1p(x) if x >= 0 else -mpmath.log1p(-x)


def exact_stablemax(z):
    return exact_softmax(z, [log_s(v) for v in numbers(z)])


@cache
def softmax_cases(dtype):
    return [exact_softmax(z) for z in hard_rows(dtype)]


@cache
def stablemax_cases(dtype):
    return [exact_stablemax(z) for z in hard_stable_rows(dtype)]


def exact_gradient(case, label, slopes=False):
    """``(p_k - [k = label])``, over ``1 + |z_k|`` if `slopes`; the label's from the others'."""
    g = list(case.probabilities)
    g[label] = -mpmath.fsum(p for k, p in enumerate(g) if k != label)
    return [v / (1 + abs(x)) for v, x in zip(g, numbers(case.z), strict=True)] if slopes else g


def ulp_errors(computed, exact):
    """|computed - exact| in units of the last place of `exact` in the dtype of `computed`, per element."""
    computed = np.asarray(computed)
    info = np.finfo(computed.dtype)
    errors = []
    for c, t in zip(computed.reshape(-1).tolist(), exact, strict=True):
        exponent = max(mpmath.frexp(abs(t))[1] - 1, int(info.minexp)) if t else int(info.minexp)
        errors.append(float(mpmath.ldexp(abs(c - t), info.nmant - exponent)))
    return np.array(errors)
