"""Numbers in words: the examples of the notation, and agreement with Python's own exact decimal conversion."""
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.live.numbers import format_number, power_label

CASES = [
    (0.0, "", "0"), (-0.0, "", "−0"), (1.0, "", "1"), (0.1, "r", "0.1"), (1 / 3, "", "0.3333"),
    (1e-7, "", "1×10⁻⁷"), (0.125, "2g", "0.13"), (123456.0, "3g", "1.23×10⁵"), (99999.0, "4g", "100000"),
    (65504.0, "r", "65504"), (2.0**-24, "r", "5.960464477539063×10⁻⁸"), (1e20, "r", "1×10²⁰"),
    (0.256, "1%", "25.6\u00a0%"), (0.0, "1%", "0\u00a0%"), (1.0, "1%", "100\u00a0%"), (2.5, "d", "3"),
    (0.0004, "1%", "less than 0.1\u00a0%"), (-3e-5, "2%", "less than 0.01\u00a0%"), (1.0004, "1%", "100.0\u00a0%"),
    (0.9996, "1%", "more than 99.9\u00a0%"), (0.004, "0%", "less than 1\u00a0%"), (-0.5, "0%", "−50\u00a0%"),
    (-0.001, "2f", "0.00"), (-0.0, "d", "−0"), (26.0, "2^", "2²⁶"), (-4.0, "10^", "10⁻⁴"),
    (1.0, "s", ""), (0.0, "s", "s"), (2.0, "s", "s"), (1.004, "2s", ""), (1.004, "s", "s"), (float("nan"), "s", "s"),
    (-12.345, "2f", "−12.35"), (float("inf"), "3g", "inf"), (float("-inf"), "", "−inf"), (float("nan"), "d", "NaN"),
]


@pytest.mark.parametrize("value, spec, text", CASES)
def test_notation(value, spec, text):
    assert format_number(value, spec) == text


def test_a_wrong_spec_is_named():
    with pytest.raises(ValueError, match="spec is '3q'"):
        format_number(1.0, "3q")


def test_power_label():
    assert power_label(2, -24) == "2⁻²⁴"


def read_back(text):
    mantissa, _, power = text.replace("−", "-").partition("×10")
    power = power.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
    return float(mantissa) * 10.0 ** int(power or 0)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_shortest_form_reads_back(value):
    text = format_number(value, "r")
    if "×" not in text:
        assert float(text.replace("−", "-")) == value
    else:
        assert read_back(text) == pytest.approx(value, rel=1e-15)


@given(st.floats(min_value=1e-300, max_value=1e300), st.integers(1, 12))
def test_significant_digits_are_the_nearest(value, digits):
    exact = Decimal(value)
    error = abs(Decimal(format_number(value, f"{digits}g").replace("×10", "E").translate(
        str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))) - exact)
    assert error <= Decimal(5).scaleb(exact.adjusted() - digits)
