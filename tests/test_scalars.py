"""The numbers of every Scalar of the register against mpmath, also on hard rows: as near as its docstring says."""
import inspect
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest
import row_map_oracle
from accuracy_cases import accuracy, as_near, exactly, hard_rows, in_words
from catalog_cases import for_each
from mpmath import mp, mpf
from row_map_oracle import DIGITS, log_softmax, softmax

from toolkit.catalog import METHODS, Scalar

ROWS = [method for method in METHODS if isinstance(method, Scalar)]
WHERE = "ORACLES of tests/test_scalars.py"
every_scalar = for_each(ROWS)


class Oracle(NamedTuple):
    """What is right for a number of a row, and what is promised.

    Attributes
    ----------
    exact : callable
        ``exact(z, *beside)`` of mpmath numbers: the number, and what its error is relative to.
    says : str
        Words of the docstring's Accuracy section.
    epsilons : int
        How many epsilon of that these words allow.
    units : int
        How many smallest subnormals a class may add besides.
    slopes : callable or None
        ``slopes(z, *beside)``: the gradient, and how many epsilon its entries may be off; None where a method has none.
    of_slopes : str
        Words of the docstring about that.
    """

    exact: Callable
    says: str
    epsilons: int
    units: int = 1
    slopes: Callable | None = None
    of_slopes: str = ""


def logsumexp(z):
    """From the top class: the larger of both terms, or the sum where only it is left and more digits are taken."""
    top = max(z)
    rest = -max(log_softmax(z))
    kept = -top / 2 >= top + rest >= top / 2 or abs(top + rest) >= max(abs(top), rest)
    return top + rest, abs(top + rest) if kept else max(abs(top), rest)


def logmeanexp(z):
    top = max(z)
    beside = mp.log1p(mp.fsum(mp.expm1(v - top) for v in z) / len(z))
    return top + beside, max(abs(top), abs(beside))


def smoothed_maximum(z):
    """With tau = 1/2."""
    z = [2 * v for v in z]
    return (max(z) - max(log_softmax(z))) / 2, (abs(max(z)) + row_map_oracle.entropy(z)) / 2


def slopes_of_smoothed_maximum(z):
    p = softmax([2 * v for v in z])
    return p, [(6 + 2 * (max(z) - v)) * share for v, share in zip(z, p, strict=True)]


def entropy(z):
    """Of logits."""
    value = row_map_oracle.entropy(z)
    return value, value


def of_head(z):
    """Entropy of logits, its largest value, and how far it is from half of that; 0 within a fifth."""
    value, most = row_map_oracle.entropy(z), mp.log(len(z))
    deviation = value - most / 2
    return value, most, deviation if abs(deviation) > most / 5 else mpf(0)


def entropy_penalty(z):
    value, most, deviation = of_head(z)
    return deviation**2, max(value, most / 2) ** 2


def kl_divergence(p, q):
    """Of the rounded p and q, in which no term is below 0."""
    if any(a and not b for a, b in zip(p, q, strict=True)):
        return mp.inf, mpf(0)
    value = mp.fsum((a * mp.log(a / b) if a else 0) - a + b for a, b in zip(p, q, strict=True))
    return value, value


def js_divergence(p, q):
    value = mp.fsum(a * mp.log(2 * a / (a + b)) / 2 for x in ((p, q), (q, p)) for a, b in zip(*x, strict=True) if a)
    return value, value


def slopes_of_logsumexp(z):
    p = softmax(z)
    return p, [(5 + (max(z) - v)) * share for v, share in zip(z, p, strict=True)]


def slopes_of_entropy(z):
    logs, value = log_softmax(z), row_map_oracle.entropy(z)
    return ([-mp.exp(v) * (v + value) for v in logs], [4 * mp.exp(v) * max(-v, value) for v in logs])


def slopes_of_entropy_penalty(z):
    value, most, deviation = of_head(z)
    slopes, sizes = slopes_of_entropy(z)
    return [2 * deviation * v for v in slopes], [8 * max(value, most / 2) * v for v in sizes]


def soft_value(temperature):
    """From the entry that is best at this temperature."""
    def exact(z):
        m = max(z) if temperature > 0 else min(z)
        shares = [mp.expm1((v - m) / mpf(temperature)) for v in z]
        beside = temperature * mp.log1p(mp.fsum(shares) / len(z))
        return m + beside, max(abs(m), abs(beside))
    return exact


