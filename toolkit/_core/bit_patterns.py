"""Kernels between values and bit patterns: sign, then exponent, then fraction, as IEEE 754 has them."""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit._core.rounding import FINITE_ONLY, bits_of, float_of, power_of_two, round_to_code, smallest_exponent

__all__ = ["decode", "encode"]

_FRACTION = np.int64((1 << 52) - 1)
_SIGN = np.int64(-0x8000000000000000)


@kernel
def low_ones(n):
    """The integer whose last `n` bits are 1, for 0 <= n <= 63."""
    return ~(np.int64(-1) << np.int64(n))


@kernel
def encode(x, code):
    """Bit pattern of `x` rounded to the format, in an int64; NaN gives the positive quiet NaN."""
    fraction = np.int64(code) & 0xFF
    exponent_bits = (np.int64(code) >> 8) & 0xFF
    infinity = low_ones(exponent_bits) << fraction
    value = round_to_code(x, code)
    if np.isnan(value):
        if np.int64(code) & FINITE_ONLY:
            return low_ones(exponent_bits + fraction)
        return infinity | (np.int64(1) << (fraction - 1))
    magnitude = abs(value)
    smallest = smallest_exponent(code)
    if np.isinf(magnitude):
        pattern = infinity
    elif magnitude < power_of_two(smallest):
        # The sum's last bit is the format's smallest subnormal, so its fraction field counts subnormals.
        pattern = bits_of(magnitude + power_of_two(smallest - fraction + 52)) & _FRACTION
    else:
        pattern = (bits_of(magnitude) - ((smallest + 1022) << 52)) >> (52 - fraction)
    if bits_of(value) < 0:
        pattern |= np.int64(1) << (exponent_bits + fraction)
    return pattern


@kernel
def decode(pattern, code):
    """The float64 value of a bit pattern, in an int64; every NaN pattern gives the same NaN."""
    fraction = np.int64(code) & 0xFF
    exponent_bits = (np.int64(code) >> 8) & 0xFF
    magnitude = np.int64(pattern) & low_ones(exponent_bits + fraction)
    infinity = low_ones(exponent_bits) << fraction
    smallest = smallest_exponent(code)
    if np.int64(code) & FINITE_ONLY:
        if magnitude == low_ones(exponent_bits + fraction):
            return np.nan
    elif magnitude > infinity:
        return np.nan
    if magnitude == infinity and not np.int64(code) & FINITE_ONLY:
        value = np.inf
    elif magnitude >> fraction == 0:
        grid = power_of_two(smallest - fraction + 52)
        value = float_of(bits_of(grid) | magnitude) - grid
    else:
        value = float_of((magnitude << (52 - fraction)) + ((smallest + 1022) << 52))
    return -value if np.int64(pattern) & (np.int64(1) << (exponent_bits + fraction)) else value
