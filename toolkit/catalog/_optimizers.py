"""Rows of the optimizers, on a bowl in two dimensions that is twenty times as steep across as along."""
import numpy as np

from toolkit import optimizers
from toolkit._core.kernel import kernel
from toolkit.catalog._iteration import Iteration
from toolkit.live import Axis
from toolkit.optimizers import OPTIMIZERS, POWER1, POWER2, Settings, descend, tick

__all__ = ["METHODS"]

_STEEP = 20.0
_SIZE = 15  # of the state: two weights, gradient, direction, clock of three, and up to three arrays of memory


@kernel
def begin(state):
    state[0], state[1] = 1.0, 1.0
    state[6 + POWER1], state[6 + POWER2] = 1.0, 1.0


@kernel
def height(state):
    """``(w_1² + 20 w_2²) / 2``, at least what a logarithmic axis shows."""
    return max(0.5 * (state[0] * state[0] + _STEEP * state[1] * state[1]), 1e-30)


@kernel(inline=True)
def one_memory(state):
    return (state[9:11],)


@kernel(inline=True)
def two_memories(state):
    return (state[9:11], state[11:13])


@kernel(inline=True)
def three_memories(state):
    return (state[9:11], state[11:13], state[13:15])


def _step(rule, memory, decay):
    """A step of a rule at a learning rate and decoupled weight decay, with other settings at their defaults."""
    def step(lr, state):
        settings = Settings(lr, 0.0, 0.9, 0.999, 1e-8, 0.9, 0, 0.0, 1.0, True, False, False, 0, False)
        w, g, u, clock = state[:2], state[2:4], state[4:6], state[6:9]
        g[0], g[1] = w[0], _STEEP * w[1]
        tick(clock, settings)
        rule(*((w, g) + memory(state) + (settings, clock, u)))
        descend(w, u, lr, decay)

    return kernel(step)


def _row(name, formula, function, reference, chapter, rate, settings, decay=0.0):
    """The row of an optimizer of the table, whose direction takes its arrays and then `settings`."""
    optimizer = OPTIMIZERS[name]
    memory = (one_memory, two_memories, three_memories)[len(optimizer.memory) - 1]

    def given(rng, rows, columns):
        arrays = [rng.normal(size=columns) for _ in range(2)] + [np.zeros(columns) for _ in optimizer.memory]
        return *arrays[-function.py_func.__code__.co_argcount + len(settings) + 1:], *settings, np.zeros(columns)

    return Iteration(name, optimizer.title, formula, function, reference, chapter, family="optimizer", init=begin,
                     step=_step(optimizer.rule, memory, decay), measure=height, size=_SIZE, given=given,
                     knob=("learning rate η", 1e-4, 1.0, rate),
                     axis=Axis("height above the minimum", (1e-30, 100.0), scale="log"))


METHODS = (
    _row("sgd", r"m \leftarrow \mu m + g,\ w \leftarrow w - \eta m", optimizers.sgd_direction,
         "sutskever2013importance", "why_it_waits", 0.01, (0.9, 0.0)),
    _row("adam", r"w \leftarrow w - \eta \hat m / (\sqrt{\hat v} + \epsilon),\ m, v \text{: running means of }"
         r" g + \lambda w, (g + \lambda w)^2", optimizers.adam_direction, "kingma2015adam", "collapse_under_adam", 0.05,
         (0.9, 0.999, 1e-8, 0.9, 0.999, 0.0)),
    _row("adamw", r"w \leftarrow (1 - \eta \lambda) w - \eta \hat m / (\sqrt{\hat v} + \epsilon)",
         optimizers.adam_direction, "loshchilov2019decoupled", "grokking_live", 0.05,
         (0.9, 0.999, 1e-8, 0.9, 0.999, 0.0), decay=0.5),
    _row("lion", r"w \leftarrow (1 - \eta \lambda) w - \eta \operatorname{sign}(\beta_1 m + (1 - \beta_1) g)",
         optimizers.lion_direction, "chen2023symbolic", "grokking_live", 0.01, (0.9, 0.99)),
)
