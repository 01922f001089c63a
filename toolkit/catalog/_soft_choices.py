"""Rows of boxes, soft values and choices by utility."""
from functools import partial

import numpy as np

from toolkit import soft_operators
from toolkit._core.kernel import kernel
from toolkit.catalog._box_set import BoxSet
from toolkit.catalog._iteration import Iteration
from toolkit.catalog._matrix import Matrix
from toolkit.catalog._method import Gradient, forms
from toolkit.catalog._row_map import PROBABILITIES, RowMap
from toolkit.catalog._sampling import noise_beside
from toolkit.catalog._scalar import Scalar
from toolkit.elementary import log
from toolkit.live import Axis
from toolkit.soft_operators import kernels
from toolkit.soft_operators._boxes import box_iou_pull
from toolkit.soft_operators._soft_bellman import soft_bellman_pull
from toolkit.soft_operators._soft_nms import scores_pull, soft_nms_pull
from toolkit.soft_operators._soft_value import soft_value_pull, temperature_pull
from toolkit.soft_operators._utility import beta_pull, luce_choice_pull, utility_step_pull

__all__ = ["METHODS"]

_FAMILY = {"chapter": "soft_choices", "family": "soft_operator"}

# ---- boxes -----------------------------------------------------------------------------------------------------------

_N = 12


@kernel
def boxes_in_a_row(distance, work, cells):
    """Overlap of each two of boxes of side 1 in a row, neighbours at this distance."""
    boxes = work[:4 * _N].reshape((_N, 4))
    for i in range(_N):
        boxes[i, 0], boxes[i, 2] = distance * i, distance * i + 1.0
        boxes[i, 1], boxes[i, 3] = 0.0, 1.0
    for i in range(_N):
        for j in range(_N):
            cells[i * _N + j] = kernels.iou_of(boxes[i], boxes[j], 0.0)


def _boxes(rng, rows, columns):
    """Boxes, and others that overlap some of them."""
    low = rng.uniform(0, 2, (rows + columns, 2))
    boxes = np.concatenate([low, low + rng.uniform(1, 2, low.shape)], axis=1)
    return boxes[:rows], boxes[rows:]


_suppression = partial(BoxSet, function=soft_operators.soft_nms, reference="bodla2017softnms",
                       variants=forms(stable=kernels.soft_nms_row),
                       gradient=Gradient(soft_nms_pull, others=(("scores", scores_pull),)), **_FAMILY)


def _suppress(method, code, name, title, formula):
    """A row of `soft_nms`: method, sigma, threshold of the overlap, least score and offset."""
    return _suppression(name, title, formula, parameters=(("method", method),), numbers=(code, 0.5, 0.3, 0.001, 0.0))


# ---- soft values -----------------------------------------------------------------------------------------------------

_S = 9
_DISCOUNT = 0.9
_VALUES = Axis("largest change of a value", (1e-9, 1.0), scale="log")


@kernel
def begin_walk(state):
    """A walk of one step to either side on nine places, whose ends reflect; the last place pays 1."""
    state[2 * _S], p = 1.0, state[2 * _S + 1:].reshape((_S, _S))
    for s in range(_S):
        p[s, max(s - 1, 0)] += 0.5
        p[s, min(s + 1, _S - 1)] += 0.5


@kernel
def back_up(tau, state):
    z, out, p = state[:_S], state[_S:2 * _S], state[2 * _S + 1:].reshape((_S, _S))
    kernels.soft_bellman_step(z, p, tau, _DISCOUNT, out)
    out[_S - 1] += 1.0
    for s in range(_S):
        z[s] = out[s]
    state[2 * _S] = tau


@kernel
def change_of_values(state):
    """How far the next step would move a value."""
    z, out, p = state[:_S], state[_S:2 * _S], state[2 * _S + 1:].reshape((_S, _S))
    kernels.soft_bellman_step(z, p, state[2 * _S], _DISCOUNT, out)
    out[_S - 1] += 1.0
    most = 0.0
    for s in range(_S):
        most = max(most, abs(out[s] - z[s]))
    return most


def _lotteries(rng, rows, columns):
    """Values, and probabilities of the next states."""
    p = rng.uniform(0.1, 1, (rows, columns))
    return rng.normal(size=columns), p / p.sum(axis=1, keepdims=True)


