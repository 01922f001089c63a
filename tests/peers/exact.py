"""Formulas in numbers of mpmath: the truth of maps and losses of rows."""
from mpmath import mp, mpf


def logsumexp(z, b=None):
    return mp.log(sum(w * mp.exp(x) for w, x in zip(b or [1] * len(z), z)))


def softmax(z, tau=1):
    m = max(z)
    weights = [mp.exp((x - m) / tau) for x in z]
    return [w / sum(weights) for w in weights]


def log_softmax(z):
    m = max(z)
    total = mp.log(sum(mp.exp(x - m) for x in z))
    return [x - m - total for x in z]


def cross_entropy(z, q):
    """Of probabilities q; a class of probability 0 costs nothing, whatever its logit."""
    return -sum(each * log_p for each, log_p in zip(q, log_softmax(z)) if each)


def entmax(z, alpha):
    """``p_i = max(0, (a - 1)(z_i - t))^(1 / (a - 1))``, for a < 1 with t > z, by bisection for the t of the sum 1."""
    order = mpf(alpha) - 1
    top = max(z)
    low, high = (top - 1 / order, top) if order > 0 else (top, top - len(z) ** -order / order)

    def at(t):
        return [(order * (x - t)) ** (1 / order) if order * (x - t) > 0 else mpf(0) for x in z]

    for _ in range(220):
        middle = (low + high) / 2
        low, high = (middle, high) if sum(at(middle)) > 1 else (low, middle)
    return at(high)


def entmax_loss(z, q, alpha):
    """``<p - q, z> + (1 - sum p^a) / (a (a - 1))`` of one-hot labels q."""
    alpha, p = mpf(alpha), entmax(z, alpha)
    return sum((a - b) * x for a, b, x in zip(p, q, z)) + (1 - sum(a**alpha for a in p)) / (alpha * (alpha - 1))
