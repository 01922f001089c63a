"""What a binary floating-point format is: `Format`, the named ones, and `get_format` which finds one.

A format has 1 sign bit, `exponent_bits` and `fraction_bits`, with subnormals, as IEEE 754 lays them out.
Every value of a format with at most 11 exponent bits and 52 fraction bits is a float64, which holds it here.
"""
import math
import re
from dataclasses import dataclass

import numpy as np

from toolkit._core.arguments import check_whole, shown
from toolkit._core.rounding import FINITE_ONLY

__all__ = ["BFLOAT16", "FLOAT16", "FLOAT32", "FLOAT64", "FLOAT8_E4M3FN", "FLOAT8_E5M2", "FORMATS", "Format",
           "get_format"]


@dataclass(frozen=True)
class Format:
    """A binary floating-point format.

    Parameters
    ----------
    name : str
    exponent_bits : int
        2 to 11 (10 when `finite_only`).
    fraction_bits : int
        Stored bits of the significand, 1 to 52; the leading 1 is not stored.
    finite_only : bool
        True for formats without infinity, which keep a single NaN (all ones) and use the rest of the top
        exponent for numbers, as float8 e4m3fn does. A value too large to round to `max` becomes NaN.

    Examples
    --------
    >>> print(Format("tensorfloat32", 8, 10))
    tensorfloat32: 1 + 8 + 10 bits, max 3.401e+38, smallest 1.175e-38 (subnormal 1.148e-41), u = 2^-11
    """

    name: str
    exponent_bits: int
    fraction_bits: int
    finite_only: bool = False

    def __post_init__(self):
        if not isinstance(self.name, str):
            raise TypeError(f"name is {shown(self.name)}; allowed: a text")
        top = 10 if self.finite_only else 11
        for field, low, high in (("exponent_bits", 2, top), ("fraction_bits", 1, 52)):
            value = getattr(self, field)
            object.__setattr__(self, field, check_whole(field, value, low, high))
        object.__setattr__(self, "finite_only", bool(self.finite_only))

    @property
    def code(self):
        """The integer that stands for this format in kernels; `toolkit.kernels.in_format` takes it."""
        return self.exponent_bits << 8 | self.fraction_bits | (FINITE_ONLY if self.finite_only else 0)

    @property
    def bits(self):
        """Width of a bit pattern."""
        return 1 + self.exponent_bits + self.fraction_bits

    @property
    def smallest_normal_exponent(self):
        """Exponent of the smallest normal number, 2 - 2**(exponent_bits - 1)."""
        return 2 - 2 ** (self.exponent_bits - 1)

    @property
    def max(self):
        """Largest finite value."""
        top = 1 - self.smallest_normal_exponent
        if self.finite_only:
            return math.ldexp(2.0 - math.ldexp(1.0, 1 - self.fraction_bits), top + 1)
        return math.ldexp(2.0 - math.ldexp(1.0, -self.fraction_bits), top)

    @property
    def smallest_normal(self):
        """Smallest positive value with all its fraction bits."""
        return math.ldexp(1.0, self.smallest_normal_exponent)

    @property
    def smallest_subnormal(self):
        """Smallest positive value."""
        return math.ldexp(1.0, self.smallest_normal_exponent - self.fraction_bits)

    @property
    def epsilon(self):
        """Distance from 1 to the next larger value, 2**-fraction_bits."""
        return math.ldexp(1.0, -self.fraction_bits)

    @property
    def unit_roundoff(self):
        """Largest relative error of a rounding, 2**-(fraction_bits + 1): the largest x with 1 + x == 1."""
        return self.epsilon / 2

    def __str__(self):
        return (f"{self.name}: 1 + {self.exponent_bits} + {self.fraction_bits} bits, max {self.max:.4g}, "
                f"smallest {self.smallest_normal:.4g} (subnormal {self.smallest_subnormal:.4g}), "
                f"u = 2^-{self.fraction_bits + 1}")


FLOAT64 = Format("float64", 11, 52)
FLOAT32 = Format("float32", 8, 23)
FLOAT16 = Format("float16", 5, 10)
BFLOAT16 = Format("bfloat16", 8, 7)
FLOAT8_E4M3FN = Format("float8_e4m3fn", 4, 3, finite_only=True)
FLOAT8_E5M2 = Format("float8_e5m2", 5, 2)
FORMATS = {f.name: f for f in (FLOAT64, FLOAT32, FLOAT16, BFLOAT16, FLOAT8_E4M3FN, FLOAT8_E5M2)}


def get_format(spec):
    """The `Format` that `spec` means.

    Parameters
    ----------
    spec : Format, str, dtype or (int, int)
        A format, a name in `FORMATS`, a NumPy or ml_dtypes dtype of such a name, or
        ``(exponent_bits, fraction_bits)``, also written as "e6m9".

    Examples
    --------
    >>> get_format("bfloat16") is get_format((8, 7)) is BFLOAT16
    True
    >>> get_format((6, 9)).name
    'e6m9'
    """
    if isinstance(spec, Format):
        return spec
    if isinstance(spec, str) and (bits := re.fullmatch(r"e(\d+)m(\d+)", spec)):
        spec = int(bits[1]), int(bits[2])
    if isinstance(spec, (tuple, list)) and len(spec) == 2:
        exponent_bits = check_whole("exponent_bits of format", spec[0], 2, 11)
        fraction_bits = check_whole("fraction_bits of format", spec[1], 1, 52)
        custom = Format(f"e{exponent_bits}m{fraction_bits}", exponent_bits, fraction_bits)
        return next((f for f in FORMATS.values() if f.code == custom.code), custom)
    name = spec
    if not isinstance(spec, str) and spec is not None:
        try:
            name = np.dtype(spec).name
        except (TypeError, ValueError):
            name = None
    if not isinstance(name, str) or name not in FORMATS:
        raise ValueError(f"format is {shown(spec)}; allowed: a Format, (exponent_bits, fraction_bits), 'e6m9' for "
                         f"(6, 9), or one of {', '.join(FORMATS)}")
    return FORMATS[name]
