"""Rows of preferences: losses of pairs, log-ratios and what policies imply, and where each loss ends."""
from functools import partial

import numpy as np

from toolkit import preferences
from toolkit._core.kernel import kernel
from toolkit.catalog._bound import Bound
from toolkit.catalog._entry_loss import EntryLoss
from toolkit.catalog._fit import Fit
from toolkit.catalog._iteration import Iteration
from toolkit.catalog._matrix import Matrix
from toolkit.catalog._method import Gradient, forms
from toolkit.catalog._row_map import ENTRIES, RowMap
from toolkit.catalog._scalar import Scalar
from toolkit.elementary import exp, log
from toolkit.live import Axis, Bars
from toolkit.preferences import kernels
from toolkit.preferences._anchor import anchor_divergence_pull
from toolkit.preferences._exo import exo_of_rewards_pull
from toolkit.preferences._expected import LOSSES
from toolkit.preferences._full_step import step_weights_pull
from toolkit.preferences._log_ratio import log_ratio_pull, process_values_pull

__all__ = ["METHODS"]

_ROW = {"chapter": "preferences", "family": "preference"}
_EACH = ("reduction", "none")
_pair = partial(EntryLoss.of_forms, **_ROW, plot_range=(-20, 20), lipschitz=1.0)
_LOG_2 = float(np.log(2.0))
_ODDS_OF_TENTH = float(np.log(9.0))
_P = 0.6, 0.3, 0.1


def _of_reward(z):
    """Rewards of answers, beside their log-ratios."""
    return np.broadcast_to(np.resize([1.0, 0.0, -1.0], z.shape[-1]), z.shape).astype(z.dtype),


def _of_reference(z):
    """Logits, or log-probabilities of tokens, of a row that it came from."""
    return np.broadcast_to(np.log(np.resize([0.5, 0.3, 0.2], z.shape[-1])), z.shape).astype(z.dtype),


def _ends_of(loss):
    """A kernel that fills the share of the best answer over the loss's strength, and gives that at a strength of 1.

    Preferences follow 0.6, 0.3 and 0.1; the knob is the reference's share of the best answer.
    """
    def ends(share, x, work, y):
        reference, liked, found = work[:3], work[3:12].reshape((3, 3)), work[12:15]
        p = work[15:18]
        p[0], p[1], p[2] = 0.6, 0.3, 0.1
        kernels.fill_bradley_terry(p, liked)
        reference[0], reference[1] = log(share), log((1.0 - share) * 2.0 / 3.0)
        reference[2] = log((1.0 - share) / 3.0)
        for i in range(x.size):
            kernels.population_optimum_row(of, reference, liked, x[i], 0.1, work[18:], found)
            y[i] = found[0]
        kernels.population_optimum_row(of, reference, liked, 1.0, 0.1, work[18:], found)
        return found[0]

    of = LOSSES.index(loss)
    ends.__name__ = ends.__qualname__ = f"ends_of_{loss}"
    return kernel(ends)


@kernel
def begin_certain(state):
    """Two answers, of which the first is always preferred; the reference has both alike."""
    state[0] = state[1] = state[2] = state[3] = -_LOG_2
    state[4], state[5], state[6], state[7] = 0.5, 1.0, 0.0, 0.5


@kernel
def step_certain(rate, state):
    kernels.descent_step(0, state[:2], state[2:4], state[4:8].reshape((2, 2)), 1.0, 0.1, rate, state[8:])


@kernel
def share_of_wrong(state):
    return 1.0 / (1.0 + exp(state[0] - state[1]))


@kernel
def offset_of_gap(gap):
    return kernels.offset_of_scores(gap, 1.0)


@kernel
def fill_table(spread, work, cells):
    """Preferences among twelve answers, whose rewards fall evenly from half the spread to minus half of it."""
    for k in range(12):
        work[k] = exp(spread * (0.5 - k / 11.0))
    kernels.fill_bradley_terry(work[:12], cells.reshape((12, 12)))


@kernel
def fill_pushes(sharpness, x, work, y):
    """The pushes on five steps of a chosen answer; the surrogate of the pair."""
    w, rw, reward_w = work[:5], work[5:10], work[10:15]
    l, rl, reward_l, push_l = work[15:20], work[20:25], work[25:30], work[30:35]
    for t in range(5):
        w[t] = rw[t] = l[t] = rl[t] = -1.0
        reward_w[t] = 1.0 - 0.5 * t
        reward_l[t] = 0.5 - 0.5 * t
    w[2], l[3] = -0.5, -1.5
    return kernels.full_step_dpo_row(w, rw, reward_w, l, rl, reward_l, 0.05, sharpness, 1.0, y[:5], push_l)


