"""Rows of dependencies of pairs: InfoNCE and Wasserstein."""
from functools import partial

import numpy as np

from toolkit import representations
from toolkit._core.kernel import kernel
from toolkit.catalog._bound import Bound
from toolkit.catalog._fit import Fit
from toolkit.catalog._method import Gradient, forms
from toolkit.elementary import log
from toolkit.live import Axis
from toolkit.representations import kernels
from toolkit.representations._gaussian_dependency import gaussian_dependency_pull
from toolkit.representations._info_nce import info_nce_gradients
from toolkit.representations._wasserstein_dependency import wasserstein_dependency_gradients

__all__ = ["METHODS"]

_N = 12
_PAIRS = np.random.default_rng(11).normal(size=(2, _N))


def _over_scores(of):
    def over_scores(tau, x, work, y):
        scores, grad = work[:16].reshape((4, 4)), work[16:32].reshape((4, 4))
        for step in range(x.size + 1):
            for i in range(4):
                for j in range(4):
                    scores[i, j] = (x[step] if step < x.size else 1.0) if i == j else 0.3 * (i - j)
            loss, _ = of(scores, tau, work[32:36], grad)
            if step == x.size:
                return loss
            y[step] = loss
        return 0.0

    over_scores.__name__ = over_scores.__qualname__ = f"over_{of.__name__}"
    return kernel(over_scores)


@kernel
def bound_of_count(count):
    """Of a partner that leads all others by 5."""
    return log(count) - kernels.cosine_loss_floor_of(count, 0.2)


@kernel(inline=True)
def dependency_at(scale, noise, work):
    """Of twelve pairs, the second one a noisy copy of the first, and both times a scale."""
    x, y = work[:_N].reshape((_N, 1)), work[_N:2 * _N].reshape((_N, 1))
    for i in range(_N):
        x[i, 0], y[i, 0] = scale * _PAIRS[0, i], scale * (_PAIRS[0, i] + noise * _PAIRS[1, i])
    room, cost = work[2 * _N:2 * _N + 6 * (_N + 1)], work[2 * _N + 6 * (_N + 1):2 * _N + 6 * (_N + 1) + _N * _N]
    return kernels.wasserstein_dependency_of(x, y, 1, cost.reshape((_N, _N)), room.reshape((6, _N + 1)))


@kernel
def dependency_over_noise(scale, x, work, y):
    for i in range(x.size):
        y[i] = dependency_at(scale, x[i], work)
    return dependency_at(scale, 0.0, work)


def _over_correlations(of):
    def over_correlations(count, x, work, y):
        pairs = min(max(np.int64(count), 1), 40)
        for step in range(x.size + 1):
            for i in range(pairs):
                work[i] = x[step] if step < x.size else 0.9
            found = of(work[:pairs])
            if step == x.size:
                return found
            y[step] = found
        return 0.0

    over_correlations.__name__ = over_correlations.__qualname__ = f"{of.__name__}_over_correlations"
    return kernel(over_correlations)


_ROW = {"chapter": "shapes_of_representations", "family": "representation"}
_fit = partial(Fit, **_ROW, numbers=(), upright=False)

METHODS = (
    _fit("info_nce_loss", "InfoNCE", r"L = \tfrac1N \sum_i -\log \operatorname{softmax}(s_i / \tau)_i",
         representations.info_nce_loss, "oord2018representation",
         given=lambda rng, rows, columns: (rng.normal(size=(rows, rows)),),
         variants=forms(naive=_over_scores(kernels.info_nce_naive), common=_over_scores(kernels.info_nce_common),
                        stable=_over_scores(kernels.info_nce_stable)),
         gradient=Gradient.by_name(info_nce_gradients, "temperature"), knob=("temperature τ", 0.05, 2.0, 0.5),
         x=Axis("score of the partner", (-1.0, 5.0)), y=Axis("loss", (0, 6)), work=36,
         found="The loss at a score of 1"),
    Bound("info_nce_bound", "What InfoNCE can certify", r"I \ge \log N - L,\ s_{ii} = 5,\ s_{ij} = 0",
          representations.info_nce_bound, "poole2019variational", **_ROW, variants=forms(stable=bound_of_count),
          plot_range=(1, 101), given=lambda count: ((5.0 * np.eye(int(count)),), {}), coordinate="candidates N",
          axis=Axis("bound in nats", (0, 5))),
    _fit("wasserstein_dependency", "Wasserstein dependency", r"W_1(p(x, y), p(x) p(y))",
         representations.wasserstein_dependency, "ozair2019wasserstein",
         given=lambda rng, rows, columns: tuple(rng.normal(size=(2, rows, columns))),
         variants=forms(stable=dependency_over_noise), gradient=Gradient.by_name(wasserstein_dependency_gradients, "y"),
         knob=("scale of the pairs", 0.1, 2.0, 1.0), x=Axis("noise of the copy", (0.0, 5.0)),
         y=Axis("dependency", (0, 3)), work=2 * _N + 6 * (_N + 1) + _N * _N, found="The dependency without noise"),
    _fit("gaussian_dependency", "Wasserstein dependency of normal pairs",
         r"W_2^2 = \sum_i 2 (2 - \sqrt{1 + r_i} - \sqrt{1 - r_i})", representations.gaussian_dependency,
         "givens1984class", given=lambda rng, rows, columns: (rng.uniform(-0.9, 0.9, columns),),
         variants=forms(naive=_over_correlations(kernels.gaussian_dependency_naive),
                        stable=_over_correlations(kernels.gaussian_dependency_of)),
         gradient=Gradient(gaussian_dependency_pull), knob=("pairs d", 1.0, 40.0, 10.0),
         x=Axis("correlation of each pair", (0.0, 1.0)), y=Axis("dependency W₂", (0, 7)), work=40,
         found="The dependency at correlations of 0.9"),
)
