"""WebAssembly modules that tests build: once for all processes and later runs, while their kernels stay the same."""
import fcntl
import sys
from pathlib import Path

import llvmlite
import numba

from toolkit._core.content import content_of
from toolkit._core.stamp import digest_of, files_behind
from toolkit.live.page import keep_module, module_in

KEPT = Path(__file__).parents[2] / ".cache/modules"


def key_of(entries):
    """What a module's bytes depend on: its entries and the compiler."""
    kernels = [f"{name} {content_of(getattr(function, 'py_func', function))} {types}"
               for name, function, types in entries]
    compiler = [file.read_text(encoding="utf-8") for file in sorted(files_behind("import toolkit.live.wasm"))]
    return digest_of(sys.version, numba.__version__, llvmlite.__version__, *compiler, *kernels)


def kept_module(name, entries, folder=KEPT):
    """The `WasmModule` of ``build_module(entries)``; processes that ask at the same time wait for one that builds."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}-{key_of(entries)}.html"
    with open(folder / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not file.exists():
            for old in folder.glob(f"{name}-*.html"):
                old.unlink()
            keep_module(file, entries)
    return module_in(file.read_text(encoding="utf-8"))
