"""`build_module`: the kernels of a page, compiled, linked and optimised into one WebAssembly module."""
import inspect
import time
from dataclasses import dataclass, field

from numba.core import config, types
from numba.core.compiler_lock import global_compiler_lock
from numba.core.dispatcher import Dispatcher

from toolkit._core.kernel import kernel
from toolkit.live.kernel_errors import definition_of
from toolkit.live.wasm.abi import describe, numba_type
from toolkit.live.wasm.backend import binary_of, blame
from toolkit.live.wasm.errors import UnsupportedInWebAssembly
from toolkit.live.wasm.linker import HEAP_BASE, MEMORY, UndefinedSymbols
from toolkit.live.wasm.target import FEATURES, wasm_target

__all__ = ["WasmModule", "build_module"]


@dataclass(frozen=True)
class WasmModule:
    """A built module.

    Attributes
    ----------
    bytes : bytes
        The binary; it imports nothing.
    manifest : dict
        JSON-able: ``kernels`` (name -> list of ``{"array": "f64", "ndim": 1}`` or ``{"scalar": "i32"}``),
        ``errors`` (status code as text -> message), ``memory`` and ``heap_base`` (names of these exports),
        ``features`` (what the browser needs).
    seconds : dict
        Build time: ``front_end`` (per kernel, with callees that no earlier kernel needed) and ``back_end``.
    """

    bytes: bytes
    manifest: dict
    seconds: dict = field(compare=False, default_factory=dict)

    @property
    def size(self):
        return len(self.bytes)


@global_compiler_lock
def build_module(kernels):
    """Compile kernels to one WebAssembly module.

    Parameters
    ----------
    kernels : sequence of (name, function, argument types)
        `name` is exported. `function` is a kernel, or a plain Python function that becomes one; it returns
        None. Argument types are those of `toolkit.live.wasm.abi`: "f64", "i32", "f64[]", "f32[][]", ... or
        Numba types.

    Returns
    -------
    WasmModule
        Its bytes depend on the kernels alone, not on what was built before. Its results are those of the
        native kernels bit by bit, payloads of NaN apart, unless a kernel has fast-math flags.

    Raises
    ------
    UnsupportedInWebAssembly
        When a kernel uses what WebAssembly cannot have; the message names the kernel, the line and the thing.
    ValueError
        When a name is given twice or is one of the module's own exports.
    """
    if config.DISABLE_JIT:
        raise RuntimeError("NUMBA_DISABLE_JIT is set; WebAssembly modules need Numba's compiler")
    kernels = [(name, function, list(arguments)) for name, function, arguments in kernels]
    _check_names([name for name, _, _ in kernels])
    wasm_target.renew()
    compiled, front_end = {}, {}
    for name, function, arguments in kernels:
        start = time.perf_counter()
        compiled[name] = _compile(name, function, arguments)
        front_end[name] = time.perf_counter() - start
    start = time.perf_counter()
    try:
        binary, messages = binary_of(compiled)
    except UndefinedSymbols as error:
        wasm_target.renew(from_disk=False)
        raise blame({name: _compile(name, *of) for name, *of in kernels}, error.names[0]) from error
    manifest = {
        "kernels": {name: [describe(a) for a in c.fndesc.argtypes] for name, c in compiled.items()},
        "errors": {str(code): text for code, text in messages.items()},
        "memory": MEMORY,
        "heap_base": HEAP_BASE,
        "features": list(FEATURES),
    }
    return WasmModule(binary, manifest, {"front_end": front_end, "back_end": time.perf_counter() - start})


def _check_names(names):
    for name in names:
        if names.count(name) > 1 or name in (MEMORY, HEAP_BASE):
            raise ValueError(f"kernel name {name!r} is taken; allowed: each name once, and not {MEMORY!r} or "
                             f"{HEAP_BASE!r}")


def _compile(name, function, arguments):
    dispatcher = function if isinstance(function, Dispatcher) else kernel(function)
    here = definition_of(dispatcher.py_func)
    try:
        signature = tuple(map(numba_type, arguments))
        parameters = inspect.signature(dispatcher.py_func).parameters.values()
        if len(signature) != len(parameters) or any(p.kind != p.POSITIONAL_OR_KEYWORD for p in parameters):
            raise UnsupportedInWebAssembly(f"its parameters are ({', '.join(map(str, parameters))}), but the "
                                           f"types of {len(signature)} plain ones are given.")
        follower = wasm_target.follow(dispatcher)
        follower.compile(signature)
        compiled = follower.overloads[signature]
        if compiled.fndesc.restype != types.none:
            raise UnsupportedInWebAssembly(
                "a kernel that a page calls returns nothing: write results into an output.",
                (compiled.metadata or {}).get("return_location"))
    except UnsupportedInWebAssembly as error:
        if error.filename is None:
            error.locate(here)
        error.kernel = name
        raise
    return compiled
