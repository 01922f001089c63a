"""WebAssembly modules that tests build: once for all processes and later runs, while their kernels stay the same."""
import fcntl
from pathlib import Path

from toolkit.live.page import is_kept, keep_module, kernels_of, module_in

KEPT = Path(__file__).parents[2] / ".cache/modules"


def module_of_asked(request, name, cases, entries_of):
    """The module of ``entries_of(case)`` for the `cases` that tests of this file ask for by their parameter `name`.

    Where all are asked for it is kept under `name`, else in one place besides: whoever tests one kernel does not wait
    until those of all others are built.
    """
    given = [item.callspec.params for item in request.session.items
             if item.path == request.path and hasattr(item, "callspec")]
    asked = {parameters["name"] for parameters in given}
    return kept_module(name if asked >= set(cases) else f"{name}-some",
                       [entry for case in cases if case in asked for entry in entries_of(case)])


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
