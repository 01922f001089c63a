"""Any array as contiguous rows of classes and back: what every row method shares around its kernel.

A public function is `map_rows` or `reduce_rows` around a row kernel. `Rows` is the layer below, for functions with
labels, several results or their own reduction.
"""
import math
import operator

import numpy as np

from toolkit._core import loops
from toolkit._core.arguments import shown
from toolkit._core.array_likes import array_and_mask, array_of, is_floating, numbers_of, same_or_wider
from toolkit._core.format import get_format
from toolkit._core.public import warn
from toolkit._core.results import check_out, written
from toolkit._core.rounded_arrays import round_each, round_to
from toolkit._core.row_threads import over_rows

__all__ = ["Rows", "behaved", "check_axis", "common_dtype", "map_rows", "real_array", "reduce_rows", "warn_about_rows"]

NO_MASK = object()  # in place of `where`: the function takes none


def real_array(x, name):
    """`x` as an array of booleans, integers, float16, float32 or float64; else a TypeError that names it."""
    return numbers_of(array_of(x, name))


def common_dtype(**named):
    """The floating dtype of a result: that of the floating arrays and NumPy scalars among the arguments.

    Integers, booleans, lists and Python numbers adapt to the arrays beside them; alone they give float64.
    """
    floating, firm = [], []
    for name, x in named.items():
        dtype = None if x is None else array_and_mask(x, name)[0].dtype
        if dtype is not None and is_floating(dtype):
            floating.append(dtype)
            if isinstance(x, np.generic) or not isinstance(x, (float, list, tuple)):
                firm.append(dtype)
    return same_or_wider(firm or floating or [np.dtype(np.float64)])


def check_axis(axis, ndim, name="z"):
    """`axis` (int, tuple of ints or None for all) as a sorted tuple of non-negative ints."""
    ndim = max(ndim, 1)
    if axis is None:
        return tuple(range(ndim))
    allowed = f"allowed for {name} of {ndim} dimension(s): {-ndim} to {ndim - 1}, a tuple of these, None"
    try:
        axes = [operator.index(a) for a in (axis if isinstance(axis, (tuple, list)) else (axis,))]
    except TypeError:
        raise TypeError(f"axis is {shown(axis)}; {allowed}") from None
    if not axes or any(not -ndim <= a < ndim for a in axes):
        raise np.exceptions.AxisError(f"axis is {shown(axis)}; {allowed}")
    axes = sorted(a % ndim for a in axes)
    if len(set(axes)) < len(axes):
        raise ValueError(f"axis is {shown(axis)}, which names a dimension twice; {allowed}")
    return tuple(axes)


def behaved(x, dtype):
    """`x` contiguous, aligned and writeable; else it is a type of its own to Numba, compiled anew."""
    x = np.ascontiguousarray(x, dtype)
    return x if x.flags.carray else x.copy()


