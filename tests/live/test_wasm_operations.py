"""Each operation that kernels may use gives the same bits natively and in WebAssembly, NaN payloads apart."""
import math

import numpy as np
import pytest
from wasm_runner import KernelError, WasmRunner

from toolkit._core.kernel import kernel
from toolkit.live.wasm import build_module

COUNT = 100_000

FLOAT_OPERATIONS = {
    "add": "x + y", "subtract": "x - y", "multiply": "x * y", "divide": "x / y", "negate": "-x",
    "multiply_add": "x * y + x", "polynomial": "((x * y + x) * y - x) * x + y",
    "hypotenuse": "math.sqrt(x * x + y * y)", "square": "x ** 2", "cube": "x ** 3",
    "abs": "abs(x)", "fabs": "math.fabs(x)", "math_sqrt": "math.sqrt(x)", "np_sqrt": "np.sqrt(x)",
    "floor": "np.floor(x)", "ceil": "np.ceil(x)", "rint": "np.rint(x)", "trunc": "np.trunc(x)",
    "copysign": "math.copysign(x, y)", "np_copysign": "np.copysign(x, y)",
    "sign": "np.sign(x)", "signbit": "np.signbit(x)", "min": "min(x, y)", "max": "max(x, y)",
    "lesser": "x if x < y else y", "larger": "x if x > y else y", "at_most": "x if x <= y else y",
    "at_least": "x if x >= y else y", "not_at_most": "x if not x <= y else y",
    "not_at_least": "y if not x >= y else x", "equal": "x == y", "differs": "x != y",
    "math_isnan": "math.isnan(x)", "np_isnan": "np.isnan(x)", "math_isinf": "math.isinf(x)",
    "np_isinf": "np.isinf(x)", "isfinite": "math.isfinite(x)",
    "float32": "np.float32(x)", "float64": "np.float64(x) * y",
    "whole": "int(x) if abs(x) < 1e9 else 0", "math_floor": "math.floor(x) if abs(x) < 1e9 else 0",
    "int32": "np.int32(x) if abs(x) < 1e9 else np.int32(7)",
}
INTEGER_OPERATIONS = {
    "add": "x + y", "subtract": "x - y", "multiply": "x * y", "negate": "-x", "abs": "abs(x)", "invert": "~x",
    "and": "x & y", "or": "x | y", "xor": "x ^ y",
    "shift_left": "x << (y & k(31))", "shift_right": "x >> (y & k(31))",
    "floordiv": "x // y", "modulo": "x % y", "min": "min(x, y)", "less": "x < y", "square": "x ** 2",
}
FROM_INTEGER_OPERATIONS = {"divide": "x / y", "float32": "np.float32(x)", "float64": "np.float64(x)"}


