"""From Numba's compile results to the bytes of a module: merge, optimise, emit, link."""
import zlib

import llvmlite.binding as llvm

from toolkit.live.kernel_errors import definition_of
from toolkit.live.wasm.abi import EXPORT_PREFIX, export_wrapper
from toolkit.live.wasm.errors import UnsupportedInWebAssembly
from toolkit.live.wasm.linker import UndefinedSymbols, link
from toolkit.live.wasm.runtime import MULTIPLY_128, runtime_function
from toolkit.live.wasm.signed_zeros import keep_signed_zeros
from toolkit.live.wasm.statuses import messages_of
from toolkit.live.wasm.target import TRIPLE, create_target_machine, wasm_target

__all__ = ["binary_of", "blame"]

# LLVM's own 225 puts so many copies of exp and the roundings into a page that it doubles, and no figure is
# measurably faster by it.
_INLINING_THRESHOLD, _FOR_SIZE = 100, 25
_LARGE = 20_000  # bytes, deflated as they travel: a file with a figure has 80 KB for all


def binary_of(compiled):
    """The WebAssembly module that exports kernels, and the messages of what they raise by status code.

    A large one leaves loops as they are, neither unrolled nor in vectors, and is optimised twice: two thirds of the
    bytes, the same bits, at most half as slow again where LLVM finds vectors by itself.

    Parameters
    ----------
    compiled : dict, exported name -> Numba's compile result

    Raises
    ------
    UndefinedSymbols
        When code needs a function that nothing defines and that no check of a kernel's source has found.
    """
    binary, messages = _binary_of(compiled, small=True)
    return (binary, messages) if len(zlib.compress(binary, 9)) > _LARGE else _binary_of(compiled, small=False)


def _binary_of(compiled, small):
    machine = create_target_machine()
    exports = {name: EXPORT_PREFIX + name for name in compiled}
    module = _merge(compiled, machine)
    messages = messages_of(module)
    for symbol in [*module.functions, *module.global_variables]:
        if not symbol.is_declaration and symbol.name not in exports.values():
            symbol.linkage = "internal"  # free to be inlined and dropped
    return _emit(keep_signed_zeros(_optimise(module, machine, small)), machine, exports), messages


def _merge(compiled, machine):
    module = llvm.parse_assembly(f'target triple = "{TRIPLE}"\ntarget datalayout = "{machine.target_data}"')
    for name, result in compiled.items():
        # The wrapper first: a kernel that nothing refers to would not be linked in.
        module.link_in(llvm.parse_assembly(str(export_wrapper(name, result))))
        module.link_in(result.library._get_module_for_linking(), preserve=True)
    for undefined in [f.name for f in module.functions if f.is_declaration]:
        definition = runtime_function(undefined)
        if definition:
            module.link_in(definition)
    return module


def _optimise(module, machine, small):
    options = llvm.create_pipeline_tuning_options(speed_level=2 if small else 3)
    options.loop_vectorization = options.slp_vectorization = options.loop_unrolling = not small
    options.inlining_threshold = _FOR_SIZE if small else _INLINING_THRESHOLD
    builder = llvm.create_pass_builder(machine, options)
    for _ in range(2 if small else 1):  # what the second run finds is a tenth of the code
        builder.getModulePassManager().run(module, builder)
    module.verify()
    return module


def _emit(module, machine, exports):
    try:
        return link(machine.emit_object(module), exports)
    except UndefinedSymbols as error:
        if error.names != [MULTIPLY_128]:  # the only one that code generation itself makes
            raise
    module.link_in(runtime_function(MULTIPLY_128))
    return link(machine.emit_object(module), exports)


def blame(compiled, symbol):
    """The error for a symbol that stayed undefined: a kernel and the innermost function compiled that needs it."""
    kernel = next((name for name, result in compiled.items() if _needs(result, symbol)), None)
    guilty = [(len(list(result.library.get_defined_functions())), d.py_func)
              for d in wasm_target.followers for result in d.overloads.values() if _needs(result, symbol)]
    function = min(guilty, key=lambda g: g[0])[1] if guilty else None
    return UnsupportedInWebAssembly(
        f"{function.__name__ if function else 'a kernel'} uses {symbol}, which WebAssembly does not have.",
        definition_of(function) if function else None, kernel)


def _needs(result, symbol):
    module = result.library._get_module_for_linking()
    declared = [s.name for s in [*module.functions, *module.global_variables] if s.is_declaration]
    intrinsic = f"llvm.{symbol.removesuffix('f')}."
    return any(name == symbol or name.startswith(intrinsic) for name in declared)
