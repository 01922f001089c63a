"""float32: every pattern of bits gives the float32 next to the exact value.

`benchmarks.correctly_rounded` counts all 2**32; here are those that decide it. A float64 result within 2**-47 of the
truth is rounded to the right float32 at all patterns but the recorded ones, which mpmath decides.
"""
import json
import re

import numpy as np
import pytest

from benchmarks.correctly_rounded import CHUNK, FILE, by_mpmath, count, differs, of_toolkit
from toolkit import elementary
from toolkit.elementary import _hard_cases

RECORDED = json.loads(FILE.read_text(encoding="utf-8"))
ONE_ARGUMENT = [name for name in elementary.__all__ if name != "pow"]


@pytest.mark.parametrize("name", ONE_ARGUMENT)
def test_float32_is_correctly_rounded_where_it_is_hard(name):
    bits = np.array([int(text, 16) for text in RECORDED[name]["decided by mpmath"]], np.uint32)
    x = bits.view(np.float32)
    truth = np.array([by_mpmath(name, (), each) for each in x], np.float32)
    assert x.size > 20
    assert x[differs(of_toolkit(name)(x), truth)].tolist() == []


@pytest.mark.parametrize("name", ONE_ARGUMENT)
def test_the_docstring_says_what_the_count_of_all_patterns_found(name):
    said = re.sub(r"\s+", " ", getattr(elementary, name).__doc__)
    assert "correctly rounded" in said and RECORDED[name]["toolkit"]["wrong"] == 0


@pytest.mark.parametrize("name", ["COS", "EXP2", "LOG", "LOG1P", "SIGMOID", "SIN", "SOFTPLUS"])
def test_hard_cases_lie_on_the_right_side_of_the_middle(name):
    table = getattr(_hard_cases, name)
    for x, beside in zip(table[::2], table[1::2], strict=True):
        neighbours = np.nextafter(beside, [-np.inf, np.inf]).view(np.int64)
        assert 1 << 28 in neighbours & (1 << 29) - 1
        assert np.float32(beside) == by_mpmath(name.lower(), (), x)


def test_a_count_finds_wrong_results():
    """exp of a float32 by its own bare product loses bits: the counter must say so."""
    counted, _, _ = count("exp", {"bare": lambda x: np.exp2(x * np.float32(1.4426950408889634))}, patterns=2 * CHUNK)
    assert counted["bare"]["wrong"] == 0  # subnormal arguments: exp is 1
    x = np.linspace(1, 50, 1000, dtype=np.float32)
    truth = np.array([by_mpmath("exp", (), each) for each in x])
    assert np.count_nonzero(differs(np.exp2(x * np.float32(1.4426950408889634)), truth)) > 100
    assert not differs(of_toolkit("exp")(x), truth).any()
