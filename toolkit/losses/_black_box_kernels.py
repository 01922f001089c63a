"""Kernels of losses by draws: what a trial of each scheme costs, and what it says."""
from toolkit._core.kernel import kernel
from toolkit._core.random import uniform
from toolkit._core.switch import switch
from toolkit.elementary import exp, log

__all__ = []
KERNELS = ["black_box_trial", "drawn_class", "fill_harmonic", "fill_poisson", "fill_trials", "harmonic",
           "poisson_log_loss_of", "two_draw_loss_of"]

_EULER = 0.5772156649015329
_SERIES_FROM = 64


@kernel
def two_draw_loss_of(first, second, y):
    """``[x1 = x2] - [x1 = y] - [x2 = y]``."""
    return (1.0 if first == second else 0.0) - (1.0 if first == y else 0.0) - (1.0 if second == y else 0.0)


@kernel
def harmonic(n):
    """``sum_{k <= n} 1/k``: added up for few terms, by the series of Euler for many."""
    if n < _SERIES_FROM:
        total = 0.0
        for k in range(n, 0, -1):
            total += 1.0 / k
        return total
    x = 1.0 / (float(n) * float(n))
    return log(float(n)) + (_EULER + (0.5 / n - x * (1.0 / 12 - x * (1.0 / 120 - x * (1.0 / 252)))))


@kernel
def poisson_log_loss_of(misses, rate, most):
    """``sum_k M (M - 1) ... (M - k + 1) / (k rate^k)`` for k up to `most`."""
    term, total = 1.0, 0.0
    for k in range(1, min(misses, most) + 1):
        term *= (misses - k + 1) / rate
        total += term / k
    return total


@kernel
def drawn_class(p, state):
    """A class from probabilities."""
    u, total = uniform(state), 0.0
    for k in range(p.size - 1):
        total += p[k]
        if u < total:
            return k
    return p.size - 1


@kernel
def poisson_drawn(rate, state):
    """A Poisson number: how many uniform numbers are multiplied before they are below e^-rate."""
    n, product, least = 0, uniform(state), exp(-rate)
    while product > least:
        product *= uniform(state)
        n += 1
    return n


@kernel
def two_draws(p, y, rate, most, state):
    return two_draw_loss_of(drawn_class(p, state), drawn_class(p, state), y), 2


@kernel
def until_label(p, y, rate, most, state):
    """Draws until y appears, `most` of them at most."""
    misses = 0
    while misses < most and uniform(state) >= p[y]:
        misses += 1
    return harmonic(misses), min(misses + 1, most)


@kernel
def poisson_many(p, y, rate, most, state):
    """A Poisson number of draws, `most` of them at most."""
    draws, misses = min(poisson_drawn(rate, state), most), 0
    for _ in range(draws):
        misses += uniform(state) >= p[y]
    return poisson_log_loss_of(misses, rate, most), draws


black_box_trial = switch((two_draws, until_label, poisson_many))


@kernel
def fill_trials(scheme, p, y, rate, most, state, losses, draws):
    for i in range(losses.size):
        losses[i], draws[i] = black_box_trial(scheme, p, y, rate, most, state)


@kernel
def fill_harmonic(draws, out):
    for i in range(draws.size):
        out[i] = harmonic(draws[i] - 1)


@kernel
def fill_poisson(misses, rate, out):
    for i in range(misses.size):
        out[i] = poisson_log_loss_of(misses[i], rate, misses[i])
