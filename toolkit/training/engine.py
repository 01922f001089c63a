"""Training steps: gradients over chunks of rows, a step of the optimizer, and measures.

`advance` takes any number of steps without Python in between and returns `Measures` at the weights they lead to. The
same kernels run in the browser. Sums have fixed owners and orders, so neither threads nor machine change a bit.
"""
import numpy as np
from numba import prange

from toolkit._core.kernel import kernel
from toolkit.networks.perceptron import transpose_weights
from toolkit.networks.plan import CHUNKS, N_ALL, N_TRAIN
from toolkit.networks.transformer import prepare
from toolkit.optimizers.flatness import look_around
from toolkit.optimizers.settings import STEP
from toolkit.optimizers.step import update
from toolkit.training.batches import next_batch
from toolkit.training.chunks import add_chunks, chunk
from toolkit.training.measures import measures_of, nothing_measured, tally_of

__all__ = ["advance", "gradient", "gradient_in_turn"]


@kernel
def turn(plan, shape, fused, parameters, work):
    """What all chunks read besides the parameters."""
    if shape is None:
        transpose_weights(parameters, plan, work.turned)
    else:
        prepare(plan, shape, fused, parameters, work.turned)


@kernel(parallel=True)
def gradient(plan, shape, bend, slope, fused, parameters, data, begin, end, learning, counting, watching, of,
             loss_parameters, mode, settings, work, step):
    """Over rows [begin, end): when `learning`, the gradient of their mean loss; when `counting`, tallies, and when
    `watching`, also of collapsed rows.

    `shape` is None for a perceptron, whose machine code then holds nothing of a transformer. `bend` and `slope` are an
    activation and its derivative, or None for that of the plan, `fused` is that of `add_product`. A `Loss` comes in its
    parts: tuples of tuples cannot go to threads, nor arrays that a loop would take out of a tuple itself, so that each
    pass is one call.
    """
    if learning:
        turn(plan, shape, fused, parameters, work)
    for c in prange(CHUNKS):
        chunk(shape, np.int64(c), plan, bend, slope, fused, parameters, data, begin, end, learning, counting, watching,
              of, loss_parameters, mode, settings, work, step)
    if learning:
        for part in prange(CHUNKS):
            add_chunks(np.int64(part), work)


@kernel
def gradient_in_turn(plan, shape, bend, slope, fused, parameters, data, begin, end, learning, counting,
                     watching, of, loss_parameters, mode, settings, work, step):
    """`gradient` on one thread: the same bits, and less to compile."""
    if learning:
        turn(plan, shape, fused, parameters, work)
    for c in range(CHUNKS):
        chunk(shape, c, plan, bend, slope, fused, parameters, data, begin, end, learning, counting, watching, of,
              loss_parameters, mode, settings, work, step)
    if learning:
        for part in range(CHUNKS):
            add_chunks(part, work)


@kernel
def advance(by, count, measuring, plan, shape, bend, slope, fused, data, batch, state, work, loss, rule, settings,
            flatness):
    """Take `count` steps; then, when `measuring`, return the `Measures` at the new weights.

    One loop holds the steps and both passes of the measurement: with a single call of `by`, machine code and
    WebAssembly are half as large.

    Parameters
    ----------
    by : `gradient` or `gradient_in_turn`
    plan, shape, bend, slope, fused : the network, as `gradient` takes it
    data, batch : `Data`, and `Batch` or None for steps on all training rows
    state, work : `State` and `Work`
    loss : Loss
    rule, settings : kernel of an `Optimizer`, and `Settings`
    flatness : `Flatness`, or None for steps along the gradient where the weights are
    """
    n = np.int64(plan[N_TRAIN])
    rest = np.int64(plan[N_ALL]) - n
    seen = tally_of(work.tallies)
    passes = 1 if flatness is None else flatness.passes
    for j in range(count * passes + (2 if measuring else 0)):
        i = j // passes if j < count * passes else count + j - count * passes
        begin, end, rows = 0, n, data
        if i < count:
            if batch is not None:
                end, rows = batch.data.labels.size, batch.data
                if j % passes == 0:
                    next_batch(batch, data, plan, np.int64(state.clock[STEP]))
        elif i > count:
            begin, end = n, n + rest
        by(plan, shape, bend, slope, fused, state.parameters, rows, begin, end, i <= count, i >= count, i == count,
           loss.of, loss.parameters, loss.mode, loss.settings, work, np.int64(state.clock[STEP]))
        if i < count:
            if flatness is not None:
                look_around(flatness, j % passes, state.parameters, work.grads, work.spare)
            if (j + 1) % passes == 0:
                update(rule, settings, work.tensors, work.numbers, work.columns, state.parameters, work.grads,
                       state.memory, state.clock, work.steps, work.squares)
        elif i == count:
            seen = tally_of(work.tallies)
    if not measuring:
        return nothing_measured()
    return measures_of(plan, state.parameters, seen, tally_of(work.tallies), rest, work)
