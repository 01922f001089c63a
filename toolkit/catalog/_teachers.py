"""Rows of what a teacher tells a student, and of attacks on networks."""
from functools import partial

import numpy as np

from toolkit import losses, networks
from toolkit._core.kernel import kernel
from toolkit.catalog._fit import Fit
from toolkit.catalog._iteration import Iteration
from toolkit.catalog._method import Gradient, forms
from toolkit.catalog._scalar import Scalar
from toolkit.elementary import log
from toolkit.live import Axis, Bars
from toolkit.losses import kernels
from toolkit.losses._distillation import distillation_loss_pull
from toolkit.losses._mutual_information_alpha import (
    mutual_information_alpha_pull,
    mutual_information_alpha_pull_baseline,
)
from toolkit.losses._squared_logit_loss import squared_logit_loss_pull
from toolkit.networks import kernels as nets

__all__ = ["METHODS"]

_CHAPTER = "teachers_and_adversaries"


def _teacher(z):
    """Logits of a teacher who is sure of little."""
    return np.broadcast_to(np.resize([1.0, 0.0, -0.5], z.shape[-1]), z.shape).astype(z.dtype),


def _told(z):
    """Log-probabilities that are told of each class."""
    return np.broadcast_to(np.log(np.resize([0.5, 0.3, 0.2], z.shape[-1])), z.shape).astype(z.dtype),


@kernel
def after_three_labels(first, x, work, y):
    """Labels 1, 1 and 2 of four were drawn; how far the estimate is from the teacher."""
    q, counts = work[:4], work[4:8]
    q[0], q[1], q[2], q[3] = first, 0.5 * (1.0 - first), 0.3 * (1.0 - first), 0.2 * (1.0 - first)
    counts[0], counts[1], counts[2], counts[3] = 2.0, 1.0, 0.0, 0.0
    kernels.squared_logit_estimate(counts, q, y[:4])
    return kernels.total_variation(y[:4], q)


_X = np.array([-1.2, 0.4, 1.1, -0.3, 0.7, -0.9, 0.1, 1.6])
_Y = np.array([-0.8, 0.1, 0.9, 0.2, -0.4, -1.3, 0.6, 1.2])


@kernel
def information_over_alpha(correlation, x, work, y):
    """MI-alpha at each alpha, of eight pairs and the best critic of normal numbers; that at 1/2."""
    r, scores, loo, baseline = correlation, work[:64].reshape((8, 8)), work[64:128].reshape((8, 8)), work[128:136]
    for i in range(8):
        baseline[i] = 0.0
        for j in range(8):
            scores[i, j] = (-0.5 * log(1.0 - r * r)
                            - (r * r * (_X[i] * _X[i] + _Y[j] * _Y[j]) - 2.0 * r * _X[i] * _Y[j])
                            / (2.0 * (1.0 - r * r)))
    for i in range(x.size):
        y[i] = kernels.information_of_pairs(scores, baseline, x[i], loo)
    return kernels.information_of_pairs(scores, baseline, 0.5, loo)


# A network of two inputs, four units and three classes.
_SIZES = np.array([2, 4, 3], np.int64)
_WEIGHTS = [np.array([[1.0, -0.5, 0.8, -1.0], [-0.6, 1.2, 0.5, 0.3]]),
            np.array([[2.0, -1.0, 0.5], [-0.5, 1.5, -1.0], [0.5, 0.5, 1.0], [-1.0, 0.2, 2.0]])]
_FLAT = np.concatenate([w.ravel() for w in _WEIGHTS])
_UNITS = 7


@kernel(inline=True)
def room_in(work):
    """Rows h, d, a row of classes, an input, and what comes of it."""
    return work[:_UNITS], work[_UNITS:2 * _UNITS], work[14:17], work[17:19], work[19:21]


@kernel
def slope_of_input(factor, x, work, y):
    """The slope in the first input of so many times the logits; the largest size."""
    h, d, row, at, out = room_in(work)
    largest = 0.0
    for i in range(x.size):
        at[0], at[1] = x[i], 0.3
        nets.fill_input_gradient(_SIZES, _FLAT, at, 0, 0, 1.0 / factor, None, h, d, row, out)
        y[i] = out[0]
        largest = max(largest, abs(out[0]))
    return largest


