"""Rows of distance, evidence and early exit, on two arcs of points, three Gaussian classes and a few exits."""
from functools import partial

import numpy as np

from toolkit import information, losses, networks, softmax, uncertainty
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
from toolkit.networks.kernels import learn_gate
from toolkit.softmax import kernels as of_softmax
from toolkit.softmax._sdm import log_sdm_pull, sdm_pull
from toolkit.softmax._sdm_gradient import (
    distance_pull,
    log_distance_pull,
    log_similarity_pull,
    similarity_pull,
)
from toolkit.uncertainty import kernels
from toolkit.uncertainty._early_exit import exit_loss_pull, exit_probabilities_pull
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
_COSTS = np.array([0.1, 0.4, 1.0])
_ROWS = 24
_TARGETS = np.arange(_ROWS) % 3
_LOGITS = np.random.default_rng(3).normal(0, 1, (3, _ROWS, 4))
for _exit in range(3):
    _LOGITS[_exit, np.arange(_ROWS), np.arange(_ROWS) % 4] += (0.5, 2.0, 5.0)[_exit]
_FEATURES = uncertainty.exit_features(_LOGITS[1])


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
def factor_in(work, shrinkage):
    """Cholesky's factor of the shrunk covariance."""
    factor = work[:4].reshape((2, 2))
    for i in range(2):
        for k in range(2):
            factor[i, k] = _SPREAD[i, k] + (shrinkage * 0.75 if i == k else 0.0)
    kernels.cholesky(factor, factor)
    return factor


@kernel
def confidence_along(shrinkage, x, work, y):
    """Along the first feature at the second of 0.2; at 1."""
    factor, point, room = factor_in(work, shrinkage), work[4:6], work[6:8]
    point[1] = 0.2
    for i in range(x.size):
        point[0] = x[i]
        y[i] = kernels.mahalanobis_of(kernels.square_by_factor, point, _MEANS, factor, room)[0]
    point[0] = 1.0
    return kernels.mahalanobis_of(kernels.square_by_factor, point, _MEANS, factor, room)[0]


@kernel
def top_share_along(shrinkage, x, work, y):
    """The largest probability of the linear logits there, which is that of the squares; at the far end."""
    factor, point, room, z = factor_in(work, shrinkage), work[4:6], work[6:8], work[8:11]
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
def features_of_gap(other, x, work, y):
    """The lead of the largest probability, by the first of three logits; at 0."""
    z, room, out = work[:3], work[3:6], work[6:10]
    z[1], z[2] = 0.0, other
    for i in range(x.size):
        z[0] = x[i]
        kernels.exit_features_row(z, room, out)
        y[i] = out[2]
    z[0] = 0.0
    kernels.exit_features_row(z, room, out)
    return out[2]


@kernel
def shares_of_gates(first, x, work, y):
    """Of gates that say `first`, 1/2 and 0.6; what is left for the last exit."""
    gates = work[:3]
    gates[0], gates[1], gates[2] = first, 0.5, 0.6
    kernels.exit_probabilities_row(gates, y)
    return y[3]


@kernel
def conditions_of(stable, first, work, y):
    p = work[3:7]
    shares_of_gates(first, y, work, p)
    kernels.conditional_exits_row(p, stable, y)
    return y[1]


@kernel
def conditions_naive(first, x, work, y):
    return conditions_of(False, first, work, y)


@kernel
def conditions_stable(first, x, work, y):
    return conditions_of(True, first, work, y)


@kernel
def losses_of(row, losses, room):
    for e in range(3):
        losses[e] = of_losses.cross_entropy_stable(_LOGITS[e, row], row % 4, room)


@kernel
def targets_of(cost_weight, x, work, y):
    """The share of the rows that should leave at each exit; their mean cost."""
    losses, room, cost = work[:3], work[3:7], 0.0
    for e in range(3):
        y[e] = 0.0
    for i in range(_ROWS):
        losses_of(i, losses, room)
        e = kernels.exit_target(losses, _COSTS, cost_weight)
        y[e] += 1.0 / _ROWS
        cost += _COSTS[e] / _ROWS
    return cost


@kernel
def slopes_of(stable, first, work, y):
    """The gradient in the losses of three exits, the first with this probability; the loss."""
    losses, p, room = work[:3], work[3:6], work[6:10]
    losses_of(0, losses, room)
    p[0], p[1], p[2] = first, 0.5 * (1.0 - first), 0.5 * (1.0 - first)
    return kernels.exit_loss_row(losses, p, stable, y)


@kernel
def slopes_naive(first, x, work, y):
    return slopes_of(False, first, work, y)


@kernel
def slopes_stable(first, x, work, y):
    return slopes_of(True, first, work, y)


@kernel
def gate_after(steps, x, work, y):
    """The weights of a gate after so many steps; its constant."""
    learn_gate(_FEATURES, _TARGETS, 1, np.int64(steps), 0.1, y, work.reshape((4, 5)))
    return y[4]


@kernel
def shares_above(threshold, x, work, y):
    """The share of the rows that leave at each exit; their mean cost."""
    cost = 0.0
    for e in range(3):
        y[e] = 0.0
    for i in range(_ROWS):
        e = kernels.leave_above(_LOGITS, i, threshold, work)
        y[e] += 1.0 / _ROWS
        cost += _COSTS[e] / _ROWS
    return cost


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


def _shares(rng, rows, columns):
    return rng.uniform(0, 1, (rows, columns)),


def _of_exits(rng, rows, columns):
    return rng.normal(0, 2, (3, rows, columns)),


