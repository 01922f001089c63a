"""A whole training run in a page: arrays that a live simulation declares, cut into `State` and `Work` by its kernels.

A page hands a kernel flat arrays: `integers`, `doubles` and `floats`, each with all of a run that has this type, and
`random`. `pocket_sizes` says how long they must be, and `taken` cuts them, both by `toolkit.training.state.sizes_of`.
Nothing here is another engine. Pages train in float32, by a perceptron.
"""
from typing import NamedTuple

import numpy as np

from toolkit._core.arguments import shown
from toolkit._core.kernel import kernel
from toolkit.networks.plan import ACTIVATION, ARITY, BIASED, DEPTH, N_ALL, N_TRAIN, SIZES, plan_of
from toolkit.optimizers.settings import STEP
from toolkit.training.engine import advance, gradient_in_turn
from toolkit.training.loss import LossSettings
from toolkit.training.state import CLOCK, Data, State, Work, fill_places, sizes_of, start_clock

__all__ = ["Pocket", "empty", "loss_settings", "pocket_sizes", "set_plan", "steps_taken",
           "taken", "taken_dense", "train"]

_PLAN = 16
_ELEMENTS = {"integers": "i32", "doubles": "f64", "floats": "f32", "random": "u64"}


class Pocket(NamedTuple):
    """A run, cut from the arrays of a page.

    Attributes
    ----------
    plan : of the network
    data, state, work : Data, State, Work
    """

    plan: np.ndarray
    data: Data
    state: State
    work: Work


def pocket_sizes(*, rows, inputs, widths, classes, arity=0, biased=False, memory=2):
    """State of a live simulation of training: name -> (type, size).

    Parameters
    ----------
    rows, inputs, widths, classes : the largest numbers that the figure's controls allow
        `inputs` are symbols, or numbers in a row where `arity` is 0.
    arity : int
        Symbols in a row.
    biased : bool
    memory : int
        Arrays of the optimizer, 1 or 2.
    """
    plan = plan_of(n_train=1, n_all=rows, arity=arity, sizes=(inputs, *widths, classes), biased=biased,
                   activation="relu")
    if plan.size > _PLAN:
        raise ValueError(f"widths is {shown(widths)}; allowed: up to {_PLAN - SIZES - 2} hidden layers")
    s = sizes_of(plan, None)
    integers = _PLAN + s.tensors + s.numbers + rows * (arity + 1)
    doubles = CLOCK + s.row64 + s.tallies + s.gaps + s.norms
    floats = (1 + memory) * s.grads + s.grads + s.steps + s.turned + s.sums + s.blocks + s.row32
    floats += 0 if arity else rows * inputs
    sizes = {"integers": integers, "doubles": doubles, "floats": floats, "random": 1}
    return {name: (_ELEMENTS[name], int(size)) for name, size in sizes.items()}


@kernel(inline=True)
def cut(array, size):
    """The first `size` entries, and what is behind them."""
    return array[:size], array[size:]


@kernel(inline=True)
def taken_run(integers, doubles, floats):
    """(plan, state, work, rest of the integers, rest of the floats)."""
    plan, i = cut(integers, _PLAN)
    size = sizes_of(plan, None)
    tensors, i = cut(i, size.tensors)
    numbers, i = cut(i, size.numbers)
    clock, d = cut(doubles, CLOCK)
    row64, d = cut(d, size.row64)
    tallies, d = cut(d, size.tallies)
    gaps, d = cut(d, size.gaps)
    norms, d = cut(d, size.norms)
    parameters, f = cut(floats, size.grads)
    first, f = cut(f, size.grads)
    second, f = cut(f, size.grads)
    grads, f = cut(f, size.grads)
    steps, f = cut(f, size.steps)
    turned, f = cut(f, size.turned)
    sums, f = cut(f, size.sums)
    blocks, f = cut(f, size.blocks)
    row32, f = cut(f, size.row32)
    state = State(parameters=parameters, memory=(first, second), clock=clock)
    work = Work(tensors=tensors, numbers=numbers, grads=grads, steps=steps, turned=turned, sums=sums, blocks=blocks,
                row32=row32, row64=row64, tallies=tallies, gaps=gaps, norms=norms, columns=None, squares=None,
                spare=None)
    return plan, state, work, i, f


@kernel(inline=True)
def taken(integers, doubles, floats):
    """The `Pocket` of a run on symbols; the plan must be there."""
    plan, state, work, i, f = taken_run(integers, doubles, floats)
    rows, arity = np.int64(plan[N_ALL]), np.int64(plan[ARITY])
    inputs, i = cut(i, rows * arity)
    labels, i = cut(i, rows)
    return Pocket(plan=plan, data=Data(inputs=inputs, labels=labels), state=state, work=work)


@kernel(inline=True)
def taken_dense(integers, doubles, floats):
    """The `Pocket` of a run on rows of numbers; the plan must be there."""
    plan, state, work, i, f = taken_run(integers, doubles, floats)
    rows, numbers = np.int64(plan[N_ALL]), np.int64(plan[SIZES])
    inputs, f = cut(f, rows * numbers)
    labels, i = cut(i, rows)
    return Pocket(plan=plan, data=Data(inputs=inputs.reshape((rows, numbers)), labels=labels), state=state, work=work)


@kernel
def set_plan(n_train, n_all, arity, sizes, biased, activation, integers):
    """The plan of a perceptron, which comes first; `sizes` is a tuple, `activation` a value of `ACTIVATIONS`."""
    integers[N_TRAIN] = n_train
    integers[N_ALL] = n_all
    integers[ARITY] = arity
    integers[DEPTH] = len(sizes) - 1
    integers[BIASED] = biased
    integers[ACTIVATION] = activation
    for layer in range(len(sizes)):
        integers[SIZES + layer] = sizes[layer]


@kernel
def empty(pocket):
    """Parameters and memory of 0, the clock at its start."""
    for i in range(pocket.state.parameters.size):
        pocket.state.parameters[i] = 0.0
        pocket.state.memory[0][i] = 0.0
        pocket.state.memory[1][i] = 0.0
        pocket.work.steps[i] = 0.0
    start_clock(pocket.state.clock)
    fill_places(pocket.plan, None, pocket.work)


@kernel
def loss_settings(which, order, fmt):
    """The settings of a loss that sees the logits as they are, at no penalty, in the format with the code `fmt`."""
    return LossSettings(which=which, order=order, code=fmt, scale=1.0, penalty=0.0)


@kernel
def train(count, measuring, run, loss, rule, settings):
    """Take `count` steps of a `Pocket` and, when `measuring`, return `Measures`: `advance` on all training rows."""
    return advance(gradient_in_turn, count, measuring, run.plan, None, None, None, None, run.data, None, run.state,
                   run.work, loss, rule, settings, None)


@kernel
def steps_taken(run):
    """Steps since the start."""
    return np.int64(run.state.clock[STEP])
