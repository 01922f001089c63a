"""WebAssembly modules that tests build: once for all processes and later runs, while their kernels stay the same."""
import fcntl
from pathlib import Path

from toolkit.live.page import is_kept, keep_module, kernels_of, module_in

KEPT = Path(__file__).parents[2] / ".cache/modules"


def kept_module(name, entries, folder=KEPT):
    """The `WasmModule` of ``build_module(entries)``; processes that ask at the same time wait for one that builds."""
    folder.mkdir(parents=True, exist_ok=True)
    file, kernels = folder / f"{name}.html", kernels_of(entries)
    assert kernels, "modules are kept by what their kernels are made of"
    with open(folder / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_kept(file, kernels):
            keep_module(file, entries)
        return module_in(file.read_text(encoding="utf-8"))
