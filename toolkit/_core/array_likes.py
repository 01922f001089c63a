"""What public functions take for an array: all that becomes numbers without losing what it says.

`numpy.asarray` forgets the mask of a masked array and the unit of a quantity. Here these are kept or refused.
"""
import numpy as np

from toolkit._core.dlpack import narrow_array

__all__ = ["NARROW", "array_and_mask", "array_of", "is_floating", "numbers_of", "same_or_wider"]

NARROW = ("bfloat16", "float8_e4m3fn", "float8_e5m2")  # dtypes of the package ml_dtypes, known by their names
_ALLOWED = ", ".join(("allowed: booleans, integers, float16, float32, float64", *NARROW))


def is_floating(dtype):
    """Whether it is float16, float32, float64 or one of `NARROW`."""
    return dtype.name in NARROW or dtype.kind == "f" and dtype.itemsize in (2, 4, 8)


def array_and_mask(x, name):
    """`x` as an array, not copied if it is one, and which of its entries a NumPy masked array hides, None for no entry.

    TypeError for what is no array of numbers, ValueError for ragged sequences; both name `x` as `name`.
    """
    hidden, origin = None, ""
    if type(x) is not np.ndarray:
        if isinstance(x, np.ma.MaskedArray):
            hidden = np.ma.getmask(x)
            hidden = hidden if hidden is not np.ma.nomask and hidden.dtype == np.bool_ and hidden.any() else None
            x = x.data
        _refuse_what_would_be_lost(x, name)
        kind, x = type(x).__name__, _converted(x, name)
        origin = f" from {kind}" if x.dtype == object else ""
    if x.dtype.kind in "biu" or is_floating(x.dtype):
        return x, hidden
    raise TypeError(f"{name} has dtype {x.dtype}{origin}; {_ALLOWED}")


def array_of(x, name):
    """`x` as an array, where no entry can be hidden."""
    x, hidden = array_and_mask(x, name)
    if hidden is not None:
        raise TypeError(f"{name} is a masked array of shape {x.shape}; allowed here: arrays without masked entries")
    return x


def numbers_of(array):
    """An array of `NARROW` numbers in float32, which has them all; others as they are."""
    return array.astype(np.float32) if array.dtype.name in NARROW else array


def same_or_wider(dtypes):
    """The dtype of a result of floating arguments: theirs if it is the same, else as NumPy says, at least float32 with
    one of `NARROW` among them."""
    if len(set(dtypes)) == 1:
        return dtypes[0].newbyteorder("=")
    return np.result_type(*(np.float32 if dtype.name in NARROW else dtype for dtype in dtypes)).newbyteorder("=")


def _refuse_what_would_be_lost(x, name):
    """A unit is an attribute of classes such as those of astropy, pint and unyt."""
    kind = type(x)
    if isinstance(x, (list, tuple)):
        kinds = set(map(type, x))
        if any(issubclass(each, np.ma.MaskedArray) for each in kinds):
            raise TypeError(f"{name} is a {kind.__name__} that holds masked arrays; allowed: one masked array")
        for each in x if kinds & {list, tuple} else ():
            _refuse_what_would_be_lost(each, name)
        kind = next(filter(_has_unit, kinds), kind)
    if _has_unit(kind):
        unit = str(getattr(x, "unit", getattr(x, "units", kind.__name__)))
        if unit not in ("", "dimensionless"):
            raise TypeError(f"{name} has the unit {unit}; allowed: numbers without a unit")


def _has_unit(kind):
    return hasattr(kind, "unit") or hasattr(kind, "units")


def _converted(x, name):
    only_dlpack = hasattr(x, "__dlpack__") and not hasattr(x, "__array__")
    try:
        return np.from_dlpack(x) if only_dlpack else np.asarray(x)
    except ValueError as error:
        raise ValueError(f"{name} is not an array: {_first_line(error)}") from None
    except Exception as error:  # of the object's own conversion, as of a tensor that a gradient passes through
        if (array := narrow_array(x)) is not None:
            return array
        raise TypeError(f"{name} is not an array: {_first_line(error)}") from None


def _first_line(error):
    return next(iter(str(error).splitlines()), type(error).__name__)
