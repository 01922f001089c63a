"""From scalar kernels to a public function of arrays: what every activation shares.

An activation is a scalar kernel ``f(x, fmt)``, or ``f(x, a, fmt)`` with a parameter, for each of its forms. The loop
over an array is one template (see `toolkit._core.templates`), in which `scalar` is the kernel and `value` its parameter.
"""
import functools
import inspect
import re
import warnings
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from toolkit._core.arrays import Rows
from toolkit._core.kernel import kernel
from toolkit._core.numbers import like
from toolkit._core.rounding import rnd
from toolkit._core.templates import copy_of

__all__ = ["Elementwise", "constant", "elementwise", "gated", "with_parameter"]


@kernel
def constant(value, x, fmt):
    """`value` as a number of the format, in the dtype of `x`."""
    return rnd(like(value, x), fmt)


@kernel
def gated(x, gate, fmt):
    """``x * gate``; where the gate is shut it is ±0 also for an infinite x, which is the limit."""
    if gate == like(0.0, gate):
        return np.copysign(gate, x)
    return rnd(x * gate, fmt)


def _over(x, out, fmt):
    for i in range(x.size):
        out[i] = scalar(x[i], fmt)


def _over_pairs(x, a, out, fmt):
    for i in range(x.size):
        out[i] = scalar(x[i], a[i], fmt)


def _bound(x, fmt):
    return scalar(x, constant(value, x, fmt), fmt)


def with_parameter(scalar, value):
    """The scalar kernel ``f(x, fmt)`` of an activation's ``f(x, a, fmt)`` at ``a = value``."""
    return _for(_bound, scalar, f"at_{value!r}", value=value)


def _for(template, scalar, suffix, **names):
    name = getattr(scalar, "py_func", scalar).__name__
    copied = copy_of(template, scalar, f"{name}_{suffix}", scalar=scalar, **names)
    return kernel(copied)


class Elementwise(NamedTuple):
    """How a public function is made: see `elementwise`."""

    forms: dict[str, Callable]
    parameter: str | None
    ulp: float
    zero: float | None


def elementwise(stable, naive=None, *, ulp, zero=None, positive=False):
    """Decorator: the public function of arrays around scalar kernels, from a signature and a docstring.

    The signature is ``(x, *, form="stable", format=None)``, without `form` if there is one form only, and possibly
    with one more parameter, which is broadcast to the shape of `x`.

    Parameters
    ----------
    stable, naive : kernel
    ulp : float
        Bound of the stable form in float32 and float64, which the tests measure and the docstring states.
    zero : float, optional
        Where the function passes through 0 between terms that cancel: the bound holds beyond 0.1 from it.
    positive : bool
        Whether the parameter has to be positive.
    """
    kernels = {"naive": naive, "stable": stable} if naive else {"stable": stable}

    def decorate(function):
        signature = inspect.signature(function)
        parameter = next((name for name in signature.parameters if name not in ("x", "form", "format")), None)
        loop = _over if parameter is None else _over_pairs
        drivers = {form: _for(loop, scalar, "over_array") for form, scalar in kernels.items()}

        @functools.wraps(function)
        def public(*args, **kwargs):
            given = signature.bind(*args, **kwargs)
            given.apply_defaults()
            options = given.arguments
            form = options.get("form", "stable")
            if form not in drivers:
                raise ValueError(f"form is {form!r}; allowed: {', '.join(map(repr, drivers))}")
            arrays = {name: options[name] for name in ("x", parameter) if name}
            if positive and not (np.asarray(arrays[parameter]) > 0).all():
                raise ValueError(f"{parameter} is {arrays[parameter]!r}; allowed: numbers > 0")
            label = f"{function.__name__}(form='naive') is not finite" if form == "naive" else None
            return _evaluate(drivers[form], arrays, options["format"], label)

        public.elementwise = Elementwise(kernels, parameter, ulp, zero)
        public.__doc__ = _document(inspect.getdoc(function), parameter, "form" in signature.parameters, ulp, zero)
        return public

    return decorate


def _evaluate(driver, arrays, format, label):
    x = arrays["x"]
    others = {name: values for name, values in arrays.items() if name != "x"}
    layout = Rows(x, axis=None, format=format, name="x", allow_empty=True, beside=others)
    rows = [layout.rows(values, name) for name, values in arrays.items()]
    out = layout.empty()
    if out.size:
        layout.call(driver, *(row[0] for row in rows), out[0])
    if label is not None:
        broken = np.count_nonzero(np.isfinite(rows[0]) & ~np.isfinite(out))
        if broken:
            warnings.warn(f"{label} for {broken} of {out.size} finite numbers", RuntimeWarning, stacklevel=3)
    return layout.restore(out, 0.0)


_SHARED = """

Parameters
----------
x : array_like
    Booleans, integers, float16, float32 or float64; float16 is computed in float32, integers become float64.
{parameter}{form}format : Format or what `toolkit.formats.get_format` accepts, optional
    Emulate this format: round the arguments, and then the result of every operation, to it.

Returns
-------
Array of the shape of `x`, in its dtype; with `format`, in float64 unless that dtype holds the format.

"""
_FORM = """form : {"stable", "naive"}
    "naive" is the formula as written, the lesson; it warns where a finite number gave inf or NaN.
"""
_ACCURACY = """Accuracy
--------
{forms}t most {ulp:g} ulp in float32 and float64, tested, for results above 1024 times the smallest normal
number{where}.

"""


def _document(text, name, has_form, ulp, zero):
    """The docstring with the sections that all activations share; *Parameters* of its own come after `x`."""
    before, *sections = re.split(r"\n\n(?=[A-Z][\w ]+\n-{3,}\n)", text)
    own = [s for s in sections if s.startswith("Parameters")]
    rest = [s + "\n\n" for s in sections if not s.startswith("Parameters")]
    special = [s for s in rest if s.startswith("Special values")]
    parameter = f"{name} : as of the function\n" if name else ""
    if own:
        parameter = own[0].partition("----------\n")[2] + "\n"
    where = "" if zero is None else f" and x not within 0.1 of {zero:.4g}, where terms cancel"
    accuracy = _ACCURACY.format(ulp=ulp, where=where, forms="\"stable\": a" if has_form else "A")
    shared = _SHARED.format(parameter=parameter, form=_FORM if has_form else "")
    return "".join([before, shared, *special, accuracy, *(s for s in rest if s not in special)]).rstrip() + "\n"