_moved = partial(RowMap, family="softmax", parameters=(("similarity", 10.0), ("distance", 0.5)), plot_range=(-20, 20))
_evidence = partial(Loss, function=losses.evidential_loss, chapter=_HERE, family="loss", plot_range=(-20, 20),
                    variants=forms(naive=of_losses.evidential_loss_naive, stable=of_losses.evidential_loss_stable))
_fit = partial(Fit, chapter=_HERE, family="uncertainty", upright=False)
_EXITS = {"points": 3, "mark": Bars, "x": Axis("exit", (1, 3)), "y": Axis("share of the rows", (0, 1))}
_JEI, _SDM, _LEE, _EDL, _PITFALLS = ("regol2024jointly", "schmaltz2025similarity", "lee2018simple",
                                     "sensoy2018evidential", "bengs2022pitfalls")

METHODS = (
    _moved("sdm", "SDM activation", r"p_i = (2 + q)^{d z_i} / \sum_j (2 + q)^{d z_j},\ q = 10,\ d = \tfrac12",
           softmax.sdm, _SDM, _HERE, holds=frozenset({"shift", "order", "zero_sum"}),
           variants=forms(naive=of_softmax.sdm_naive, stable=of_softmax.sdm_row),
           gradient=Gradient(sdm_pull, of_softmax.sdm_vjp_row,
                             others=(("similarity", similarity_pull), ("distance", distance_pull)))),
    _moved("log_sdm", "Logarithm of the SDM activation",
           r"\log_{2 + q} p_i = d z_i - \log_{2 + q} \sum_j (2 + q)^{d z_j}", softmax.log_sdm, _SDM, _HERE,
           result=LOGS, holds=frozenset({"shift", "order"}), variants=forms(naive=of_softmax.log_sdm_naive, stable=of_softmax.log_sdm_row),
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
    _fit("exit_features", "Features of an exit", r"(\max p,\ H(p),\ p_{(1)} - p_{(2)},\ H(p^2 / \textstyle\sum p^2))",
         uncertainty.exit_features, _JEI, variants=forms(stable=features_of_gap),
         given=lambda rng, rows, columns: (rng.normal(0, 1, (rows, columns)),), knob=("third logit", -4.0, 4.0, -1.0),
         x=Axis("first logit", (-4, 4)), y=Axis("lead over the second", (0, 1)), work=10, found="At 0"),
    _fit("exit_probabilities", "Probabilities of exits",
         r"P_l = \max(0, \min(g_l, 1 - \textstyle\sum_{k < l} g_k))", uncertainty.exit_probabilities, _JEI,
         variants=forms(stable=shares_of_gates), given=_shares, gradient=Gradient(exit_probabilities_pull),
         knob=("first gate", 0.0, 1.0, 0.3), x=Axis("exit", (1, 4)), y=Axis("P", (0, 1)), points=4, mark=Bars, work=7,
         found="Left for the last exit"),
    _fit("conditional_exits", "Exits of those who came so far", r"P_l / (1 - \textstyle\sum_{k < l} P_k)",
         uncertainty.conditional_exits, _JEI, given=_shares,
         variants=forms(naive=conditions_naive, stable=conditions_stable), knob=("first gate", 0.0, 1.0, 0.3),
         x=Axis("exit", (1, 4)), y=Axis("to leave, having come", (0, 1)), points=4, mark=Bars, work=7,
         found="At the second exit"),
    _fit("exit_targets", "Targets of gates", r"l^* = \operatorname{argmin}_l L_l + \lambda c_l",
         uncertainty.exit_targets, _JEI, variants=forms(stable=targets_of), knob=("cost weight λ", 0.0, 4.0, 0.3),
         given=lambda rng, rows, columns: (rng.uniform(0, 1, (rows, columns)), np.linspace(0.1, 1, columns)),
         parameters=(("cost_weight", 0.3),), numbers=(), work=7, found="Mean cost", **_EXITS),
    _fit("exit_loss", "Loss of exits", r"L = \textstyle\sum_l P_l L_l", uncertainty.exit_loss, _JEI,
         variants=forms(naive=slopes_naive, stable=slopes_stable), gradient=Gradient(
             exit_loss_pull), given=lambda rng, rows, columns: (rng.uniform(0, 1, (rows, columns)),
                                                                rng.uniform(0, 1, (rows, columns))),
         knob=("first probability", 0.0, 1.0, 0.5), work=10, found="Loss", **_EXITS | {"y": Axis("slope", (0, 1))}),
    _fit("fit_exit_gates", "Learnt gates of exits", r"g = \sigma(a^\top \text{features} + b)", networks.fit_exit_gates,
         _JEI, variants=forms(stable=gate_after), knob=("steps", 1.0, 400.0, 100.0), points=5, mark=Bars, work=20,
         given=lambda rng, rows, columns: (rng.normal(0, 2, (3, rows, columns)), np.arange(rows) % columns,
                                           [0.1, 0.4, 1.0]),
         parameters=(("cost_weight", 0.3), ("steps", 20)), numbers=(), y=Axis("weight", (-4, 4)),
         x=Axis("weight; the last is the constant", (1, 5)), found="Constant"),
    _fit("threshold_exits", "Exits by a threshold", r"\min \{l : \max p_l \geq \theta\}", uncertainty.threshold_exits,
         _JEI, variants=forms(stable=shares_above), knob=("threshold θ", 0.25, 1.0, 0.9), work=4,
         given=lambda rng, rows, columns: (*_of_exits(rng, rows, columns), 0.9), found="Mean cost", **_EXITS),
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