def slopes_of_soft_value(temperature):
    def slopes(z):
        m, w = max(z) if temperature > 0 else min(z), softmax([v / mpf(temperature) for v in z])
        return w, [(6 + abs(v - m) / abs(temperature)) * share for v, share in zip(z, w, strict=True)]
    return slopes


def of_soft_value(temperature):
    return Oracle(soft_value(temperature), "within 5 ulp of the larger of |m| and |value - m|", 5,
                  slopes=slopes_of_soft_value(temperature), of_slopes="each entry within 6 + |z_i - m| / |tau| ulp")
def size_of(log_p, log_q):
    return max(1, -log_p, -log_q)


def entropy_objective(z, reference):
    logs, firsts, weight = log_softmax(z), log_softmax(reference), mpf("0.05")
    value = row_map_oracle.entropy(z)
    pairs = list(zip(logs, firsts, strict=True))
    return (value + weight * mp.fsum(mp.exp(b) * (b - a) for a, b in pairs),
            value + weight * mp.fsum(mp.exp(b) * size_of(a, b) for a, b in pairs))


def slopes_of_objective(z, reference):
    logs, value, weight = log_softmax(z), row_map_oracle.entropy(z), mpf("0.05")
    pairs = [(a, mp.exp(a), mp.exp(b), size_of(a, b)) for a, b in zip(logs, log_softmax(reference), strict=True)]
    return ([-p * (a + value) + weight * (p - q) for a, p, q, _ in pairs],
            [16 * (p * max(-a, value) + weight * (p + q) * size) for a, p, q, size in pairs])


def softened(z, teacher):
    """log p, log q at a temperature of 4, and the larger of 1 and the sizes of both."""
    pairs = zip(log_softmax([v / 4 for v in z]), log_softmax([v / 4 for v in teacher]), strict=True)
    return [(a, b, size_of(a, b)) for a, b in pairs]


def distillation_loss(z, teacher):
    rows = softened(z, teacher)
    return 16 * mp.fsum(mp.exp(b) * (b - a) for a, b, _ in rows), 16 * mp.fsum(mp.exp(b) * s for _, b, s in rows)


def slopes_of_distillation(z, teacher):
    rows = softened(z, teacher)
    return ([4 * (mp.exp(a) - mp.exp(b)) for a, b, _ in rows],
            [16 * 4 * (mp.exp(a) + mp.exp(b)) * s for a, b, s in rows])


def squared_logit_loss(z, told):
    pairs = list(zip(log_softmax(z), told, strict=True))
    return mp.fsum((a - b) ** 2 for a, b in pairs) / 2, mp.fsum((1 - a - b) ** 2 for a, b in pairs)


def slopes_of_squared_logit(z, told):
    logs = log_softmax(z)
    d, sizes = [a - b for a, b in zip(logs, told, strict=True)], [1 - a - b for a, b in zip(logs, told, strict=True)]
    return ([a - mp.exp(v) * mp.fsum(d) for a, v in zip(d, logs, strict=True)],
            [32 * (s + mp.exp(v) * mp.fsum(sizes)) for s, v in zip(sizes, logs, strict=True)])


def adaptive_temperature(z):
    """By bisection; where the logits are too far apart for the entropy to be above 0.3, 1."""
    first, top = row_map_oracle.entropy(z), max(z)
    if first <= mpf("0.3"):
        return mpf(1), mpf(1)
    low, high, target = mpf(0.01), mpf(1), max(mpf(0.3), mpf(0.2) * first)

    def moments(tau):
        gaps = [(top - v) / tau for v in z]
        w = [mp.exp(-d) if d < 200 else mpf(0) for d in gaps]
        mean, total = [mp.fsum(a * d**n for a, d in zip(w, gaps, strict=True)) / mp.fsum(w) for n in (1, 2)], mp.fsum(w)
        return mp.log(total) + mean[0], mean[1] - mean[0] ** 2

    with mp.workdps(25):
        for _ in range(62):
            middle = (low + high) / 2
            low, high = (low, middle) if moments(middle)[0] > target else (middle, high)
        value, variance = moments(low)
        return low, low * (1 + value / variance) if variance > 0 else mp.inf


