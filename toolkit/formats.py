"""Binary floating-point formats: rounding to them, distances between their values, their bit patterns."""
import math
from fractions import Fraction

import numpy as np

from toolkit._core.array_likes import array_of
from toolkit._core.bit_patterns import decode, encode
from toolkit._core.format import (
    BFLOAT16,
    FLOAT8_E4M3FN,
    FLOAT8_E5M2,
    FLOAT16,
    FLOAT32,
    FLOAT64,
    FORMATS,
    Format,
    get_format,
)
from toolkit._core.kernel import kernel
from toolkit._core.public import publish
from toolkit._core.rounded_arrays import copy_of_numbers, round_to
from toolkit._core.rounding import quantum

__all__ = ["BFLOAT16", "FLOAT16", "FLOAT32", "FLOAT64", "FLOAT8_E4M3FN", "FLOAT8_E5M2", "FORMATS", "Format",
           "from_bits", "get_format", "round_to", "spacing", "to_bits", "ulp", "ulp_error"]


@kernel
def quantum_each(values, code):
    for i in range(values.size):
        values[i] = quantum(values[i], code) if np.isfinite(values[i]) else np.nan


@kernel
def encode_each(values, patterns, code):
    for i in range(values.size):
        patterns[i] = encode(values[i], code)


@kernel
def decode_each(patterns, values, code):
    for i in range(values.size):
        values[i] = decode(patterns[i], code)


def ulp(x, format):
    """Unit in the last place: the distance between the two neighbours in the format that bracket \\|x\\|.

    ``2**(max(e, e_min) - fraction_bits)`` for ``2**e <= |x| < 2**(e + 1)``. At a power of two this is the
    distance to the larger neighbour; the smaller one is half as far. Beyond `max` the grid is continued. `x`
    need not be a value of the format.

    Parameters
    ----------
    x : array_like, any shape
    format : Format or what `get_format` accepts

    Returns
    -------
    float64, same shape: positive; the smallest subnormal at 0; NaN for NaN and ±inf.

    Examples
    --------
    >>> float(ulp(2048, "float16")), float(ulp(2047, "float16")), float(ulp(0, "float32")) == 2.0**-149
    (2.0, 1.0, True)
    """
    values = copy_of_numbers(x)
    quantum_each(values.reshape(-1), get_format(format).code)
    return values[()]


def spacing(x, format):
    """Signed distance from `x`, rounded to the format, to the next value away from zero, as `numpy.spacing`.

    Parameters
    ----------
    x : array_like, any shape
    format : Format or what `get_format` accepts

    Returns
    -------
    float64, same shape: negative for negative `x`; the smallest subnormal at ±0; NaN where `x` rounds to ±inf
    or NaN. At `max` the grid is continued, as NumPy does for float32 and float64.

    Examples
    --------
    >>> float(spacing(-1.0, "bfloat16")) == -2.0**-7
    True
    """
    values = np.asarray(round_to(copy_of_numbers(x), format))
    return np.where(values < 0, -1.0, 1.0)[()] * ulp(values, format)


def ulp_error(computed, exact, format):
    """Error of `computed` in units of the last place of `exact`: ``|computed - exact| / ulp(exact)``.

    A correctly rounded result is within 0.5. The difference is formed in the arithmetic of `exact`, which
    should be much more precise than the format.

    Parameters
    ----------
    computed : array_like of floats up to float64
    exact : array_like
        float64, longdouble, or numbers with their own arithmetic (`mpmath.mpf`, `fractions.Fraction`).
    format : Format or what `get_format` accepts

    Returns
    -------
    float64, shape of the two broadcast.

    Special values
    --------------
    0 where both are NaN or both the same infinity, and where `computed` is the infinity to which `exact`
    rounds; inf where otherwise only one is NaN or infinite. Beyond `max` the unit is that of `max`.

    Examples
    --------
    >>> import math
    >>> float(ulp_error(3.1416, math.pi, "float16")) < 0.01
    True
    >>> float(ulp_error(1.0, 1.5, "float8_e5m2"))
    2.0
    """
    fmt = get_format(format)
    if isinstance(exact, np.ma.MaskedArray):
        exact = array_of(exact, "exact")
    computed, exact = _side_by_side(copy_of_numbers(computed, name="computed"), exact)
    if exact.dtype.kind in "biu":
        exact = exact.astype(np.float64)
    if exact.dtype == object:
        pairs = zip(computed.reshape(-1).tolist(), exact.reshape(-1), strict=True)
        return np.array([_ulp_error_of_object(c, e, fmt) for c, e in pairs]).reshape(exact.shape)[()]
    with np.errstate(invalid="ignore", over="ignore"):
        below = np.abs(exact).astype(np.float64)
        below = np.where(below > np.abs(exact), np.nextafter(below, 0.0), below)  # keep the binade of `exact`
        error = np.abs((computed - exact) / ulp(np.minimum(below, fmt.max), fmt)).astype(np.float64)
        same = (computed == round_to(below, fmt) * np.sign(exact)) & ~np.isfinite(computed)
        same |= np.isnan(computed) & np.isnan(exact)
    return np.where(same, 0.0, np.where(np.isnan(error), np.inf, error))[()]


