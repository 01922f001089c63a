"""What every plan of transport has: row sums a, column sums b, a cost; and batches of them."""
import itertools
from typing import NamedTuple

import numpy as np

from toolkit._core.arrays import common_dtype, real_array

__all__ = ["Plan", "transport_cost"]


class Plan(NamedTuple):
    """A plan, the potentials of its rows and columns, the value of the dual, and the largest error of a sum."""

    plan: np.ndarray
    rows: np.ndarray
    columns: np.ndarray
    dual: float
    error: float


def first_of(x, where):
    """The first entry of `x` that is marked, and its place, in words."""
    at = np.unravel_index(int(np.argmax(where)), where.shape)
    return f"{x[at]} at {tuple(map(int, at)) if x.ndim > 1 else int(at[0])}"


def checked_cost(cost, forbidden):
    """Costs in float64; inf is allowed where something may be `forbidden`."""
    cost = real_array(cost, "cost").astype(np.float64)
    if cost.ndim < 2 or 0 in cost.shape:
        raise ValueError(f"cost has shape {cost.shape}; allowed: (..., m, n), at least one row and one column")
    bad = ~(np.isfinite(cost) | (cost == np.inf) & forbidden)
    if bad.any():
        words = "finite numbers, and inf for what is forbidden" if forbidden else "finite numbers"
        raise ValueError(f"cost has {first_of(cost, bad)}; allowed: {words}")
    return cost


def checked_sums(name, given, batch, size):
    """A histogram in float64, of sum 1; equal parts for None."""
    if given is None:
        return np.full((*batch, size), 1 / size)
    part = real_array(given, name)
    rounding = np.finfo(part.dtype).eps if part.dtype.kind == "f" else 0.0
    part = part.astype(np.float64)
    if part.shape not in ((size,), (*batch, size)):
        allowed = " or ".join(dict.fromkeys([str((*batch, size)), str((size,))]))
        raise ValueError(f"{name} has shape {part.shape}; allowed: {allowed}")
    bad = ~(np.isfinite(part) & (part >= 0))
    if bad.any():
        raise ValueError(f"{name} has {first_of(part, bad)}; allowed: finite numbers >= 0")
    total = part.sum(axis=-1, keepdims=True)
    off = np.abs(total - 1)
    if (off > max(1e-9, size * rounding)).any():
        raise ValueError(f"{name} has the sum {total.reshape(-1)[np.argmax(off)]:.6g}; allowed: 1")
    return np.broadcast_to(part / total, (*batch, size))


def solved(cost, a, b, solve, *, forbidden=False):
    """A `Plan` by ``solve(cost, a, b) -> plan, f, g, dual`` of each transport of a batch, in float64.

    A row or a column of sum 0 is left out: its entries are 0 and its potential is -inf. Plan and potentials get the
    dtype of the arguments, `dual` and `error` stay in float64.
    """
    dtype = common_dtype(cost=cost, a=a, b=b)
    cost = checked_cost(cost, forbidden)
    *batch, m, n = cost.shape
    a, b = checked_sums("a", a, tuple(batch), m), checked_sums("b", b, tuple(batch), n)
    plan, f, g = np.zeros(cost.shape), np.full((*batch, m), -np.inf), np.full((*batch, n), -np.inf)
    dual, error = np.empty(batch), np.empty(batch)
    for at in itertools.product(*map(range, batch)):
        rows, columns = a[at] > 0, b[at] > 0
        part = np.ascontiguousarray(cost[at][np.ix_(rows, columns)])
        for name, sums, shut in (("row", a[at][rows], part.min(axis=1) == np.inf),
                                 ("column", b[at][columns], part.min(axis=0) == np.inf)):
            if shut.any():
                raise ValueError(f"cost forbids all of a {name} of sum {sums[np.argmax(shut)]:.6g}; allowed: a finite "
                                 "cost in each row and column that has a part")
        found, f[at][rows], g[at][columns], dual[at] = solve(part, a[at][rows], b[at][columns])
        plan[at][np.ix_(rows, columns)] = found
        error[at] = error_of_sums(plan[at], a[at], b[at])
    with np.errstate(over="ignore"):
        plan, f, g = (x.astype(dtype, copy=False) for x in (plan, f, g))
    return Plan(plan, f, g, dual if batch else float(dual), error if batch else float(error))


def error_of_sums(plan, a, b):
    """How far the row and column sums of a plan are off at most."""
    return float(max(np.abs(plan.sum(axis=1) - a).max(), np.abs(plan.sum(axis=0) - b).max()))


def transport_cost(plan, cost):
    """``<P, C>`` of a plan or of each of a batch, (..., m, n) -> (...), in float64; nothing costs nothing, also where
    it is forbidden."""
    plan, cost = (real_array(x, name).astype(np.float64) for name, x in (("plan", plan), ("cost", cost)))
    if plan.ndim < 2:
        raise ValueError(f"plan has shape {plan.shape}; allowed: (..., m, n)")
    if cost.ndim < 2 or cost.shape[-2:] != plan.shape[-2:]:
        raise ValueError(f"cost has shape {cost.shape}; allowed: (..., {plan.shape[-2]}, {plan.shape[-1]}), as plan")
    with np.errstate(invalid="ignore"):
        total = np.where(plan == 0, 0.0, plan * cost).sum(axis=(-2, -1))
    return total if total.ndim else float(total)
