"""Rows of plans of transport, on an example of twelve places on a line."""

from toolkit import transport
from toolkit._core.kernel import kernel
from toolkit.catalog._iteration import Iteration
from toolkit.catalog._matrix import Matrix
from toolkit.catalog._method import forms
from toolkit.elementary import exp2
from toolkit.live import Axis
from toolkit.transport import kernels

__all__ = ["METHODS"]

_N = 12
_SIZE = _N * _N + 9 * _N


@kernel(inline=True)
def vector(work, place):
    """The vector number `place` behind the costs."""
    return work[_N * _N + place * _N:_N * _N + (place + 1) * _N]


@kernel(inline=True)
def costs(work):
    return work[:_N * _N].reshape((_N, _N))


@kernel
def fill_example(work):
    """Squared distances and two histograms."""
    cost, a, b = costs(work), vector(work, 0), vector(work, 1)
    total_a, total_b = 0.0, 0.0
    for i in range(_N):
        t, u, v = (i - 3.0) / 2.0, (i - 2.0) / 1.2, (i - 9.0) / 1.5
        a[i], b[i] = 0.02 + exp2(-t * t), 0.02 + 0.5 * exp2(-u * u) + exp2(-v * v)
        total_a, total_b = total_a + a[i], total_b + b[i]
        for j in range(_N):
            cost[i, j] = ((i - j) / (_N - 1.0)) * ((i - j) / (_N - 1.0))
    for i in range(_N):
        a[i], b[i] = a[i] / total_a, b[i] / total_b


@kernel
def sweep(epsilon, work):
    kernels.sinkhorn_sweep(costs(work), vector(work, 0), vector(work, 1), epsilon, vector(work, 2), vector(work, 3))
    vector(work, 4)[0] = epsilon


@kernel
def error_of_rows(work):
    """How far the row sums of Sinkhorn's plan are off at most; those of the columns are right after a sweep."""
    cost, a, f, g, epsilon = costs(work), vector(work, 0), vector(work, 2), vector(work, 3), vector(work, 4)[0]
    worst = 0.0
    for i in range(_N):
        total = 0.0
        for j in range(_N):
            total += exp2((f[i] + g[j] - cost[i, j]) / epsilon * 1.4426950408889634) if epsilon > 0.0 else 0.0
        worst = max(worst, abs(total - a[i]))
    return worst


@kernel
def sparse_plan(gamma, work, cells):
    """At most two parts in each column."""
    for i in range(work.size):
        work[i] = 0.0
    fill_example(work)
    kernels.sparse_ascent(costs(work), vector(work, 0), vector(work, 1), 2, gamma, 300, 0.1, vector(work, 2),
                          vector(work, 3), cells[:_N * _N].reshape((_N, _N)), vector(work, 4), vector(work, 5),
                          vector(work, 6), vector(work, 7), vector(work, 8))


def _costs(rng, rows, columns):
    return rng.random((rows, columns)),


METHODS = (
    Iteration("sinkhorn", "Sinkhorn's iteration",
              r"P_{ij} = e^{(f_i + g_j - C_{ij}) / \epsilon},\ f_i = \epsilon \log a_i - \epsilon \operatorname{lse}_j"
              r" \tfrac{g_j - C_{ij}}{\epsilon}", transport.sinkhorn, "cuturi2013sinkhorn", "sparse_maps",
              family="transport", init=fill_example, step=sweep, measure=error_of_rows, size=_SIZE, given=_costs,
              knob=("weight of the entropy ε", 0.002, 1.0, 0.02), steps=100,
              axis=Axis("largest error of a row's sum", (1e-16, 1.0), scale="log")),
    Matrix("sparse_transport", "Sparsity-constrained transport",
           r"\min_P \langle P, C \rangle + \tfrac{\gamma}{2} \lVert P \rVert^2,\ \text{at most } k = 2 \text{ parts}",
           transport.sparse_transport, "liu2023sparsity", "sparse_maps", family="transport",
           variants=forms(stable=sparse_plan), given=_costs, parameters=(("k", 2),), numbers=(),
           knob=("weight of the squares γ", 0.01, 10.0, 1.0), side=_N, work=_SIZE, entry="share of all", high=0.2),
)
