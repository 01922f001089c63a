"""Rows of models without their sum: estimates of log Z, and three ways to learn without it."""
from functools import partial

import numpy as np

from toolkit import losses, unnormalized
from toolkit._core.kernel import kernel
from toolkit.catalog._bound import Bound
from toolkit.catalog._entry_loss import EntryLoss
from toolkit.catalog._fit import Fit
from toolkit.catalog._iteration import Iteration
from toolkit.catalog._method import forms
from toolkit.live import Axis
from toolkit.losses import kernels as of_losses
from toolkit.unnormalized import kernels

__all__ = ["METHODS"]

_RNG = np.random.default_rng(4)
_DRAWS, _BATCH = 244, 24
_BELLS = _RNG.normal(size=_DRAWS)
_UNITS = 12
_BIAS = _RNG.normal(0, 0.5, _UNITS)
_COUPLING = np.tril(_RNG.normal(0, 0.5, (_UNITS, _UNITS)), -1)
_COUPLING = _COUPLING + _COUPLING.T
# A normal density with the mean 6 and, for those that learn it, the width 1/2; noise with the mean 3 and the width 3.
_NARROW = 6.0 + 0.5 * _RNG.normal(size=(240, 1))
_WIDE = 3.0 + 3.0 * _RNG.normal(size=(240, 1))


def _log_noise(x):
    return -0.5 * ((x[:, 0] - 3.0) / 3.0) ** 2 - np.log(3.0 * np.sqrt(2 * np.pi))


_OF_WIDE, _OF_NARROW = _log_noise(_WIDE), _log_noise(_NARROW)
_GRID = np.linspace(-3.0, 12.0, 151)[:, None]
_OF_GRID = np.full(151, -np.log(15.1))
# A Boltzmann machine of three units: all its states, and rows in which the first two mostly agree.
_STATES = np.array([[2.0 * (i >> k & 1) - 1.0 for k in range(3)] for i in range(8)])
_OF_STATES = np.full(8, -np.log(8.0))
_ROWS = np.repeat(_STATES, [9, 1, 1, 5, 3, 1, 1, 3], axis=0)
_OF_COINS = np.full(_BATCH, -np.log(8.0))
_COINS = 2.0 * (_RNG.random((240, 3)) < 0.5) - 1.0


def _estimates(of):
    """A kernel that fills the estimate from ever more draws, for a model so far from the noise; gives that of all."""
    def curve(distance, x, work, y):
        for i in range(_DRAWS):
            work[i] = distance * _BELLS[i] - 0.5 * distance * distance
        for i in range(y.size):
            y[i] = of(work[:min(4 * (i + 1), _DRAWS)])[0]
        return of(work[:_DRAWS])[0]

    curve.__name__ = curve.__qualname__ = f"{of.__name__}_curve"
    return kernel(curve)


@kernel
def machine_of(units):
    n = 1 if not units >= 1.0 else _UNITS if units > _UNITS else int(np.rint(units))
    return kernels.boltzmann_log_partition_of(_BIAS[:n], _COUPLING[:n, :n])


@kernel
def batch_after(count):
    """Where the next batch begins, of ten, after so many steps."""
    return _BATCH * (np.int64(count) % 10) if 0.0 <= count < 1e9 else 0


def _steps_of(step, start):
    """Kernels that begin MECO at 0 and take its steps; of the state: mean, memory, room for weights, slope, count."""
    def begin(state):
        state[1] = start

    def move(gamma, state):
        at = batch_after(state[_BATCH + 4])
        step(kernels.normal_mean_logit, state[:1], state[1:3], _NARROW[at:at + _BATCH], _WIDE[at:at + _BATCH],
             _OF_WIDE[at:at + _BATCH], gamma, 0.1, 0.05, state[4:4 + _BATCH], state[3:4])
        state[_BATCH + 4] += 1.0

    for each in (begin, move):
        each.__name__ = each.__qualname__ = f"{each.__name__}_{step.__name__}"
    return kernel(begin), kernel(move)


_BEGIN_MECO, _MOVE_MECO = _steps_of(kernels.meco_step_of, -np.inf)


@kernel
def mean_off(state):
    return abs(state[0] - 6.0)


@kernel
def begin_at_zero(state):
    """Mean and logarithm of the width, or weights, all 0 already."""
    state[state.size - 1] = 0.0


@kernel
def tell_apart(rate, state):
    """Numbers of the state: mean and width, log_z, gradient, slope."""
    _, state[2] = kernels.contrastive_step(kernels.normal_logit, state[:2], state[2], True, _NARROW, _OF_NARROW, _WIDE,
                                           _OF_WIDE, rate, state[6:8], state[3:6])


@kernel
def told_apart(state):
    return kernels.contrastive_gradient(kernels.normal_logit, state[:2], state[2], _NARROW, _OF_NARROW, _WIDE, _OF_WIDE,
                                        state[6:8], state[3:6])


@kernel
def climb(rate, state):
    """Numbers of the state: mean and width, gradient, slope, weights of the grid."""
    kernels.likelihood_step(kernels.normal_logit, state[:2], _NARROW, _GRID, _OF_GRID, rate, state[6:], state[4:6],
                            state[2:4])


@kernel
def likelihood_now(state):
    return kernels.likelihood_gradient(kernels.normal_logit, state[:2], _NARROW, _GRID, _OF_GRID, state[6:], state[4:6],
                                       state[2:4])


