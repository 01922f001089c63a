"""Every bound that a docstring of toolkit.elementary states, against mpmath and float64 references."""
import ast
import doctest
import inspect
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from mpmath import mp, mpf

from benchmarks.elementary_ulp import measure32, measure64
from toolkit import elementary

ROOT = Path(__file__).parents[2]
DENSE = ("exp", "expm1", "log", "log1p")
MODULES = ("exponential", "logarithm", "power", "sigmoidal", "error_function", "trigonometric")


def claimed(name, pattern):
    return float(re.search(pattern, re.sub(r"\s+", " ", getattr(elementary, name).__doc__)).group(1))


@pytest.mark.parametrize("name", elementary.__all__)
def test_float64_keeps_the_docstrings_bound(name):
    bound = claimed(name, r"float64 at most ([\d.]+) ulp")
    assert bound <= 1
    rows = measure64(name, 500, seed=7)
    assert {row["range"]: row["max_ulp"] for row in rows if row["max_ulp"] > bound} == {}
    assert sum(row["points"] for row in rows) >= 2000


@pytest.mark.parametrize("name", elementary.__all__)
def test_float32_is_rounded_once(name):
    bound = claimed(name, r"rounded once, at most ([\d.]+) ulp") if name == "pow" else 0.5000001
    row = measure32(name, 1021 if name in DENSE else 16381)
    assert row["max_ulp"] <= bound <= 0.51
    assert row["points"] >= (4_000_000 if name in DENSE else 250_000)


@pytest.mark.parametrize("turns", [1, 2, 3, 5, 1000003, 2**20 - 1, 2**20, 2**20 + 1, 2**30 + 1, 2**51 + 1])
def test_neighbours_of_quarter_turns(turns):
    """Cancellation in the reduction is worst at the float64 next to k pi/2."""
    x = turns * (np.pi / 2)
    with mp.workprec(300):
        for point in (np.nextafter(x, 0), x, np.nextafter(x, np.inf), -x):
            for function, exact in ((elementary.sin, mp.sin), (elementary.cos, mp.cos)):
                truth = exact(mpf(float(point)))
                assert abs(function(point) - truth) <= abs(truth) * 2.0**-52


@pytest.mark.parametrize(("x", "sine"), [
    (1e22, -0.8522008497671888),
    (6381956970095103 * 2.0**797, 1.0),
    (2.0**1000, -0.15920170308624243),
])
def test_published_large_angles(x, sine):
    """1e22 is the classic test of the reduction; the second is the float64 closest to a multiple of pi/2."""
    assert elementary.sin(x) == sine
    with mp.workprec(1400):
        assert elementary.cos(x) == pytest.approx(float(mp.cos(mpf(x))), rel=2.0**-52)


@pytest.mark.parametrize("name", elementary.__all__)
def test_docstring_examples(name):
    examples = doctest.DocTestParser().get_doctest(getattr(elementary, name).__doc__, {}, name, None, 0)
    assert examples.examples
    assert doctest.DocTestRunner().run(examples).failed == 0


LANES = ("large_arrays/exponentials", "large_arrays/sigmoidal", "large_arrays/normal")


def test_coefficients_are_the_commands():
    """Every long constant of a polynomial is one that benchmarks/elementary_coefficients.py derives."""
    printed = subprocess.run([sys.executable, "benchmarks/elementary_coefficients.py"], cwd=ROOT, check=True,
                             capture_output=True, text=True).stdout
    derived = {abs(float(number)) for number in re.findall(r"-?\d+\.\d+(?:e[+-]?\d+)?", printed)}
    digits = [int(n) for n in re.search(r"digits of 30 bits: \[(.*)\]", printed).group(1).split(",")]
    for module in (*(f"elementary/{module}" for module in MODULES), *LANES):
        tree = ast.parse((ROOT / "toolkit" / f"{module}.py").read_text(encoding="utf-8"))
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
        numbers = {node.value for function in functions for node in ast.walk(function)
                   if isinstance(node, ast.Constant) and isinstance(node.value, float)}
        assert {n for n in numbers if len(repr(n)) > 12} <= derived, module
    angle = sys.modules["toolkit.elementary._angle"]
    assert list(angle._DIGITS[3:]) == digits[:39]
    assert set(angle._PIO2) <= derived


def test_docstrings_have_all_parts():
    for name in elementary.__all__:
        text = inspect.getdoc(getattr(elementary, name))
        for heading in ("Parameters", "Returns", "*Special values*", "*Accuracy*", "References", "Examples"):
            assert heading in text, (name, heading)
