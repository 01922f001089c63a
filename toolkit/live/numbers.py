"""Numbers in words: one notation for readouts and axes, on both hosts (numbers.js mirrors `format_number`)."""
import re
from decimal import ROUND_HALF_UP, Decimal
from math import copysign, inf, isnan

__all__ = ["format_number", "power_label"]

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def power_label(base, exponent):
    """``power_label(2, -24)`` is ``"2⁻²⁴"``."""
    return f"{base}{str(exponent).translate(_SUPERSCRIPT)}"


def _rounded(value, digits):
    """Decimal digits and exponent of `value` at `digits` significant digits, ties away from zero as in JavaScript."""
    exact = abs(Decimal(value))
    exponent = exact.adjusted()
    scaled = int((exact.scaleb(digits - 1 - exponent)).to_integral_value(ROUND_HALF_UP))
    if scaled == 10**digits:
        scaled, exponent = 10 ** (digits - 1), exponent + 1
    return str(scaled), exponent


def _shortest(value):
    """Decimal digits and exponent of the shortest decimal that reads back as the same float64."""
    _, digits, exponent = Decimal(repr(abs(float(value)))).as_tuple()
    text = "".join(map(str, digits))
    return text.rstrip("0") or "0", exponent + len(text) - 1


def _places(value, places):
    """`value` with a fixed number of decimal places, ties away from zero."""
    return str(abs(Decimal(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP))


def _percentage(value, places, sign):
    """A share in percent; one that only rounds to 0 or 100 says so."""
    text, size = _places(100 * value, places), abs(value)
    if size in (0, 1):
        return sign + f"{100 * size:.0f}"
    if not text.strip("0."):
        return f"less than {_places(10.0**-places, places)}"
    if size < 1 and text == _places(100.0, places):
        return f"{sign}more than {_places(100 - 10.0**-places, places)}"
    return sign + text


def format_number(value, spec=""):
    """`value` as text for people.

    Parameters
    ----------
    value : float
    spec : str
        ``"4g"`` four significant digits without trailing zeros (``""`` means this), ``"r"`` the shortest decimal that
        reads back exactly, ``"d"`` a whole number, ``"2f"`` fixed decimal places, ``"1%"`` a percentage
        (which no line break parts from its sign, and which is 0 or 100 only where the share is 0 or 1),
        ``"2^"`` a power with this base and the value as its exponent, ``"s"`` the ending of a plural, nothing where
        the same number as ``"g"`` is 1.

    Returns
    -------
    str : a true minus sign, and powers of ten as ``1.2×10⁻⁷``; zero, infinities and NaN are named as they are.
    """
    parsed = re.fullmatch(r"(\d*)([gdf%rs^])", spec or "4g")
    if parsed is None:
        raise ValueError(f"spec is {spec!r}; allowed: '4g', 'r', 'd', '2f', '1%', '2^', 's' and the like")
    kind, count = parsed[2], int(parsed[1] or (4 if parsed[2] == "g" else 0))
    value = float(value)
    if kind == "s":
        return "" if format_number(value, f"{parsed[1]}g") == "1" else "s"
    if isnan(value):
        return "NaN"
    sign = "−" if copysign(1, value) < 0 else ""
    if abs(value) == inf:
        return sign + "inf"
    if kind == "^":
        return power_label(count, ("-" if sign else "") + _places(value, 0))
    if kind == "%":
        return _percentage(value, count, sign) + "\u00a0%"
    if kind in "df":
        text = _places(value, count)
        return text if value and not text.strip("0.") else sign + text
    if value == 0:
        return sign + "0"
    digits, exponent = _shortest(value) if kind == "r" else _rounded(value, count)
    digits = digits.rstrip("0")
    if -4 <= exponent < (17 if kind == "r" else count + 2):
        if exponent < 0:
            return f"{sign}0.{'0' * (-exponent - 1)}{digits}"
        whole, fraction = digits[: exponent + 1].ljust(exponent + 1, "0"), digits[exponent + 1 :]
        return sign + whole + ("." + fraction if fraction else "")
    mantissa = digits[0] + ("." + digits[1:] if digits[1:] else "")
    return f"{sign}{mantissa}×{power_label(10, exponent)}"