def _margin_over_epsilon(loss):
    """A kernel that fills the lead of other classes at each epsilon, and gives the first at which it is above 0."""
    def curve(first, x, work, y):
        h, d, row, at, out = room_in(work)
        at[0], at[1], found = first, 0.3, x[x.size - 1]
        for i in range(x.size):
            nets.fgsm_row(_SIZES, _FLAT, at, 0, loss, 1.0, None, x[x.size - 1 - i], 0.0, 1.0, h, d, row, out)
            nets.fill_input_gradient(_SIZES, _FLAT, out, 0, 1, 1.0, None, h, d, row, work[21:23])
            y[x.size - 1 - i] = nets.margin_of_row(h[4:], 0, row)
            found = x[x.size - 1 - i] if y[x.size - 1 - i] > 0.0 else found
        return found

    curve.__name__ = curve.__qualname__ = f"margin_over_epsilon_{loss}"
    return kernel(curve)


@kernel
def nearest_other_class(second, x, work, y):
    """The distance of the attack for each first number, by 3 searches of 60 steps; that at 0.9."""
    h, d, row, at, out = room_in(work)
    rows, distance = work[23:35].reshape((6, 2)), 0.0
    for i in range(x.size + 1):
        at[0], at[1] = x[i] if i < x.size else 0.9, second
        distance = np.sqrt(nets.carlini_wagner_row(_SIZES, _FLAT, at, 0, False, 0.0, 1.0, 3, 60, 0.1, 0.0, 1.0, h, d,
                                                   rows, out))
        if i < x.size:
            y[i] = distance
    return distance


_INPUTS = np.array([[1.0, 0.2], [0.3, 1.0], [-1.0, -0.2], [-0.4, 0.9], [0.8, -0.7], [-0.5, -1.0]])
_TARGETS = np.array([[0.7, 0.2, 0.1], [0.2, 0.7, 0.1], [0.1, 0.2, 0.7], [0.1, 0.6, 0.3], [0.6, 0.1, 0.3],
                     [0.3, 0.1, 0.6]])
_STUDENT = 5 * 20 + 2 + 2 * _UNITS + 3


@kernel
def begin_student(state):
    run = nets.student_in(state, _SIZES)
    for i in range(_FLAT.size):
        run.w[i] = 0.5 * _FLAT[i]
    nets.restart_student(run)
    state[_STUDENT] = loss_of(run)


@kernel
def loss_of(run):
    total = 0.0
    for i in range(6):
        total += nets.add_target_gradient(_SIZES, run, _INPUTS[i], _TARGETS[i], 0, 1.0, 1.0 / 6.0)
    return total


@kernel
def teach(rate, state):
    run = nets.student_in(state, _SIZES)
    nets.student_step(_SIZES, run, _INPUTS, _TARGETS, 0, 1.0, rate)
    state[_STUDENT] = loss_of(run)


@kernel
def loss_of_student(state):
    return state[_STUDENT]


def _attacked(rng, rows, columns):
    """A network of two inputs and so many classes, inputs, and labels."""
    return [rng.normal(size=(2, 4)), rng.normal(size=(4, columns))], rng.uniform(0, 1, (rows, 2)), np.arange(
        rows) % columns


_LOSS = {"chapter": _CHAPTER, "family": "loss"}
_NETWORK = {"chapter": _CHAPTER, "family": "network"}
_FIRST = ("first number of the input", 0.5, 1.0, 0.8)
_sign_attack = partial(Fit, function=networks.fgsm, **_NETWORK, given=_attacked, knob=_FIRST, work=23,
                       x=Axis("ε", (0.0, 0.8)), y=Axis("lead of the best other class", (-3, 3)),
                       found="The class changes at an ε of")