_value = partial(Scalar, function=soft_operators.soft_value, reference="li2024derivative", plot_range=(-8, 8),
                 variants=forms(naive=kernels.soft_value_naive_row, stable=kernels.soft_value_row),
                 gradient=Gradient(soft_value_pull, kernels.soft_value_vjp_row,
                                   others=(("temperature", temperature_pull),)), **_FAMILY)

# ---- choices ---------------------------------------------------------------------------------------------------------


@kernel
def begin_utilities(state):
    """Utilities 2, 1 and 0, of which the last is chosen: one-hot behind them, and room."""
    state[0], state[1], state[5] = 2.0, 1.0, 1.0


@kernel
def raise_utility(eta, state):
    kernels.utility_step_row(state[:3], state[3:6], eta, state[6:9])
    for i in range(3):
        state[i] = state[6 + i]


@kernel
def surprise(state):
    """``-log p`` of the choice."""
    kernels.luce_choice_row(state[:3], 1.0, state[6:9])
    return -log(state[8])


def _choices(rng, rows, columns):
    return rng.normal(size=(rows, columns)), rng.integers(columns, size=rows)


METHODS = (
    Matrix("box_iou", "Intersection over union",
           r"u(A, B) = \frac{\lvert A \cap B \rvert}{\lvert A \cup B \rvert}", soft_operators.box_iou,
           "bodla2017softnms", variants=forms(stable=boxes_in_a_row), given=_boxes,
           gradient=Gradient(box_iou_pull), knob=("distance of neighbours over their side", 0.05, 2.0, 0.3), side=_N,
           work=4 * _N, entry="overlap", **_FAMILY),
    _suppress("linear", 1, "soft_nms", "Soft-NMS, linear", r"s_i \leftarrow s_i (1 - u)\ \text{if}\ u > \theta"),
    _suppress("gaussian", 2, "soft_nms_gaussian", "Soft-NMS, Gaussian", r"s_i \leftarrow s_i e^{-u^2 / \sigma}"),
    _suppress("hard", 0, "soft_nms_hard", "Non-maximum suppression", r"s_i \leftarrow 0\ \text{if}\ u > \theta"),
    _value("soft_value", "Soft value", r"v = \tau \log \tfrac1n \sum_i e^{z_i / \tau},\ \tau = \tfrac12",
           parameters=(("temperature", 0.5),)),
    _value("soft_value_worst", "Soft value of the worst case",
           r"v = \tau \log \tfrac1n \sum_i e^{z_i / \tau},\ \tau = -\tfrac12",
           parameters=(("temperature", -0.5),)),
    Iteration("soft_bellman_backup", "Soft Bellman backup",
              r"v_s \leftarrow r_s + \gamma \tau \log \sum_t p_{st} e^{v_t / \tau},\ \gamma = 0.9",
              soft_operators.soft_bellman_backup, "li2024derivative", init=begin_walk, step=back_up,
              measure=change_of_values, size=2 * _S + 1 + _S * _S, given=_lotteries,
              gradient=Gradient(soft_bellman_pull), knob=("temperature τ", 0.01, 10.0, 0.3), axis=_VALUES, steps=120,
              **_FAMILY),
    RowMap("svdd_choice", "Choice by soft value",
           r"D = e_k,\ k = \operatorname{argmax}_i (v_i / \tau + G_i),\ \tau = 2",
           soft_operators.svdd_choice, "li2024derivative", arrays=2, beside=noise_beside, result=PROBABILITIES,
           parameters=(("temperature", 2.0),), variants=forms(stable=kernels.svdd_choice_row), plot_range=(-8, 8),
           **_FAMILY),
    RowMap("luce_choice", "Luce's choice", r"p_i = \frac{e^{\beta z_i}}{\sum_j e^{\beta z_j}},\ \beta = 2",
           soft_operators.luce_choice, "luce1959individual", parameters=(("beta", 2.0),), plot_range=(-8, 8),
           variants=forms(stable=kernels.luce_choice_row), holds=frozenset({"shift", "order", "zero_sum"}),
           gradient=Gradient(luce_choice_pull, others=(("beta", beta_pull),)), **_FAMILY),
    Iteration("utility_step", "Step of a utility", r"z \leftarrow z + \eta (e_y - \operatorname{softmax}(z))",
              soft_operators.utility_step, "huang2023utility", init=begin_utilities, step=raise_utility,
              measure=surprise, size=9, given=_choices, gradient=Gradient(utility_step_pull),
              knob=("step size η", 0.01, 8.0, 0.5), axis=Axis("surprise of the choice, −log p", (0.0, 3.0)), steps=60,
              **_FAMILY),
)
