"""From entry kernels to a public function of arrays: what every elementwise activation shares."""
import functools
import inspect
from collections.abc import Callable
from numbers import Real
from typing import NamedTuple

import numpy as np

from toolkit._core.arguments import chosen, shown
from toolkit._core.arrays import Rows, real_array
from toolkit._core.kernel import kernel
from toolkit._core.loops import map_entries, map_entry_pairs, map_entry_triples
from toolkit._core.public import warn
from toolkit._core.results import check_out, room_for, written
from toolkit._core.rounding import FINITE_ONLY
from toolkit.large_arrays import is_plain, map_lanes

__all__ = []

EVERYWHERE = (-np.inf, np.inf)
OUT = inspect.Parameter("out", inspect.Parameter.KEYWORD_ONLY, default=None)
_LOOPS = map_entries, map_entry_pairs, map_entry_triples
_FLOAT32 = np.finfo(np.float32)


@kernel
def gated(x, gate):
    """``x * gate``; where the gate is shut it is ±0 also for an infinite x, which is the limit."""
    return np.copysign(gate, x) if gate == 0 else x * gate


@kernel
def or_infinite(y, x):
    """y; where it has overflowed to NaN, in a format without infinity, an infinity with the sign of x."""
    return y if y == y or x != x else np.copysign(np.inf, x)


@kernel
def scaled(x, a):
    """``a x``: 0 where one of them is 0, also for an infinite other one; ±inf where it overflows, in any format."""
    y = a * x
    if y == y or x != x or a != a:
        return y
    if x == 0 or a == 0:
        return np.copysign(0.0, x)
    return np.copysign(np.inf, x) if a > 0 else np.copysign(np.inf, -x)


class Elementwise(NamedTuple):
    """What a public function is made of: see `elementwise`."""

    forms: dict[str, Callable]
    slopes: dict[str, Callable]
    parameters: tuple[str, ...]
    ulp: float
    slope_ulp: float
    slope_zero: float | None
    least: float | None
    open_end: bool
    domain: tuple[float, float]
    lanes: Callable | None
    slope_lanes: Callable | None
    defaults: tuple[float, ...]
    also_above: dict[str, float]
    others: dict[str, Callable]


def elementwise(stable, naive=None, *, slope, naive_slope=None, ulp, slope_ulp, slope_zero=None, above=None, least=None,
                also_above=None, domain=EVERYWHERE, lanes=None, slope_lanes=None, others=None):
    """Decorator: the public function of arrays around entry kernels ``f(x)``, or ``f(x, a)`` with parameters.

    The signature is ``(x, *, form="stable", format=None)``, without `form` if there is one form only, and possibly
    with one or two more parameters, which are broadcast to the shape of `x`. The public function takes `out` as well,
    and has what is declared here as its attribute `elementwise`.

    Parameters
    ----------
    stable, naive : kernel
    slope, naive_slope : kernel
        Their derivatives in x.
    ulp, slope_ulp : float
        Bounds of the stable forms in float32 and float64, which the docstring states and the tests measure.
    slope_zero : float, optional
        Where the derivative passes through 0 between terms that cancel: its bound holds beyond 0.1 from it.
    above, least : float, optional
        What the first parameter has to be above, or its least value.
    also_above : dict, optional
        Another parameter -> what it has to be above.
    domain : (low, high)
        Outside the function is NaN.
    lanes, slope_lanes : kernel, optional
        Stable form and slope of lanes, at the defaults of the parameters: for arrays, which no format rounds.
    others : dict, optional
        Parameter -> kernel of the derivative in it, with the arguments of `stable`.
    """
    def decorate(function):
        given = inspect.signature(function)
        signature = given.replace(parameters=[*given.parameters.values(), OUT])
        parameters = tuple(name for name in signature.parameters if name not in ("x", "form", "format", "out"))
        defaults = tuple(signature.parameters[name].default for name in parameters)
        declared = Elementwise(_forms(stable, naive), _forms(slope, naive_slope), parameters, ulp, slope_ulp,
                               slope_zero, least if above is None else above, above is not None, domain, lanes,
                               slope_lanes, defaults, also_above or {}, others or {})

        @functools.wraps(function)
        def public(*args, **kwargs):
            if lanes is not None and len(args) == 1 and not kwargs and is_plain(args[0], -1, None):
                return _of_lanes(lanes, args[0], None)
            given = signature.bind(*args, **kwargs)
            given.apply_defaults()
            return _evaluate(function.__name__, declared.forms, lanes, declared, **given.arguments)

        public.elementwise, public.__signature__ = declared, signature
        return public

    return decorate