METHODS = (
    Scalar("distillation_loss", "Distillation loss",
           r"\tau^2 \operatorname{KL}(\operatorname{softmax}(t / \tau), \operatorname{softmax}(z / \tau)),\ \tau = 4",
           losses.distillation_loss, "hinton2015distilling", **_LOSS, arrays=2, beside=_teacher, plot_range=(-20, 20),
           parameters=(("tau", 4.0),), variants=forms(stable=kernels.distillation_row),
           gradient=Gradient(distillation_loss_pull), holds=frozenset({"shift", "zero_sum"})),
    Scalar("squared_logit_loss", "Squared-error logit loss",
           r"\tfrac12 \sum_{k \text{ told}} (\log p_k - \log q_k)^2", losses.squared_logit_loss,
           "zhao2023fundamental", **_LOSS, arrays=2, beside=_told, plot_range=(-20, 20),
           variants=forms(stable=kernels.squared_logit_row), gradient=Gradient(squared_logit_loss_pull),
           holds=frozenset({"shift", "zero_sum"})),
    Fit("transfer_estimate", "What a student learns from a teacher's labels",
        r"p_k = q_k \text{ if } n_k > 0", losses.transfer_estimate, "zhao2023fundamental", **_LOSS,
        variants=forms(stable=after_three_labels), knob=("probability of the first label q₁", 0.1, 0.9, 0.5),
        x=Axis("label", (1, 4)), y=Axis("estimate", (0, 1)), points=4, mark=Bars, work=8, upright=False,
        given=lambda rng, rows, columns: (rng.integers(0, 4, (rows, columns)), np.full(columns, 1 / columns)),
        found="Total variation from the teacher"),
    Fit("mutual_information_alpha", "MI-alpha",
        r"1 + \overline{S_{ii}} - \overline{B_{ij}} - \overline{e^{S_{ij} - B_{ii}}},\ i \ne j",
        losses.mutual_information_alpha, "poole2019variational", **_LOSS,
        variants=forms(stable=information_over_alpha), knob=("correlation", 0.0, 0.9, 0.7),
        given=lambda rng, rows, columns: (rng.normal(size=(columns, columns)),), parameters=(("alpha", 0.5),),
        numbers=(), gradient=Gradient(mutual_information_alpha_pull,
                                      others=(("baseline", mutual_information_alpha_pull_baseline),)),
        x=Axis("α", (0.0, 1.0)), y=Axis("bound, in nats", (-0.2, 0.8)), work=136, upright=False,
        found="Bound at α = 1/2"),
    Fit("gradient_at_input", "Gradient of the input", r"\nabla_x L(z(x), y)", networks.gradient_at_input,
        "szegedy2014intriguing", **_NETWORK, given=_attacked, variants=forms(stable=slope_of_input),
        knob=("the logits times", 1.0, 30.0, 3.0), x=Axis("first number of the input", (0.0, 1.0)),
        y=Axis("slope of the cross-entropy", (-5, 1)), work=23, upright=False, found="Steepest slope"),
    _sign_attack("fgsm", "Fast gradient sign method", r"x + \epsilon \operatorname{sign} \nabla_x L",
                 reference="goodfellow2015explaining", variants=forms(stable=_margin_over_epsilon(0))),
    _sign_attack("margin_sign_attack", "Sign attack on the margin",
                 r"x + \epsilon \operatorname{sign} \nabla_x (\max_{k \ne y} z_k - z_y)",
                 reference="carlini2017towards", parameters=(("loss", "margin"),), numbers=(),
                 variants=forms(stable=_margin_over_epsilon(1))),
    Fit("carlini_wagner", "Attack of Carlini and Wagner",
        r"\min \lVert x' - x \rVert^2 + c \max(z_y - \max_{k \ne y} z_k + \kappa, 0)", networks.carlini_wagner,
        "carlini2017towards", **_NETWORK, given=_attacked, variants=forms(stable=nearest_other_class),
        parameters=(("steps", 50), ("searches", 3)), numbers=(), knob=("second number of the input", 0.0, 0.6, 0.3),
        x=Axis("first number of the input", (0.5, 1.0)), y=Axis("distance to another class", (0, 0.9)), points=13,
        work=35, upright=False, found="Distance from a first number of 0.9"),
    Iteration("fit_to_targets", "A student of probabilities", r"\min_w -\tau^2 \tfrac1n \sum_i \sum_k q_{ik} \log"
              r" \operatorname{softmax}(z_i / \tau)_k", networks.fit_to_targets, "hinton2015distilling", **_NETWORK,
              init=begin_student, step=teach, measure=loss_of_student, size=_STUDENT + 1,
              parameters=(("steps", 3), ("hidden", (4,))), numbers=(), knob=("learning rate", 0.001, 0.3, 0.05),
              given=lambda rng, rows, columns: (rng.normal(size=(rows, 2)), np.full((rows, columns), 1 / columns)),
              steps=200, axis=Axis("mean loss", (0.8, 1.2), scale="log")),
)
