"""Tensors of `NARROW` numbers by DLPack, which has names for them where NumPy's array protocol has none."""
import ctypes
from importlib import import_module

import numpy as np

__all__ = ["narrow_array"]

_CPU = 1
_NAMES = {(4, 16): "bfloat16", (10, 8): "float8_e4m3fn", (12, 8): "float8_e5m2"}  # DLPack's code of a kind, and bits
_pointer_of = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", ctypes.pythonapi))


class _Tensor(ctypes.Structure):
    _fields_ = (("data", ctypes.c_void_p), ("device", ctypes.c_int32), ("number", ctypes.c_int32),
                ("ndim", ctypes.c_int32), ("code", ctypes.c_uint8), ("bits", ctypes.c_uint8),
                ("lanes", ctypes.c_uint16), ("shape", ctypes.POINTER(ctypes.c_int64)),
                ("strides", ctypes.POINTER(ctypes.c_int64)), ("offset", ctypes.c_uint64))


def narrow_array(x):
    """A copy of a tensor on the CPU as an array of ml_dtypes' type; None if its numbers are others, or elsewhere."""
    try:
        capsule = x.__dlpack__()
    except Exception:  # no tensor, or one that its library does not hand on, as one with a gradient
        return None
    tensor = _Tensor.from_address(_pointer_of(capsule, b"dltensor"))
    name = _NAMES.get((tensor.code, tensor.bits))
    if name is None or tensor.device != _CPU or tensor.lanes != 1:
        return None
    try:
        dtype = np.dtype(getattr(import_module("ml_dtypes"), name))
    except ImportError:
        raise TypeError(f"a tensor of {name}, which NumPy knows only beside the package ml_dtypes: install it, or hand "
                        "over float32") from None
    shape = tensor.shape[:tensor.ndim]
    if 0 in shape:
        return np.empty(shape, dtype)
    patterns = np.dtype(f"u{dtype.itemsize}")
    strides = None
    span = int(np.prod(shape))
    if tensor.strides:
        strides = [step * dtype.itemsize for step in tensor.strides[:tensor.ndim]]
        span = 1 + sum((size - 1) * step for size, step in zip(shape, tensor.strides[:tensor.ndim]))
    memory = (ctypes.c_char * (span * dtype.itemsize)).from_address(tensor.data + tensor.offset)
    return np.ndarray(shape, patterns, memory, 0, strides).copy().view(dtype)
