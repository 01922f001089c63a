"""The kernels of the kinds: loops over a method's kernel, what a figure sees of a result, and the curves of figures.

This module imports little, so that what is compiled of it stays good as long as that does.
"""
from toolkit._core import loops
from toolkit._core.kernel import kernel
from toolkit._core.numbers import in_format, like
from toolkit._core.rounding import quantum
from toolkit.formats import FLOAT64

__all__ = ["at_value", "bound_at", "entries", "fill_matrix", "first_bin", "first_entry", "fit_at", "loss_of_row",
           "loss_rows", "minus_first_entry", "number_of_parts", "number_of_row", "of_entry", "of_first_logit",
           "one_step", "pull_rows", "suppress_boxes"]

_FLOAT64 = FLOAT64.code


def at_value(of, *values):
    """The kernel ``f(x)`` of a kernel ``f(x, a)`` or ``f(x, a, b)`` at these values; without a value, that kernel."""
    if not values:
        return of
    if len(values) == 1:
        a, = values

        def at(x):
            return of(x, like(a, x))

        return kernel(at)
    b, c = values

    def at_both(x):
        return of(x, like(b, x), like(c, x))

    return kernel(at_both)


@kernel
def entries(of, x, numbers, out, fmt):
    """As `toolkit._core.loops.map_entries`: an entry kernel holds its parameter."""
    loops.map_entries(of, x, out, fmt)


@kernel
def pull_rows(of, z, g, numbers, out, fmt):
    """``of(row of z, number g, *numbers, row of out)``."""
    z, g, out = in_format(z, fmt), in_format(g, fmt), in_format(out, fmt)
    for i in range(z.shape[0]):
        of(*((z[i], g[i]) + numbers + (out[i],)))


@kernel
def loss_rows(of, z, labels, numbers, grad, loss, fmt):
    """``loss[i] = of(row of z, label, *numbers, row of grad)``."""
    z, grad, loss = in_format(z, fmt), in_format(grad, fmt), in_format(loss, fmt)
    for i in range(z.shape[0]):
        loss[i] = of(*((z[i], labels[i]) + numbers + (grad[i],)))


@kernel
def fill_matrix(of, knob, numbers, work, cells, fmt):
    """``of(knob, *numbers, work, cells)``, in float64."""
    of(*((knob[0],) + numbers + (work, cells)))


@kernel
def one_step(of, state, numbers, after, fmt):
    """``of(*numbers, after)`` on a copy of the state, in float64."""
    for i in range(state.size):
        after[i] = state[i]
    of(*(numbers + (after,)))


@kernel
def suppress_boxes(of, boxes, scores, numbers, left, rank, fmt):
    """``of(boxes, scores, *numbers, left, rank)``."""
    boxes, scores, left = in_format(boxes, fmt), in_format(scores, fmt), in_format(left, fmt)
    of(*((boxes, scores) + numbers + (left, rank)))


@kernel
def fit_at(of, knob, x, numbers, work, y, found, fmt):
    """``found = of(knob, x, *numbers, work, y)``, in float64."""
    found[0] = of(*((knob[0], x) + numbers + (work, y)))


@kernel
def bound_at(of, x, numbers, out, fmt):
    """``out[i] = of(x[i], *numbers)``, in float64."""
    for i in range(x.size):
        out[i] = of(*((x[i],) + numbers))


@kernel
def first_entry(of, row, numbers, out):
    of(*((row,) + numbers + (out,)))
    return out[0]


@kernel
def minus_first_entry(of, row, numbers, out):
    of(*((row,) + numbers + (out,)))
    return 0.0 - out[0]


@kernel
def first_bin(of, row, numbers, out):
    of(*((row[0],) + numbers + (out,)))
    return out[0]


@kernel
def number_of_row(of, row, numbers, out):
    return of(*((row,) + numbers))


@kernel
def number_of_parts(of, row, numbers, out):
    """Of a row that has no negative entries: 1/2 and 1/4 stand behind the first."""
    row[1], row[2] = 0.5, 0.25
    return of(*((row,) + numbers))


@kernel
def loss_of_row(of, row, numbers, out):
    return of(*((row, 0) + numbers + (out,)))


def of_first_logit(seen, best, plain, numbers):
    """What a figure says of three logits z, 0 and -1, as a function ``(z, fmt, row, out)``.

    It returns what is `seen` of the result in float64, in the format, and of the plain form in the format; and by how
    many ulp the second is off.
    """
    def of_row(z, fmt, row, out):
        row[0], row[2] = float(in_format(z, fmt)), -1.0
        truth = float(seen(best, in_format(row, _FLOAT64), numbers, in_format(out, _FLOAT64)))
        stable = float(seen(best, in_format(row, fmt), numbers, in_format(out, fmt)))
        naive = float(seen(plain, in_format(row, fmt), numbers, in_format(out, fmt)))
        return truth, stable, naive, abs(stable - truth) / quantum(truth, fmt)

    return of_row


def of_entry(best, plain, best_slope, plain_slope):
    """What a figure says of a number x, as a function ``(at, fmt)``.

    It returns x, rounded to the format; the value as `of_first_logit` does; and the derivative alike.
    """
    def of_x(at, fmt):
        x = in_format(at, fmt)
        exact = in_format(float(x), _FLOAT64)
        truth, stable = float(best(exact)), float(best(x))
        ulps = abs(stable - truth) / quantum(truth, fmt)
        return float(x), truth, stable, plain(x), ulps, best_slope(exact), best_slope(x), plain_slope(x)

    return of_x
