"""Elementary functions and rounding to formats give the same bits natively and in WebAssembly."""
import inspect

import numpy as np
import pytest
from kept_module import kept_module
from test_wasm_operations import COUNT, assert_same_bits, sample
from wasm_runner import WasmRunner

from toolkit import elementary
from toolkit._core import rounding as _rounding
from toolkit._core.kernel import kernel
from toolkit.formats import FORMATS, Format

DTYPES = {"f64": np.float64, "f32": np.float32}
# Also a format of the smallest and of an odd size, to reach every branch.
CODES = {name: f.code for name, f in FORMATS.items()} | {"custom 2.1": Format("tiny", 2, 1).code,
                                                         "custom 9.30": Format("odd", 9, 30).code}


def over_pairs(function, arguments):
    """A kernel that fills `out` with the scalar `function` of elements of `a` and, if it takes two, `b`."""
    namespace = {"function": function}
    exec("def page(a, b, out):\n  for i in range(a.size):\n"
         f"    out[i] = function({arguments})\n", namespace)
    return kernel(namespace["page"])


ELEMENTARY = {}
for function_name in elementary.__all__:
    function = getattr(elementary, function_name)
    takes = len(inspect.signature(getattr(function, "py_func", function)).parameters)
    ELEMENTARY[function_name] = over_pairs(function, "a[i], b[i]" if takes == 2 else "a[i]")


@pytest.fixture(scope="module")
def run_elementary():
    entries = [(f"{name} {element}", page, [f"{element}[]"] * 3)
               for name, page in ELEMENTARY.items() for element in DTYPES]
    with WasmRunner(kept_module("elementary", entries)) as run:
        yield run


def operands(dtype):
    """All bit patterns, and sizes where the functions are interesting."""
    rng = np.random.default_rng(3)
    a, b = sample(dtype, 1), sample(dtype, 2)
    a[::2] = (rng.standard_normal(a[::2].size) * np.exp2(rng.integers(-30, 10, a[::2].size))).astype(dtype)
    b[::2] = (rng.standard_normal(b[::2].size) * 5).astype(dtype)
    b[::8] = np.rint(b[::8])
    return a, b


@pytest.mark.parametrize("element", DTYPES)
@pytest.mark.parametrize("name", ELEMENTARY)
def test_elementary_function_is_bit_identical(run_elementary, name, element):
    a, b = operands(DTYPES[element])
    native, wasm = np.zeros_like(a), np.zeros_like(a)
    ELEMENTARY[name](a, b, native)
    run_elementary(f"{name} {element}", a, b, wasm)
    assert_same_bits(native, wasm, name)


@kernel
def every_rounding(x, code, out):
    for i in range(x.size):
        out[0, i] = _rounding.rnd(x[i], code)
        out[1, i] = _rounding.quantum(x[i], code)
        out[2, i] = _rounding.rnd(x[i] * x[i], code)
        out[3, i] = _rounding.rnd(_rounding.rnd(x[i] + 1.0, code) - x[i], code)
    out[4, 0] = _rounding.largest_finite(code)
    out[4, 1] = _rounding.power_of_two(_rounding.smallest_exponent(code))


@pytest.fixture(scope="module")
def run_rounding():
    with WasmRunner(kept_module("rounding", [("rounding", every_rounding, ["f64[]", "i32", "f64[][]"])])) as run:
        yield run


def around_the_edges(code):
    """All bit patterns, and sizes near a format's smallest and largest numbers."""
    rng = np.random.default_rng(5)
    x = sample(np.float64, 4)
    smallest = np.exp2(float(_rounding.smallest_exponent(code)))
    x[::2] = rng.standard_normal(x[::2].size) * smallest * np.exp2(rng.integers(-60, 5, x[::2].size))
    with np.errstate(over="ignore"):
        x[1::8] = _rounding.largest_finite(code) * rng.uniform(0.9, 1.1, x[1::8].size)
    return x


@pytest.mark.parametrize("code", CODES.values(), ids=CODES)
def test_rounding_is_bit_identical(run_rounding, code):
    x = around_the_edges(code)
    native, wasm = np.zeros((5, COUNT)), np.zeros((5, COUNT))
    every_rounding(x, code, native)
    run_rounding("rounding", x, code, wasm)
    assert_same_bits(native.ravel(), wasm.ravel())
