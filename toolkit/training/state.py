"""The arrays of a run by name: what is trained on, what is trained, and what a step works in.

`Work` and `sizes_of` are the one declaration of the work space: Python makes its arrays by them, and a page's kernel
cuts its own.
"""
from typing import NamedTuple

import numpy as np

from toolkit._core.kernel import kernel
from toolkit.networks.perceptron import block_floats, transposed_floats
from toolkit.networks.plan import (
    BIASED,
    CHUNKS,
    DEPTH,
    N_ALL,
    columns_in,
    fill_tensors,
    n_classes,
    n_parameters,
    numbers_in,
)
from toolkit.networks.transformer_plan import (
    TENSORS,
    fill_transformer_tensors,
    tensor_columns,
    tensor_numbers,
    transformer_parameters,
    turned_floats,
    work_floats,
)
from toolkit.training.loss import TALLIES

__all__ = ["Data", "ELEMENTS", "State", "Work", "fill_columns", "fill_places", "sizes_of", "start_clock"]

CLOCK = 3


class Data(NamedTuple):
    """Rows, those for training first.

    Attributes
    ----------
    inputs : (n, features) array of the training precision, or flat int32 array of symbols
    labels : (n,) int32 array
    """

    inputs: np.ndarray
    labels: np.ndarray


class State(NamedTuple):
    """What a run is at some step; a checkpoint keeps it.

    Attributes
    ----------
    parameters : all weights and biases, padded
    memory : tuple of arrays of the same length, those of the optimizer
    clock : steps taken and the powers of the betas, float64
    """

    parameters: np.ndarray
    memory: tuple
    clock: np.ndarray


class Work(NamedTuple):
    """What a step works in and leaves behind.

    Attributes
    ----------
    tensors, numbers : where each parameter tensor begins, the last one ends; how many numbers each has without padding
    grads, steps : gradient and direction of the last step, as long as the parameters
    turned : transposed weights
    sums : gradients of each chunk of rows
    blocks : what the layers of each chunk hold
    row32, row64 : three rows of classes of each chunk, for the loss
    tallies : what each chunk adds up over its rows
    gaps : logit gap of every row
    norms : of each parameter tensor
    columns : how many numbers a row of each tensor has in memory, 0 for a bias; None where no step asks for matrices
    squares : two squares of the largest number of columns, or None
    spare : three rows as long as the parameters, for `toolkit.optimizers.look_around`, or None
    """

    tensors: np.ndarray
    numbers: np.ndarray
    grads: np.ndarray
    steps: np.ndarray
    turned: np.ndarray
    sums: np.ndarray
    blocks: np.ndarray
    row32: np.ndarray
    row64: np.ndarray
    tallies: np.ndarray
    gaps: np.ndarray
    norms: np.ndarray
    columns: np.ndarray | None
    squares: np.ndarray | None
    spare: np.ndarray | None


# The others are of the training precision.
ELEMENTS = {"tensors": "i32", "numbers": "i32", "columns": "i32", "row32": "f32", "row64": "f64", "tallies": "f64",
            "gaps": "f64", "norms": "f64", "clock": "f64"}


@kernel
def widest_of(plan, shape):
    """The largest number of columns of a parameter tensor."""
    widest = 0
    for t in range(np.int64(plan[DEPTH]) * (1 + np.int64(plan[BIASED])) if shape is None else len(TENSORS)):
        widest = max(widest, columns_in(plan, t) if shape is None else tensor_columns(plan, shape, t))
    return widest


@kernel
def sizes_of(plan, shape):
    """A `Work` of the lengths of its arrays; `shape` is that of a transformer, or None."""
    if shape is None:
        size, turned, block = n_parameters(plan), transposed_floats(plan), block_floats(plan)
        tensors = np.int64(plan[DEPTH]) * (1 + np.int64(plan[BIASED]))
    else:
        size, turned = transformer_parameters(plan, shape), turned_floats(plan, shape)
        block, tensors = work_floats(plan, shape), len(TENSORS)
    row = CHUNKS * 3 * n_classes(plan)
    return Work(tensors=tensors + 1, numbers=tensors, grads=size, steps=size, turned=max(1, turned),
                sums=CHUNKS * size, blocks=CHUNKS * block, row32=row, row64=row, tallies=CHUNKS * len(TALLIES),
                gaps=np.int64(plan[N_ALL]), norms=tensors, columns=tensors,
                squares=2 * widest_of(plan, shape) ** 2, spare=3 * size)


@kernel
def fill_places(plan, shape, work):
    """Where the parameter tensors lie."""
    if shape is None:
        fill_tensors(plan, work.tensors)
    else:
        fill_transformer_tensors(plan, shape, work.tensors)
    for t in range(work.numbers.size):
        work.numbers[t] = numbers_in(plan, t) if shape is None else tensor_numbers(plan, shape, t)


@kernel
def fill_columns(plan, shape, columns):
    """How many numbers a row of each parameter tensor has in memory."""
    for t in range(columns.size):
        columns[t] = columns_in(plan, t) if shape is None else tensor_columns(plan, shape, t)


@kernel
def start_clock(clock):
    """No step taken."""
    clock[0] = 0.0
    clock[1] = 1.0
    clock[2] = 1.0
