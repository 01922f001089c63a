"""The rows that an experiment trains and tests on."""
from dataclasses import dataclass

import numpy as np

from toolkit._core.random import seeded
from toolkit.training.task_rows import OPERATIONS, fill_modular, fill_parity, shuffle_rows

__all__ = ["Rows", "rows_of"]

_SPLIT_STREAM, _BITS_STREAM = 1, 0  # weights take the streams from 2 on


@dataclass(frozen=True)
class Rows:
    """Rows of a task, those for training first.

    Attributes
    ----------
    inputs : (n, arity) int32 array
        The input symbols that are on; -1 is no symbol. a and p + b (for a transformer a and b), or the bits that are 1.
    labels : (n,) int32 array
    n_train : int
    n_symbols : int
        Length of the one-hot input, or size of the vocabulary.
    """

    inputs: np.ndarray
    labels: np.ndarray
    n_train: int
    n_symbols: int


def rows_of(experiment):
    """The rows of `experiment`, split by its seed.

    Raises
    ------
    ValueError
        When there is no row to train or test on, or a class that is not in the training rows.
    """
    e = experiment
    n, n_train, transformer = e.n_rows, e.n_train, e.model == "transformer"
    arity = e.bits if e.task == "parity" else 2
    if not 0 < n_train < n:
        raise ValueError(f"train_fraction is {e.train_fraction:g}, {n_train} of {n} rows; allowed: at least one row "
                         f"to train on and one to test on")
    filled = e.p * (e.p - (e.task == "divide")) if transformer else n
    inputs, labels = np.zeros(filled * arity, np.int32), np.zeros(filled, np.int32)
    state = np.zeros(1, np.uint64)
    if e.task == "parity":
        seeded(state, e.seed, _BITS_STREAM)
        fill_parity(e.relevant, arity, state, inputs, labels)
    else:
        fill_modular(OPERATIONS[e.task], e.p, inputs, labels)
        if transformer:
            inputs, labels = _tokens(e.p, inputs, labels)
    seeded(state, e.seed, _SPLIT_STREAM)
    shuffle_rows(inputs, labels, arity, state)
    seen, there = (np.bincount(part, minlength=e.n_classes) > 0 for part in (labels[:n_train], labels))
    unseen = np.flatnonzero(there & ~seen)  # no quotient of two tokens is 0
    if unseen.size:
        raise ValueError(f"train_fraction is {e.train_fraction:g}, {n_train} of {n} rows, and seed {e.seed} leaves "
                         f"{unseen.size} of {e.n_classes} classes without a training row, class {unseen[0]} first; "
                         f"allowed: a fraction that shows every class")
    symbols = arity if e.task == "parity" else e.p if transformer else 2 * e.p
    return Rows(inputs.reshape(n, arity), labels, n_train, symbols)


def _tokens(p, inputs, labels):
    """Pairs of tokens of one vocabulary, those with an operand 0 left out, as in the published code."""
    pairs = inputs.reshape(-1, 2) - np.array([0, p], np.int32)
    kept = np.all(pairs > 0, axis=1)
    return pairs[kept].reshape(-1), labels[kept]
