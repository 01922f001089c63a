"""What is measured: functions, shapes, and the numbers that all processes make alike from a seed. Needs NumPy alone."""
import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

__all__ = ["ACTIVATIONS", "ALGORITHMS", "CALLS", "DTYPES", "ENTRIES", "ENTRY_SHAPES", "EXTRAS", "EXTRA_SHAPES",
           "FUNCTIONS", "SHAPES", "SINGLE_THREADED", "Started", "accuracy_rows", "entries_of", "entry_numbers",
           "label_probabilities", "logits_and_labels", "shape_name", "sum_row"]

FUNCTIONS = ("softmax", "log_softmax", "logsumexp", "stablemax", "log_stablemax", "cross_entropy",
             "cross_entropy_and_grad", "stablemax_cross_entropy_and_grad")
ALGORITHMS = ("naive", "three_pass_recompute", "three_pass_reload", "two_pass", "online")
DTYPES = ("float32", "float64")
# Shape and the axis of the classes.
SHAPES = (((1, 8), 1), ((1, 256), 1), ((64, 10), 1), ((1000, 10), 1), ((4096, 128), 1), ((1024, 1024), 1),
          ((1024, 1024), 0), ((16, 128256), 1), ((64, 50257), 1), ((512, 32768), 1), ((1, 2**24), 1))
ACTIVATIONS = ("relu", "gelu", "silu", "mish", "softplus", "sigmoid", "tanh", "elu")
ENTRIES = (*ACTIVATIONS, *(f"{name} slope" for name in ACTIVATIONS), "copy")
ENTRY_SHAPES = tuple(((2**k,), 0) for k in (10, 16, 20, 24))
EXTRAS = ("softmax, temperature", "cross_entropy_and_grad, smoothing", "cross_entropy_and_grad, probabilities",
          "top_k_softmax", "top_p_softmax", "min_p_softmax", "sparsemax", "entmax15")
EXTRA_SHAPES = (((64, 1000), 1), ((4096, 128), 1), ((64, 50257), 1))
CALLS = {((10,), 0): ("softmax",), ((64, 10), 1): ("softmax", "cross_entropy_and_grad")}
SINGLE_THREADED = ("NumPy", "SciPy")  # whatever number of threads is asked for
SEED = 20200113


class Started(NamedTuple):
    """A function of which only a part is timed: ``make(z, labels, axis)`` does the rest and gives the call."""

    make: Callable


def shape_name(shape, axis):
    """``"1024x1024"``, ``"1024x1024 axis 0"`` for columns, and ``"1024"`` for an array of one axis."""
    return "x".join(map(str, shape)) + (" axis 0" if axis == 0 and len(shape) > 1 else "")


def entries_of(name):
    """How many entries an array of that shape has, by its name."""
    return math.prod(map(int, name.split()[0].split("x")))


def logits_and_labels(shape, axis, dtype):
    """Normal logits of scale 3 and a label for each row or column; an array of one axis gets one label."""
    rng = np.random.default_rng(SEED)
    z = rng.standard_normal(shape, np.float32)
    z *= np.float32(3)
    labels = rng.integers(0, shape[axis], shape[1 - axis] if len(shape) > 1 else 1)
    return z.astype(dtype, copy=False), labels


def label_probabilities(shape, dtype):
    """Rows of probabilities that are labels."""
    q = np.random.default_rng(SEED + 1).random(shape, np.float32)
    return (q / q.sum(axis=-1, keepdims=True)).astype(dtype, copy=False)


def entry_numbers():
    """Every 65537th float32 pattern of bits, of those between -80 and 80."""
    x = np.arange(0, 2**32, 65537, dtype=np.uint64).astype(np.uint32).view(np.float32)
    return x[np.abs(x) < 80]


def accuracy_rows(dtype, rows=3):
    """Pairs of a row and its label, random and adversarial: few numbers, since the truth takes many digits."""
    rng = np.random.default_rng(SEED)
    deep = 85.0 if dtype == "float32" else 700.0
    result = []
    for classes in (2, 10, 100):
        for _ in range(rows):
            z = 3 * rng.standard_normal(classes)
            confident, wide = z.copy(), rng.uniform(-deep, 0, classes)
            confident[0] += 25.0
            for row in (z, z + 1000.0, confident, wide, np.full(classes, z[0]), np.sort(z), 1e-6 * z):
                result.append((row.astype(dtype), int(rng.integers(classes))))
            result.append((confident.astype(dtype), 0))
    return result


def sum_row(kind, size, dtype):
    """A long row whose probabilities should sum to 1: ``"normal"``, or one large logit before many equal ones."""
    if kind == "normal":
        return logits_and_labels((1, size), 1, dtype)[0]
    z = np.zeros((1, size), dtype)
    z[0, 0] = np.log(size)
    return z
