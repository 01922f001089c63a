"""Arrays rounded to a format."""
import numpy as np

from toolkit._core.array_likes import array_of, is_floating
from toolkit._core.format import get_format
from toolkit._core.kernel import kernel
from toolkit._core.rounding import round_to_code

__all__ = ["copy_of_numbers", "holds", "round_each", "round_to"]


@kernel
def round_each(values, code):
    for i in range(values.size):
        values[i] = round_to_code(values[i], code)


def copy_of_numbers(x, dtype=np.float64, name="x"):
    """A new C-contiguous array of `dtype` with the values of `x`, which must be real numbers."""
    x = array_of(x, name)
    with np.errstate(invalid="ignore"):  # the cast of a signalling NaN
        return np.array(x, dtype=dtype, order="C", copy=True)


def holds(dtype, fmt):
    """Whether every value of the format is a value of the floating dtype."""
    if not is_floating(dtype):
        return False
    own = get_format(dtype)
    return (own == fmt or own.fraction_bits >= fmt.fraction_bits and own.max >= fmt.max and not own.finite_only
            and own.smallest_subnormal <= fmt.smallest_subnormal)


def round_to(x, format):
    """`x` rounded to the nearest value of a format, ties to the even one, as IEEE 754 hardware rounds.

    Subnormals are kept. A value at or beyond the midpoint after `max` becomes ±inf, or NaN in a finite-only
    format (there, beyond the midpoint).

    Parameters
    ----------
    x : array_like, any shape
        Integers pass through float64. The input is never written to.
    format : Format or what `get_format` accepts

    Returns
    -------
    Rounded values in the dtype of `x` if that holds all values of the format, else in float64; same shape,
    and a scalar for a scalar.

    Special values
    --------------
    NaN stays NaN, and the sign of zero stays, also for values that underflow. ±inf stays, but is NaN in a
    finite-only format.

    Accuracy
    --------
    Exact: equal to NumPy and ml_dtypes on every representable value, every midpoint and its neighbours, and
    ten million random float32 per format, tested.

    Examples
    --------
    >>> float(round_to(70000.0, "float16")), float(round_to(2049, "float16"))
    (inf, 2048.0)
    """
    fmt = get_format(format)
    given = array_of(x, "x").dtype
    kept = given if holds(given, fmt) else np.dtype(np.float64)
    # Numba has no float16 arrays; float32 holds all values of a format that float16 holds.
    values = copy_of_numbers(x, np.float32 if kept.itemsize <= 4 else np.float64)
    round_each(values.reshape(-1), fmt.code)
    return values.astype(kept, copy=False)[()]
