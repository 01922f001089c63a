"""Soft values: from the mean of some numbers to the largest one, or with a negative temperature to the smallest.

``tau log mean exp(z / tau)`` is a value function of guided decoding, the certainty equivalent of one who seeks risk
(tau > 0) or avoids it (tau < 0), and, with other signs, the Laplace principle: ``min E`` is near ``-soft_value(-E)`` at
a small tau.
"""
import numpy as np

from toolkit._core import loops
from toolkit._core.arguments import check_flag, check_number, chosen
from toolkit._core.arrays import Rows, real_array, warn_about_rows
from toolkit._core.exact_sums import add_compensated
from toolkit._core.kernel import kernel
from toolkit._core.numbers import like, over_exactly, times_exactly
from toolkit.elementary import exp, expm1, log, log1p
from toolkit.information import kl_divergence
from toolkit.softmax.kernels import shifted, tempered_gap

__all__ = ["soft_value"]
KERNELS = ["soft_value_naive_row", "soft_value_of", "soft_value_row", "soft_value_vjp_row"]

# Where the spread of a row is below this share of tau, its soft value and its mean have the same digits.
_NO_SPREAD = 2.0**-54


@kernel
def counts(p, i):
    """Whether entry i has a weight: `p` may be None, where all have the same."""
    return p is None or p[i] != 0


@kernel
def extreme(z, p, tau):
    """Index of the first largest entry with a weight, for tau < 0 of the smallest; of a NaN if there is one; or -1."""
    best = -1
    for i in range(z.size):
        if counts(p, i) and (best < 0 or z[i] != z[i] or (z[i] > z[best] if tau >= 0 else z[i] < z[best])):
            best = i
    return best


@kernel
def step_from(z, m, tau):
    return z - m


@kernel
def gap_to(z, m, tau):
    """``(z - m) / tau`` <= 0 for the extreme m, with the limits tau = 0 and inf."""
    low, high = (z, m) if tau >= 0 else (m, z)
    gap = shifted(low, high)
    if gap == -np.inf and low > -np.inf and high < np.inf:  # it overflows, though its quotient may not
        return 2 * tempered_gap(0.5 * low - 0.5 * high, abs(tau))
    return tempered_gap(gap, abs(tau))


@kernel
def share_of(z, m, tau):
    return exp(gap_to(z, m, tau))


@kernel
def lack_of(z, m, tau):
    return expm1(gap_to(z, m, tau))


@kernel
def mean_of(of, z, p, m, tau):
    """The mean of ``of(z[i], m, tau)``, weighted by `p`."""
    total, lost = m - m, m - m
    weight, spared = m - m, m - m
    for i in range(z.size):
        if p is None:
            total, lost = add_compensated(total, lost, of(z[i], m, tau))
        elif p[i] != 0:
            total, lost = add_compensated(total, lost, p[i] * of(z[i], m, tau))
            weight, spared = add_compensated(weight, spared, p[i])
    return over_exactly(total, z.size) if p is None else total / weight


@kernel
def spread_from(z, p, m):
    """The largest distance from m of an entry with a weight."""
    most = 0.0
    for i in range(z.size):
        if counts(p, i):
            most = max(most, abs(float(z[i]) - float(m)))
    return most


@kernel
def soft_value_of(z, p, tau):
    """``m + tau log1p(mean of e^((z - m) / tau) - 1)``, m the largest entry with a weight, for tau < 0 the smallest.

    `p` are weights >= 0, or None. Where most of the weight is far from m the mean of the exponentials is taken itself,
    and where tau is far above the spread of the row, its mean.
    """
    top = extreme(z, p, tau)
    if top < 0:
        return like(np.nan, z)
    m = z[top]
    if m - m != 0:
        return m
    if spread_from(z, p, m) <= _NO_SPREAD * abs(tau):
        return m + mean_of(step_from, z, p, m, tau)
    below = mean_of(lack_of, z, p, m, tau)
    if below > -0.5:
        return m + times_exactly(log1p(below), tau)
    return m + times_exactly(log(mean_of(share_of, z, p, m, tau)), tau)


@kernel
def soft_value_row(z, tau):
    """`soft_value_of` the row, all entries alike."""
    return soft_value_of(z, None, tau)


@kernel
def soft_value_weighted_row(z, p, tau):
    return soft_value_of(z, p, tau)


@kernel
def soft_value_naive_of(z, p, tau):
    """``tau log mean exp(z / tau)`` as written: exp(z / tau) overflows, or all of them vanish."""
    total, weight = 0.0, 0.0
    for i in range(z.size):
        if counts(p, i):
            share = exp(z[i] / tau)
            total += share if p is None else p[i] * share
            weight += 1.0 if p is None else p[i]
    return tau * log(total / weight)


@kernel
def soft_value_naive_row(z, tau):
    return soft_value_naive_of(z, None, tau)


@kernel
def soft_value_naive_weighted_row(z, p, tau):
    return soft_value_naive_of(z, p, tau)


@kernel
def soft_value_vjp_of(z, p, g, tau, out):
    """``g p e^(z / tau) / sum p e^(z / tau)`` for the number `g`."""
    top = extreme(z, p, tau)
    total, lost = g - g, g - g
    for i in range(z.size):
        out[i] = 0
        if counts(p, i):
            out[i] = share_of(z[i], z[top], tau)
            if p is not None:
                out[i] *= p[i]
        total, lost = add_compensated(total, lost, out[i])
    for i in range(z.size):
        if counts(p, i):
            out[i] = out[i] / total * g


@kernel
def soft_value_vjp_row(z, g, tau, out):
    soft_value_vjp_of(z, None, g, tau, out)


@kernel
def soft_value_weighted_vjp_row(z, p, g, tau, out):
    soft_value_vjp_of(z, p, g, tau, out)


