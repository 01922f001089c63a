"""A built module: its manifest, its size, and bytes that depend on nothing but its kernels."""
import hashlib
import json
import os
import subprocess
import sys
from functools import partial

import numba
import numpy as np
import pytest

from toolkit import elementary
from toolkit._core.kernel import kernel
from toolkit._core.numbers import in_format
from toolkit.live import wasm
from toolkit.live.wasm import WasmModule, build_module
from toolkit.live.wasm.target import wasm_target
from toolkit.softmax import kernels as rows


@kernel
def overflow(scale, fmt, p, loss):
    """Softmax of 0, 1, 2 times a scale, and its loss in a format."""
    if scale < 0:
        raise ValueError("the scale is negative")
    for i in range(p.size):
        p[i] = in_format(scale * i, fmt)
    row = in_format(p, fmt)
    rows.softmax_naive(row, row)
    loss[0] = -elementary.log(row[0])


@kernel
def waves(t, out):
    if out.size == 0:
        raise ValueError("nothing to fill")
    for i in range(out.size):
        out[i] = elementary.sin(t * i) + elementary.exp(-t) * elementary.cos(t * i)


KERNELS = [("overflow", overflow, ["f64", "i32", "f64[]", "f64[]"]), ("waves", waves, ["f64", "f64[]"])]


def digest(module):
    return hashlib.sha256(module.bytes + json.dumps(module.manifest).encode()).hexdigest()


@pytest.fixture(scope="module")
def module():
    return build_module(KERNELS)


def test_manifest(module):
    assert json.loads(json.dumps(module.manifest)) == module.manifest
    assert module.manifest["kernels"] == {
        "overflow": [{"scalar": "f64"}, {"scalar": "i32"}, *[{"array": "f64", "ndim": 1}] * 2],
        "waves": [{"scalar": "f64"}, {"array": "f64", "ndim": 1}]}
    messages = {"ValueError: the scale is negative", "ValueError: nothing to fill"}
    assert messages <= set(module.manifest["errors"].values())
    assert (module.manifest["memory"], module.manifest["heap_base"]) == ("memory", "__heap_base")
    assert "simd128" in module.manifest["features"]


def test_size_and_build_times(module):
    assert module.size == len(module.bytes) < 8_000
    assert b"rnd" not in module.bytes and b"toolkit" not in module.bytes  # no names but the exported ones
    assert set(module.seconds["front_end"]) == {"overflow", "waves"}
    assert all(seconds > 0 for seconds in [*module.seconds["front_end"].values(), module.seconds["back_end"]])


def test_a_common_callee_compiles_once(monkeypatch):
    monkeypatch.setattr(wasm_target, "renew", partial(wasm_target.renew, from_disk=False))
    build_module([("first", waves, ["f64", "f64[]"]), ("second", waves, ["f64", "f64[]"]), *KERNELS])
    names = [f.py_func for f in wasm_target.followers]
    assert len(names) == len(set(names))
    exp = next(f for f in wasm_target.followers if f.py_func is elementary.exp.__wrapped__.py_func)
    assert len(exp.overloads) == 1


def test_what_an_earlier_build_has_lowered_is_taken_from_the_disk(module):
    assert digest(build_module(KERNELS)) == digest(module)
    misses = {f.py_func.__name__: dict(f.stats.cache_misses) for f in wasm_target.followers}
    assert misses == dict.fromkeys(misses, {}) != {}


def test_bytes_do_not_depend_on_earlier_builds(module):
    expected = digest(module)
    assert digest(build_module(KERNELS)) == expected
    build_module([("other", rows.log_softmax_stable, ["f64[]", "f64[]"]), KERNELS[1]])
    overflow(1.0, 5 << 8 | 10, np.zeros(3), np.zeros(1))  # the native compilation counts functions too
    with pytest.raises(wasm.UnsupportedInWebAssembly):
        build_module([("broken", lambda out: np.sort(out), ["f64[]"]), *KERNELS])
    assert digest(build_module(KERNELS)) == expected


@pytest.mark.parametrize("seed", ["0", "1"])
def test_bytes_do_not_depend_on_the_process(module, seed):
    code = "import test_wasm_module as t; print(t.digest(t.build_module(t.KERNELS)))"
    environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": os.path.dirname(__file__)}
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                            env=environment)
    assert answer.stdout.strip() == digest(module)


def test_order_of_kernels_is_the_order_of_exports(module):
    swapped = build_module(KERNELS[::-1])
    assert list(swapped.manifest["kernels"]) == ["waves", "overflow"]
    assert swapped.bytes.index(b"waves") < swapped.bytes.index(b"overflow")


def test_plain_functions_become_kernels():
    def double(z, out):
        for i in range(z.size):
            out[i] = z[i] * 2.0

    built = [build_module([("double", f, ["f64[]", "f64[]"])]) for f in (double, kernel(double))]
    assert isinstance(built[0], WasmModule) and built[0] == built[1]


def test_a_module_needs_the_compiler(monkeypatch):
    monkeypatch.setattr(numba.config, "DISABLE_JIT", 1)
    with pytest.raises(RuntimeError, match="NUMBA_DISABLE_JIT is set"):
        build_module(KERNELS)


def test_another_numba_that_lacks_what_we_use_is_named(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(
        "import numba\nnumba.__version__ = '0.99.0'\n"
        "import numba.core.callconv as c\ndel c.MinimalCallConv\n")
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    failed = subprocess.run([sys.executable, "-c", "import toolkit.live.wasm"], capture_output=True,
                            text=True, check=False, env=environment)
    assert "internals of Numba 0.68.x; Numba 0.99.0 has changed them" in failed.stderr
