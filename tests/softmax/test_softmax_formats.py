"""Emulated formats, dtypes inside kernels, and kernels without a compiler."""
import doctest
import importlib
import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pytest
from exact_kernels import exact, exact_logsumexp
from numba.core import ir
from numpy.testing import assert_allclose, assert_array_equal

import toolkit.softmax
from toolkit._core.number_types import Number, Row
from toolkit.formats import FLOAT16, get_format, round_to, ulp
from toolkit.softmax import ALGORITHMS, FORMS, kernels, log_softmax, log_stablemax, logsumexp, softmax, stablemax

MAPS = {f"softmax {a}": (lambda z, a=a, **o: softmax(z, algorithm=a, **o)) for a in ALGORITHMS}
MAPS |= {f"log_softmax {f}": (lambda z, f=f, **o: log_softmax(z, form=f, **o)) for f in FORMS}
MAPS |= {f"log_stablemax {f}": (lambda z, f=f, **o: log_stablemax(z, form=f, **o)) for f in FORMS}
MAPS |= {"stablemax": stablemax, "stablemax naive": lambda z, **o: stablemax(z, form="naive", **o)}
maps = pytest.mark.parametrize("name", MAPS)


def some_logits(dtype=np.float64):
    return np.random.default_rng(0).normal(0, [[0.3], [2], [6]] * 10, (30, 7)).astype(dtype)


@maps
def test_emulated_float64_is_native_float64_but_for_sums(name):
    z = some_logits()
    assert_allclose(MAPS[name](z, format="float64"), exact(name, z), rtol=8 * np.finfo(np.float64).eps)


@maps
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_public_functions_are_near_the_exact_kernels(name, dtype):
    # These round after every operation, z - max included, which costs them up to gap / 2 ulp.
    z = some_logits(dtype)
    gaps = z.max(axis=1, keepdims=True) - z
    units = (8 + gaps) * np.spacing(np.abs(exact(name, z)))
    loses = np.finfo(dtype).eps if name in ("log_softmax naive", "log_softmax common") else 0
    assert (np.abs(MAPS[name](z) - exact(name, z)) <= units + loses).all()


@maps
def test_emulated_float32_is_native_float32(name):
    # The same operations with the same roundings; only two_pass reduces its argument in the wider carrier,
    # and elementary functions of float32 carriers may round the other way in rare cases.
    z = some_logits(np.float32)
    native, emulated = exact(name, z), MAPS[name](z, format="float32")
    assert native.dtype == emulated.dtype == np.float32
    loses = 2 * np.finfo(np.float32).eps if name == "log_softmax naive" else 0  # the logarithm of a rounded p near 1
    assert (np.abs(native.astype(float) - emulated) <= 4 * np.spacing(np.abs(native)) + loses).all()


@maps
@pytest.mark.parametrize("format", ["float16", "bfloat16", "float8_e4m3fn", "float8_e5m2", (6, 5)])
def test_results_are_values_of_the_format(name, format):
    z = some_logits()
    where = np.arange(7) != 3
    out = MAPS[name](z / 4, format=format, where=where)
    assert_array_equal(out[:, where], round_to(out[:, where], format))
    assert not np.isnan(out).any()
    assert (out[:, ~where] == (-np.inf if name.startswith("log") else 0)).all()


def test_emulated_reductions():
    z = some_logits()
    for format in ("float16", "bfloat16"):
        out = logsumexp(z, format=format)
        weighted = logsumexp(z, b=np.ones(7), format=format)
        assert_array_equal(out, round_to(out, format))
        assert_array_equal(out, weighted)
        assert (abs(out - logsumexp(round_to(z, format))) <= 2 * ulp(out, format)).all()
    assert_array_equal(logsumexp(z, format="float64"), exact_logsumexp(z))
    assert_array_equal(logsumexp(z, format="float64"), logsumexp(z, b=np.ones(7)))
    assert (abs(logsumexp(z) - logsumexp(z, format="float64")) <= 2 * np.spacing(np.abs(logsumexp(z)))).all()


def float16_steps(z, log):
    """Softmax (reload) or common log-softmax with NumPy float16 at every step."""
    def half(x):
        return np.asarray(x).astype(np.float16)
    z = half(z)
    gaps = z - z.max()
    terms = half(np.exp(gaps.astype(float)))
    total = np.float16(0)
    for term in terms:
        total = total + term
    if log:
        return gaps - half(np.log(float(total)))
    return terms * (np.float16(1) / total)


@pytest.mark.parametrize("log", [False, True])
def test_emulated_float16_is_numpy_float16(log):
    for z in some_logits():
        emulated = log_softmax(z, form="common", format=FLOAT16) if log else softmax(z, format=FLOAT16)
        assert_array_equal(emulated, float16_steps(z, log))