def entropy_change(z, advantage):
    logs, value = log_softmax(z), row_map_oracle.entropy(z)
    terms = list(zip(logs, advantage, strict=True))
    return (-mp.fsum(mp.exp(2 * v) * a * (v + value) for v, a in terms),
            mp.fsum(mp.exp(2 * v) * max(-v, value) for v in logs))


def slopes_of_entropy_change(z, advantage):
    logs, value = log_softmax(z), row_map_oracle.entropy(z)
    change = mp.fsum(mp.exp(2 * v) * a * (v + value) for v, a in zip(logs, advantage, strict=True))
    weight = mp.fsum(mp.exp(2 * v) * a for v, a in zip(logs, advantage, strict=True))
    size = mp.fsum(mp.exp(2 * v) * (1 + max(-v, value)) for v in logs)
    return ([-mp.exp(v) * (mp.exp(v) * a * (2 * (v + value) + 1) - 2 * change - weight * (1 + v + value))
             for v, a in zip(logs, advantage, strict=True)],
            [32 * mp.exp(v) * (mp.exp(v) + size) * (1 + max(-v, value)) for v in logs])


def two_terms(z):
    """The larger of the two that log-sum-exp adds up."""
    return max(abs(max(z)), -max(log_softmax(z)))


def router_z_loss(z):
    value = (max(z) - max(log_softmax(z))) ** 2
    return value, max(two_terms(z) ** 2, value)


def slopes_of_router_z_loss(z):
    lse, size = max(z) - max(log_softmax(z)), two_terms(z)
    return ([2 * lse * p for p in softmax(z)],
            [(12 + 2 * (max(z) - v)) * 2 * size * p for v, p in zip(z, softmax(z), strict=True)])


def sigmoid_gate(x, vector):
    terms = [a * b for a, b in zip(x, vector, strict=True)]
    opening = 1 / (1 + mp.exp(-mp.fsum(terms)))
    return opening, opening * (1 + mp.fsum(map(abs, terms)) * (1 - opening) / 2)


def slopes_of_sigmoid_gate(x, vector):
    """Beside a vector of halves."""
    terms = [a * b for a, b in zip(x, vector, strict=True)]
    opening = 1 / (1 + mp.exp(-mp.fsum(terms)))
    slope = opening / (1 + mp.exp(mp.fsum(terms))) / 2
    return [slope] * len(x), [(6 + 2 * mp.fsum(map(abs, terms))) * slope] * len(x)


def exo_of_rewards(a, rewards):
    """With beta = temperature = 1/2; a size for each answer."""
    logs, goals = log_softmax([v / 2 for v in a]), log_softmax([2 * v for v in rewards])
    sizes = [1 + (max(a) - v) / 2 + 2 * (max(rewards) - r) + mp.log(len(a)) for v, r in zip(a, rewards, strict=True)]
    shares = [mp.exp(v) for v in logs]
    return (mp.fsum(p * (u - v) for p, u, v in zip(shares, logs, goals, strict=True)),
            mp.fsum(p * s**2 for p, s in zip(shares, sizes, strict=True)), shares, logs, goals, sizes)


def slopes_of_exo(a, rewards):
    value, _, shares, logs, goals, sizes = exo_of_rewards(a, rewards)
    most = max(s for s, p in zip(sizes, shares, strict=True) if p > mpf(10) ** -330)
    return ([p * (u - v - value) / 2 for p, u, v in zip(shares, logs, goals, strict=True)],
            [32 * p * (s + most) ** 2 / 2 for p, s in zip(shares, sizes, strict=True)])


def anchor_divergence(z, reference):
    pairs = list(zip(log_softmax(z), log_softmax(reference), strict=True))
    return (mp.fsum(mp.exp(b) * (b - a) for a, b in pairs),
            mp.fsum((mp.exp(a) + mp.exp(b)) * size_of(a, b) for a, b in pairs))


def slopes_of_anchor(z, reference):
    pairs = [(mp.exp(a), mp.exp(b), size_of(a, b))
             for a, b in zip(log_softmax(z), log_softmax(reference), strict=True)]
    return [p - q for p, q, _ in pairs], [16 * (p + q) * size for p, q, size in pairs]


