"""Optimal transport between two histograms, softened by entropy: Sinkhorn's iteration.

A plan P >= 0 of shape (m, n) has row sums a and column sums b. Each half of a sweep makes its rows or its columns a
softmax.
"""
import numpy as np

from toolkit._core.arguments import check_count, check_number, chosen
from toolkit._core.kernel import kernel
from toolkit._core.numbers import in_format
from toolkit._core.sums import sum_like
from toolkit.elementary import exp, log
from toolkit.formats import get_format, round_to
from toolkit.transport._plan import Plan, error_of_sums, histograms

__all__ = ["sinkhorn"]
KERNELS = ["sinkhorn_plan", "sinkhorn_scaling", "sinkhorn_scaling_plan", "sinkhorn_sweep"]


@kernel(forceinline=True)
def exponent(cost, f, g, epsilon):
    return (f + g - cost) / epsilon


@kernel
def sinkhorn_sweep(cost, a, b, epsilon, f, g):
    """One sweep in logarithms: ``f_i = ε log a_i - ε lse_j((g_j - C_ij) / ε)``, then g alike from f."""
    for i in range(f.size):
        top = exponent(cost[i, 0], 0.0, g[0], epsilon)
        for j in range(1, g.size):
            top = max(top, exponent(cost[i, j], 0.0, g[j], epsilon))
        total = sum_like(f)
        for j in range(g.size):
            total += exp(exponent(cost[i, j], 0.0, g[j], epsilon) - top)
        f[i] = epsilon * (log(a[i]) - log(total.value) - top)
    for j in range(g.size):
        top = exponent(cost[0, j], f[0], 0.0, epsilon)
        for i in range(1, f.size):
            top = max(top, exponent(cost[i, j], f[i], 0.0, epsilon))
        total = sum_like(g)
        for i in range(f.size):
            total += exp(exponent(cost[i, j], f[i], 0.0, epsilon) - top)
        g[j] = epsilon * (log(b[j]) - log(total.value) - top)


@kernel
def sinkhorn_plan(cost, f, g, epsilon, plan):
    """``P = exp((f + g - C) / ε)``."""
    for i in range(f.size):
        for j in range(g.size):
            plan[i, j] = exp(exponent(cost[i, j], f[i], g[j], epsilon))


@kernel
def sinkhorn_scaling(cost, a, b, epsilon, u, v):
    """One sweep as the formula is written: ``u = a / (G v)``, ``v = b / (G' u)`` with ``G = exp(-C / ε)``."""
    for i in range(u.size):
        total = 0.0
        for j in range(v.size):
            total += exp(-cost[i, j] / epsilon) * v[j]
        u[i] = a[i] / total
    for j in range(v.size):
        total = 0.0
        for i in range(u.size):
            total += exp(-cost[i, j] / epsilon) * u[i]
        v[j] = b[j] / total


@kernel
def sinkhorn_scaling_plan(cost, u, v, epsilon, plan):
    """``P = u G v``."""
    for i in range(u.size):
        for j in range(v.size):
            plan[i, j] = u[i] * exp(-cost[i, j] / epsilon) * v[j]


_FORMS = {"naive": (sinkhorn_scaling, sinkhorn_scaling_plan, 1.0), "stable": (sinkhorn_sweep, sinkhorn_plan, 0.0)}


@kernel
def iterate(sweep, plan_of, cost, a, b, epsilon, sweeps, f, g, plan, fmt):
    """Sweeps in a format, then the plan."""
    cost, a, b, plan = in_format(cost, fmt), in_format(a, fmt), in_format(b, fmt), in_format(plan, fmt)
    f, g = in_format(f, fmt), in_format(g, fmt)
    for _ in range(sweeps):
        sweep(cost, a, b, epsilon, f, g)
    plan_of(cost, f, g, epsilon, plan)


def sinkhorn(cost, a=None, b=None, *, epsilon=0.1, sweeps=1000, form="stable", format=None):
    """Entropic optimal transport, ``min <P, C> + ε sum P log P``, by Sinkhorn's iteration.

    Each half of a sweep is a softmax over rows or columns, ``P = exp((f + g - C) / ε)``. The naive form scales the
    matrix ``exp(-C / ε)`` instead, whose entries underflow at ``C / ε = 104`` in float32 and 17.4 in float16.

    Parameters
    ----------
    cost : array_like (m, n)
    a, b : array_like (m,), (n,), optional
        Row and column sums, positive and with sum 1; equal parts by default.
    epsilon : float
    sweeps : int
    form : {"naive", "stable"}
    format : Format, name or pair (exponent_bits, fraction_bits), optional
        Emulated format of every operation.

    Returns
    -------
    Plan
        `rows` and `columns` are f and g, or the scalings u and v of the naive form; `dual` is ``<f, a> + <g, b>``.

    References
    ----------
    M. Cuturi, Sinkhorn Distances: Lightspeed Computation of Optimal Transport, NeurIPS 2013, arXiv:1306.0895.

    Examples
    --------
    >>> sinkhorn([[0.0, 1.0], [1.0, 0.0]], epsilon=0.5).plan.round(3)
    array([[0.44, 0.06],
           [0.06, 0.44]])
    """
    cost, a, b = histograms(cost, a, b)
    sweep, plan_of, start = chosen("form", form, _FORMS)
    epsilon = check_number("epsilon", epsilon, 2.0**-40, 2.0**40)
    fmt = None
    if format is not None:
        fmt = np.int64(get_format(format).code)
        cost, a, b = (np.asarray(round_to(x, format), np.float64) for x in (cost, a, b))
    f, g = (np.full(size, start) for size in cost.shape)
    plan = np.empty(cost.shape)
    with np.errstate(all="ignore"):
        iterate(sweep, plan_of, cost, a, b, epsilon, check_count(sweeps), f, g, plan, fmt)
        logs = (f, g) if form == "stable" else (epsilon * np.log(f), epsilon * np.log(g))
        return Plan(plan, f, g, float(logs[0] @ a + logs[1] @ b), error_of_sums(plan, a, b))
