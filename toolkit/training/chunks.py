"""One chunk of rows, forwards and backwards, through any network: its tallies and the sums of its gradients.

A chunk owns its part of the work space, so chunks may run on any number of threads.
"""
from typing import NamedTuple

import numpy as np

from toolkit._core.branches import unless_none
from toolkit._core.kernel import kernel
from toolkit._core.numbers import in_format
from toolkit.networks.perceptron import backward_block, forward_block, layer_block
from toolkit.networks.plan import BLOCK, CHUNKS, DEPTH, n_classes
from toolkit.networks.rows import clear
from toolkit.networks.transformer import (
    LOGITS,
    LOGITS_SLOPE,
    SYMBOLS_SLOPE,
    backward_rows,
    forward_rows,
    project_backward,
)
from toolkit.networks.transformer_plan import THRESHOLD, work_part
from toolkit.training.loss import BOOST, loss_block

__all__ = ["Room", "add_chunks", "chunk", "room_of"]


class Room(NamedTuple):
    """The part of a `Work` that one chunk owns."""

    block: np.ndarray
    narrow: np.ndarray
    wide: np.ndarray
    tally: np.ndarray
    sums: np.ndarray


@kernel(inline=True)
def share_of(values, c):
    """The part of chunk c."""
    each = values.size // CHUNKS
    return values[c * each:(c + 1) * each]


@kernel(inline=True)
def room_of(work, classes, c):
    """The `Room` of chunk c."""
    return Room(block=share_of(work.blocks, c), narrow=share_of(work.row32, c).reshape((3, classes)),
                wide=share_of(work.row64, c).reshape((3, classes)), tally=share_of(work.tallies, c),
                sums=share_of(work.sums, c))


@kernel(inline=True)
def begun(room, learning):
    """No tally, and when `learning` no gradient."""
    for i in range(room.tally.size):
        room.tally[i] = 0.0
    if learning:
        for i in range(room.sums.size):
            room.sums[i] = 0.0


@kernel
def perceptron_chunk(c, plan, bend, slope, fused, parameters, data, begin, end, learning, counting,
                     watching, of, loss_parameters, mode, settings, work, step):
    n = np.int64(end - begin)
    depth, last = np.int64(plan[DEPTH]), begin + n * (c + 1) // CHUNKS
    room = room_of(work, n_classes(plan), c)
    begun(room, learning)
    for first in range(begin + n * c // CHUNKS, last, BLOCK):
        count = min(BLOCK, last - first)
        forward_block(plan, bend, fused, parameters, data.inputs, first, count, room.block)
        loss_block(layer_block(room.block, plan, depth, 0)[:count], data.labels[first:first + count], n_classes(plan),
                   of, loss_parameters, mode, settings, 1.0 / n, room.narrow, room.wide, counting, watching,
                   room.tally, work.gaps[first:first + count], layer_block(room.block, plan, depth, 2)[:count])
        if learning:
            backward_block(plan, slope, fused, work.turned, data.inputs, first, count, room.block, room.sums)


@kernel
def transformer_chunk(shape, c, plan, bend, slope, fused, parameters, data, begin, end, learning, counting,
                      watching, of, loss_parameters, mode, settings, work, step):
    """Numbers are dropped while learning and not watching."""
    n = np.int64(end - begin)
    last = begin + n * (c + 1) // CHUNKS
    dropping = learning and not watching and shape[THRESHOLD] > 0
    room = room_of(work, n_classes(plan), c)
    block = room.block
    begun(room, learning)
    if learning:
        clear(work_part(block, plan, shape, SYMBOLS_SLOPE))
    for first in range(begin + n * c // CHUNKS, last, BLOCK):
        count = min(BLOCK, last - first)
        forward_rows(plan, shape, fused, parameters, work.turned, data.inputs, first, count, step, dropping, block)
        loss_block(work_part(block, plan, shape, LOGITS)[:count], data.labels[first:first + count], n_classes(plan),
                   of, loss_parameters, mode, settings, 1.0 / n, room.narrow, room.wide, counting, watching,
                   room.tally, work.gaps[first:first + count], work_part(block, plan, shape, LOGITS_SLOPE)[:count])
        if learning:
            backward_rows(plan, shape, fused, parameters, work.turned, data.inputs, first, count, step, dropping,
                          block, room.sums)
    if learning:
        project_backward(plan, shape, fused, parameters, block, room.sums)


# (shape, c, plan, ...): chunk c of rows [begin, end): its tallies, gaps and, when `learning`, sums of gradients.
chunk = unless_none(transformer_chunk, perceptron_chunk)


@kernel
def add_chunks(part, work):
    """One part of the gradient: the sums of all chunks, added in a fixed order."""
    grads, sums = in_format(work.grads, None), in_format(work.sums, None)
    size = grads.size
    for i in range(size * part // CHUNKS, size * (part + 1) // CHUNKS):
        total = (((sums[i] + sums[size + i]) + (sums[2 * size + i] + sums[3 * size + i]))
                 + ((sums[4 * size + i] + sums[5 * size + i]) + (sums[6 * size + i] + sums[7 * size + i])))
        grads[i] = total * (1 / BOOST)