class Rows:
    """The classes of an N-d array, moved to the end and flattened: 2-D rows for a kernel, and the way back.

    Parameters
    ----------
    z : array_like (..., K)
        The array that gives the shape.
    axis : int, tuple of ints or None
    where : array_like of booleans, broadcast to the shape of `z`, optional
        True keeps; a masked `z` keeps what its mask leaves. Without `where`, not even None, it may not be masked.
    format : Format or what `toolkit.formats.get_format` accepts, optional
        Emulated format: the rows become float64 carriers of its values.
    name : str
        What error messages call `z`.
    allow_empty : bool
        Whether K may be 0.
    beside : dict of str to array_like
        Further floating arguments that take part in the choice of the dtype.

    Attributes
    ----------
    array : numpy.ndarray
        `z` without its mask, in its dtype.
    shape, axes : tuple
        Of the N-d array.
    order, batch : tuple
        The axes with those of the classes last; the shape without these.
    count, classes : int
        Shape of the rows.
    compute, dtype : numpy.dtype
        Of the rows (float32 for float16) and of the result.
    fmt, largest : int or None, float
        Format code for kernels; the largest finite number of the rows.
    keep : (count, classes) array of booleans, or None
    """

    def __init__(self, z, *, axis=-1, where=NO_MASK, format=None, name="z", allow_empty=False, beside=None):
        array, hidden = (array_of(z, name), None) if where is NO_MASK else array_and_mask(z, name)
        self.given, self.array = z, array
        self.name, self.shape, self.axes = name, array.shape, check_axis(axis, array.ndim, name)
        sizes = array.shape or (1,)
        others = tuple(a for a in range(len(sizes)) if a not in self.axes)
        self.order = others + self.axes
        self.batch = tuple(sizes[a] for a in others)
        self.count = math.prod(self.batch)
        self.classes = math.prod(sizes[a] for a in self.axes)
        if self.classes == 0 and not allow_empty:
            raise ValueError(f"{name} has shape {self.shape}: no class on axis {axis!r}; allowed: at least 1")
        self.dtype = common_dtype(**{name: z, **(beside or {})})
        self.compute = np.dtype(np.float64 if self.dtype == np.float64 else np.float32)
        self.fmt, self.largest = None, float(np.finfo(self.compute).max)
        if format is not None:
            format = get_format(format)
            self.fmt, self.largest = np.int64(format.code), format.max
            self.compute = np.dtype(np.float64)
            self.dtype = round_to(np.zeros(0, self.dtype), format).dtype
        keep = self._mask(None if where is NO_MASK else where, hidden)
        self.keep = None if keep is None else self._two_dimensional(keep, np.bool_)

    def _mask(self, where, hidden):
        if where is None:
            return None if hidden is None else ~hidden
        keep = real_array(where, "where")
        if keep.dtype != np.bool_:
            raise TypeError(f"where has dtype {keep.dtype}; allowed: booleans, True keeps")
        keep = self._broadcast(keep, "where")
        return keep if hidden is None else keep & ~hidden

    def _broadcast(self, x, name):
        if x.shape == self.shape:
            return x
        try:
            return np.broadcast_to(x, self.shape)
        except ValueError:
            raise ValueError(f"{name} has shape {x.shape}; allowed: what broadcasts to {self.shape}, "
                             f"the shape of {self.name}") from None

    def _two_dimensional(self, x, dtype):
        moved = x.reshape(self.shape or (1,)).transpose(self.order)
        return behaved(moved.reshape(self.count, self.classes), dtype)

    def _rounded(self, values):
        if self.fmt is None:
            return values
        values = values.copy()
        round_each(values.reshape(-1), self.fmt)
        return values

    def rows(self, x, name, fill=-np.inf):
        """`x`, broadcast to the shape of `z`, as (count, classes) rows for kernels, which only read them.

        Values are rounded to the emulated format first. Masked entries are `fill`, unrounded: -inf marks a
        masked logit also in a format without infinity, where it was given as well as where `where` masks.
        """
        array = self.array if x is self.given else array_of(x, name)
        given = self._two_dimensional(self._broadcast(numbers_of(array), name), self.compute)
        rows = self._rounded(given)
        if self.fmt is not None and fill == -np.inf:
            rows[given == -np.inf] = -np.inf
        return rows if self.keep is None else np.where(self.keep, rows, self.compute.type(fill))

    def per_row(self, x, name, dtype=None):
        """One value per row, from an array of the shape without the class axes, or with them at length 1.

        `dtype` (for labels: np.int64) keeps the values unrounded; the default is that of the rows.
        """
        x = real_array(x, name)
        if x.shape != self._reduced_shape(True):
            try:
                x = np.broadcast_to(x, self._reduced_shape(False))
            except ValueError:
                raise ValueError(f"{name} has shape {x.shape}; allowed: {self._reduced_shape(False)} "
                                 f"or {self._reduced_shape(True)}") from None
        values = behaved(x.reshape(self.count), dtype or self.compute)
        return values if dtype else self._rounded(values)

    def empty(self):
        """Rows for the result of a map."""
        return np.empty((self.count, self.classes), self.compute)

    def call(self, loop, of, arrays, parameters, out):
        """Run a loop of `toolkit._core.loops`; floats among the parameters are rounded to the dtype of the rows."""
        with np.errstate(all="ignore"):  # uncompiled kernels would warn on paths that are right
            over_rows(loop, of, arrays, self.parameters(parameters), out, self.fmt)

    def parameters(self, given):
        """Numbers as kernels get them: float64, with a value that the dtype of the rows has.

        A finite number beyond the dtype or the format is the largest one there: inf times 0 would be NaN.
        """
        return tuple(self._number(a) if isinstance(a, float) else a for a in given)

    def _number(self, a):
        if np.isfinite(a):
            a = min(max(a, -self.largest), self.largest)
        return float(self.compute.type(a))

    def restore(self, rows, masked):
        """Rows of a map in the shape of `z` and the dtype of the result, `masked` where the mask is False."""
        if self.keep is not None:
            rows = np.where(self.keep, rows, rows.dtype.type(masked))
        sizes = self.shape or (1,)
        moved = self._cast(rows).reshape([sizes[a] for a in self.order])
        return moved.transpose(np.argsort(self.order)).reshape(self.shape)[()]

    def restore_reduced(self, values, keepdims=False):
        """One value per row in the shape without the class axes, or with them at length 1."""
        return self._cast(values).reshape(self._reduced_shape(keepdims))[()]

    def _reduced_shape(self, keepdims):
        if keepdims:
            return tuple(1 if a in self.axes else n for a, n in enumerate(self.shape))
        return self.batch

    def _cast(self, values):
        with np.errstate(all="ignore"):  # float16 results overflow to inf as the format does
            return values.astype(self.dtype, copy=False)


