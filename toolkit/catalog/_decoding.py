"""Rows of decoding: entropy at inference, advantages and their weights."""
from functools import partial

import numpy as np

from toolkit import decoding
from toolkit._core.kernel import kernel
from toolkit.catalog._bound import Bound
from toolkit.catalog._iteration import Iteration
from toolkit.catalog._method import Gradient, forms
from toolkit.catalog._row_map import ENTRIES, RowMap
from toolkit.catalog._scalar import Scalar
from toolkit.catalog._set import Set
from toolkit.decoding import kernels
from toolkit.decoding._advantages import group_advantage_pull, quantile_advantage_pull
from toolkit.decoding._entropy_objective import entropy_objective_pull
from toolkit.elementary import exp
from toolkit.information.kernels import entropy_of_logits
from toolkit.live import Axis
from toolkit.softmax.kernels import log_softmax_stable

__all__ = ["METHODS"]

_K = 12
_CLOCK = 6 * _K  # behind the logits and the five rows of work: the powers of Adam's bias correction


@kernel(inline=True)
def rows_of(state):
    return state[:6 * _K].reshape((6, _K))


@kernel
def begin_logits(state):
    """Twelve logits, each a little lower than the one before."""
    z = rows_of(state)[0]
    for k in range(_K):
        z[k] = 2.0 - 0.4 * k
    log_softmax_stable(z, rows_of(state)[1])
    state[_CLOCK] = state[_CLOCK + 1] = 1.0


@kernel
def step_of_logits(rate, state):
    state[_CLOCK], state[_CLOCK + 1] = state[_CLOCK] * 0.9, state[_CLOCK + 1] * 0.999
    rows = rows_of(state)
    kernels.entropy_step(rows[0], rows[1:], rate, 0.001, state[_CLOCK], state[_CLOCK + 1])


@kernel
def entropy_of_state(state):
    return entropy_of_logits(rows_of(state)[0])


@kernel
def begin_lengths(state):
    kernels.begin_answers(0.3, 0.1, state)


@kernel
def step_of_lengths(rate, state):
    kernels.length_step(state, rate, 0.0, False)


@kernel
def wrong_length(state):
    return 1.0 + exp(-state[2])


@kernel
def weight_in_answers(length):
    """Of a token of an answer of that length, beside one of eight tokens."""
    return kernels.weight_of_token(length, 8.0, 1.0, 0)


@kernel
def bias_of_length(length):
    """Of answers of this mean length."""
    return kernels.length_bias_of(1.0 / length, 0)


def _reference(z):
    """Logits of a row that it came from."""
    return np.broadcast_to(np.log(np.resize([0.5, 0.3, 0.2], z.shape[-1])), z.shape).astype(z.dtype),


_row = {"chapter": "decoding_and_entropy", "family": "decoding"}
_REWARD = "first reward", "R₁", "first reward R₁, beside R₂ = 0 and R₃ = −1"
_advantage = partial(RowMap, **_row, result=ENTRIES, plot_range=(-4, 4), moved=_REWARD)
_GROUP = frozenset({"shift", "order", "zero_sum"})
_AVERAGES = Gradient(group_advantage_pull, kernels.group_advantage_vjp_row)

