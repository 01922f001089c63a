"""The rows that an experiment trains and tests on: of a task by its name, or given arrays."""
import hashlib
from dataclasses import dataclass

import numpy as np

from toolkit._core.arrays import real_array
from toolkit._core.random import seeded
from toolkit.training.task_rows import OPERATIONS, fill_modular, fill_parity, shuffle_rows

__all__ = ["Rows", "given", "rows_of"]

_SPLIT_STREAM, _BITS_STREAM = 1, 0  # weights take the streams from 2 on


@dataclass(frozen=True)
class Rows:
    """Rows of a task, those for training first.

    Attributes
    ----------
    inputs : (n, arity) int32 array or (n, numbers) float64 array
        The input symbols that are on; -1 is no symbol. a and p + b (for a transformer a and b), or the bits that are 1.
        Or numbers.
    labels : (n,) int32 array
    n_train : int
    n_symbols : int
        Length of the one-hot input, size of the vocabulary, or numbers in a row.
    """

    inputs: np.ndarray
    labels: np.ndarray
    n_train: int
    n_symbols: int

    @property
    def description(self):
        """What an `Experiment` says of given rows: ``Experiment(**rows.description, widths=(64,))``."""
        found = hashlib.sha256(self.inputs.tobytes() + self.labels.tobytes()).hexdigest()[:16]
        return {"task": "arrays", "data": found, "sizes": (self.n_train, len(self.labels), self.n_symbols,
                                                           int(self.labels.max()) + 1)}


def given(inputs, labels, test_inputs=None, test_labels=None):
    """Arrays as rows to train on, and perhaps to test on.

    Parameters
    ----------
    inputs, test_inputs : array_like (n, numbers)
    labels, test_labels : array_like of integers (n,), from 0 on

    Returns
    -------
    Rows
        For ``train(Experiment(**rows.description, ...), rows=rows)``; `toolkit.training.fit` does both.
    """
    x, y = _pair("inputs", inputs, "labels", labels)
    n_train = len(y)
    if not n_train:
        raise ValueError("inputs has no rows; allowed: at least one to train on")
    if test_inputs is not None or test_labels is not None:
        more, labels_of_more = _pair("test_inputs", test_inputs, "test_labels", test_labels)
        if more.shape[1] != x.shape[1]:
            raise ValueError(f"test_inputs has rows of {more.shape[1]}; allowed: {x.shape[1]}, as inputs")
        x, y = np.concatenate([x, more]), np.concatenate([y, labels_of_more])
    return Rows(x, y, n_train, x.shape[1])


def _pair(name, inputs, label_name, labels):
    x, y = np.ascontiguousarray(real_array(inputs, name), np.float64), real_array(labels, label_name)
    if x.ndim != 2 or y.shape != x.shape[:1] or not x.shape[1]:
        raise ValueError(f"{name} has shape {x.shape} and {label_name} {y.shape}; allowed: (n, numbers) and (n,)")
    if y.size and (y.dtype.kind not in "iu" or y.min() < 0):
        raise ValueError(f"{label_name} has {y.dtype} from {y.min()} on; allowed: integers from 0 on")
    return x, np.ascontiguousarray(y, np.int32)


def rows_of(experiment, rows=None):
    """The rows of `experiment`, split by its seed; those of given arrays are `rows`.

    Raises
    ------
    ValueError
        When there is no row to train or test on, or a class that is not in the training rows.
    """
    e = experiment
    if (e.task == "arrays") != (rows is not None) or rows is not None and rows.description["data"] != e.data:
        raise ValueError(f"task is {e.task!r}, data {e.data!r}; allowed: the rows with this digest for 'arrays', none "
                         f"for others")
    if rows is not None:
        return rows
    if e.task == "digits":
        return _digits(e)
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


def _digits(e):
    """scikit-learn's digits, pixels from 0 to 1, in an order that follows from the seed."""
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(e.seed).permutation(len(labels))
    return Rows(pixels[order] / 16, labels[order].astype(np.int32), e.n_train, pixels.shape[1])


def _tokens(p, inputs, labels):
    """Pairs of tokens of one vocabulary, those with an operand 0 left out, as in the published code."""
    pairs = inputs.reshape(-1, 2) - np.array([0, p], np.int32)
    kept = np.all(pairs > 0, axis=1)
    return pairs[kept].reshape(-1), labels[kept]
