"""From entry kernels to a public function of arrays: what every elementwise activation shares."""
import functools
import inspect
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from toolkit._core.arguments import chosen, shown
from toolkit._core.arrays import Rows, real_array
from toolkit._core.kernel import kernel
from toolkit._core.loops import map_entries, map_entry_pairs
from toolkit._core.public import warn

__all__ = []


@kernel
def gated(x, gate):
    """``x * gate``; where the gate is shut it is ±0 also for an infinite x, which is the limit."""
    return np.copysign(gate, x) if gate == 0 else x * gate


class Elementwise(NamedTuple):
    """What a public function is made of: see `elementwise`."""

    forms: dict[str, Callable]
    slopes: dict[str, Callable]
    parameter: str | None
    ulp: float
    slope_ulp: float
    slope_zero: float | None
    positive: bool


def elementwise(stable, naive=None, *, slope, naive_slope=None, ulp, slope_ulp, slope_zero=None, positive=False):
    """Decorator: the public function of arrays around entry kernels ``f(x)``, or ``f(x, a)`` with a parameter.

    The signature is ``(x, *, form="stable", format=None)``, without `form` if there is one form only, and possibly
    with one more parameter, which is broadcast to the shape of `x`. The function gets what is declared here as its
    attribute `elementwise`.

    Parameters
    ----------
    stable, naive : kernel
    slope, naive_slope : kernel
        Their derivatives in x.
    ulp, slope_ulp : float
        Bounds of the stable forms in float32 and float64, which the docstring states and the tests measure.
    slope_zero : float, optional
        Where the derivative passes through 0 between terms that cancel: its bound holds beyond 0.1 from it.
    positive : bool
        Whether the parameter has to be positive.
    """
    def decorate(function):
        signature = inspect.signature(function)
        parameter = next((name for name in signature.parameters if name not in ("x", "form", "format")), None)
        declared = Elementwise(_forms(stable, naive), _forms(slope, naive_slope), parameter, ulp, slope_ulp,
                               slope_zero, positive)

        @functools.wraps(function)
        def public(*args, **kwargs):
            given = signature.bind(*args, **kwargs)
            given.apply_defaults()
            return _evaluate(function.__name__, declared.forms, declared, **given.arguments)

        public.elementwise = declared
        return public

    return decorate


def _forms(stable, naive):
    return {"naive": naive, "stable": stable} if naive else {"stable": stable}


def slope(function, x, **options):
    """Derivative in x of an elementwise activation.

    Parameters
    ----------
    function : callable
        Made by `elementwise`.
    x : array_like (...)
    **options
        Its parameter, `form` and `format`.
    """
    given = inspect.signature(function).bind(x, **options)
    given.apply_defaults()
    declared = function.elementwise
    return _evaluate(f"the derivative of {function.__name__}", declared.slopes, declared, **given.arguments)


def _evaluate(name, kernels, declared, *, x, form="stable", format=None, **parameters):
    of = chosen("form", form, kernels)
    for parameter, value in parameters.items():
        if declared.positive and not (real_array(value, parameter) > 0).all():
            raise ValueError(f"{parameter} is {shown(value)}; allowed: numbers > 0")
    layout = Rows(x, axis=None, format=format, name="x", allow_empty=True, beside=parameters)
    rows = [layout.rows(values, each) for each, values in {"x": x, **parameters}.items()]
    out = layout.empty()
    if out.size:
        loop = map_entry_pairs if parameters else map_entries
        with np.errstate(all="ignore"):  # uncompiled kernels would warn on paths that are right
            loop(of, *(row[0] for row in rows), out[0], layout.fmt)
    if form == "naive":
        broken = np.count_nonzero(np.isfinite(rows[0]) & ~np.isfinite(out))
        if broken:
            warn(f"{name}(form='naive') is not finite for {broken} of {out.size} finite numbers")
    return layout.restore(out, 0.0)