def _side_by_side(computed, exact):
    try:
        exact = np.asarray(exact)
    except (OverflowError, ValueError) as error:
        raise ValueError(f"exact is not an array: {error}") from None
    numbers = exact.dtype == object and all(hasattr(each, "__float__") for each in exact.reshape(-1))
    if exact.dtype.kind not in "biuf" and not numbers:
        raise TypeError(f"exact has dtype {exact.dtype}; allowed: numbers with an absolute value and a float")
    try:
        return np.broadcast_arrays(computed, exact)
    except ValueError:
        raise ValueError(f"exact has shape {exact.shape}; allowed: what broadcasts with {computed.shape}, the shape of "
                         "computed") from None


def _ulp_error_of_object(computed, exact, fmt):
    if isinstance(exact, int):
        exact = Fraction(exact)
    number = type(exact)
    try:
        below = float(abs(exact))
    except OverflowError:  # an integer beyond float64
        below = math.inf
    if not (math.isfinite(computed) and math.isfinite(below)):
        return float(ulp_error(computed, below if exact > 0 else -below, fmt))
    if below < math.inf and number(below) > abs(exact):
        below = math.nextafter(below, 0.0)
    try:
        return float(abs(number(computed) - exact) / number(float(ulp(min(below, fmt.max), fmt))))
    except OverflowError:
        return math.inf


def to_bits(x, format):
    """Bit patterns of `x` rounded to a format: sign, exponent, fraction, from the most significant bit on.

    Parameters
    ----------
    x : array_like, any shape
    format : Format or what `get_format` accepts

    Returns
    -------
    uint8, uint16, uint32 or uint64, the narrowest that holds ``format.bits``; same shape. Every NaN gives the
    positive quiet NaN.

    Examples
    --------
    >>> hex(to_bits(1.0, "bfloat16")), hex(to_bits(float("nan"), "float8_e4m3fn"))
    ('0x3f80', '0x7f')
    """
    fmt = get_format(format)
    values = copy_of_numbers(x)
    patterns = np.empty(values.shape, np.int64)
    encode_each(values.reshape(-1), patterns.reshape(-1), fmt.code)
    width = next(w for w in (8, 16, 32, 64) if fmt.bits <= w)
    return patterns.view(np.uint64).astype(f"u{width // 8}")[()]


def from_bits(patterns, format):
    """Values of bit patterns of a format, the inverse of `to_bits`.

    Parameters
    ----------
    patterns : array_like of integers, any shape
        From 0 to ``2**format.bits - 1``.
    format : Format or what `get_format` accepts

    Returns
    -------
    float64, same shape.

    Examples
    --------
    >>> float(from_bits(0x7BFF, "float16")), float(from_bits(0x7E, "float8_e4m3fn"))
    (65504.0, 448.0)
    """
    fmt = get_format(format)
    patterns = array_of(patterns, "patterns")
    if patterns.dtype.kind not in "iu":
        raise TypeError(f"patterns has dtype {patterns.dtype}; allowed: integers")
    if patterns.size and not 0 <= int(patterns.min()) <= int(patterns.max()) < 2**fmt.bits:
        raise ValueError(f"patterns runs from {patterns.min()} to {patterns.max()}; "
                         f"allowed: 0 to 2**{fmt.bits} - 1 for {fmt.name}")
    codes = np.array(patterns, dtype=np.uint64, order="C").view(np.int64)
    values = np.empty(codes.shape, np.float64)
    decode_each(codes.reshape(-1), values.reshape(-1), fmt.code)
    return values[()]


publish(__name__)
