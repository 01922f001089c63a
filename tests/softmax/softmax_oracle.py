"""Exact softmax, log-softmax and StableMax of one row in mpmath, and errors against it in ulp."""
import mpmath
import numpy as np

mpmath.mp.dps = 50
STEP = mpmath.mpf(10)**-18


def exact(values):
    """The numbers of a row as mpmath numbers, exactly."""
    return [mpmath.mpf(float(v)) for v in np.asarray(values).reshape(-1)]


def log_softmax(z):
    """Exact log-softmax of mpmath numbers; the top class through its complement, lest it cancel here too."""
    top = max(range(len(z)), key=lambda i: z[i])
    rest = mpmath.fsum(mpmath.exp(v - z[top]) for i, v in enumerate(z) if i != top)
    return [(v - z[top]) - mpmath.log1p(rest) for v in z]


def softmax(z):
    return [mpmath.exp(v) for v in log_softmax(z)]


def logsumexp(z):
    return max(z) - max(log_softmax(z))


def log_s(x):
    return mpmath.log1p(x) if x >= 0 else -mpmath.log1p(-x)


def log_stablemax(z):
    return log_softmax([log_s(v) for v in z])


def stablemax(z):
    return [mpmath.exp(v) for v in log_stablemax(z)]


def vjp(function, z, g, step=STEP):
    """Gradient of ``<g, function(z)>`` by central differences: error 1e-30 at 50 digits."""
    gradient = []
    for k in range(len(z)):
        shift = [step * max(1, abs(z[k])) if i == k else 0 for i in range(len(z))]
        up = function([a + b for a, b in zip(z, shift)])
        down = function([a - b for a, b in zip(z, shift)])
        gradient.append(mpmath.fsum(c * (u - d) for c, u, d in zip(g, up, down)) / (2 * shift[k]))
    return gradient


def ulp_errors(computed, true):
    """|computed - true| in units of the last place of `true` in the dtype of `computed`, per element."""
    info = np.finfo(computed.dtype)
    errors = []
    for c, t in zip(np.asarray(computed).reshape(-1), true):
        exponent = max(int(mpmath.floor(mpmath.log(abs(t), 2))), int(info.minexp)) if t else int(info.minexp)
        errors.append(float(abs(mpmath.mpf(float(c)) - t) / mpmath.mpf(2)**(exponent - info.nmant)))
    return np.array(errors)


def logit_rows(dtype, largest_gap, count, seed, sizes=(1, 2, 3, 5, 10)):
    """Seeded rows of logits: narrow and wide, with ties, near and far from 0."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        size = int(rng.choice(sizes))
        z = rng.standard_normal(size) * rng.choice([0, 0.01, 1, 5, 20, largest_gap / 2])
        z = z + rng.choice([0, 0, 10, -50, 300])
        yield np.maximum(z, z.max() - largest_gap).astype(dtype)
