"""Numbers that know their format: the same bits compiled, in plain Python and in WebAssembly, and those of NumPy."""
import os
import subprocess
import sys
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from grammar import DRIVERS, MODES, calls, results
from wasm_runner import WasmRunner

from toolkit.formats import FORMATS, round_to
from toolkit.kernels import in_format, kernel, like, switch, unrounded
from toolkit.live.wasm import build_module

HERE = Path(__file__).parent
NATIVE = {"float16": np.float16, "bfloat16": ml_dtypes.bfloat16}


def same_bits(ours, theirs):
    bits = f"u{ours.itemsize}"
    return ours.dtype == theirs.dtype and bool(
        ((ours.view(bits) == theirs.view(bits)) | (np.isnan(ours) & np.isnan(theirs))).all())


def test_plain_python_gives_the_same_bits(tmp_path):
    path = tmp_path / "twin.npz"
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1"}
    subprocess.run([sys.executable, "grammar.py", path], check=True, cwd=HERE, env=environment)
    with np.load(path) as twin:
        ours = list(results())
        assert len(ours) == len(twin.files) > 400
        for name, array in zip(twin.files, ours, strict=True):
            assert same_bits(array, twin[name])


def test_webassembly_gives_the_same_bits():
    types = ["f64[]", "f64[][]", "f64", "f64[]", "i32"]
    with WasmRunner(build_module([(name, driver, types) for name, driver in DRIVERS.items()])) as run:
        count = 0
        for mode, name, given in calls():
            if MODES[mode][1] is None:
                continue
            native = [g.copy() if isinstance(g, np.ndarray) else g for g in given]
            with np.errstate(all="ignore"):
                DRIVERS[name](*native)
            run(name, *given)
            assert all(same_bits(native[k], given[k]) for k in (1, 3)), (mode, name)
            count += 1
        assert count > 200


@kernel
def four_operations(a, b, out, fmt):
    a, b, out = in_format(a, fmt), in_format(b, fmt), in_format(out, fmt)
    for i in range(a.size):
        out[0, i], out[1, i], out[2, i], out[3, i] = a[i] + b[i], a[i] - b[i], a[i] * b[i], a[i] / b[i]


@pytest.mark.parametrize("name", NATIVE)
def test_operations_round_as_the_dtype_of_the_format_does(name):
    rng, dtype = np.random.default_rng(3), NATIVE[name]
    patterns = rng.integers(0, 2**16, size=(2, 20000)).astype(np.uint16)
    a, b = patterns.view(dtype)
    out = np.empty((4, a.size))
    with np.errstate(all="ignore"):
        four_operations(a.astype(float), b.astype(float), out, FORMATS[name].code)
        expected = np.array([a + b, a - b, a * b, a / b]).astype(float)
    assert same_bits(out, expected)


@kernel
def with_literals(x, tau, fmt):
    x = in_format(x, fmt)
    total = 0.0
    total += x
    total = total + 0.1
    return total * tau + 3


@pytest.mark.parametrize("name", ["float32", "float16", "float8_e5m2"])
def test_a_plain_number_enters_the_format_first(name):
    def r(x):
        return float(round_to(x, name))

    assert with_literals(1.7, 0.3, FORMATS[name].code) == r(r(r(r(1.7) + r(0.1)) * r(0.3)) + 3.0)


def test_an_infinity_stays_where_the_format_has_none():
    row = in_format(np.array([-np.inf, 1.0]), "float8_e4m3fn")
    assert kernel(lambda z: like(-np.inf, z))(row) == -np.inf
    assert np.isnan(kernel(lambda z: z[0] - z[1])(row))
    assert kernel(lambda z: unrounded(z[0]) - unrounded(z[1]))(row) == -np.inf


def test_float32_rows_stay_float32():
    z = np.float32([0.1, 0.2])
    out = np.zeros(1, np.float32)
    kernel(lambda z, out, fmt: store(in_format(z, fmt), in_format(out, fmt)))(z, out, None)
    assert out[0] == np.float32(np.float32(np.float32(0.1) + np.float32(0.2)) * np.float32(0.3))


@kernel
def store(z, out):
    out[0] = (z[0] + z[1]) * 0.3


def test_rows_and_numbers_come_from_python_and_results_go_back():
    row = in_format(np.array([2048.0, 1.0]), "float16")
    assert kernel(lambda z: z[0] + z[1])(row) == 2048.0
    assert kernel(lambda x: x + 1.0)(in_format(2048.0, "float16")) == 2048.0
    assert float(row[0] + row[1]) == 2048.0 == float(in_format(2048.4, "float16"))


def test_a_number_in_a_plain_array_is_what_it_was():
    out = np.zeros(1)
    kernel(lambda x, out, fmt: put(in_format(x, fmt), out))(0.1, out, FORMATS["float16"].code)
    assert out[0] == float(np.float16(0.1))


@kernel
def put(x, out):
    out[0] = x


def test_a_row_of_another_dtype_is_refused():
    with pytest.raises(Exception, match="in_format|float32"):
        kernel(lambda z, fmt: in_format(z, fmt)[0])(np.float32([1.0]), FORMATS["float16"].code)


def test_a_switch_takes_the_last_kernel_beyond_its_table():
    pick = switch((kernel(lambda x: x + 1.0), kernel(lambda x: x * 10.0)))
    call = kernel(lambda which, x: pick(which, x))
    assert [call(which, 2.0) for which in (0, 1, 2, -1)] == [3.0, 20.0, 20.0, 20.0]
    assert [pick(which, 2.0) for which in (0, 1, 2, -1)] == [3.0, 20.0, 20.0, 20.0]