_FORMS = {"stable": (soft_value_row, soft_value_weighted_row),
          "naive": (soft_value_naive_row, soft_value_naive_weighted_row)}


def checked_temperature(temperature):
    """tau of either sign; 0 and -0.0 are the largest entry."""
    tau = check_number("temperature", temperature, -np.inf, np.inf)
    return tau if tau != 0 else 0.0


def weighted(z, p, axis, where, format=None):
    """Rows of z, and of weights, or None if all entries count alike."""
    layout = Rows(z, axis=axis, where=where, format=format, allow_empty=True, beside=None if p is None else {"p": p})
    if p is None and layout.keep is None:
        return layout, None
    p = np.ones(layout.shape, layout.compute) if p is None else real_array(p, "p")
    if (p < 0).any():
        raise ValueError(f"p has {p[p < 0][0]}; allowed: weights >= 0")
    return layout, layout.rows(p, "p", 0.0)


def soft_value(z, *, temperature=1.0, p=None, axis=-1, keepdims=False, where=None, form="stable", format=None):
    """Soft value ``tau log mean exp(z / tau)``: between the mean and the largest entry, or the smallest for tau < 0.

    A small tau > 0 looks at the best case, a large one at the average, a small one below 0 at the worst case. Computed
    from the best entry m as ``m + tau log1p(mean(expm1((z - m) / tau)))``: exp(z / tau) alone overflows in float32
    where z is above 89 tau, and the logarithm of a mean near 1 has no digits where tau is large. The sum in place of
    the mean, ``tau logsumexp(z / tau)``, is larger by ``tau log n``.

    Parameters
    ----------
    z : array_like (..., K)
        Values, such as rewards.
    temperature : float
        tau, of either sign. 0 is the limit from above, the largest entry, inf the mean.
    p : array_like of numbers >= 0, broadcast to the shape of `z`, optional
        Probabilities of the entries, or weights that are divided by their sum. An entry of weight 0 is left out.
    form : {"stable", "naive"}
        As it is written: "naive".
    axis, keepdims, where, format
        As in `toolkit.softmax.logsumexp`. A masked entry does not count.

    Returns
    -------
    (..., K) -> (...), in the dtype that `toolkit.softmax.logmeanexp` would give.

    Special values
    --------------
    A NaN gives NaN, the extreme entry inf or -inf itself. For tau > 0 an entry of -inf counts as one that adds nothing.
    No entries, or all of weight 0: NaN.

    Accuracy
    --------
    In float32 and float64 within 5 ulp of the larger of |m| and |value - m|, tested for K <= 100, tau = 1/2 and
    tau = -1/2.

    Gradient
    --------
    ``g p e^(z / tau) / sum p e^(z / tau)``, each entry within 6 + |z_i - m| / |tau| ulp; with respect to the
    temperature minus the divergence ``KL(w, p)`` of these weights w from p, summed over the rows.

    References
    ----------
    X. Li et al., Derivative-Free Guidance in Continuous and Discrete Diffusion Models with Soft Value-Based Decoding,
    arXiv:2408.08252, where it is the value of a state. The form with expm1 and its gradients are derived here.

    Examples
    --------
    >>> for tau in (0, 0.1, 1, 10, np.inf, -1):
    ...     print(f"{tau:5} {soft_value([1.0, 2.0, 3.0], temperature=tau):.4f}")
        0 3.0000
      0.1 2.8901
        1 2.3090
       10 2.0333
      inf 2.0000
       -1 1.6910
    >>> z = np.float32([1, 2, 3])
    >>> f"{soft_value(z, temperature=1e5):.4f}, {soft_value(z, temperature=1e5, form='naive'):.4f}"
    '2.0000, 2.0027'
    """
    tau, (of, of_weighted) = checked_temperature(temperature), chosen("form", form, _FORMS)
    keepdims = check_flag("keepdims", keepdims)
    layout, weights = weighted(z, p, axis, where, format)
    out = np.full(layout.count, np.nan, layout.compute)
    if layout.classes > 0:
        rows = layout.rows(z, "z")
        if weights is None:
            layout.call(loops.reduce_rows, of, (rows,), (tau,), out)
        else:
            layout.call(loops.reduce_row_pairs, of_weighted, (rows, weights), (tau,), out)
        if form == "naive":
            warn_about_rows(rows, ~np.isfinite(out), "exp(z / temperature) overflowed, or all of them vanished,")
    return layout.restore_reduced(out, keepdims)


def soft_value_pull(z, g, *, temperature=1.0, p=None, axis=-1, where=None):
    tau = checked_temperature(temperature)
    layout, weights = weighted(z, p, axis, where)
    rows, g, out = layout.rows(z, "z"), layout.per_row(g, "g"), layout.empty()
    if layout.classes and weights is None:
        layout.call(loops.map_row_pairs, soft_value_vjp_row, (rows, g), (tau,), out)
    elif layout.classes:
        layout.call(loops.map_row_triples, soft_value_weighted_vjp_row, (rows, weights, g), (tau,), out)
    return layout.restore(out, 0.0)


def temperature_pull(z, g, *, temperature=1.0, p=None, axis=-1, where=None):
    """``-sum g KL(w, p)``."""
    layout, weights = weighted(z, p, axis, where)
    ones = np.ones(layout.batch)
    w = layout.rows(soft_value_pull(z, ones, temperature=temperature, p=p, axis=axis, where=where), "z", 0.0)
    p = np.ones_like(w) if weights is None else weights
    distance = kl_divergence(w, p / p.sum(axis=1, keepdims=True))
    return -np.dot(layout.per_row(g, "g").astype(np.float64), distance.astype(np.float64))
