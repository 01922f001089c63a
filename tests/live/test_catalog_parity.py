"""Every kernel of the catalog gives the same bits natively and in WebAssembly, in every format that it knows."""
import numpy as np
import pytest
from kept_module import module_of_asked
from wasm_runner import WasmRunner

from toolkit.catalog import METHODS
from toolkit.formats import FORMATS

CLASSES, LABEL = 7, 2
EXPORTS = {f"{method.name}.{name}": export for method in METHODS for name, export in method.exports().items()}


def entries_of(name):
    return [(name, EXPORTS[name].page(), EXPORTS[name].types())]


@pytest.fixture(scope="module")
def module(request):
    with WasmRunner(module_of_asked(request, "catalog", EXPORTS, entries_of)) as runner:
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


@pytest.mark.parametrize("name", EXPORTS)
def test_same_bits(module, name):
    export = EXPORTS[name]
    with np.errstate(all="ignore"):
        for row in rows():
            for fmt in FORMATS.values():
                native, wasm = export.inputs(row, LABEL), export.inputs(row, LABEL)
                export(*native, fmt=fmt.code)
                module(name, *wasm, fmt.code)
                for here, there in zip(native, wasm, strict=True):
                    assert here.tobytes() == there.tobytes() or here.dtype == np.float64
                    here, there = here.astype(float).ravel(), there.astype(float).ravel()
                    assert (here.view(np.int64) == there.view(np.int64))[~np.isnan(here)].all()
                    assert np.array_equal(np.isnan(here), np.isnan(there))
