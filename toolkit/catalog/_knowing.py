"""Rows of distance and evidence, on two arcs of points and three Gaussian classes."""
from functools import partial

import numpy as np

from toolkit import information, losses, softmax, uncertainty
from toolkit._core.kernel import kernel
from toolkit.catalog._bound import Bound
from toolkit.catalog._fit import Fit
from toolkit.catalog._loss import Loss
from toolkit.catalog._method import Gradient, forms
from toolkit.catalog._row_map import LOGS, RowMap
from toolkit.information._dirichlet import dirichlet_kl_pull
from toolkit.information.kernels import dirichlet_kl_naive, dirichlet_kl_row
from toolkit.live import Axis, Bars
from toolkit.losses import kernels as of_losses
from toolkit.softmax import kernels as of_softmax
from toolkit.softmax._sdm import log_sdm_pull, sdm_pull
from toolkit.softmax._sdm_gradient import (
    distance_pull,
    log_distance_pull,
    log_similarity_pull,
    similarity_pull,
)
from toolkit.uncertainty import kernels
from toolkit.uncertainty._mahalanobis import mahalanobis_pull

__all__ = ["METHODS"]

_HERE = "knowing_what_it_does_not_know"
_ARC = np.linspace(0, np.pi, 12)
_UPPER = np.stack([np.cos(_ARC), np.sin(_ARC)], 1)
_POINTS = np.concatenate([_UPPER, np.array([1, 0.5]) - _UPPER])
_CLASS = np.repeat([0, 1], 12)
_SAID = np.where(np.arange(24) == 11, 1, _CLASS)
_FAR = np.random.default_rng(2).gamma(2.0, 0.1, 24)
_MEANS = np.array([[0.0, 0.0], [3.0, 0.0], [0.0, 3.0]])
_SPREAD = np.array([[1.0, 0.3], [0.3, 0.5]])


@kernel
def similarity_along(height, x, work, y):
    """Of points at this height that are given the upper arc; its largest."""
    largest = 0.0
    for i in range(x.size):
        work[0], work[1] = x[i], height
        y[i] = kernels.agreeing_neighbours(work[:2], 0, _POINTS, _CLASS, _SAID, -1, work[2:])
        largest = max(largest, y[i])
    return largest


@kernel
def familiarity_along(spread, x, work, y):
    """Of each distance, where known ones are so many times wider; from where on it is 0."""
    end = 0.0
    for i in range(x.size):
        y[i] = kernels.share_farther(x[i] / spread, _FAR, _CLASS, 2)
        end = x[i] if y[i] > 0.0 else end
    return end


@kernel
def fill_factor(factor, shrinkage):
    """Cholesky's factor of the shrunk covariance."""
    for i in range(2):
        for k in range(2):
            factor[i, k] = _SPREAD[i, k] + (shrinkage * 0.75 if i == k else 0.0)
    kernels.cholesky(factor, factor)


@kernel
def confidence_along(shrinkage, x, work, y):
    """Along the first feature at the second of 0.2; at 1."""
    factor, point, room = work[:4].reshape((2, 2)), work[4:6], work[6:8]
    fill_factor(factor, shrinkage)
    point[1] = 0.2
    for i in range(x.size):
        point[0] = x[i]
        y[i] = kernels.mahalanobis_of(kernels.square_by_factor, point, _MEANS, factor, room)[0]
    point[0] = 1.0
    return kernels.mahalanobis_of(kernels.square_by_factor, point, _MEANS, factor, room)[0]


@kernel
def top_share_along(shrinkage, x, work, y):
    """The largest probability of the linear logits there, which is that of the squares; at the far end."""
    factor, point, room, z = work[:4].reshape((2, 2)), work[4:6], work[6:8], work[8:11]
    fill_factor(factor, shrinkage)
    point[1] = 0.2
    for i in range(x.size):
        point[0] = x[i]
        for c in range(3):
            z[c] = -0.5 * kernels.square_by_factor(point, _MEANS[c], factor, room)
        of_softmax.softmax_three_pass_reload(z, z)
        y[i] = max(z[0], max(z[1], z[2]))
    return y[x.size - 1]


@kernel
def spread_of_arcs(shrinkage, x, work, y):
    """The entries of the covariance of the points around the means of their arcs; its trace."""
    means, covariance, counts = work[:4].reshape((2, 2)), work[4:8].reshape((2, 2)), work[8:10]
    kernels.fill_means_and_covariance(_POINTS, _CLASS, shrinkage, means, covariance, counts)
    y[0], y[1], y[2] = covariance[0, 0], covariance[0, 1], covariance[1, 1]
    return y[0] + y[2]


