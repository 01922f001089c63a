"""Rows of LDR-KL and ALDR-KL: the worst case over weights of the classes, held near uniform by an entropy.

With ``d_k = z_k - z_y + margin [k != y]`` over n classes,
``L = max_w sum w_k d_k - lambda KL(w || uniform) = lambda log mean_k e^{d_k / lambda}``, reached at
``w = softmax(d / lambda)``, so that ``dL/dz = w - onehot(y)``.
"""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit._core.numbers import like
from toolkit._core.rounding import rnd
from toolkit.elementary import exp, expm1, log, log1p
from toolkit.losses._forms import close_to_zero_sum, divide_by, rest_beside_top, sum_in_order
from toolkit.losses._of_probability import COMPLEMENT, NAIVE
from toolkit.softmax.kernels import add_compensated

_BISECTIONS = 60


@kernel
def most_violating(z, y, margin, fmt):
    """``(top, d_top)``: the class of the largest d_k; y, with d = 0, unless another class is above."""
    top, d_top = y, like(0.0, z[0])
    for k in range(z.size):
        d = rnd(rnd(z[k] - z[y], fmt) + margin, fmt)
        if k != y and (d > d_top or d != d):
            top, d_top = k, d
    return top, d_top


@kernel
def gap_to(z, k, top, y, margin, fmt):
    """``d_top - d_k``, without the rounding of d itself."""
    gap = rnd(z[top] - z[k], fmt)
    if k == top:
        return z[top] - z[top]
    if k == y:
        return rnd(gap + margin, fmt)
    return rnd(gap - margin, fmt) if top == y else gap


@kernel
def classes_present(z):
    """How many logits are not -inf."""
    n = 0.0
    for k in range(z.size):
        if z[k] != like(-np.inf, z[0]):
            n += 1.0
    return n


@kernel
def log_of_mean(z, y, top, margin, strength, n, total, fmt):
    """``log(total / n)``; near 0 by way of ``e^{-gap} - 1``, where the mean would have rounded to 1."""
    mean = rnd(total / n, fmt)
    if mean < like(0.5, mean):
        return rnd(log(mean), fmt)
    lack, lost = like(0.0, mean), like(0.0, mean)
    for k in range(z.size):
        if z[k] != like(-np.inf, mean):
            gap = gap_to(z, k, top, y, margin, fmt)
            lack, lost = add_compensated(lack, lost, rnd(expm1(-rnd(gap / strength, fmt)), fmt), fmt)
    return rnd(log1p(rnd(lack / n, fmt)), fmt)


@kernel
def adversary_row(form, z, y, strength, margin, grad, fmt):
    """``(L, KL(w || uniform))`` at lambda = `strength`; fills `grad`."""
    n = rnd(like(classes_present(z), z[0]), fmt)
    top, d_top = most_violating(z, y, margin, fmt)
    for k in range(z.size):
        if form == NAIVE:
            d = rnd(z[k] - z[y], fmt)
            if k != y:
                d = rnd(d + margin, fmt)
            grad[k] = rnd(exp(rnd(d / strength, fmt)), fmt)
        else:
            grad[k] = rnd(exp(-rnd(gap_to(z, k, top, y, margin, fmt) / strength, fmt)), fmt)
    if form == COMPLEMENT:
        total = rnd(like(1.0, n) + rest_beside_top(grad, top, fmt), fmt)
        log_mean = log_of_mean(z, y, top, margin, strength, n, total, fmt)
    else:
        total = sum_in_order(grad, fmt)
        log_mean = rnd(rnd(log(total), fmt) - rnd(log(n), fmt), fmt)
    divide_by(grad, total, fmt)
    spread, lost = like(0.0, n), like(0.0, n)  # sum w_k (d_top - d_k)
    for k in range(z.size):
        if grad[k] != like(0.0, n):
            gap = gap_to(z, k, top, y, margin, fmt)
            spread, lost = add_compensated(spread, lost, rnd(grad[k] * gap, fmt), fmt)
    if form == COMPLEMENT:
        close_to_zero_sum(grad, y, fmt)
    else:
        grad[y] = rnd(grad[y] - like(1.0, n), fmt)
    scaled = rnd(strength * log_mean, fmt)
    if form == NAIVE:
        return scaled, rnd(rnd(rnd(d_top - spread, fmt) / strength, fmt) - log_mean, fmt)
    return rnd(d_top + scaled, fmt), rnd(like(0.0, n) - rnd(log_mean + rnd(spread / strength, fmt), fmt), fmt)


@kernel
def ldr_kl_row(form, z, y, strength, margin, grad, fmt):
    """LDR-KL at a fixed lambda = `strength`."""
    loss, divergence = adversary_row(form, z, y, strength, margin, grad, fmt)
    return loss


@kernel
def aldr_kl_row(form, z, y, alpha, strength, margin, grad, fmt):
    """``max over lambda of L_lambda - alpha log(n) / (2 strength) (lambda - strength)^2``, by bisection.

    The slope in lambda, ``-KL - alpha log(n) / strength (lambda - strength)``, is >= 0 at
    ``strength (1 - 1/alpha)`` and <= 0 at `strength`. At the maximum the gradient is that of L alone.
    """
    log_n = rnd(log(like(classes_present(z), z[0])), fmt)
    stiffness = rnd(rnd(alpha * log_n, fmt) / strength, fmt)
    low, high = rnd(strength - rnd(strength / alpha, fmt), fmt), strength
    here = high
    for _ in range(_BISECTIONS):
        here = rnd(low + rnd(rnd(high - low, fmt) * like(0.5, low), fmt), fmt)
        if here == low or here == high:
            break
        loss, divergence = adversary_row(form, z, y, here, margin, grad, fmt)
        if rnd(stiffness * rnd(strength - here, fmt), fmt) > divergence:
            low = here
        else:
            high = here
    loss, divergence = adversary_row(form, z, y, here, margin, grad, fmt)
    away = rnd(here - strength, fmt)
    price = rnd(rnd(stiffness * like(0.5, low), fmt) * rnd(away * away, fmt), fmt)
    return rnd(loss - price, fmt)
