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
from toolkit._core.numbers import elementary_function, in_format, like, unrounded
from toolkit._core.rounding import largest_finite, power_of_two, quantum, rnd, smallest_exponent
from toolkit._core.switch import switch

__all__ = ["elementary_function", "in_format", "kernel", "largest_finite", "like", "power_of_two", "quantum", "rnd",
           "smallest_exponent", "switch", "unrounded"]
