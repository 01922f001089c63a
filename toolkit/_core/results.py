"""Where results go: a new array, or one of the caller's."""
import numpy as np

from toolkit._core.arguments import shown

__all__ = ["check_out", "room_for", "written"]


def check_out(out, shape, dtype):
    """Refuse what is neither None nor an array that a result of this shape and dtype can be written to."""
    if out is None:
        return
    allowed = f"allowed: an array of {dtype} and shape {shape}, or None"
    if not isinstance(out, np.ndarray) or isinstance(out, np.ma.MaskedArray):
        raise TypeError(f"out is {'a masked array' if isinstance(out, np.ndarray) else shown(out)}; {allowed}")
    if out.dtype != dtype or out.shape != shape:
        raise ValueError(f"out is {out.dtype} of shape {out.shape}; {allowed}")
    if not out.flags.writeable:
        raise ValueError("out is an array that cannot be written to; allowed: one that can")


def room_for(z, out):
    """An array like the plain array `z` to compute into: `out` if no entry is needed after it is written, else new."""
    if out is None:
        return np.empty_like(z)
    check_out(out, z.shape, z.dtype)
    usable = out is z or type(out) is np.ndarray and out.flags.carray and not np.may_share_memory(out, z)
    return out if usable else np.empty_like(z)


def written(result, out):
    """`result`, or `out` with its numbers where the caller gives an array for them."""
    if out is None or out is result:
        return result
    if result.base is out:
        return out
    np.copyto(out, result)
    return out
