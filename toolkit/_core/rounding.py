"""Rounding kernels: a float64 to any binary format of at most 11 exponent and 52 fraction bits.

A format travels through kernels as one integer, its *code*: ``exponent_bits << 8 | fraction_bits``, plus
`FINITE_ONLY` for formats without infinity (float8 e4m3fn). ``None`` instead of a code means "no emulation":
Numba prunes that branch, so one source is both the native kernel and its low-precision twin.
"""
import numpy as np

from toolkit._core.kernel import kernel

__all__ = ["FINITE_ONLY", "bits_of", "float_of", "largest_finite", "power_of_two", "quantum", "rnd",
           "round_to_code", "smallest_exponent"]

FINITE_ONLY = 1 << 16

_SIGN = np.int64(-0x8000000000000000)
_MAGNITUDE = np.int64(0x7FFFFFFFFFFFFFFF)
_INFINITY = np.int64(0x7FF0000000000000)


@kernel
def bits_of(x):
    """The 64 bits of the float64 `x`, as a signed integer."""
    return np.float64(x).view(np.int64)


@kernel
def float_of(bits):
    """The float64 with these 64 bits."""
    return np.int64(bits).view(np.float64)


@kernel
def power_of_two(n):
    """2.0**n for -1022 <= n <= 1023."""
    return float_of((np.int64(n) + 1023) << 52)


@kernel
def smallest_exponent(code):
    """Exponent of the smallest normal number, ``2 - 2**(exponent_bits - 1)``."""
    return 2 - (np.int64(1) << (((np.int64(code) >> 8) & 0xFF) - 1))


@kernel
def largest_finite(code):
    """Largest finite value of the format.

    A finite-only format also uses the exponent that others keep for infinity, all but its last fraction.
    """
    fraction = np.int64(code) & 0xFF
    top = 1 - smallest_exponent(code)
    if np.int64(code) & FINITE_ONLY:
        return power_of_two(top + 1) * (2.0 - power_of_two(1 - fraction))
    return power_of_two(top) * (2.0 - power_of_two(-fraction))


@kernel
def quantum(x, code):
    """Distance between the neighbours that bracket |x|: 2**(max(exponent of x, smallest) - fraction)."""
    exponent = ((bits_of(x) & _MAGNITUDE) >> 52) - 1023
    smallest = smallest_exponent(code)
    if exponent < smallest:
        exponent = smallest
    n = exponent - (np.int64(code) & 0xFF)
    if n >= -1022:
        return power_of_two(n)
    return float_of(np.int64(1) << (n + 1074))


@kernel
def round_to_code(x, code):
    """`x` rounded to the format's nearest value, ties to even; too large gives inf, or NaN if finite-only."""
    bits = bits_of(x)
    magnitude = bits & _MAGNITUDE
    if magnitude > _INFINITY:
        return np.float64(x)
    fraction = np.int64(code) & 0xFF
    smallest = smallest_exponent(code)
    if magnitude < ((smallest + 1023) << 52):
        # Subnormal in the format: the sum's last bit is the format's quantum, so the adder rounds for us.
        grid = power_of_two(smallest - fraction + 52)
        rounded = bits_of((float_of(magnitude) + grid) - grid)
    else:
        shift = 52 - fraction
        tie_to_even = (magnitude >> shift) & 1
        half = (np.int64(1) << shift) >> 1
        if half > 0:
            magnitude += half - 1 + tie_to_even
        rounded = (magnitude >> shift) << shift
    if float_of(rounded) > largest_finite(code):
        return np.nan if np.int64(code) & FINITE_ONLY else float_of(_INFINITY | (bits & _SIGN))
    return float_of(rounded | (bits & _SIGN))


@kernel
def rnd(x, fmt):
    """The plain number `x` rounded to the format with the code `fmt`; `x` itself when that is None."""
    if fmt is None:
        return x
    return round_to_code(x, fmt)
