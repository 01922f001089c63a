"""Row kernels of the catalog in their own dtypes, float64 and float32, have the same bits in WebAssembly."""
import numpy as np
import pytest
from catalog_cases import scalars
from test_wasm_operations import assert_same_bits
from wasm_runner import WasmRunner

from toolkit._core.kernel import kernel
from toolkit.catalog import KERNEL_ARGUMENTS, METHODS
from toolkit.live.wasm import build_module

CLASSES, LABEL = 7, 2


def page_kernel(method, row_kernel, kinds):
    """A kernel as pages call it, around a row kernel that runs without emulation and may return a number."""
    if kinds == ("entry", "fmt"):
        def page(z, g, out, value):
            for i in range(z.size):
                out[i] = row_kernel(z[i], None)
        return kernel(page)
    names = {"row": "z", "at": "z", "g": "g[0]" if method.result == "number" else "g", "label": str(LABEL),
             "out": "out", "fmt": "None"}
    call = f"row_kernel({', '.join(names[kind] for kind in kinds)})"
    if "at" not in kinds and method.result in ("number", "loss"):
        call = f"value[0] = {call}"
    namespace = {"row_kernel": row_kernel}
    exec(f"def page(z, g, out, value):\n    {call}\n", namespace)
    return kernel(namespace["page"])


def kernels_of_the_catalog():
    for method in METHODS:
        if method.result == "activation":
            for name, scalar in scalars(method):
                yield f"{method.name} {name}", method, scalar, KERNEL_ARGUMENTS["activation"]
            continue
        for variant in method.variants:
            yield f"{method.name} {variant.name}", method, variant.kernel, KERNEL_ARGUMENTS[method.result]
        if method.row_gradient is not None:
            yield f"{method.name} gradient", method, method.row_gradient, ("at", "g", "out", "fmt")


CASES = {name: (method, page_kernel(method, *rest)) for name, method, *rest in kernels_of_the_catalog()}
DTYPES = {"f64": np.float64, "f32": np.float32}


@pytest.fixture(scope="module")
def run():
    module = build_module([(f"{name} {element}", page, [f"{element}[]"] * 4)
                           for name, (_, page) in CASES.items() for element in DTYPES])
    with WasmRunner(module) as runner:
        yield runner


def rows(method, dtype):
    """Ordinary logits, logits that overflow and underflow, and special values."""
    rng = np.random.default_rng(0)
    ordinary = rng.uniform(*method.plot_range, (4, CLASSES))
    wide = rng.standard_normal((4, CLASSES)) * [[20.0], [60.0], [300.0], [1000.0]]
    special = rng.choice([0.0, -0.0, 1.0, 88.0, -104.0, np.inf, -np.inf, np.nan], (8, CLASSES))
    return np.clip(np.concatenate([ordinary, wide, special]), *method.domain).astype(dtype)


@pytest.mark.parametrize("element", DTYPES)
@pytest.mark.parametrize("name", CASES)
def test_row_kernel_is_bit_identical(run, name, element):
    method, page = CASES[name]
    for row in rows(method, DTYPES[element]):
        results = []
        for function in (page, lambda *arrays: run(f"{name} {element}", *arrays)):
            z, g, out = row.copy(), row[::-1].copy(), np.zeros_like(row)
            value = np.zeros_like(row[:1])
            function(z, g, out, value)
            results.append(np.concatenate([z, out, value]))
        assert_same_bits(*results, f"{row}")
