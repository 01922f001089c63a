"""What every plan of transport has: row sums a, column sums b, a cost."""
from typing import NamedTuple

import numpy as np

from toolkit._core.arrays import real_array

__all__ = ["Plan", "transport_cost"]


class Plan(NamedTuple):
    """A plan, the potentials of its rows and columns, the value of the dual, and the largest error of a sum."""

    plan: np.ndarray
    rows: np.ndarray
    columns: np.ndarray
    dual: float
    error: float


def histograms(cost, a, b):
    """The three arguments of every plan as float64 arrays, checked; equal parts for None."""
    cost = real_array(cost, "cost").astype(np.float64)
    if cost.ndim != 2 or 0 in cost.shape or not np.isfinite(cost).all():
        raise ValueError(f"cost has shape {cost.shape}; allowed: two dimensions, finite numbers")
    parts = []
    for name, given, size in (("a", a, cost.shape[0]), ("b", b, cost.shape[1])):
        part = np.full(size, 1 / size) if given is None else real_array(given, name).astype(np.float64)
        if part.shape != (size,) or not (part > 0).all() or abs(part.sum() - 1) > 1e-9:
            raise ValueError(f"{name} is {given!r}; allowed: {size} numbers > 0 that add up to 1")
        parts.append(part)
    return cost, *parts


def error_of_sums(plan, a, b):
    """How far the row and column sums of a plan are off at most."""
    return float(max(np.abs(plan.sum(axis=1) - a).max(), np.abs(plan.sum(axis=0) - b).max()))


def transport_cost(plan, cost):
    """``<P, C>``."""
    return float((real_array(plan, "plan") * real_array(cost, "cost")).sum())