@kernel
def belief_of(kl_weight, x, work, y):
    """Parameters for shares of 0.7, 0.2 and 0.1, after steps against the natural gradient; their sum."""
    work[0], work[1], work[2] = 0.7, 0.2, 0.1
    for k in range(3):
        y[k] = 1.0
    for _ in range(60):
        kernels.natural_step(work, y, kl_weight, 0.5)
    return y[0] + y[1] + y[2]


def _along(of):
    """A kernel that fills the divergence of so many parameters of the size x."""
    def divergences(classes, x, work, y):
        n = np.int64(classes)
        for i in range(x.size):
            for k in range(n):
                work[k], work[8 + k] = x[i], 1.0
            y[i] = of(work[:n], work[8:8 + n])
        return y[x.size - 1]

    divergences.__name__ = divergences.__qualname__ = f"{of.__name__}_along"
    return kernel(divergences)


def _support(rng, rows, columns):
    x = rng.normal(0, 1, (rows + 2, columns))
    y = np.arange(rows + 2) % 2
    return x[:rows], y[:rows], x, y, y


def _model(rng, rows, columns):
    model = uncertainty.Gaussians(rng.normal(0, 1, (2, columns)), np.eye(columns), np.full(2, 0.5))
    return rng.normal(0, 1, (rows, columns)), model


_moved = partial(RowMap, family="softmax", parameters=(("similarity", 10.0), ("distance", 0.5)), plot_range=(-20, 20))
_evidence = partial(Loss, function=losses.evidential_loss, chapter=_HERE, family="loss", plot_range=(-20, 20),
                    variants=forms(naive=of_losses.evidential_loss_naive, stable=of_losses.evidential_loss_stable))
_fit = partial(Fit, chapter=_HERE, family="uncertainty", upright=False)
_SDM, _LEE, _EDL, _PITFALLS = "schmaltz2025similarity", "lee2018simple", "sensoy2018evidential", "bengs2022pitfalls"

