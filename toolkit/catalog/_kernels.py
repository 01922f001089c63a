"""The kernels of the kinds: loops over a method's kernel, what a figure sees of a result, and the curves of figures.

This module imports little, so that what is compiled of it stays good as long as that does.
"""
from toolkit._core import loops
from toolkit._core.kernel import kernel
from toolkit._core.numbers import in_format, like
from toolkit._core.rounding import quantum, rnd
from toolkit.formats import FLOAT64

__all__ = ["at_value", "bound_at", "draw_entry", "draw_row", "entries", "fill_matrix", "first_bin", "first_entry",
           "fit_at", "loss_of_row", "loss_rows", "minus_first_entry", "number_of_row", "one_step", "pull_rows"]

_FLOAT64 = FLOAT64.code


def at_value(of, *value):
    """The kernel ``f(x)`` of a kernel ``f(x, a)`` at this value of its parameter; without a value, that kernel."""
    if not value:
        return of
    a, = value

    def at(x):
        return of(x, like(a, x))

    return kernel(at)


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
def loss_of_row(of, row, numbers, out):
    return of(*((row, 0) + numbers + (out,)))


@kernel
def draw_row(seen, best, plain, numbers, limits, z, fmt, x, truth, stable, naive, here, ulps, row, out):
    """What is `seen` of the result of three logits as the first one moves, and at ``row[0] = z``."""
    low, high = limits
    for i in range(x.size + 1):
        at = z if i == x.size else low + (high - low) * i / (x.size - 1)
        row[0] = rnd(at, fmt)
        row[1] = 0.0
        row[2] = -1.0
        t = seen(best, in_format(row, _FLOAT64), numbers, in_format(out, _FLOAT64))
        s = seen(best, in_format(row, fmt), numbers, in_format(out, fmt))
        n = seen(plain, in_format(row, fmt), numbers, in_format(out, fmt))
        if i == x.size:
            here[0] = t
            here[1] = s
            here[2] = n
            ulps[0] = abs(here[1] - here[0]) / quantum(here[0], fmt)
        else:
            x[i] = at
            truth[i] = t
            stable[i] = s
            naive[i] = n


@kernel
def draw_entry(best, plain, best_slope, plain_slope, limits, at, fmt, x, truth, stable, naive, true_slope, slope,
               naive_slope, here, ulps):
    """Value and derivative of the default and the naive form over a range, and at ``x = at``."""
    low, high = limits
    for i in range(x.size + 1):
        x_i = rnd(at if i == x.size else low + (high - low) * i / (x.size - 1), fmt)
        exact, rounded = in_format(x_i, _FLOAT64), in_format(x_i, fmt)
        t, s, n = best(exact), best(rounded), plain(rounded)
        if i == x.size:
            here[0], here[1], here[2] = t, s, n
            ulps[0] = abs(here[1] - here[0]) / quantum(here[0], fmt)
        else:
            x[i], truth[i], stable[i], naive[i] = x_i, t, s, n
            true_slope[i], slope[i] = best_slope(exact), best_slope(rounded)
            naive_slope[i] = plain_slope(rounded)
