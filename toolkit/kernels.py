"""What a kernel of your own is made of: the decorator, rounding to a format, and a format's edges.

>>> from toolkit.formats import FLOAT16
>>> from toolkit.kernels import kernel, rnd
>>> @kernel
... def add(a, b, fmt):
...     return rnd(a + b, fmt)
>>> add(2048.0, 1.0, FLOAT16.code)
2048.0
"""
from toolkit._core.kernel import kernel, like
from toolkit._core.rounding import largest_finite, power_of_two, quantum, rnd, smallest_exponent

__all__ = ["kernel", "largest_finite", "like", "power_of_two", "quantum", "rnd", "smallest_exponent"]
