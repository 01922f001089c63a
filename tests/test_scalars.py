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
        ``slopes(z)``: the gradient, and how many epsilon its entries may be off; None where a method has none.
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


def entropy(z):
    """Of logits."""
    value = row_map_oracle.entropy(z)
    return value, value


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


def sigmoid_gate(x):
    """Beside a vector of halves."""
    terms = [v / 2 for v in x]
    opening = 1 / (1 + mp.exp(-mp.fsum(terms)))
    return opening, opening * (1 + mp.fsum(map(abs, terms)) * (1 - opening) / 2)


def slopes_of_sigmoid_gate(x):
    terms = [v / 2 for v in x]
    opening = 1 / (1 + mp.exp(-mp.fsum(terms)))
    slope = opening / (1 + mp.exp(mp.fsum(terms))) / 2
    return [slope] * len(x), [(6 + 2 * mp.fsum(map(abs, terms))) * slope] * len(x)


ORACLES = {
    "sigmoid_gate": Oracle(sigmoid_gate, "Within ``4 + 2 S (1 - result)`` epsilon", 4, slopes=slopes_of_sigmoid_gate,
                           of_slopes="within ``6 + 2 S`` epsilon"),
    "router_z_loss": Oracle(router_z_loss, "within 8 epsilon of the square of the larger of |m| and log1p(r)", 8,
                            units=1500, slopes=slopes_of_router_z_loss,
                            of_slopes="within ``12 + 2 gap_i`` epsilon of ``2 size p_i``"),
    "logsumexp": Oracle(logsumexp, "at most 3 ulp of the larger of |m| and log1p(r)", 3,
                        slopes=slopes_of_logsumexp, of_slopes="at most 5 + |z_i - max z| ulp"),
    "logmeanexp": Oracle(logmeanexp, "within 4 ulp of the larger of |m| and ``|log mean - m|``", 4,
                         slopes=slopes_of_logsumexp, of_slopes="as that of `logsumexp`"),
    "entropy": Oracle(entropy, "within 8 epsilon for K <= 300", 8, units=746, slopes=slopes_of_entropy,
                      of_slopes="the gradient within 4 epsilon of ``p_k max(abs(log p_k), H)``"),
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
            yield (z,)
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
    for (z,) in arguments(method, dtype):
        with mp.workdps(DIGITS), np.errstate(all="ignore"):
            found = method.vjp(method.completed((z,)), dict(method.parameters))[1](dtype(1))
            slopes, allowed = oracle.slopes(exactly(z))
            unit = 2 * oracle.units * mpf(float(info.smallest_subnormal))
            for k, (right, epsilons) in enumerate(zip(slopes, allowed, strict=True)):
                assert as_near(found[k], right, epsilons * float(info.eps) + unit, float(info.max)), (
                    f"the gradient of {method.name} of {in_words(z)} in {np.dtype(dtype)}: entry {k} came out "
                    f"{found[k]!r}, right is {mp.nstr(right, 12)}, where {oracle.of_slopes!r} allows to be off by "
                    f"{mp.nstr(epsilons * float(info.eps), 4)}")