def _forms(stable, naive):
    return {"naive": naive, "stable": stable} if naive else {"stable": stable}


def slope(function, x, *, of=None, **options):
    """Derivative of an elementwise activation, in x or in a parameter.

    Parameters
    ----------
    function : callable
        Made by `elementwise`.
    x : array_like (...)
    of : str, optional
        One of its parameters that are differentiable.
    **options
        Its parameter, `form` and `format`.
    """
    given = inspect.signature(function).bind(x, **options)
    given.apply_defaults()
    declared = function.elementwise
    if of is not None:
        return _evaluate(f"the derivative of {function.__name__} in {of}", {"stable": declared.others[of]}, None,
                         declared, **given.arguments | {"form": "stable"})
    return _evaluate(f"the derivative of {function.__name__}", declared.slopes, declared.slope_lanes, declared,
                     **given.arguments)


def _of_lanes(lanes, x, out):
    target = room_for(x, out)
    map_lanes(lanes, x.reshape(-1), target.reshape(-1))
    return written(target, out)


def _evaluate(name, kernels, lanes, declared, *, x, form="stable", format=None, out=None, **parameters):
    of = chosen("form", form, kernels)
    usual = format is None and form == "stable" and lanes is not None and all(
        isinstance(value, Real) and value == default
        for value, default in zip(parameters.values(), declared.defaults, strict=True))
    if usual and is_plain(x, -1, None):
        return _of_lanes(lanes, x, out)
    layout = Rows(x, axis=None, where=None, format=format, name="x", allow_empty=True, beside=parameters)
    check_out(out, layout.shape, layout.dtype)
    given = {each: real_array(value, each) for each, value in parameters.items()}
    for each, value in given.items():
        _check_parameter(each, value, declared)
    if any(map(_beyond_float32, given.values())):
        layout.compute = np.dtype(np.float64)
    rows = [layout.rows(x, "x")[0], *(_parameter_row(layout, each, value) for each, value in given.items())]
    found = layout.empty()
    if found.size:
        with np.errstate(all="ignore"):  # uncompiled kernels would warn on paths that are right
            if usual and layout.shape:
                map_lanes(lanes, rows[0], found[0])
            else:
                _LOOPS[len(given)](of, *rows, found[0], layout.fmt)
    if form == "naive":
        low, high = declared.domain
        broken = np.count_nonzero(np.isfinite(rows[0]) & (low < rows[0]) & (rows[0] < high) & ~np.isfinite(found))
        if broken:
            warn(f"{name}(form='naive') is not finite for {broken} of {found.size} finite numbers")
    return written(restored(layout, found), out)


def _check_parameter(name, value, declared):
    first = name == declared.parameters[0]
    least, open_end = (declared.least, declared.open_end) if first else (declared.also_above.get(name), True)
    if least is None:
        return
    good = value > least if open_end else value >= least
    if not good.all():
        raise ValueError(f"{name} is {shown(value) if value.ndim else value}; allowed: numbers "
                         f"{'>' if open_end else '>='} {least:g}")


def _beyond_float32(values):
    """Whether some of them are finite, and in float32 infinite, subnormal or 0: the result may be neither."""
    if values.dtype.kind != "f" or values.dtype.itemsize < 8:
        return False
    sizes = np.abs(values)
    return bool(((sizes > _FLOAT32.max) & (sizes < np.inf) | (sizes < _FLOAT32.tiny) & (sizes > 0)).any())


def _parameter_row(layout, name, value):
    """A parameter as a row beside x. Beyond a format without infinity it is infinite: its limit, not NaN."""
    row = layout.rows(value, name)[0]
    if layout.fmt is None or name == "v":  # v of a gated unit is no parameter, but numbers as x
        return row
    limits = np.where(np.isnan(value), np.nan, np.copysign(np.inf, value))
    return np.where(np.isnan(row), np.broadcast_to(limits, layout.shape).ravel(), row)


def restored(layout, out):
    """The results in the shape of x and the dtype of the result: a masked array if x is one."""
    if layout.fmt is not None and int(layout.fmt) & FINITE_ONLY:
        out[np.isinf(out)] = np.nan
    values = layout.restore(out, 0.0)
    return values if layout.keep is None else np.ma.array(values, mask=~layout.keep.reshape(layout.shape))
