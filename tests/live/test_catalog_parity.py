"""Every row kernel and gradient kernel of the catalog gives the same bits natively and in WebAssembly."""
import numpy as np
import pytest
from catalog_cases import scalars
from wasm_runner import WasmRunner

from toolkit.catalog import KERNEL_ARGUMENTS, METHODS
from toolkit.formats import FORMATS
from toolkit.live.wasm import build_module

TYPES = {"row": "f64[]", "label": "i32", "out": "f64[]", "fmt": "i32"}
CLASSES = 7
LABEL = 2


def with_value_written(kernel, result):
    """The kernel as pages call it: it returns nothing, a value goes to an array."""
    if result == "activation":
        def run(x, values, fmt):
            for i in range(x.size):
                values[i] = kernel(x[i], fmt)
    elif result == "number":
        def run(z, value, fmt):
            value[0] = kernel(z, fmt)
    else:
        def run(z, y, grad, value, fmt):
            value[0] = kernel(z, y, grad, fmt)
    return run


def exports():
    """``(name, function, types)`` of all kernels of the catalog."""
    for method in METHODS:
        if method.result == "activation":
            for name, scalar in scalars(method):
                yield f"{method.name}.{name}", with_value_written(scalar, "activation"), ["f64[]", "f64[]", "i32"]
            continue
        types = [TYPES[kind] for kind in KERNEL_ARGUMENTS[method.result]]
        for variant in method.variants:
            function, given = variant.kernel, types
            if method.result in ("number", "loss"):
                function = with_value_written(variant.kernel, method.result)
                given = [*types[:-1], "f64[]", "i32"]
            yield f"{method.name}.{variant.name}", function, given
        if method.row_gradient is not None:
            above = "f64" if method.result == "number" else "f64[]"
            yield f"{method.name}.gradient", method.row_gradient, ["f64[]", above, "f64[]", "i32"]


EXPORTS = {name: (function, types) for name, function, types in exports()}


@pytest.fixture(scope="module")
def module():
    with WasmRunner(build_module([(name, *rest) for name, rest in EXPORTS.items()])) as runner:
        yield runner


def rows():
    rng = np.random.default_rng(7)
    yield from rng.normal(size=(20, CLASSES)) * 10 ** rng.uniform(-2, 3, size=(20, 1))
    yield np.zeros(CLASSES)
    yield np.array([0, 1e300, -1e300, -0.0, 700, -745, 5e-324])
    for value in (np.nan, np.inf, -np.inf):
        row = rng.normal(size=CLASSES)
        row[3] = value
        yield row
    yield np.full(CLASSES, -np.inf)


def arguments(types, row, code):
    """Copies of the arguments of an exported function, the same at each call."""
    rng = np.random.default_rng(8)
    given, arrays = [], iter([row.copy(), rng.normal(size=CLASSES), np.zeros(CLASSES)])
    for position, kind in enumerate(types):
        last = position == len(types) - 1
        given.append(code if last else LABEL if kind == "i32" else 0.7 if kind == "f64" else next(arrays))
    return given


@pytest.mark.parametrize("name", EXPORTS)
def test_same_bits(module, name):
    function, types = EXPORTS[name]
    with np.errstate(all="ignore"):
        for row in rows():
            for fmt in FORMATS.values():
                native, wasm = arguments(types, row, fmt.code), arguments(types, row, fmt.code)
                function(*native)
                module(name, *wasm)
                for here, there in zip(native, wasm, strict=True):
                    if isinstance(here, np.ndarray):
                        assert (here.view(np.int64) == there.view(np.int64))[~np.isnan(here)].all()
                        assert np.array_equal(np.isnan(here), np.isnan(there))
