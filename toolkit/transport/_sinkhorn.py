"""Optimal transport between two histograms, softened by entropy: Sinkhorn's iteration.

A plan P >= 0 of shape (m, n) has row sums a and column sums b. Each half of a sweep makes its rows or its columns a
softmax.
"""
import numpy as np

from toolkit._core.arguments import check_count, check_finite, check_number, chosen
from toolkit._core.arrays import real_array
from toolkit._core.kernel import kernel
from toolkit._core.numbers import in_format, unrounded
from toolkit._core.public import warn
from toolkit._core.sums import sum_like
from toolkit.elementary import exp, expm1, log
from toolkit.formats import get_format, round_to
from toolkit.transport._plan import solved

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


@kernel
def error_of_row(a, f, now, epsilon):
    """How far a row's sum was off before a sweep moved its potential from f to what it is now."""
    return a * abs(expm1((f - now) / epsilon))


@kernel
def error_of_scaled_row(a, u, now, epsilon):
    """`error_of_row` of a scaling."""
    return a * abs(u / now - 1)


def from_least(cost):
    """``(costs, rows, columns)``: costs from the least of each row on, and then of each column, and these.

    An offset moves a potential alone, and would round away what is small beside it.
    """
    with np.errstate(over="ignore"):
        rows = cost.min(axis=1)
        cost = cost - rows[:, None]
        columns = cost.min(axis=0)
        return cost - columns, rows, columns


_FORMS = {"naive": (sinkhorn_scaling, sinkhorn_scaling_plan, error_of_scaled_row, 1.0),
          "stable": (sinkhorn_sweep, sinkhorn_plan, error_of_row, 0.0)}


@kernel
def iterate(sweep, plan_of, error_of, cost, a, b, epsilon, sweeps, tol, f, g, plan, before, fmt):
    """Sweeps in a format until the plan before the last one had sums within `tol`, then the plan.

    A sweep leaves the sums of columns right; how far those of the rows are off, the next one tells.
    """
    cost, a, b, plan = in_format(cost, fmt), in_format(a, fmt), in_format(b, fmt), in_format(plan, fmt)
    f, g = in_format(f, fmt), in_format(g, fmt)
    for t in range(sweeps):
        for i in range(f.size):
            before[i] = unrounded(f[i])
        sweep(cost, a, b, epsilon, f, g)
        worst = 0.0
        for i in range(f.size):
            error = error_of(unrounded(a[i]), before[i], unrounded(f[i]), epsilon)
            worst = error if error > worst or error != error else worst
        if t > 0 and worst <= tol:
            break
    plan_of(cost, f, g, epsilon, plan)


def sinkhorn(cost, a=None, b=None, *, epsilon=0.1, sweeps=1000, tol=None, form="stable", format=None):
    """Entropic optimal transport, ``min <P, C> + ε sum P log P``, by Sinkhorn's iteration.

    Each half of a sweep is a softmax over rows or columns, ``P = exp((f + g - C) / ε)``. The naive form scales the
    matrix ``exp(-C / ε)`` instead, whose entries underflow at ``C / ε = 104`` in float32 and 17.4 in float16.

    Parameters
    ----------
    cost : array_like (..., m, n)
        inf forbids: the plan is 0 there.
    a, b : array_like (..., m), (..., n), optional
        Row and column sums, >= 0 and with sum 1; equal parts by default. Without the batch they are for all of it.
    epsilon : float
    sweeps : int
        At most so many.
    tol : float >= 0, optional
        The sweeps end when each row's sum is within `tol` of `a`, a share of all that is moved, whatever the unit of
        the costs. By default 1e-9. 0 carries out all sweeps, as a format does without `tol`.
    form : {"naive", "stable"}
    format : Format, name or pair (exponent_bits, fraction_bits), optional
        Emulated format of every operation.

    Returns
    -------
    Plan
        (..., m, n), (..., m), (..., n), (...), (...). `rows` and `columns` are f and g, or the scalings u and v of the
        naive form; `dual` is ``<f, a> + <g, b>``; `error` is the largest of a sum. Computed in float64, then rounded to
        the dtype of the arguments, which `dual` and `error`, of the plan before it is rounded, are not.

    Special values
    --------------
    A row or column of sum 0 has a plan of 0 and the potential -inf. A RuntimeWarning says if `error` is above `tol`
    after all sweeps: also where the finite costs leave no plan with these sums. A row without a finite cost is a
    ValueError.

    Accuracy
    --------
    With ``tol=1e-13`` the plan of a 4 x 4 example with zero sums and forbidden costs is within 1e-12 of the exact one,
    tested by 50 digits.

    References
    ----------
    M. Cuturi, Sinkhorn Distances: Lightspeed Computation of Optimal Transport, NeurIPS 2013, arXiv:1306.0895.

    Examples
    --------
    >>> sinkhorn([[0.0, 1.0], [1.0, 0.0]], epsilon=0.5).plan.round(3)
    array([[0.44, 0.06],
           [0.06, 0.44]])
    >>> sinkhorn([[0.0, 1.0], [1.0, float("inf")]], [0.75, 0.25], [0.5, 0.5]).plan.round(6)
    array([[0.25, 0.5 ],
           [0.25, 0.  ]])
    """
    sweep, plan_of, error_of, start = chosen("form", form, _FORMS)
    epsilon, sweeps = check_number("epsilon", epsilon, 2.0**-40, 2.0**40), check_count(sweeps, "sweeps")
    fmt = None if format is None else np.int64(get_format(format).code)
    tol = (1e-9 if format is None else 0.0) if tol is None else check_finite("tol", tol, 0.0)
    if format is not None and get_format(format).finite_only and (real_array(cost, "cost") == np.inf).any():
        raise ValueError(f"cost has inf; allowed in {get_format(format).name}: finite numbers")

    def solve(cost, a, b):
        f_least, g_least = (np.zeros(size) for size in cost.shape)
        if fmt is not None:
            cost, a, b = (np.asarray(round_to(x, format), np.float64) for x in (cost, a, b))
        elif form == "stable":
            cost, f_least, g_least = from_least(cost)
        f, g = np.full(len(a), start), start - g_least
        plan = np.empty(cost.shape)
        with np.errstate(all="ignore"):
            iterate(sweep, plan_of, error_of, cost, a, b, epsilon, sweeps, tol or -1.0, f, g, plan, np.empty(len(f)),
                    fmt)
            logs = (f, g) if form == "stable" else (epsilon * np.log(f), epsilon * np.log(g))
            return plan, f + f_least, g + g_least, (logs[0] + f_least) @ a + (logs[1] + g_least) @ b

    found = solved(cost, a, b, solve, forbidden=True)
    if tol and not np.all(found.error <= tol):
        warn(f"sinkhorn(): after {sweeps} sweeps a sum is off by {np.max(found.error):.2g}, more than tol, {tol:.2g}")
    return found