@kernel
def begin_machine(state):
    state[6] = -np.inf


@kernel
def learn_machine(rate, state):
    """Numbers of the state: six parameters, memory of seven, slope, count, weights."""
    at = batch_after(state[19])
    kernels.meco_step_of(kernels.boltzmann_logit, state[:6], state[6:13], _ROWS, _COINS[at:at + _BATCH], _OF_COINS, 0.1,
                         0.1, rate, state[20:20 + _BATCH], state[13:19])
    state[19] += 1.0


@kernel
def machine_now(state):
    """The exact likelihood."""
    return kernels.likelihood_gradient(kernels.boltzmann_logit, state[:6], _ROWS, _STATES, _OF_STATES,
                                       state[20 + _BATCH:28 + _BATCH], state[13:19], state[28 + _BATCH:34 + _BATCH])


def _numbers(rng, rows, columns):
    return rng.normal(size=rows), rng.normal(size=columns), -1.0, [0.5, 0.0]


_in_chapter = {"chapter": "without_the_sum", "family": "loss"}
_RATE = ("learning rate η", 0.01, 1.0, 0.1)
_fit = partial(Iteration, function=unnormalized.fit_unnormalized, given=_numbers, numbers=(), **_in_chapter)

METHODS = (
    EntryLoss.of_forms(
        "noise_contrastive_loss", "Noise-contrastive loss",
        r"L = -\log \sigma(s - c - \log q - \log \nu) \text{ of data},\ \nu = 1", losses.noise_contrastive_loss,
        "gutmann2012noise", targets=(0.0, 1.0), numbers=(1.0,), lipschitz=1.0,
        forms={"naive": of_losses.noise_contrastive_naive, "stable": of_losses.noise_contrastive_stable},
        parameters=(("labels", 1.0), ("reduction", "none")), plot_range=(-20, 20), **_in_chapter),
    Fit("log_partition", "Partition function from draws", r"\log \hat Z = \log \tfrac1B \textstyle\sum_i e^{s(x_i)} /"
        r" q(x_i),\ x_i \sim q", unnormalized.log_partition, "owen2013monte", **_in_chapter,
        variants=forms(naive=_estimates(kernels.log_partition_naive), stable=_estimates(kernels.log_partition_row)),
        given=lambda rng, rows, columns: (rng.normal(size=(rows, columns)),),
        knob=("distance of the model from the noise", 0.0, 8.0, 3.0), x=Axis("draws B", (4, _DRAWS)),
        y=Axis("estimate of log Z, which is 0", (-14, 2)), work=_DRAWS, found="Estimate from all draws",
        upright=False),
    Bound("boltzmann_log_partition", "Partition function of a Boltzmann machine",
          r"\log \textstyle\sum_{x \in \{-1, 1\}^n} \exp(\sum_i b_i x_i + \sum_{i < j} J_{ij} x_i x_j)",
          unnormalized.boltzmann_log_partition, "ackley1985learning", **_in_chapter, variants=forms(stable=machine_of),
          numbers=(), plot_range=(1, _UNITS), coordinate="units n", axis=Axis("log Z", (0, 20)),
          given=lambda n: ((_BIAS[:int(n)], _COUPLING[:int(n), :int(n)]), {})),
    Iteration("meco", "MECO", r"u \leftarrow (1 - \gamma) u + \gamma \hat Z,\ \theta \leftarrow \theta - \eta v,\ v"
              r" \text{: a running mean of } \textstyle\overline{w s'} / u - \overline{s'}", unnormalized.meco_step,
              "jiang2023learning", **_in_chapter, init=_BEGIN_MECO, step=_MOVE_MECO, measure=mean_off,
              size=_BATCH + 5, numbers=(), axis=Axis("distance of the mean", (0, 8)),
              knob=("part γ of the new estimate", 0.01, 1.0, 0.1), steps=150,
              given=lambda rng, rows, columns: ([0.5, 0.0], rng.normal(size=rows), rng.normal(size=columns), -1.0)),
    _fit("noise_contrastive_estimation", "Noise-contrastive estimation (NCE)",
         r"\min_{\theta, c} \overline{\operatorname{sp}(-G)} + \nu\, \overline{\operatorname{sp}(G)},\ G = s - c -"
         r" \log q - \log \nu", reference="gutmann2012noise", parameters=(("method", "nce"), ("steps", 5)),
         init=begin_at_zero, step=tell_apart, measure=told_apart, size=8, knob=_RATE, steps=300,
         axis=Axis("loss", (0, 3))),
    _fit("unnormalized_likelihood", "Likelihood by a grid or by noise",
         r"\min_\theta \log \overline{e^{s} / q} - \overline{s}", reference="owen2013monte",
         parameters=(("method", "mle"), ("steps", 5)), init=begin_at_zero, step=climb, measure=likelihood_now,
         size=6 + 151, knob=_RATE, steps=200, axis=Axis("negative log-likelihood", (0, 8))),
    _fit("fit_unnormalized", "A Boltzmann machine by MECO",
         r"\min_J \log \overline{e^{s} / q} - \overline{s},\ s = b^\top x + \textstyle\sum_{i < j} J_{ij} x_i x_j",
         reference="jiang2023learning", parameters=(("steps", 5),), init=begin_machine, step=learn_machine,
         measure=machine_now, size=34 + _BATCH, knob=_RATE, steps=200, axis=Axis("negative log-likelihood", (1, 2.5))),
)
