"""What attention has in common: arrays of vectors with a batch before them, a mask of pairs, and the way back."""
import math

import numpy as np

from toolkit._core.arguments import shown
from toolkit._core.arrays import behaved, common_dtype, real_array
from toolkit._core.format import get_format
from toolkit._core.rounded_arrays import round_each, round_to

__all__ = []

MASKS = {"pairs": "(..., n, m), queries and keys", "keys": "(..., m), keys"}


class Batch:
    """Named arrays ``(..., n, d)`` with one batch: (B, n, d) for kernels, and results and gradients back.

    Parameters
    ----------
    named : dict of str to array_like
        The batches are broadcast to each other.
    format : Format or what `toolkit.formats.get_format` accepts, optional

    Attributes
    ----------
    shape : tuple
        Of the batch.
    dtype, compute : numpy.dtype
        Of the result, and in which kernels compute: float32 for float16.
    fmt : int or None
    """

    def __init__(self, named, format=None):
        self.arrays = {name: real_array(x, name) for name, x in named.items()}
        for name, x in self.arrays.items():
            if x.ndim < 2 or 0 in x.shape[-2:]:
                raise ValueError(f"{name} has shape {x.shape}; allowed: (..., n, d), with at least one number")
        try:
            self.shape = np.broadcast_shapes(*(x.shape[:-2] for x in self.arrays.values()))
        except ValueError:
            shapes = ", ".join(f"{name} has shape {x.shape}" for name, x in self.arrays.items())
            raise ValueError(f"{shapes}; allowed: the same before the last two axes, or 1") from None
        self.dtype = common_dtype(**named)
        self.compute = np.dtype(np.float64 if self.dtype == np.float64 else np.float32)
        self.fmt = None
        if format is not None:
            self.fmt, self.compute = np.int64(get_format(format).code), np.dtype(np.float64)
            self.dtype = round_to(np.zeros(0, self.dtype), format).dtype

    def rows(self, name, dtype=None, sizes=None):
        """An array for kernels, (B, n, d), rounded to the format; in `dtype` as it is; broadcast to `sizes`."""
        x = self.arrays[name]
        sizes = sizes or x.shape[-2:]
        x = np.broadcast_to(x, (*self.shape, *sizes)).reshape(math.prod(self.shape), *sizes)
        rows = behaved(x, dtype or self.compute)
        if self.fmt is not None and dtype is None:
            rows = rows.copy()
            round_each(rows.reshape(-1), self.fmt)
        return rows

    def empty(self, *sizes):
        """For results of kernels, or for them to work in."""
        return np.zeros(sizes, self.compute)

    def restore(self, out):
        """(B, ...) of the kernels, with the batch and the dtype of the result."""
        with np.errstate(all="ignore"):
            return out.astype(self.dtype, copy=False).reshape(*self.shape, *out.shape[1:])

    def back(self, name, gradient):
        """A gradient (B, n, d) in the shape of the argument, over which it was broadcast, and its dtype."""
        given = self.arrays[name]
        gradient = gradient.reshape(*self.shape, *gradient.shape[1:])
        gradient = gradient.sum(axis=tuple(range(gradient.ndim - given.ndim)))
        spread = tuple(a for a in range(given.ndim) if given.shape[a] != gradient.shape[a])
        with np.errstate(all="ignore"):
            return gradient.sum(axis=spread, keepdims=True).astype(self.dtype, copy=False)

    def above(self, g, columns):
        """The gradient with respect to the result, (B, n, e), in float64."""
        g, shape = real_array(g, "g"), (*self.shape, *columns)
        try:
            g = np.broadcast_to(g, shape)
        except ValueError:
            raise ValueError(f"g has shape {g.shape}; allowed: {shape}") from None
        return behaved(g.reshape(math.prod(self.shape), *columns), np.float64)


def checked_pairs(batch, causal):
    """Sizes ``n, m, d, e`` of queries, keys and values that fit each other."""
    (n, d), (m, _), (_, e) = (batch.arrays[name].shape[-2:] for name in "qkv")
    if batch.arrays["k"].shape[-1] != d:
        raise ValueError(f"k has shape {batch.arrays['k'].shape}; allowed: (..., m, {d}), as q")
    if batch.arrays["v"].shape[-2] != m:
        raise ValueError(f"v has shape {batch.arrays['v'].shape}; allowed: (..., {m}, e), a value for each key")
    if causal and n != m:
        raise ValueError(f"k has shape {batch.arrays['k'].shape}; allowed with causal: (..., {n}, {d}), as many as q")
    return n, m, d, e


def mask_of(where, batch, sizes, which):
    """What `where` keeps, (B, *sizes), with ones in place of B and n where they do not count."""
    if where is None:
        return np.ones((1,) * len(sizes) + sizes[-1:], np.bool_)
    keep, shape = real_array(where, "where"), (*batch.shape, *sizes)
    if keep.dtype != np.bool_:
        raise TypeError(f"where has dtype {keep.dtype}; allowed: booleans, True keeps")
    try:
        keep = np.broadcast_to(keep, shape)
    except ValueError:
        raise ValueError(f"where has shape {shown(keep.shape)}; allowed: what broadcasts to {shape}, "
                         f"{MASKS[which]}") from None
    return behaved(keep.reshape(math.prod(batch.shape), *sizes), np.bool_)
