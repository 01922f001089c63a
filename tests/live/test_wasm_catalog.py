"""Kernels of the catalog in their own dtypes, float64 and float32, have the same bits in WebAssembly."""
import numpy as np
import pytest
from kept_module import module_of_asked
from test_wasm_operations import assert_same_bits
from wasm_runner import WasmRunner

from toolkit.catalog import METHODS

CLASSES, LABEL = 7, 2
DTYPES = {"f64": np.float64, "f32": np.float32}
CASES = {f"{method.name} {name}": (method, export)
         for method in METHODS for name, export in method.exports().items()}


def entries_of(name):
    export = CASES[name][1]
    return [(f"{name} {element}", export.page(dtype), export.types(element)) for element, dtype in DTYPES.items()]


@pytest.fixture(scope="module")
def run(request):
    with WasmRunner(module_of_asked(request, "catalog-dtypes", CASES, entries_of)) as runner:
        yield runner


def rows(method, dtype):
    """Ordinary numbers, those that overflow and underflow, and special values."""
    rng = np.random.default_rng(0)
    ordinary = rng.uniform(*method.plot_range, (4, CLASSES))
    wide = rng.standard_normal((4, CLASSES)) * [[20.0], [60.0], [300.0], [1000.0]]
    special = rng.choice([0.0, -0.0, 1.0, 88.0, -104.0, np.inf, -np.inf, np.nan], (8, CLASSES))
    return np.clip(np.concatenate([ordinary, wide, special]), *method.domain).astype(dtype)


@pytest.mark.parametrize("element", DTYPES)
@pytest.mark.parametrize("name", CASES)
def test_kernel_is_bit_identical(run, name, element):
    method, export = CASES[name]
    for row in rows(method, DTYPES[element]):
        native, wasm = export.inputs(row, LABEL), export.inputs(row, LABEL)
        with np.errstate(all="ignore"):
            export(*native)
        run(f"{name} {element}", *wasm, 0)
        for here, there in zip(native, wasm, strict=True):
            assert_same_bits(here, there, f"{row}")
