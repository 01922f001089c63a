"""What is measured: functions, shapes, and the numbers that all processes make alike from a seed. Needs NumPy alone."""
import math

import numpy as np

__all__ = ["ALGORITHMS", "DTYPES", "FUNCTIONS", "SHAPES", "SINGLE_THREADED", "accuracy_rows", "entries_of",
           "logits_and_labels", "shape_name", "sum_row"]

FUNCTIONS = ("softmax", "log_softmax", "logsumexp", "stablemax", "log_stablemax", "cross_entropy",
             "cross_entropy_and_grad", "stablemax_cross_entropy_and_grad")
ALGORITHMS = ("naive", "three_pass_recompute", "three_pass_reload", "two_pass", "online")
DTYPES = ("float32", "float64")
# Shape and the axis of the classes.
SHAPES = (((1, 8), 1), ((1, 256), 1), ((1000, 10), 1), ((4096, 128), 1), ((1024, 1024), 1), ((1024, 1024), 0),
          ((512, 32768), 1), ((1, 2**24), 1))
SINGLE_THREADED = ("NumPy", "SciPy")  # whatever number of threads is asked for
SEED = 20200113


def shape_name(shape, axis):
    """``"1024x1024"``, and ``"1024x1024 axis 0"`` for columns."""
    return "x".join(map(str, shape)) + ("" if axis else " axis 0")


def entries_of(name):
    """How many entries an array of that shape has, by its name."""
    return math.prod(map(int, name.split()[0].split("x")))


def logits_and_labels(shape, axis, dtype):
    """Normal logits of scale 3 and a label for each row or column."""
    rng = np.random.default_rng(SEED)
    z = rng.standard_normal(shape, np.float32)
    z *= np.float32(3)
    labels = rng.integers(0, shape[axis], shape[1 - axis])
    return z.astype(dtype, copy=False), labels


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