def log_ratio(z, reference):
    gaps = [a - b for a, b in zip(z, reference, strict=True)]
    return mp.fsum(gaps), mp.fsum(map(abs, gaps))


ORACLES = {
    "soft_value": of_soft_value(0.5), "soft_value_worst": of_soft_value(-0.5),
    "sigmoid_gate": Oracle(sigmoid_gate, "Within ``4 + 2 S (1 - result)`` epsilon", 4, slopes=slopes_of_sigmoid_gate,
                           of_slopes="within ``6 + 2 S`` epsilon"),
    "router_z_loss": Oracle(router_z_loss, "within 8 epsilon of the square of the larger of |m| and log1p(r)", 8,
                            units=1500, slopes=slopes_of_router_z_loss,
                            of_slopes="within ``12 + 2 gap_i`` epsilon of ``2 size p_i``"),
    "logsumexp": Oracle(logsumexp, "at most 3 ulp of the larger of |m| and log1p(r)", 3,
                        slopes=slopes_of_logsumexp, of_slopes="at most 5 + |z_i - max z| ulp"),
    "logmeanexp": Oracle(logmeanexp, "within 4 ulp of the larger of |m| and ``|log mean - m|``", 4,
                         slopes=slopes_of_logsumexp, of_slopes="as that of `logsumexp`"),
    "laplace_value": Oracle(soft_value(-0.5), "within 5 ulp of the larger of |m| and |value - m|", 5,
                            slopes=slopes_of_soft_value(-0.5), of_slopes="each entry within 6 + beta |z_i - m| ulp"),
    "smoothed_maximum": Oracle(smoothed_maximum, "within 4 epsilon of ``|m| + tau H``", 4,
                               slopes=slopes_of_smoothed_maximum, of_slopes="within ``6 + (m - z) / tau`` epsilon"),
    "entropy": Oracle(entropy, "within 8 epsilon for K <= 300", 8, units=746, slopes=slopes_of_entropy,
                      of_slopes="the gradient within 4 epsilon of ``p_k max(abs(log p_k), H)``"),
    "entropy_penalty": Oracle(entropy_penalty, "within 32 epsilon of ``max(H, θ log T)^2`` for K <= 300", 32, units=746,
                              slopes=slopes_of_entropy_penalty,
                              of_slopes="the gradient within 32 epsilon of ``max(H, θ log T) p_k"),
    "entropy_objective": Oracle(entropy_objective, "within 16 epsilon of ``H + kl_weight sum q s``", 16, units=746,
                                slopes=slopes_of_objective,
                                of_slopes="the gradient within 16 epsilon of ``p max(abs(log p), H)"),
    "distillation_loss": Oracle(distillation_loss, "within 16 epsilon of ``tau^2 sum q s``", 16, units=746,
                                slopes=slopes_of_distillation,
                                of_slopes="the gradient within 16 epsilon of ``tau (p + q) s``"),
    "squared_logit_loss": Oracle(squared_logit_loss, "within 16 epsilon of ``sum s^2``", 16, units=746,
                                 slopes=slopes_of_squared_logit,
                                 of_slopes="the gradient within 32 epsilon of ``s_k + p_k sum s``"),
    "exo_of_rewards": Oracle(lambda a, rewards: exo_of_rewards(a, rewards)[:2], "within 32 epsilon of ``sum p s^2``",
                             32, units=746, slopes=slopes_of_exo,
                             of_slopes="the gradient within 32 epsilon of ``beta p_k (s_k + S)^2``"),
    "anchor_divergence": Oracle(anchor_divergence, "within 16 epsilon of ``sum", 16, units=746,
                                slopes=slopes_of_anchor, of_slopes="the gradient within 16 epsilon of ``(p + q) s``"),
    "log_ratio": Oracle(log_ratio, "within 2 epsilon of ``sum abs(logprob - reference)``", 2,
                        slopes=lambda z, reference: ([mpf(1)] * len(z), [mpf(0)] * len(z)), of_slopes="1 for each"),
    "adaptive_temperature": Oracle(adaptive_temperature, "within 16 epsilon of ``tau (1 + H / V)``", 16),
    "entropy_change": Oracle(entropy_change, "within 16 epsilon of ``learning_rate sum p^2 M max(abs(log p), H)``", 16,
                             units=746, slopes=slopes_of_entropy_change,
                             of_slopes="the gradient within 32 epsilon of ``learning_rate p_k M (p_k + S)"),
    "kl_divergence": Oracle(kl_divergence, "From probabilities, float32 and float64, tested: within 16 epsilon", 16),
    "js_divergence": Oracle(js_divergence, "From probabilities, float32 and float64, tested: within 16 epsilon", 16),
}


