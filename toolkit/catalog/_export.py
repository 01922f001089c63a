"""A method's kernels as pages and tests call them: one loop, arrays in and arrays filled."""
from typing import Any, NamedTuple

import numpy as np

from toolkit._core.arguments import shown
from toolkit._core.kernel import kernel

__all__ = ["Export", "numbers_as"]

# What an array of a loop holds, and its type for WebAssembly; {} is that of its floats.
TYPES = {"row": "{}[][]", "matrix": "{}[][]", "vector": "{}[]", "number": "{}[]", "label": "i32[]"}


def numbers_as(dtype, numbers):
    """Parameters as kernels on arrays of `dtype` get them: float64, with a value that `dtype` has."""
    try:
        of = np.dtype(dtype).type
        of(0.5)
    except (TypeError, ValueError):
        raise TypeError(f"dtype is {shown(dtype)}; allowed: a dtype") from None
    if isinstance(numbers, (str, dict)) or not hasattr(numbers, "__iter__"):
        raise TypeError(f"numbers is {shown(numbers)}; allowed: a sequence of numbers")
    return tuple(float(of(a)) if isinstance(a, float) else a for a in numbers)


@kernel
def _emulated(fmt):
    return fmt


@kernel
def _as_they_are(fmt):
    return None


class Export(NamedTuple):
    """A kernel and the loop around it: ``loop(of, *read, numbers, *filled, fmt)``.

    Attributes
    ----------
    loop : kernel
        As those of `toolkit._core.loops`.
    of : kernel
    read, filled : tuple of str
        What each array holds, keys of `TYPES`: those that the loop reads, and those that it fills.
    numbers : tuple
        Parameters of `of`.
    size : int or None
        How many numbers each array has, where that is not free.
    domain : (low, high) or None
        Between which the first array's numbers have to lie; None where they may be anything.
    """

    loop: Any
    of: Any
    read: tuple
    filled: tuple
    numbers: tuple = ()
    size: int | None = None
    domain: tuple | None = None

    @property
    def arrays(self):
        """What the arrays hold, in order."""
        return self.read + self.filled

    def types(self, element="f64"):
        """The types of the arguments of `page`, for `toolkit.live.wasm.build_module`."""
        return [TYPES[kind].format(element) for kind in self.arrays] + ["i32"]

    def __call__(self, *arrays, fmt=None):
        """Run the loop natively, as public functions do."""
        read, filled = arrays[:len(self.read)], arrays[len(self.read):]
        self.loop(self.of, *read, numbers_as(arrays[0].dtype, self.numbers), *filled, fmt)

    def page(self, dtype=None):
        """``(*arrays, fmt)`` as one function for WebAssembly; of arrays of `dtype`, if given, whatever `fmt`."""
        loop, of, format_of = self.loop, self.of, _emulated if dtype is None else _as_they_are
        given = numbers_as(np.float64 if dtype is None else dtype, self.numbers)

        def one_to_one(x, out, fmt):
            loop(of, x, given, out, format_of(fmt))

        def two_to_one(x, y, out, fmt):
            loop(of, x, y, given, out, format_of(fmt))

        def three_to_one(x, y, z, out, fmt):
            loop(of, x, y, z, given, out, format_of(fmt))

        def one_to_two(x, out, value, fmt):
            loop(of, x, given, out, value, format_of(fmt))

        def two_to_two(x, y, out, value, fmt):
            loop(of, x, y, given, out, value, format_of(fmt))

        def three_to_two(x, y, z, out, value, fmt):
            loop(of, x, y, z, given, out, value, format_of(fmt))

        def two_to_three(x, y, out, more, value, fmt):
            loop(of, x, y, given, out, more, value, format_of(fmt))

        return {(1, 1): one_to_one, (2, 1): two_to_one, (3, 1): three_to_one, (1, 2): one_to_two, (2, 2): two_to_two,
                (2, 3): two_to_three, (3, 2): three_to_two}[len(self.read), len(self.filled)]

    def inputs(self, row, label=0, seed=8):
        """Arrays for a call around a row of numbers, the same at each call: it, others of its size, and empty ones."""
        rng, row = np.random.default_rng(seed), np.resize(row, self.size or row.size)
        dtype = row.dtype
        if self.domain is not None:
            row = np.clip(np.nan_to_num(row, nan=self.domain[0]), *self.domain).astype(dtype)
        made = {"row": lambda: rng.normal(size=(1, row.size)).astype(dtype),
                "matrix": lambda: np.abs(rng.normal(size=(row.size, row.size))).astype(dtype),
                "vector": lambda: np.full(row.size, 1 / row.size, dtype),
                "number": lambda: rng.normal(size=1).astype(dtype), "label": lambda: np.full(1, label, np.int32)}
        first = {"row": row[None].copy, "number": row[:1].copy, "vector": row.copy,
                 "matrix": lambda: np.resize(row, (row.size, row.size))}[self.read[0]]
        return [first(), *(made[kind]() for kind in self.read[1:]), *(0 * made[kind]() for kind in self.filled)]
