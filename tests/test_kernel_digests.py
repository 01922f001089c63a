"""Bits of the exact kernels do not move: digests of their results in each format, recorded before kernels became
formulas.

``python tests/test_kernel_digests.py`` records the kernels that have none yet, and leaves those that have.
"""
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from toolkit.catalog import METHODS
from toolkit.formats import FORMATS, get_format, round_to

RECORDED = Path(__file__).parent / "kernel_digests.json"
DIGESTS = json.loads(RECORDED.read_text()) if RECORDED.exists() else {}
IN_FORMAT = [*FORMATS.values(), get_format("e6m9")]
CLASSES, LABEL = 7, 2
READ = (("row",), ("row", "row"), ("row", "number"), ("row", "label"), ("vector",))


def rows():
    """Logits of all sizes, and what breaks a format."""
    rng = np.random.default_rng(7)
    yield from rng.normal(size=(12, CLASSES)) * 10 ** rng.uniform(-2, 3, size=(12, 1))
    yield np.zeros(CLASSES)
    yield np.array([0, 1e300, -1e300, -0.0, 700, -745, 5e-324])
    for value in (np.nan, np.inf, -np.inf):
        row = rng.normal(size=CLASSES)
        row[3] = value
        yield row
    yield np.full(CLASSES, -np.inf)


def results(export, format):
    """What a kernel makes of each row: its number, if it gives one, and what it fills."""
    for z in rows():
        z = np.where(z == -np.inf, z, round_to(z, format))
        other = round_to(np.random.default_rng(8).normal(size=CLASSES), format)
        vector = export.read == ("vector",)
        given = {"row": z if vector else z[None], "vector": z, "label": np.array([LABEL]), "number": other[:1]}
        read = [other[None] if n == 1 and kind == "row" else given[kind] for n, kind in enumerate(export.read)]
        filled = {"number": np.zeros(1), "vector": np.zeros(CLASSES), "row": np.zeros((1, CLASSES))}
        out = {kind: filled[kind] for kind in export.filled}
        with np.errstate(all="ignore"):
            export(*(array.copy() for array in read), *out.values(), fmt=format.code)
        yield from (out["number"], out.get("row", np.zeros(CLASSES)).ravel()) if "number" in out else (
            array.ravel() for array in out.values())


def digest(export, format):
    values = np.concatenate(list(results(export, format)))
    values[np.isnan(values)] = np.nan  # payloads and signs of NaN are the processor's own
    return hashlib.sha1(f"{values.dtype}{values.shape}".encode() + values.tobytes()).hexdigest()[:16]


def recordable():
    """``(method, name, export)`` of the kernels of rows and entries."""
    return [(method, name, export) for method in METHODS for name, export in method.exports().items()
            if export.read in READ and set(export.filled) <= {"row", "vector", "number"} and export.size is None]


def test_a_digest_is_recorded_for_each_kernel_of_the_first_register():
    known = {f"{method.name}/{name}" for method, name, _ in recordable()}
    assert len(DIGESTS) > 150 and set(DIGESTS) <= known


@pytest.mark.parametrize("key", DIGESTS)
def test_bits_are_those_that_were_recorded(key):
    (export,) = (export for method, name, export in recordable() if f"{method.name}/{name}" == key)
    assert {format.name: digest(export, format) for format in IN_FORMAT} == DIGESTS[key]


if __name__ == "__main__":
    new = {f"{method.name}/{name}": export for method, name, export in recordable()}
    new = {key: {format.name: digest(export, format) for format in IN_FORMAT} for key, export in new.items()
           if key not in DIGESTS}
    RECORDED.write_text(json.dumps(DIGESTS | new, indent=1) + "\n")
    print(f"{len(new)} kernels recorded, {len(DIGESTS)} kept")
