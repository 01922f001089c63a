"""Temperature: gaps to the largest logit over tau, and maps of them."""
import numpy as np

from toolkit._core import loops
from toolkit._core.arguments import check_temperature, shown
from toolkit._core.arrays import Rows, real_array, warn_about_rows
from toolkit._core.kernel import kernel
from toolkit._core.results import check_out, written
from toolkit.large_arrays import Tempered, map_rows_of_lines
from toolkit.softmax._shift import shifted, top_class

__all__ = []
KERNELS = ["tempered", "tempered_gap"]

_FLOAT32 = np.finfo(np.float32)


@kernel
def over_tau(x, tau):
    """``x / tau``, which is 0 also where tau is too large for a format without infinity."""
    quotient = x / tau
    return quotient if quotient == quotient or x != x or tau < 1 else 0 * x


@kernel
def tempered_gap(gap, tau):
    """``gap / tau`` for a gap <= 0, with the limits tau = 0 and inf: 0 stays 0 and -inf, of a masked class, -inf."""
    if gap == 0 or gap == -np.inf:
        return gap
    quotient = over_tau(gap, tau)
    if quotient != quotient and gap < 0:  # beyond a format without infinity
        return -np.inf
    return quotient


@kernel
def tempered(z, m, tau, out):
    """``(z - m) / tau`` for a row, with the limits tau = 0 (only z == m stays finite) and tau = inf."""
    for i in range(z.size):
        gap = shifted(z[i], m)
        if gap == -np.inf and z[i] > -np.inf:  # it overflows, though its quotient may not
            out[i] = 2 * tempered_gap(0.5 * z[i] - 0.5 * m, tau)
        else:
            out[i] = tempered_gap(gap, tau)


@kernel
def tempered_row(z, tau, out):
    """`tempered` from the largest logit."""
    tempered(z, z[top_class(z)], tau, out)


@kernel
def unshifted_row(z, tau, out):
    """``z / tau``, as it is written."""
    tempered(z, 0.0, tau, out)


@kernel
def over_temperature(out, tau):
    """Divide a row by tau: the last step of a gradient with respect to logits."""
    for i in range(out.size):
        out[i] = over_tau(out[i], tau)


@kernel
def divided_row(z, tau, out):
    """``z / tau`` for the row of a gradient; `out` may be `z`."""
    for i in range(z.size):
        out[i] = over_tau(z[i], tau)


def beyond_float32(values):
    """Whether some of them are finite, and in float32 infinite, subnormal or 0."""
    sizes = np.abs(np.asarray(values, np.float64))
    return bool(((sizes > _FLOAT32.max) & (sizes < np.inf) | (sizes < _FLOAT32.tiny) & (sizes > 0)).any())


def dimensions_of(name, value):
    """How many dimensions a parameter has, which may be a number or an array with one for each row."""
    try:
        return np.ndim(value)
    except ValueError:
        raise ValueError(f"{name} is {shown(value)}; allowed: a number, or an array with one for each row") from None


def temperature_of_rows(layout, temperature):
    """A float for all rows of a `Rows` layout, or an array of one for each, in the dtype of the rows.

    Where float32 lacks a temperature the rows are computed in float64: it comes before these are made.
    """
    if dimensions_of("temperature", temperature) == 0:
        temperature = temperature.item() if isinstance(temperature, np.ndarray) else temperature
        temperature = check_temperature(temperature)
        widen(layout, temperature)
        return layout.parameters((temperature,))[0]
    tau = real_array(temperature, "temperature")
    if not (tau >= 0).all():
        raise ValueError(f"temperature contains {tau[~(tau >= 0)].flat[0]}; allowed: numbers >= 0")
    widen(layout, tau)
    infinite = layout.per_row(np.isinf(tau), "temperature", np.bool_)
    return np.where(infinite, layout.compute.type(np.inf), np.abs(layout.per_row(tau, "temperature")))


def widen(layout, temperature):
    if layout.fmt is None and beyond_float32(temperature):
        layout.compute, layout.largest = np.dtype(np.float64), float(np.finfo(np.float64).max)


def temper(layout, logits, tau, before, out):
    """The row kernel ``before(z, tau, out)`` for all rows, whose tau `temperature_of_rows` gave."""
    if np.ndim(tau):
        layout.call(loops.map_row_pairs, before, (logits, tau), (), out)
    elif before is tempered_row and layout.fmt is None:
        map_rows_of_lines(Tempered(float(tau)), logits, out)
    else:
        layout.call(loops.map_rows, before, (logits,), (tau,), out)


def map_tempered(of, z, temperature, *, masked=0.0, broken=None, before=tempered_row, task=None, out=None, **options):
    """`toolkit._core.arrays.map_rows` of the row kernel `of`, for logits that the row kernel `before` has tempered.

    Without a format, the task of `toolkit.large_arrays` is done instead, if there is one.
    """
    layout = Rows(z, **options)
    check_out(out, layout.shape, layout.dtype)
    tau = temperature_of_rows(layout, temperature)
    logits, found = layout.rows(z, "z"), layout.empty()
    rows = logits
    if np.ndim(tau) or tau != 1.0:
        temper(layout, logits, tau, before, found)
        rows = found
    if task is not None and layout.fmt is None:
        map_rows_of_lines(task, rows, found)
    else:
        layout.call(loops.map_rows, of, (rows,), (), found)
    if broken is not None:
        warn_about_rows(logits, broken[0](logits, found), broken[1])
    return written(layout.restore(found, masked), out)


def pull_tempered(of, arrays, temperature, *, fills, **options):
    """The row kernel ``of(*rows, out)`` of a gradient for two named arrays, and then `over_temperature`."""
    (name, first), (beside, g) = arrays.items()
    layout = Rows(first, name=name, beside={beside: g}, **options)
    tau, out = temperature_of_rows(layout, temperature), layout.empty()
    rows = layout.rows(first, name, fills[0]), layout.rows(g, beside, fills[1])
    layout.call(loops.map_row_pairs, of, rows, (), out)
    if np.ndim(tau) or tau != 1.0:
        temper(layout, out, tau, divided_row, out)
    return layout.restore(out, 0.0)
