"""How a page calls a kernel: plain pointers, lengths and numbers in, an i32 status out.

====================  ====================================  =========================
declared              parameters of the exported function   type inside the kernel
====================  ====================================  =========================
"f64", "f32"          one f64 or f32                        float64, float32
"i32"                 one i32                               int64, sign-extended
"f64[]", "i32[]" ...  i32 address, i32 length               1-D C-contiguous array
"f64[][]" ...         i32 address, i32 rows, i32 columns    2-D C-contiguous array
====================  ====================================  =========================

JavaScript passes plain Numbers for all of these; an int64 parameter would demand BigInt.
"""
from llvmlite import ir
from numba.core import types
from numba.np.arrayobj import populate_array

from toolkit.live.wasm.errors import UnsupportedInWebAssembly

__all__ = ["EXPORT_PREFIX", "describe", "export_wrapper", "numba_type"]

# Keeps an exported name apart from symbols like `floor` until the linker exports it under its own name.
EXPORT_PREFIX = "export."

_SCALARS = {"f64": types.float64, "f32": types.float32, "i32": types.int64}
_ELEMENTS = {"f64": types.float64, "f32": types.float32, "i32": types.int32, "u64": types.uint64}
_ALLOWED = ("allowed: 'f64', 'f32', 'i32', arrays of 'f64', 'f32', 'i32', 'u64' with [] for each dimension, "
            "and the same as Numba types (int64 for 'i32', C-contiguous arrays)")
_I32 = ir.IntType(32)


def numba_type(declared):
    """The type inside the kernel of a parameter declared as in the table above, or as a Numba type."""
    if isinstance(declared, str):
        if declared in _SCALARS:
            return _SCALARS[declared]
        element, dimensions = declared.partition("[]")[0], declared.count("[]")
        if element in _ELEMENTS and dimensions and declared == element + "[]" * dimensions:
            return types.Array(_ELEMENTS[element], dimensions, "C")
    elif isinstance(declared, types.Array):
        if declared.layout != "C":
            raise UnsupportedInWebAssembly(f"argument type {declared} is not C-contiguous; {_ALLOWED}.")
        if declared.dtype in _ELEMENTS.values() and declared.mutable:
            return declared
    elif declared in _SCALARS.values():
        return declared
    raise UnsupportedInWebAssembly(f"argument type {declared!s} cannot be passed to WebAssembly; {_ALLOWED}.")


def describe(argument):
    """A Numba argument type as an entry of the manifest."""
    if isinstance(argument, types.Array):
        return {"array": _name(argument.dtype, _ELEMENTS), "ndim": argument.ndim}
    return {"scalar": _name(argument, _SCALARS)}


def _name(numba_scalar, table):
    return next(name for name, scalar in table.items() if scalar == numba_scalar)


def export_wrapper(name, compiled):
    """LLVM module with the exported function `name` that calls a compiled kernel.

    Parameters
    ----------
    name : exported name
    compiled : Numba's compile result of the kernel
    """
    context, descriptor = compiled.target_context, compiled.fndesc
    module = context.create_module(f"export_{name}")
    kernel_type = context.call_conv.get_function_type(descriptor.restype, descriptor.argtypes)
    kernel = ir.Function(module, kernel_type, descriptor.llvm_func_name)
    parameters = []
    for argument in descriptor.argtypes:
        parameters += _parameters(context, argument)
    exported = ir.Function(module, ir.FunctionType(_I32, parameters), EXPORT_PREFIX + name)
    builder = ir.IRBuilder(exported.append_basic_block("entry"))
    passed = iter(exported.args)
    values = [_value(context, builder, argument, passed) for argument in descriptor.argtypes]
    status, _ = context.call_conv.call_function(
        builder, kernel, descriptor.restype, descriptor.argtypes, values)
    builder.ret(builder.select(status.is_ok, _I32(0), status.code))
    return module


def _parameters(context, argument):
    if isinstance(argument, types.Array):
        return [_I32] * (1 + argument.ndim)
    return [_I32 if argument == types.int64 else context.get_value_type(argument)]


def _value(context, builder, argument, passed):
    """Turn the next parameters into what the kernel expects for one argument."""
    integer = context.get_value_type(types.intp)
    if argument == types.int64:
        return builder.sext(next(passed), integer)
    if not isinstance(argument, types.Array):
        return next(passed)
    element = context.get_data_type(argument.dtype)
    address = builder.inttoptr(next(passed), element.as_pointer())
    shape = [builder.zext(next(passed), integer) for _ in range(argument.ndim)]
    item = integer(context.get_abi_sizeof(element))
    strides = [item]
    for length in reversed(shape[1:]):
        strides.insert(0, builder.mul(strides[0], length))
    array = context.make_array(argument)(context, builder)
    populate_array(array, data=address, shape=shape, strides=strides, itemsize=item, meminfo=None)
    return array._getvalue()
