"""What a kernel of your own is made of: the decorator, rows and numbers in a format, and a format's edges.

A kernel is plain arithmetic. Its rows decide what each operation rounds to:

>>> import numpy as np
>>> from toolkit.kernels import in_format, kernel
>>> @kernel
... def total(z):
...     s = 0.0
...     for i in range(z.size):
...         s += z[i]
...     return s
>>> z = np.array([2048.0, 1.0, 1.0])
>>> total(z), total(in_format(z, "float16"))
(2050.0, 2048.0)
"""
from toolkit._core.kernel import kernel
from toolkit._core.numbers import (
    as_numbers,
    elementary_function,
    in_format,
    like,
    over_exactly,
    times_exactly,
    unrounded,
)
from toolkit._core.rounding import largest_finite, power_of_two, quantum, smallest_exponent
from toolkit._core.sums import sum_like
from toolkit._core.switch import switch

__all__ = ["as_numbers", "elementary_function", "in_format", "kernel", "largest_finite", "like", "over_exactly",
           "power_of_two", "quantum", "smallest_exponent", "sum_like", "switch", "times_exactly", "unrounded"]
