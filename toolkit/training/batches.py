"""Mini-batches: each epoch goes through the training rows in a random order of its own.

The order follows from the seed and the number of the epoch alone, so that a checkpoint need not keep it. Rows that do
not fill a batch wait for another epoch.
"""
from typing import NamedTuple

import numpy as np

from toolkit._core.kernel import kernel
from toolkit._core.random import below, seeded
from toolkit.networks.plan import ARITY, N_TRAIN
from toolkit.training.state import Data

__all__ = ["Batch", "next_batch"]

_STREAM = 1 << 32  # far from those of tasks and weights


class Batch(NamedTuple):
    """The rows of one step.

    Attributes
    ----------
    data : Data
        As many rows as a batch has.
    order : int32 array
        Of the training rows, in this epoch.
    epoch : int32 array of one number
        To which the order belongs; -1 at the start.
    random : uint64 array of one number
    seed : int
    """

    data: Data
    order: np.ndarray
    epoch: np.ndarray
    random: np.ndarray
    seed: int


@kernel
def shuffle_epoch(batch, epoch):
    order = batch.order
    seeded(batch.random, batch.seed, _STREAM + epoch)
    for i in range(order.size):
        order[i] = i
    for i in range(order.size - 1, 0, -1):
        j = below(batch.random, i + 1)
        held = order[i]
        order[i] = order[j]
        order[j] = held
    batch.epoch[0] = epoch


@kernel
def copy_row(inputs, i, out, j, arity):
    """Row i of the inputs becomes row j of others."""
    if inputs.ndim == 2:
        for k in range(inputs.shape[1]):
            out[j, k] = inputs[i, k]
    else:
        for k in range(arity):
            out[j * arity + k] = inputs[i * arity + k]


@kernel
def next_batch(batch, data, plan, step):
    """Fill the rows of step 0, 1, 2 ..."""
    size = batch.data.labels.size
    steps = np.int64(plan[N_TRAIN]) // size
    if batch.epoch[0] != step // steps:
        shuffle_epoch(batch, step // steps)
    first = step % steps * size
    for j in range(size):
        i = np.int64(batch.order[first + j])
        batch.data.labels[j] = data.labels[i]
        copy_row(data.inputs, i, batch.data.inputs, j, np.int64(plan[ARITY]))
