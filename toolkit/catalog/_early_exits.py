"""Rows of early exit, on 24 rows of logits at three exits, each surer than the one before."""
from functools import partial

import numpy as np

from toolkit import networks, uncertainty
from toolkit._core.kernel import kernel
from toolkit.catalog._fit import Fit
from toolkit.catalog._method import Gradient, forms
from toolkit.live import Axis, Bars
from toolkit.losses import kernels as of_losses
from toolkit.networks.kernels import learn_gate
from toolkit.uncertainty import kernels
from toolkit.uncertainty._early_exit import exit_probabilities_pull
from toolkit.uncertainty._exit_loss import exit_loss_pull

__all__ = ["METHODS"]

_COSTS = np.array([0.1, 0.4, 1.0])
_ROWS = 24
_TARGETS = np.arange(_ROWS) % 3
_LOGITS = np.random.default_rng(3).normal(0, 1, (3, _ROWS, 4))
for _exit in range(3):
    _LOGITS[_exit, np.arange(_ROWS), np.arange(_ROWS) % 4] += (0.5, 2.0, 5.0)[_exit]


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
    """Of gates that say `first`, 1/2 and 0.6; how many leave at the third exit."""
    gates = work[:3]
    gates[0], gates[1], gates[2] = first, 0.5, 0.6
    kernels.exit_probabilities_row(gates, y)
    return y[2]


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
    features, room = work[20:116].reshape((_ROWS, 4)), work[116:120]
    for i in range(_ROWS):
        kernels.exit_features_row(_LOGITS[1, i], room, features[i])
    learn_gate(features, _TARGETS, 1, np.int64(steps), 0.1, y[:5], work[:20].reshape((4, 5)))
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


def _shares(rng, rows, columns):
    return rng.uniform(0, 1, (rows, columns)),


def _of_exits(rng, rows, columns):
    return rng.normal(0, 2, (3, rows, columns)),


_fit = partial(Fit, chapter="knowing_what_it_does_not_know", family="uncertainty", upright=False)
_EXITS = {"points": 3, "mark": Bars, "x": Axis("exit", (1, 3)), "y": Axis("share of the rows", (0, 1))}
_JEI = "regol2024jointly"

METHODS = (
    _fit("exit_features", "Features of an exit", r"(\max p,\ H(p),\ p_{(1)} - p_{(2)},\ H(p^2 / \textstyle\sum p^2))",
         uncertainty.exit_features, _JEI, variants=forms(stable=features_of_gap),
         given=lambda rng, rows, columns: (rng.normal(0, 1, (rows, columns)),), knob=("third logit", -4.0, 4.0, -1.0),
         x=Axis("first logit", (-4, 4)), y=Axis("lead over the second", (0, 1)), work=10, found="At 0"),
    _fit("exit_probabilities", "Probabilities of exits",
         r"P_l = \max(0, \min(g_l, 1 - \textstyle\sum_{k < l} g_k))", uncertainty.exit_probabilities, _JEI,
         variants=forms(stable=shares_of_gates), given=_shares, gradient=Gradient(exit_probabilities_pull),
         knob=("first gate", 0.0, 1.0, 0.3), x=Axis("exit", (1, 4)), y=Axis("P", (0, 1)), points=4, mark=Bars, work=7,
         found="Share that leaves at the third exit"),
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
         _JEI, variants=forms(stable=gate_after), knob=("steps", 1.0, 400.0, 100.0), points=5, mark=Bars, work=120,
         given=lambda rng, rows, columns: (rng.normal(0, 2, (3, rows, columns)), np.arange(rows) % columns,
                                           [0.1, 0.4, 1.0]),
         parameters=(("cost_weight", 0.3), ("steps", 20)), numbers=(), y=Axis("weight", (-4, 4)),
         x=Axis("weight; the last is the constant", (1, 5)), found="Constant"),
    _fit("threshold_exits", "Exits by a threshold", r"\min \{l : \max p_l \geq \theta\}", uncertainty.threshold_exits,
         _JEI, variants=forms(stable=shares_above), knob=("threshold θ", 0.25, 1.0, 0.9), work=4,
         given=lambda rng, rows, columns: (*_of_exits(rng, rows, columns), 0.9), found="Mean cost", **_EXITS),
)