METHODS = (
    _moved("sdm", "SDM activation", r"p_i = (2 + q)^{d z_i} / \sum_j (2 + q)^{d z_j},\ q = 10,\ d = \tfrac12",
           softmax.sdm, _SDM, _HERE, holds=frozenset({"shift", "order", "zero_sum"}),
           variants=forms(naive=of_softmax.sdm_naive, stable=of_softmax.sdm_row),
           gradient=Gradient(sdm_pull, of_softmax.sdm_vjp_row,
                             others=(("similarity", similarity_pull), ("distance", distance_pull)))),
    _moved("log_sdm", "Logarithm of the SDM activation",
           r"\log_{2 + q} p_i = d z_i - \log_{2 + q} \sum_j (2 + q)^{d z_j}", softmax.log_sdm, _SDM, _HERE,
           result=LOGS._replace(mass=lambda logs: np.power(12.0, logs)), holds=frozenset({"shift", "order"}),
           variants=forms(naive=of_softmax.log_sdm_naive, stable=of_softmax.log_sdm_row),
           gradient=Gradient(log_sdm_pull, of_softmax.log_sdm_vjp_row,
                             others=(("similarity", log_similarity_pull), ("distance", log_distance_pull)))),
    _evidence("evidential_mse", "Evidential squared error",
              r"L = \sum_k ([k = y] - \mu_k)^2 + \mu_k (1 - \mu_k) / (S + 1)", reference=_EDL,
              parameters=(("fit", "mse"),), numbers=(0.0, 0.0, 0.0), holds=frozenset({"nonnegative", "certain"})),
    _evidence("evidential_log", "Evidential log loss", r"L = \log S - \log \alpha_y", reference=_EDL,
              parameters=(("fit", "log"),), numbers=(1.0, 0.0, 0.0), holds=frozenset({"nonnegative", "certain"})),
    _evidence("evidential_digamma", "Evidential cross-entropy",
              r"L = \psi(S) - \psi(\alpha_y) + \operatorname{KL}(\operatorname{Dir}(\tilde\alpha),"
              r" \operatorname{Dir}(1))",
              reference=_EDL, parameters=(("fit", "digamma"), ("kl_weight", 1.0)), numbers=(2.0, 1.0, 0.0)),
    _fit("dirichlet_kl", "Divergence of Dirichlet distributions",
         r"\operatorname{KL}(\operatorname{Dir}(\alpha), \operatorname{Dir}(\beta)),\ \beta = 1",
         information.dirichlet_kl, _EDL, family="information", gradient=Gradient(dirichlet_kl_pull),
         variants=forms(naive=_along(dirichlet_kl_naive), stable=_along(dirichlet_kl_row)), work=16,
         given=lambda rng, rows, columns: (rng.gamma(2.0, 2.0, (rows, columns)) + 0.1,),
         knob=("classes K", 2.0, 8.0, 4.0), x=Axis("each of K parameters α", (0.1, 1e9), scale="log"),
         y=Axis("divergence", (0, 80)), found="At the largest"),
    _fit("sdm_similarity", "Similarity of SDM", r"q = \max \{k : \text{the nearest } k \text{ are right and as } x\}",
         uncertainty.sdm_similarity, _SDM, variants=forms(stable=similarity_along), given=_support,
         knob=("height", -1.0, 2.0, 1.0), x=Axis("place", (-2, 3)), y=Axis("q", (0, 12)), work=26,
         found="Largest similarity"),
    _fit("sdm_distance", "Distance of SDM", r"d = \min_c (1 - F_c(\lVert x - x_1 \rVert))", uncertainty.sdm_distance,
         _SDM, variants=forms(stable=familiarity_along), knob=("spread of the known distances", 0.5, 4.0, 1.0),
         given=lambda rng, rows, columns: (rng.uniform(0, 2, rows), rng.uniform(0, 1, 6), np.arange(6) % 2),
         x=Axis("distance to the nearest point", (0, 2)), y=Axis("d", (0, 1)), found="Last distance with d > 0",
         upright=True),
    Bound("dkw_band", "Band of a distribution", r"\epsilon = \sqrt{\log(2 / (1 - \alpha)) / 2 n},\ \alpha = 0.95",
          uncertainty.dkw_band, "massart1990tight", _HERE, family="uncertainty", numbers=(0.95,),
          variants=forms(stable=kernels.dkw), plot_range=(2, 200), given=lambda n: ((int(n),), {}),
          coordinate="numbers", axis=Axis("band", (0, 1))),
    _fit("fit_gaussians", "Gaussian classes", r"\Sigma = \tfrac1N \sum_i (f_i - \mu_y)(f_i - \mu_y)^\top + \delta"
         r" \tfrac{\operatorname{tr}}{d} I", uncertainty.fit_gaussians, _LEE, variants=forms(stable=spread_of_arcs),
         given=lambda rng, rows, columns: (rng.normal(0, 1, (rows, columns)), np.arange(rows) % 2),
         knob=("shrinkage", 0.0, 2.0, 0.001), x=Axis("entry of the covariance", (1, 3)), y=Axis("covariance", (-1, 2)),
         points=3, mark=Bars, work=10, found="Trace"),
    _fit("mahalanobis_confidence", "Mahalanobis confidence",
         r"M = \max_c -\tfrac12 (f - \mu_c)^\top \Sigma^{-1} (f - \mu_c)", uncertainty.mahalanobis_confidence, _LEE,
         variants=forms(stable=confidence_along), given=_model, gradient=Gradient(mahalanobis_pull),
         knob=("shrinkage", 0.0, 4.0, 0.0), x=Axis("first feature", (-6, 9)), y=Axis("M", (-25, 0)), work=8,
         found="At 1"),
    _fit("gaussian_logits", "Logits of Gaussian classes", r"z_c = \mu_c^\top \Sigma^{-1} f - \tfrac12 \mu_c^\top"
         r" \Sigma^{-1} \mu_c + \log \pi_c", uncertainty.gaussian_logits, "fisher1936use",
         variants=forms(stable=top_share_along), given=_model, knob=("shrinkage", 0.0, 4.0, 0.0),
         x=Axis("first feature", (-6, 9)), y=Axis("largest probability", (0, 1)), work=11, found="At the end"),
    _fit("fit_dirichlet", "Fitted belief", r"\min_\alpha \tfrac1n \textstyle\sum_i \psi(S) - \psi(\alpha_{y_i})"
         r" + \lambda \operatorname{KL}(\operatorname{Dir}(\alpha), \operatorname{Dir}(1))", uncertainty.fit_dirichlet,
         _PITFALLS, variants=forms(stable=belief_of), given=lambda rng, rows, columns: (np.arange(rows) % columns,),
         parameters=(("classes", 64), ("kl_weight", 0.1)), numbers=(), knob=("weight λ", 0.05, 2.0, 0.1),
         x=Axis("class", (1, 3)), y=Axis("parameter α", (0, 16)), points=3, mark=Bars, work=3, found="Strength"),
    Bound("evidential_weight", "Weight of the divergence in an epoch", r"\lambda = \min(1, t / 10)",
          uncertainty.evidential_weight, _EDL, _HERE, family="uncertainty", numbers=(10.0,),
          variants=forms(stable=kernels.ramp), plot_range=(0, 30), given=lambda t: ((int(t),), {}),
          coordinate="epoch", axis=Axis("weight", (0, 1.1))),
)
