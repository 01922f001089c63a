"""The few C functions that Numba or LLVM call by name, written for a module that has no C library.

Each is added to a module only when its code asks for it. Any other name that stays undefined is an error.
"""
import llvmlite.binding as llvm
from llvmlite import ir
from numba.core import types
from numba.core.externals import compile_multi3

from toolkit.live.wasm.target import TRIPLE, WasmDispatcher, wasm_target

__all__ = ["MULTIPLY_128", "runtime_function"]

# LLVM turns a sum over a loop counter into a closed formula with a 128-bit product, after all optimisation.
MULTIPLY_128 = "__multi3"

_RESHAPE = "numba_attempt_nocopy_reshape"
_ROUNDINGS = {name + suffix: (name, suffix) for name in ("ceil", "floor", "trunc") for suffix in ("", "f")}


def runtime_function(name):
    """LLVM module that defines the C function `name`, or None if it is not one of ours."""
    if name in _ROUNDINGS:
        return _rounding(*_ROUNDINGS[name])
    if name == _RESHAPE:
        return _reshape()
    if name == MULTIPLY_128:
        module = compile_multi3(wasm_target.target_context)._final_module.clone()
        module.get_function("multi3").name = MULTIPLY_128
        return module
    return None


def _rounding(name, suffix):
    kind, width = ("float", "f32") if suffix else ("double", "f64")
    return llvm.parse_assembly(f"""
        target triple = "{TRIPLE}"
        target datalayout = "{wasm_target.target_context.target_data}"
        declare {kind} @llvm.{name}.{width}({kind})
        define {kind} @{name}{suffix}({kind} %x) {{
            %rounded = call {kind} @llvm.{name}.{width}({kind} %x)
            ret {kind} %rounded
        }}""")


def reshape_contiguous(ndim, shape, strides, new_ndim, new_shape, new_strides, item_size, fortran_order):
    """Fill `new_strides` for memory that is contiguous in C order; return 0 where it is not."""
    expected = item_size
    for i in range(ndim - 1, -1, -1):
        if shape[i] != 1 and strides[i] != expected:
            return 0
        expected *= shape[i]
    stride = item_size
    for i in range(new_ndim - 1, -1, -1):
        new_strides[i] = stride
        stride *= new_shape[i]
    return 1


def _reshape():
    numbers = types.CPointer(types.int64)
    signature = (types.int64, numbers, numbers, types.int64, numbers, numbers, types.int64, types.int32)
    dispatcher = WasmDispatcher(reshape_contiguous, targetoptions={"nopython": True})
    dispatcher.compile(signature)
    compiled = dispatcher.overloads[signature]
    context, descriptor = compiled.target_context, compiled.fndesc

    module = context.create_module(_RESHAPE)
    callee_type = context.call_conv.get_function_type(descriptor.restype, descriptor.argtypes)
    callee = ir.Function(module, callee_type, descriptor.llvm_func_name)
    c_type = ir.FunctionType(ir.IntType(32), [context.get_value_type(t) for t in signature])
    function = ir.Function(module, c_type, _RESHAPE)
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    _, result = context.call_conv.call_function(builder, callee, descriptor.restype, signature, function.args)
    builder.ret(builder.trunc(result, ir.IntType(32)))

    linked = llvm.parse_assembly(str(module))
    linked.link_in(compiled.library._get_module_for_linking().clone())
    return linked