METHODS = (
    Scalar("entropy_objective", "Entropy objective", r"H(p) + \lambda \operatorname{KL}(q, p),\ \lambda = 0.05",
           decoding.entropy_objective, "agarwal2025unreasonable", **_row, arrays=2, beside=_reference,
           parameters=(("kl_weight", 0.05),), variants=forms(stable=kernels.entropy_objective_row),
           gradient=Gradient(entropy_objective_pull), plot_range=(-20, 20)),
    Iteration("minimize_entropy", "Entropy minimisation at inference",
              r"z \leftarrow z - \eta \operatorname{Adam}(\nabla_z (H(p) + \lambda \operatorname{KL}(q, p)))",
              decoding.minimize_entropy, "agarwal2025unreasonable", **_row, init=begin_logits, step=step_of_logits,
              measure=entropy_of_state, size=_CLOCK + 2, given=lambda rng, rows, classes: (
                  rng.normal(0, 2, (rows, classes)),),
              knob=("learning rate η", 0.01, 1.0, 0.1), steps=60, axis=Axis("entropy in nats", (0.0, 2.5))),
    Scalar("adaptive_temperature", "Adaptive temperature",
           r"\tau : H(\operatorname{softmax}(z / \tau)) = \max(0.3, 0.2 H)", decoding.adaptive_temperature,
           "agarwal2025unreasonable", **_row, parameters=(("tolerance", 0.0),), numbers=(0.3, 0.2, 0.0, 0.01),
           variants=forms(stable=kernels.adaptive_temperature_row), plot_range=(-4, 4), points=41),
    Set("critical_tokens", "Critical tokens", r"\{t : H_t \text{ is among the 3 largest}\}", decoding.critical_tokens,
        "li2025cure", **_row, variants=forms(stable=kernels.critical_row), parameters=(("count", 3), ("skip", 0)),
        numbers=(3,), given=lambda scores: (scores,), scores=(0.37, 1.10, 1.02, 0.08, 1.02, 0.6, 0.2, 0.9),
        plot_range=(0, 1.5)),
    _advantage("group_advantage", "Group advantage (GRPO)", r"A_i = \frac{R_i - \bar R}{\operatorname{std} R}",
               decoding.group_advantage, "shao2024deepseekmath", numbers=(True, 0.0, 1), gradient=_AVERAGES,
               variants=forms(stable=kernels.group_advantage_row), holds=_GROUP),
    _advantage("group_advantage_without_std", "Group advantage (Dr. GRPO)", r"A_i = R_i - \bar R",
               decoding.group_advantage, "liu2025understanding", parameters=(("divide_by_std", False),),
               numbers=(False, 0.0, 1), gradient=_AVERAGES, variants=forms(stable=kernels.group_advantage_row),
               holds=_GROUP),
    _advantage("quantile_advantage", "Quantile advantage",
               r"A_i = \frac{R_i - b}{\operatorname{std} R},\ b = R_{(\lceil 0.4 G \rceil)}",
               decoding.quantile_advantage, "wu2025quantile", numbers=(0.4, 0.0, 1),
               gradient=Gradient(quantile_advantage_pull, kernels.quantile_advantage_vjp_row),
               variants=forms(stable=kernels.quantile_advantage_row), holds=_GROUP),
    Bound("token_weights", "Weight of a token", r"w = \frac{1}{G L_i}", decoding.token_weights, "liu2025understanding",
          **_row, variants=forms(stable=weight_in_answers), plot_range=(1, 40),
          given=lambda length: (([length, 8],), {}), coordinate="tokens of the answer L",
          axis=Axis("weight of each of its tokens", (0, 0.5))),
    Bound("length_bias", "Length bias of the mean over an answer",
          r"\operatorname{E} \tfrac1L \textstyle\sum_t \partial_s \log \pi_t = \frac{q \log (1 / q)}{1 - q} - q",
          decoding.length_bias, "liu2025understanding", **_row, variants=forms(stable=bias_of_length),
          plot_range=(1, 60), given=lambda length: ((1.0 / length,), {}), coordinate="mean length 1/q",
          axis=Axis("push on the stop logit", (0, 0.25))),
    Iteration("answer_lengths", "Lengths under a mean over each answer",
              r"s \leftarrow s + \eta \operatorname{E} \tfrac{A}{L} \textstyle\sum_t \partial_s \log \pi_t",
              decoding.answer_lengths, "liu2025understanding", **_row, init=begin_lengths, step=step_of_lengths,
              measure=wrong_length, size=3, given=lambda rng, rows, classes: (rows,),
              knob=("learning rate η", 0.1, 10.0, 4.0), steps=800,
              axis=Axis("mean length of a wrong answer", (1.0, 1000.0), scale="log")),
)
