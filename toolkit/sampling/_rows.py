"""Logits and what comes beside them, as rows: one row of logits may serve many draws."""
import numpy as np

from toolkit._core import loops
from toolkit._core.array_likes import array_and_mask
from toolkit._core.arrays import Rows, common_dtype, real_array

__all__ = []

_LOOPS = {2: loops.map_row_pairs, 3: loops.map_row_triples}


def map_beside(of, z, beside, *parameters, axis, where, format):
    """Apply the row kernel ``of(row of z, rows beside it, *parameters, out)``, all broadcast: (..., K) -> (..., K).

    The result has the dtype of the logits, whatever that of the others is; logits without one take theirs.
    """
    logits, hidden = array_and_mask(z, "z")
    arrays = {"z": logits, **{name: real_array(x, name) for name, x in beside.items()}}
    shape = arrays["z"].shape
    for name, x in arrays.items():
        try:
            shape = np.broadcast_shapes(shape, x.shape)
        except ValueError:
            raise ValueError(f"{name} has shape {x.shape}; allowed: what broadcasts with {shape}, the shape of z"
                             ) from None
    own = isinstance(z, (np.ndarray, np.generic)) and logits.dtype.kind not in "biu"
    dtype = logits.dtype if own else common_dtype(z=z, **beside)
    arrays["z"] = np.broadcast_to(logits, shape).astype(dtype, copy=False)
    given = arrays["z"] if hidden is None else np.ma.array(arrays["z"], mask=np.broadcast_to(hidden, shape))
    layout = Rows(given, axis=axis, where=where, format=format, name="z")
    rows = [layout.rows(np.broadcast_to(x, shape), name, -np.inf if name == "z" else 0.0)
            for name, x in arrays.items()]
    out = layout.empty()
    layout.call(_LOOPS[len(rows)], of, rows, parameters, out)
    return layout.restore(out, 0.0)


def summed_to(x, shape):
    """A gradient with respect to a result as one with respect to what was broadcast to it from `shape`."""
    ahead = x.ndim - len(shape)
    axes = (*range(ahead), *(ahead + i for i, n in enumerate(shape) if n == 1))
    return x.sum(axis=axes, dtype=np.float64).astype(x.dtype).reshape(shape)[()] if axes else x
