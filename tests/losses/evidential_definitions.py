"""Evidential losses in mpmath, each with its gradient, from their definitions."""
from loss_definitions import Right
from mpmath import mp, mpf


def evidential(name, z, y, *numbers):
    """With softplus evidence; the errors are relative to the terms, of which those of a difference are added up."""
    softplus = [mp.log1p(mp.exp(v)) if v < 0 else v + mp.log1p(mp.exp(-v)) for v in z]
    sigmoid = [1 / (1 + mp.exp(-v)) if v > 0 else mp.exp(v) / (1 + mp.exp(v)) for v in z]
    alpha = [1 + e for e in softplus]
    s, classes = mp.fsum(alpha), range(len(z))
    others = mp.fsum(a for k, a in enumerate(alpha) if k != y)
    mu = [a / s for a in alpha]
    if name == "evidential_mse":
        off = [others / s if k == y else -m for k, m in enumerate(mu)]
        spread = mp.fsum(m * (mp.fsum(b for j, b in enumerate(mu) if j != k)) for k, m in enumerate(mu))
        loss = mp.fsum(v * v for v in off) + spread / (s + 1)
        pulls = [-2 * off[k] + (1 - 2 * mu[k]) / (s + 1) for k in classes]
        mean = mp.fsum(m * p for m, p in zip(mu, pulls, strict=True))
        slopes = [(p - mean) / s - spread / (s + 1) ** 2 for p in pulls]
        sizes = [(2 * abs(v) + 2 / (s + 1) + mp.fsum(m * (2 * abs(w) + 2 / (s + 1)) for m, w in zip(
            mu, off, strict=True))) / s + spread / (s + 1) ** 2 for v in off]
    elif name == "evidential_log":
        loss = mp.log1p(others / alpha[y])
        slopes = [-others / alpha[y] / s if k == y else 1 / s for k in classes]
        sizes = list(map(abs, slopes))
    else:
        more = digamma_and_divergence(alpha, s, others, y)
        loss, slopes, sizes, size = more
        return Right(loss, [a * b for a, b in zip(slopes, sigmoid, strict=True)], y, size=size,
                     sizes=[a * b for a, b in zip(sizes, sigmoid, strict=True)])
    return Right(loss, [a * b for a, b in zip(slopes, sigmoid, strict=True)], y,
                 sizes=[a * b for a, b in zip(sizes, sigmoid, strict=True)])


def less_logarithm(x):
    """``log x - psi(x)``, also where x is far beyond the digits."""
    return mp.log(x) - mp.digamma(x) if x < mpf(10) ** 20 else 1 / (2 * x)


def trigamma(x):
    return mp.psi(1, x) if x < mpf(10) ** 20 else 1 / x + 1 / (2 * x * x)


def divergence_from_nothing(alpha):
    """KL(Dir(alpha), Dir(1)) with Stirling's terms taken out, and the sizes of what is left."""
    s, k = mp.fsum(alpha), len(alpha)
    half = mp.log(2 * mp.pi) / 2

    def rest(x):
        return mp.loggamma(x) - (x - mpf(0.5)) * mp.log(x) + x - half if x < mpf(10) ** 20 else 1 / (12 * x)

    terms = [rest(s), (s - k) * less_logarithm(s), (k - 1) * mp.log(s) / 2, -(k - 1) * half, -mp.loggamma(k)]
    for a in alpha:
        terms += [mp.log(s / a) / 2, -rest(a), -(a - 1) * less_logarithm(a)]
    return mp.fsum(terms), mp.fsum(map(abs, terms))


def digamma_and_divergence(alpha, s, others, y):
    left = [mpf(1) if k == y else a for k, a in enumerate(alpha)]
    strength, count = mp.fsum(left), len(alpha)
    value, size = divergence_from_nothing(left) if count > 1 else (mpf(0), mpf(0))
    loss = mp.log1p(others / alpha[y]) + less_logarithm(alpha[y]) - less_logarithm(s) + value
    slopes, sizes = [], []
    for k, a in enumerate(alpha):
        slope = trigamma(s)
        if k == y:
            slope = -others / alpha[y] / s + (trigamma(s) - 1 / s) - (trigamma(a) - 1 / a)
        of_kl = 0 if k == y else ((a - 1) * trigamma(a) - (strength - count) * trigamma(strength))
        slopes.append(slope + of_kl)
        sizes.append(abs(slope) + (0 if k == y else 2 + 2 * trigamma(a) + count * trigamma(strength)))
    return loss, slopes, sizes, loss + size