def oracle_of(method):
    assert method.name in ORACLES, f"nobody knows whether {method.name} is right: give {WHERE} a line for it"
    return ORACLES[method.name]


def arguments(method, dtype):
    """Hard rows, and of a method of probabilities these with others: their own, near ones, even ones and zeros."""
    rng = np.random.default_rng(3)
    for z in hard_rows(method, dtype, float(np.finfo(dtype).max)):
        z = np.asarray(z, dtype)
        if method.domain[0] < 0:
            yield method.completed((z,))
            continue
        with mp.workdps(DIGITS):
            p = np.array([float(v) for v in softmax([10 * v for v in exactly(z)])]).astype(dtype)
        for size in (1e-1, 1e-3, 1e-6):
            yield p, (p * (1 + size * rng.normal(size=p.size).clip(-3, 3))).astype(dtype)
        for q in (p, np.full_like(p, 1 / p.size), p[::-1].copy(), np.eye(p.size, dtype=dtype)[0]):
            yield p, q


def test_every_oracle_has_a_scalar():
    left = set(ORACLES) - {method.name for method in ROWS}
    assert not left, f"{WHERE} has lines for {sorted(left)}, which are no Scalars of the register"


@every_scalar
def test_its_docstring_promises_an_accuracy(method):
    said, promised, name = accuracy(method.function), oracle_of(method).says, method.function.__name__
    assert said, f"the docstring of {name} has no section Accuracy: what is promised, and was it tested?"
    assert promised in said, f"{WHERE} measures {method.name} by {promised!r}, but Accuracy of {name} says: {said}"


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@every_scalar
def test_it_is_as_accurate_as_its_docstring_says(method, dtype):
    oracle, info = oracle_of(method), np.finfo(dtype)
    for given in arguments(method, dtype):
        with mp.workdps(DIGITS), np.errstate(all="ignore"):
            found, (right, size) = method(*given), oracle.exact(*map(exactly, given))
            units = given[0].size * oracle.units * mpf(float(info.smallest_subnormal))
            allowed = oracle.epsilons * float(info.eps) * size + units
            assert found.dtype == dtype and as_near(found, right, allowed, float(info.max)), (
                f"{method.name} of {', '.join(map(in_words, given))} in {np.dtype(dtype)}: came out {found!r}, right "
                f"is {mp.nstr(right, 12)}, where {oracle.says!r} allows to be off by {mp.nstr(allowed, 4)}")


def test_every_gradient_has_an_oracle():
    for method in ROWS:
        assert (method.gradient is None) == (oracle_of(method).slopes is None), (
            f"nobody knows whether the gradient of {method.name} is right: give its line in {WHERE} `slopes`")
        assert oracle_of(method).of_slopes in " ".join(inspect.getdoc(method.function).split())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@for_each([method for method in ROWS if method.gradient is not None])
def test_its_gradient_is_as_accurate_as_its_docstring_says(method, dtype):
    oracle, info = oracle_of(method), np.finfo(dtype)
    for z, *beside in arguments(method, dtype):
        with mp.workdps(DIGITS), np.errstate(all="ignore"):
            found = method.vjp((z, *beside), dict(method.parameters))[1](dtype(1))
            slopes, allowed = oracle.slopes(*map(exactly, (z, *beside)))
            unit = 2 * oracle.units * mpf(float(info.smallest_subnormal))
            for k, (right, epsilons) in enumerate(zip(slopes, allowed, strict=True)):
                assert as_near(found[k], right, epsilons * float(info.eps) + unit, float(info.max)), (
                    f"the gradient of {method.name} of {in_words(z)} in {np.dtype(dtype)}: entry {k} came out "
                    f"{found[k]!r}, right is {mp.nstr(right, 12)}, where {oracle.of_slopes!r} allows to be off by "
                    f"{mp.nstr(epsilons * float(info.eps), 4)}")