_MAPS = {1: loops.map_rows, 2: loops.map_row_pairs, 3: loops.map_row_triples}
_REDUCTIONS = {1: loops.reduce_rows, 2: loops.reduce_row_pairs}


def map_rows(of, arrays, *parameters, axis=-1, where=NO_MASK, format=None, fills=(-np.inf,), masked=0.0,
             broken=None, out=None):
    """Apply the row kernel ``of(*rows, *parameters, out)`` to the rows of named N-d arrays: (..., K) -> (..., K).

    Parameters
    ----------
    arrays : dict of str to array_like
        Names as in the public signature; the first gives the shape, the others are broadcast to it.
    fills : tuple of float
        What kernels see at masked entries of each array; the last is repeated.
    masked : float
        Result at masked entries: 0 for probabilities and gradients, -inf for logs.
    broken : pair (test, message), optional
        For naive methods: ``test(rows, out)`` marks broken rows, which raise a RuntimeWarning if their logits
        are finite.
    out : numpy.ndarray, optional
        Where the result goes.
    """
    layout, rows = _layout_and_rows(arrays, fills, axis, where, format)
    check_out(out, layout.shape, layout.dtype)
    found = layout.empty()
    layout.call(_MAPS[len(rows)], of, rows, parameters, found)
    if broken is not None:
        warn_about_rows(rows[0], broken[0](rows[0], found), broken[1])
    return written(layout.restore(found, masked), out)


def reduce_rows(of, arrays, *parameters, axis=-1, where=NO_MASK, format=None, fills=(-np.inf,), empty,
                keepdims=False):
    """Apply the row kernel ``of(*rows, *parameters)`` that returns a number: (..., K) -> (...).

    As `map_rows`; `empty` is the value of a row without classes.
    """
    layout, rows = _layout_and_rows(arrays, fills, axis, where, format, allow_empty=True)
    out = np.full(layout.count, empty, layout.compute)
    if layout.classes > 0:
        layout.call(_REDUCTIONS[len(rows)], of, rows, parameters, out)
    return layout.restore_reduced(out, keepdims)


def _layout_and_rows(arrays, fills, axis, where, format, allow_empty=False):
    (name, first), *others = arrays.items()
    layout = Rows(first, axis=axis, where=where, format=format, name=name, allow_empty=allow_empty,
                  beside=dict(others))
    fills = tuple(fills) + (fills[-1],) * len(others)
    return layout, [layout.rows(x, name, fill) for (name, x), fill in zip(arrays.items(), fills)]


def warn_about_rows(rows, broken, message):
    """RuntimeWarning when rows free of NaN and +inf, and not all -inf, gave a broken result."""
    guilty = int(np.count_nonzero(np.isfinite(rows[broken].max(axis=1, initial=-np.inf)))) if broken.any() else 0
    if guilty:
        warn(f"{message} in {guilty} of {len(rows)} rows of finite logits")