def _steps(rng, rows, columns):
    return tuple(rng.normal(size=(rows, n)) for n in (columns, columns, columns, 2, 2, 2))


def _population(rng, rows, columns):
    return preferences.bradley_terry(rng.uniform(0.2, 1.0, columns)), rng.uniform(0.2, 1.0, columns)


_ends = partial(Fit, function=preferences.population_optimum, **_ROW, given=_population,
                knob=("the reference's share of the best answer", 0.05, 0.95, 0.4),
                x=Axis("strength", (0.05, 10.0), scale="log"), y=Axis("share of the best answer at the end", (0, 1)),
                work=18 + 27, found="Share of the best answer at a strength of 1", upright=False)


def _end(name, title, formula, reference, loss):
    parameters = (("loss", loss), ("strength", 1.0), ("wrong", 0.1))
    return _ends(name, title, formula, reference=reference, parameters=parameters, numbers=(),
                 variants=forms(stable=_ends_of(loss)))


METHODS = (
    _pair("dpo", "Direct preference optimisation (DPO)", r"L = -\log \sigma(\beta h),\ h = a - b,\ \beta = 1,\ b = 0",
          preferences.dpo, "rafailov2023direct", targets=(0.0,), numbers=(1.0,),
          forms={"naive": kernels.dpo_entry_naive, "stable": kernels.dpo_entry},
          parameters=(("rejected", 0.0), ("beta", 1.0), _EACH)),
    _pair("dpo_smoothed", "DPO with smoothed labels",
          r"L = -(1 - \epsilon) \log \sigma(\beta h) - \epsilon \log \sigma(-\beta h),\ \epsilon = 0.1",
          preferences.dpo, "rafailov2023direct", targets=(0.0,), numbers=(1.0, 0.1),
          forms={"stable": kernels.dpo_smoothed_entry}, lipschitz=0.9,
          parameters=(("rejected", 0.0), ("beta", 1.0), ("label_smoothing", 0.1), _EACH)),
    _pair("offset_dpo", "DPO with an offset", r"L = -\log \sigma(\beta h - \Delta),\ \Delta = \log 2",
          preferences.offset_dpo, "amini2024direct", targets=(0.0, _LOG_2), numbers=(1.0,),
          forms={"naive": kernels.offset_dpo_entry_naive, "stable": kernels.offset_dpo_entry},
          parameters=(("rejected", 0.0), ("offset", _LOG_2), ("beta", 1.0), _EACH)),
    Bound("preference_offset", "Offset of two ratings", r"\Delta = \alpha \log(r_w - r_l),\ \alpha = 1",
          preferences.preference_offset, "amini2024direct", **_ROW, variants=forms(stable=offset_of_gap),
          parameters=(("alpha", 1.0),), numbers=(), plot_range=(1, 20),
          given=lambda gap: ((float(gap), 0.0), {"alpha": 1.0}), coordinate="gap of the ratings",
          axis=Axis("offset", (0, 3))),
    _pair("ipo", "Identity preference optimisation (IPO)",
          r"L = \left(h - \tfrac{1}{2 \tau}\right)^2,\ \tau = 0.1", preferences.ipo, "azar2023general",
          targets=(0.0,), numbers=(5.0,), forms={"stable": kernels.ipo_entry},
          parameters=(("rejected", 0.0), ("tau", 0.1), _EACH), lipschitz=50.0),
    _pair("exo", "Efficient exact optimisation (EXO)",
          r"L = \operatorname{KL}(q, 1 - \epsilon),\ q = \sigma(\beta h),\ \epsilon = 0.1", preferences.exo,
          "ji2024towards", targets=(0.0,), numbers=(1.0, _ODDS_OF_TENTH),
          forms={"naive": kernels.exo_entry_naive, "stable": kernels.exo_entry},
          parameters=(("rejected", 0.0), ("beta", 1.0), ("epsilon", 0.1), _EACH)),
    Scalar("exo_of_rewards", "EXO of several answers",
           r"L = \operatorname{KL}\bigl(\operatorname{softmax}(\beta a), \operatorname{softmax}(r / \tau)\bigr),"
           r"\ \beta = \tau = \tfrac12", preferences.exo_of_rewards, "ji2024towards", **_ROW, arrays=2,
           beside=_of_reward, parameters=(("beta", 0.5), ("temperature", 0.5)),
           variants=forms(stable=kernels.exo_of_rewards_row), of_one=0.0,
           gradient=Gradient(exo_of_rewards_pull), plot_range=(-20, 20)),
    _pair("cpl", "Contrastive preference learning (CPL)",
          r"L = -\log \sigma(\alpha A_w - \lambda \alpha A_l),\ \alpha = 1,\ \lambda = \tfrac12,\ A_l = -2",
          preferences.cpl, "hejna2023contrastive", targets=(-2.0,), numbers=(1.0, 0.5),
          forms={"naive": kernels.cpl_entry_naive, "stable": kernels.cpl_entry},
          parameters=(("rejected", -2.0), ("alpha", 1.0), ("bias", 0.5), _EACH)),
    _pair("poft", "Preference-oriented fine-tuning (PoFT)",
          r"L = -\log \sigma(\log \pi - \log \bar p),\ \log \bar p = -1", preferences.poft, "fan2024preference",
          targets=(-1.0,), numbers=(1.0, 0.0),
          forms={"naive": kernels.poft_entry_naive, "stable": kernels.poft_entry},
          parameters=(("baseline", -1.0), _EACH)),
    _pair("implicit_reward_loss", "Cross-entropy of an implicit reward",
          r"L = -\log \sigma(R),\ R = \beta \log(\pi / \pi_0),\ \beta = 1,\ y = 1", preferences.implicit_reward_loss,
          "yuan2024free", targets=(0.0, 1.0), numbers=(1.0,),
          forms={"common": kernels.implicit_reward_entry_clamped, "stable": kernels.implicit_reward_entry},
          parameters=(("labels", 1.0), ("beta", 1.0), _EACH)),
    _pair("imitation_loss", "Imitation by total variation", r"L = f^*(-r) + V,\ f^*(t) = t,\ r = \log(\pi / \pi_0) + V",
          preferences.imitation_loss, "wang2025implicit", targets=(0.0,), numbers=(1.0, 0.0),
          forms={"stable": kernels.imitation_variation_entry}, parameters=(("reference", 0.0), _EACH),
          plot_range=(-4, 4)),
    _pair("imitation_loss_pearson", "Imitation by Pearson's divergence", r"L = f^*(-r) + V,\ f^*(t) = t + t^2 / 4",
          preferences.imitation_loss, "wang2025implicit", targets=(0.0,), numbers=(1.0, 0.0),
          forms={"stable": kernels.imitation_pearson_entry},
          parameters=(("reference", 0.0), ("divergence", "pearson"), _EACH), plot_range=(-4, 4), lipschitz=3.0),
    _pair("imitation_loss_hellinger", "Imitation by the Hellinger distance",
          r"L = f^*(-r) + V,\ f^*(t) = t / (1 - t)", preferences.imitation_loss, "wang2025implicit", targets=(0.0,),
          numbers=(1.0, 0.0), forms={"stable": kernels.imitation_hellinger_entry},
          parameters=(("reference", 0.0), ("divergence", "hellinger"), _EACH), plot_range=(-0.75, 4), lipschitz=16.0),
    _pair("srpo", "Self-improving robust preference optimisation (SRPO)",
          r"L = \bigl(\tfrac12 - \tfrac{\beta}{2} (a - b + 1)\bigr)^2,\ \beta = 0.1", preferences.srpo,
          "choi2024selfimproving", targets=(0.0, 0.75, -0.25, 0.0, 0.0, 0.5), numbers=(0.1, 0.0),
          forms={"stable": kernels.srpo_entry}, lipschitz=0.15,
          parameters=(("rejected", 0.0), ("revised", (0.75, -0.25, 0.0, 0.0)), ("share", 0.0), _EACH)),
    _pair("expo", "Explicit preference optimisation (EXPO)",
          r"L = -\log \sigma(\log \pi_w - \log \pi_l) + \lambda \operatorname{KL}(\pi_0, \pi)", preferences.expo,
          "hu2025explicit", targets=(0.0, 0.0), numbers=(0.1,),
          forms={"naive": kernels.expo_entry_naive, "stable": kernels.expo_entry},
          parameters=(("rejected", 0.0), _EACH)),
    Scalar("anchor_divergence", "Anchor of EXPO", r"\operatorname{KL}\bigl(q, \operatorname{softmax}(z)\bigr)",
           preferences.anchor_divergence, "hu2025explicit", **_ROW, arrays=2, beside=_of_reference,
           variants=forms(stable=kernels.anchor_divergence_row), gradient=Gradient(anchor_divergence_pull),
           plot_range=(-20, 20), of_one=0.0),
    Scalar("log_ratio", "Log-ratio of an answer", r"\sum_t \log \pi_t - \log \pi_{0, t}", preferences.log_ratio,
           "rafailov2023direct", **_ROW, arrays=2, beside=_of_reference, numbers=(False,),
           variants=forms(naive=kernels.log_ratio_naive, stable=kernels.log_ratio_row),
           gradient=Gradient(log_ratio_pull, kernels.log_ratio_vjp_row), plot_range=(-20, 0)),
    RowMap("process_values", "Values of an implicit reward", r"v_t = \beta \sum_{i \le t} \log \pi_i - \log \pi_{0, i}",
           preferences.process_values, "yuan2024free", **_ROW, arrays=2, beside=_of_reference, result=ENTRIES,
           parameters=(("beta", 1.0),), variants=forms(stable=kernels.process_values_row),
           gradient=Gradient(process_values_pull, kernels.process_values_vjp_row), plot_range=(-20, 0)),
    RowMap("step_weights", "Weights of steps", r"u_t = n \operatorname{softmax}(\tau r)_t,\ \tau = \tfrac12",
           preferences.step_weights, "xu2025fullstep", **_ROW, result=ENTRIES, parameters=(("sharpness", 0.5),),
           variants=forms(stable=kernels.step_weights_row), holds=frozenset({"shift", "order", "zero_sum"}),
           gradient=Gradient(step_weights_pull, kernels.step_weights_vjp_row),
           moved=("first reward", "r₁", "first reward r₁, beside r₂ = 0 and r₃ = −1")),
    Fit("full_step_dpo", "Full-Step-DPO",
        r"-w \bigl(\sum_t u_t c_t \log \pi(w_t) - \sum_t v_t d_t \log \pi(l_t)\bigr)", preferences.full_step_dpo,
        "xu2025fullstep", **_ROW, variants=forms(stable=fill_pushes), given=_steps, numbers=(),
        knob=("sharpness of the weights", 0.0, 4.0, 0.5), x=Axis("step of the chosen answer", (1.0, 5.0)), points=5,
        y=Axis("push on its log-probability", (-0.4, 0.1)), mark=Bars, work=35, found="The surrogate loss",
        upright=False),
    Matrix("bradley_terry", "Bradley-Terry preferences", r"P_{ij} = \frac{p_i}{p_i + p_j}", preferences.bradley_terry,
           "bradley1952rank", **_ROW, variants=forms(stable=fill_table), numbers=(), side=12, work=12,
           knob=("spread of the rewards", 0.1, 20.0, 4.0), entry="preferred to answer j",
           given=lambda rng, rows, columns: (rng.uniform(0.1, 1.0, columns),)),
    _end("population_optimum", "Where DPO ends", r"\pi \propto \pi_0\, p^{1 / \beta}", "rafailov2023direct", "dpo"),
    _end("population_optimum_ipo", "Where IPO ends", r"\min_\pi \operatorname{E} \left(h - \tfrac{1}{2 \tau}\right)^2",
         "azar2023general", "ipo"),
    _end("population_optimum_exo", "Where EXO ends", r"\min_\pi \operatorname{E} \operatorname{KL}(q, 1 - \epsilon)",
         "ji2024towards", "exo"),
    _end("population_optimum_expo", "Where EXPO ends",
         r"\min_\pi \operatorname{E} -\log \sigma(\log \pi_w - \log \pi_l) + \lambda \operatorname{KL}(\pi_0, \pi)",
         "hu2025explicit", "expo"),
    _end("population_optimum_srpo", "Where SRPO ends",
         r"\pi(y) \propto \pi_0(y) \Bigl(\sum_x \pi_0(x) e^{P(x \succ y) / \beta}\Bigr)^{-1}", "choi2024selfimproving",
         "srpo"),
    _end("population_optimum_smoothed", "Where DPO with smoothed labels ends",
         r"\min_\pi \operatorname{E} -(1 - \epsilon) \log \sigma(\beta h) - \epsilon \log \sigma(-\beta h)",
         "rafailov2023direct", "smoothed"),
    _end("population_optimum_pre_dpo", "Where Pre-DPO ends", r"\pi \propto \pi_0\, p^{2 / \beta}", "pan2025predpo",
         "pre_dpo"),
    Iteration("preference_descent", "Certain preferences, over time",
              r"z \leftarrow z - \eta \nabla_z \operatorname{E} L",
              preferences.preference_descent, "azar2023general", **_ROW, init=begin_certain, step=step_certain,
              measure=share_of_wrong, size=8 + 8, numbers=(), given=lambda rng, rows, columns: (
                  *_population(rng, rows, columns), 3),
              knob=("learning rate η", 0.01, 10.0, 0.1), steps=1000,
              axis=Axis("share of the answer that is never preferred", (1e-4, 1.0), scale="log")),
)