def test_stable_form_in_every_format():
    for format in ("float16", "bfloat16", "float32", "float8_e5m2"):
        f = get_format(format)
        for gap in np.linspace(1, -np.log(f.smallest_normal) - 0.7, 50):
            z = round_to(np.array([0.0, -gap, -gap - 1]), f)
            p = log_softmax(z, format=f)
            assert (abs(p - log_softmax(z)) <= 4 * ulp(log_softmax(z), f)).all()


ARGUMENTS = {
    kernels.exp_gap: 2, kernels.shifted: 2, kernels.add_exactly: 2, kernels.extended_exp: 1, kernels.add_compensated: 3,
    kernels.stable_s: 1, kernels.stable_weight: 1, kernels.stable_ratio: 2, kernels.log_stable_ratio: 2}
NUMBER, WIDE_NUMBER = Number(numba.float32), Number(numba.float64)
ROW = Row(numba.types.Array(numba.float32, 1, "C"))
ROWS = [kernels.logsumexp_row, kernels.online_normalizer, kernels.extended_sum]


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="types are inferred by the compiler only")
@pytest.mark.parametrize("function", [*ARGUMENTS, *ROWS], ids=lambda f: f.__name__)
def test_no_float64_in_float32_kernels(function):
    kinds = (NUMBER,) * ARGUMENTS[function] if function in ARGUMENTS else (ROW,)
    function.compile(kinds)
    result = function.overloads[kinds].signature.return_type
    assert {kind.plain for kind in getattr(result, "types", [result])} == {numba.float32}


def is_constant(blocks, name):
    """Whether a variable is assigned constants only."""
    assigned = [step.value for block in blocks.values() for step in block.body
                if isinstance(step, ir.Assign) and step.target.name == name]
    return bool(assigned) and all(
        isinstance(value, ir.Const) or isinstance(value, ir.Var) and is_constant(blocks, value.name)
        for value in assigned)


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="types are inferred by the compiler only")
def test_no_float64_variable_in_float32_rows():
    for function in (kernels.softmax_three_pass_reload, kernels.softmax_two_pass, kernels.softmax_online,
                     kernels.softmax_three_pass_recompute, kernels.log_softmax_common,
                     kernels.log_softmax_stable, kernels.stablemax_row, kernels.log_stablemax_row):
        library = numba.njit(error_model="numpy")(function.py_func)
        library.compile((ROW, ROW))
        annotation = next(iter(library.overloads.values())).type_annotation
        wide = {k: v for k, v in annotation.typemap.items() if v in (numba.float64, numba.complex128, WIDE_NUMBER)}
        # Literals and infinities are float64 constants, and so is a variable that begins as one.
        assert not [k for k in wide if not k.startswith(("$", "const")) and not is_constant(annotation.blocks, k)]


SCRIPT = """
import sys
import numpy as np
from pulls import *
from toolkit.softmax import *
rng = np.random.default_rng(1)
out = []
for dtype, format in (np.float32, "float16"), (np.float64, "float8_e4m3fn"):
    z = rng.normal(0, [[0.3], [6], [40]], (3, 5)).astype(dtype)
    z[0, 1], z[1, 1] = z[0, 0], -np.inf
    g = rng.normal(size=(3, 5)).astype(dtype)
    # float64 as a format is the exact kernels; without one, `fused` rounds twice where nothing is compiled.
    for options in ({"format": "float64"}, {"format": format, "where": np.arange(5) != 1}):
        for algorithm in ALGORITHMS[1:]:
            out.append(softmax(z, algorithm=algorithm, temperature=1.5, **options))
        for form in FORMS[1:]:
            out += [log_softmax(z, form=form, **options), log_stablemax(z, form=form, **options)]
        out += [stablemax(z, **options), logsumexp(z, **options)]
        out += logsumexp(z, b=g, return_sign=True, **options)
    p, log_p = softmax(z, format="float64"), log_softmax(z, format="float64")
    out += [softmax_pull(p, g), log_softmax_pull(log_p, g), stablemax_pull(z, g)]
    out += [log_stablemax_pull(z, g), logsumexp_pull(z, g[:, 0]), logsumexp_pull(z, g[:, 0], b=g)]
    out.append(softmax([[np.inf, 1], [np.nan, 1], [-np.inf, -np.inf]], temperature=0))
data = b"".join(np.where(np.isnan(a), 7, a).tobytes() for a in out)
sys.stdout.buffer.write(data)
"""


def run_script(**environment):
    command = [sys.executable, "-W", "error", "-c", SCRIPT]
    here = Path(__file__).parent
    environment["PYTHONPATH"] = os.pathsep.join([str(here), str(here.parents[1]), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(command, env=os.environ | environment, check=True, capture_output=True).stdout


def test_same_bits_without_a_compiler_and_no_warnings():
    compiled, interpreted = run_script(NUMBA_DISABLE_JIT="0"), run_script(NUMBA_DISABLE_JIT="1")
    assert len(compiled) > 2000 and compiled == interpreted


def test_examples_in_docstrings():
    for module in pkgutil.iter_modules(toolkit.softmax.__path__, "toolkit.softmax."):
        assert doctest.testmod(importlib.import_module(module.name)).failed == 0
