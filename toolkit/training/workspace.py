"""The arrays of a training run: what it is (its state) and what its kernels work in."""
import numpy as np

from toolkit.training.engine import MEASURES, advance
from toolkit.training.loss import TALLIES
from toolkit.networks.perceptron import block_floats, transposed_floats
from toolkit.networks.plan import BIASED, CHUNKS, DEPTH, N_ALL, SIZES, fill_tensors, n_parameters
from toolkit.networks.product import PACKED, ROWS
from toolkit.networks.transformer_plan import (TENSORS, fill_transformer_tensors, transformer_parameters,
                                                turned_floats, work_floats)

__all__ = ["Workspace", "aligned", "array_sizes"]


def aligned(size, dtype):
    """A zeroed array that begins at a cache line: rows of matrices inside then do too, which doubles their speed."""
    dtype = np.dtype(dtype)
    room = np.zeros(size + 64 // dtype.itemsize, dtype)
    skip = -room.ctypes.data % 64 // dtype.itemsize
    return room[skip:skip + size]


def array_sizes(plan, shape=None):
    """Length of each array that `advance` takes, by name; `shape` is that of a transformer, or None."""
    if shape is None:
        size, turned, block = n_parameters(plan), transposed_floats(plan), block_floats(plan)
        tensors = int(plan[DEPTH]) * (1 + int(plan[BIASED]))
    else:
        size, turned = transformer_parameters(plan, shape), turned_floats(plan, shape)
        block, tensors = work_floats(plan, shape), len(TENSORS)
    size, classes = int(size), int(plan[SIZES + plan[DEPTH]])
    return {
        "parameters": size, "first": size, "second": size, "clock": 3,
        "grads": size, "steps": size, "tensors": tensors + 1, "turned": max(1, int(turned)),
        "sums": CHUNKS * size, "blocks": CHUNKS * int(block), "places": CHUNKS * ROWS * (PACKED + 1),
        "row32": CHUNKS * 3 * classes, "row64": CHUNKS * 3 * classes, "tallies": CHUNKS * len(TALLIES),
        "gaps": int(plan[N_ALL]),
    }


_DTYPES = {"clock": np.float64, "tensors": np.int32, "places": np.int32, "row32": np.float32, "row64": np.float64,
           "tallies": np.float64, "gaps": np.float64}
_NOTHING = np.zeros(0)
STATE = ("parameters", "first", "second", "clock")


class Workspace:
    """Arrays around one plan, and the kernel that uses them."""

    def __init__(self, plan, inputs, labels, choices, rates, dtype, shape=None):
        self.plan, self.inputs, self.labels, self.choices, self.rates = plan, inputs, labels, choices, rates
        self.shape = shape
        self.arrays = {name: aligned(size, _DTYPES.get(name, dtype))
                       for name, size in array_sizes(plan, shape).items()}
        self.arrays["clock"][1:] = 1.0
        if shape is None:
            fill_tensors(plan, self.arrays["tensors"])
        else:
            fill_transformer_tensors(plan, shape, self.arrays["tensors"])

    def _run(self, count, measuring, out, norms):
        a = self.arrays
        advance(count, measuring, self.plan, a["tensors"], a["parameters"], a["first"], a["second"], a["grads"],
                a["steps"], self.inputs, self.labels, self.choices, self.rates, a["clock"], a["turned"], a["sums"],
                a["blocks"], a["places"], a["row32"], a["row64"], a["tallies"], a["gaps"], out, norms,
                self.shape)

    def advance(self, count):
        """Take `count` steps."""
        self._run(count, False, _NOTHING, _NOTHING)

    def measure(self):
        """`MEASURES` by name, and "norms", the norm of each parameter tensor."""
        out, norms = np.zeros(len(MEASURES)), np.zeros(self.arrays["tensors"].size - 1)
        self._run(0, True, out, norms)
        return dict(zip(MEASURES, out.tolist())) | {"norms": norms}

    @property
    def steps_done(self):
        return int(self.arrays["clock"][0])