def sample(dtype, seed):
    """Random bit patterns, ordinary sizes, subnormals and special values of a dtype."""
    rng = np.random.default_rng(seed)
    if np.dtype(dtype).kind != "f":
        info = np.iinfo(dtype)
        x = rng.integers(info.min, info.max, COUNT, dtype=dtype, endpoint=True)
        x[::3] = rng.integers(1, 100, x[::3].size)
        x[5::97] = rng.choice(np.array([info.min, info.max, 1, info.max // 2], dtype), x[5::97].size)
        return x
    bits = rng.integers(0, 1 << (8 * np.dtype(dtype).itemsize), COUNT, dtype=np.uint64)
    x = bits.astype(f"u{np.dtype(dtype).itemsize}").view(dtype)
    info = np.finfo(dtype)
    x[::5] = rng.standard_normal(x[::5].size) * 10
    x[1::5] = (rng.standard_normal(x[1::5].size) * info.tiny).astype(dtype)
    special = [0.0, -0.0, np.inf, -np.inf, np.nan, 1, -1, info.tiny, info.smallest_subnormal, info.max,
               info.min, 0.5, 1.5, 2.5, -0.5, 2.0**23, 2.0**31, -(2.0**31), 2.0**52]
    x[3::23] = rng.choice(np.array(special, dtype), x[3::23].size)
    return x


def elementwise(expression, integer):
    namespace = {"math": math, "np": np, "k": integer}
    exec("def operation(a, b, out):\n  for i in range(a.size):\n    x, y = a[i], b[i]\n"
         f"    out[i] = {expression}\n", namespace)
    return kernel(namespace["operation"])


def assert_same_bits(native, wasm, label=""):
    if native.dtype.kind == "f":
        assert np.array_equal(np.isnan(native), np.isnan(wasm)), f"{label}: NaN at other places"
        native, wasm = (np.where(np.isnan(v), 0, v) for v in (native, wasm))
    unsigned = f"u{native.dtype.itemsize}"
    different = np.flatnonzero(native.view(unsigned) != wasm.view(unsigned))
    assert different.size == 0, f"{label}: {different.size} differ, first at {different[0]}"


CASES = {
    "f64": ("f64", "f64", FLOAT_OPERATIONS), "f32": ("f32", "f32", FLOAT_OPERATIONS),
    "i32": ("i32", "i32", INTEGER_OPERATIONS), "u64": ("u64", "u64", INTEGER_OPERATIONS),
    "i32 to f64": ("i32", "f64", FROM_INTEGER_OPERATIONS),
    "u64 to f64": ("u64", "f64", FROM_INTEGER_OPERATIONS),
}
DTYPES = {"f64": np.float64, "f32": np.float32, "i32": np.int32, "u64": np.uint64}


@pytest.mark.parametrize(("given", "made", "operations"), CASES.values(), ids=CASES)
def test_operations_are_bit_identical(given, made, operations):
    a, b = sample(DTYPES[given], 1), sample(DTYPES[given], 2)
    if a.dtype.kind != "f":
        b[b == 0] = 3
    kernels = {name: elementwise(expression, DTYPES[given]) for name, expression in operations.items()}
    module = build_module([(n, k, [f"{given}[]", f"{given}[]", f"{made}[]"]) for n, k in kernels.items()])
    with WasmRunner(module) as run:
        for name, k in kernels.items():
            native, wasm = np.zeros(COUNT, DTYPES[made]), np.zeros(COUNT, DTYPES[made])
            k(a, b, native)
            run(name, a, b, wasm)
            assert_same_bits(native, wasm, operations[name])


TABLE = np.array([0.5, 2.0, -1.0, 8.0])
POWERS = (1.0, 10.0, 100.0)


@kernel
def views(z, out):
    rows = z.reshape((3, z.size // 3))
    for i in range(rows.shape[0]):
        row = rows[i]
        middle = row[1:-1]
        for value in middle:
            out[i] += value
        out[i] += rows[i, 0] * row[-1]
    every_other = z[::2]
    flat = rows.reshape(-1)
    out[3] = every_other[every_other.size - 1] + flat[flat.size - 2]
    for i, value in enumerate(z[2:5]):
        out[4] += i * value


@kernel
def multiply_matrices(a, b, c):
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            total = a[0, 0] * np.float32(0.0)
            for k in range(a.shape[1]):
                total += a[i, k] * b[k, j]
            c[i, j] = total


@kernel
def constants(z, out):
    for i in range(TABLE.size):
        out[i] = TABLE[i] * z[i] + POWERS[i % 3]


@kernel
def closed_sum(n, out):
    total = 0
    for i in range(n):
        total += i * i * i  # LLVM makes a closed formula with a 128-bit product of this
    out[0] = total


@kernel
def splitmix64(state, out):
    for i in range(out.size):
        state[0] += np.uint64(0x9E3779B97F4A7C15)
        z = state[0]
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        out[i] = np.float64((z ^ (z >> np.uint64(31))) >> np.uint64(11)) * 2.0**-53


@kernel
def scalars(wide, narrow, whole, out):
    out[0] = wide / 3.0
    out[1] = narrow / np.float32(3.0)
    out[2] = whole // 2
    out[3] = whole << 40  # does not fit 32 bits: integers are 64 bits wide inside


def test_views_tables_random_numbers_and_scalars_are_bit_identical():
    rng = np.random.default_rng(0)
    single = rng.standard_normal((35, 12)).astype(np.float32)
    calls = [
        ("views", views, ["f64[]", "f64[]"], [rng.standard_normal(3_000), np.zeros(5)]),
        ("views_32", views, ["f32[]", "f32[]"], [rng.standard_normal(300).astype("f4"), np.zeros(5, "f4")]),
        ("matrices", multiply_matrices, ["f32[][]"] * 3,
         [single, np.ascontiguousarray(single.T), np.zeros((35, 35), "f4")]),
        ("constants", constants, ["f64[]", "f64[]"], [rng.standard_normal(4), np.zeros(4)]),
        ("closed_sum", closed_sum, ["i32", "f64[]"], [5_000_000, np.zeros(1)]),
        ("splitmix64", splitmix64, ["u64[]", "f64[]"], [np.array([42], np.uint64), np.zeros(10_000)]),
        ("scalars", scalars, ["f64", "f32", "i32", "f64[]"], [0.1, np.float32(0.1), -7, np.zeros(4)]),
    ]
    module = build_module([(name, k, declared) for name, k, declared, _ in calls])
    with WasmRunner(module) as run:
        for name, k, _, arguments in calls:
            copies = [a.copy() if isinstance(a, np.ndarray) else a for a in arguments]
            k(*arguments)
            run(name, *copies)
            for native, wasm in zip(arguments, copies, strict=True):
                if isinstance(native, np.ndarray):
                    assert_same_bits(native, wasm, name)


@kernel
def strict_root(z, out):
    if z.size == 0:
        raise ValueError("the input is empty")
    for i in range(z.size):
        if z[i] < 0:
            raise ValueError("the input is negative")
        out[i] = math.sqrt(z[i])


@kernel
def calls_strict_root(z, out):
    strict_root(z, out)
    out[0] = 1.0 / out[0] ** -1


def test_exceptions_become_statuses_with_their_message():
    both = [("root", strict_root), ("nested", calls_strict_root)]
    module = build_module([(name, function, ["f64[]", "f64[]"]) for name, function in both])
    out = np.zeros(9)
    with WasmRunner(module) as run:
        run("root", np.array([4.0, 9.0]), out)
        assert out[:2].tolist() == [2.0, 3.0]
        for name in ("root", "nested"):
            with pytest.raises(KernelError, match="^ValueError: the input is empty$"):
                run(name, np.zeros(0), out)
            with pytest.raises(KernelError, match="^ValueError: the input is negative$"):
                run(name, np.array([1.0, -1.0]), out)
        # Numba's x ** -1 raises at 0 on both sides, whatever the error model.
        with pytest.raises(KernelError, match="^ZeroDivisionError: division by zero$"):
            run("nested", np.zeros(1), out)
    with pytest.raises(ZeroDivisionError):
        calls_strict_root(np.zeros(1), out)
