"""Where a figure of the gallery begins: in the first format, and at a place, where a line leaves that of float64.

The figure's own kernel tells, which its page compiles and runs in any case: a few runs more, of milliseconds each.
"""
import numpy as np

from toolkit.live.marks import Line

__all__ = ["SHOWS", "at_a_loss", "shown_gaps"]

SHOWS = 0.02  # of an axis: what an eye sees
_ORDER = ("float16", "bfloat16", "float8_e4m3fn", "float8_e5m2")
_TRIES, _INSIDE = 12, 4  # places nearest to the middle; so many from the edge, where words stand


def _heights(axis, y):
    """Where numbers are drawn, as shares of the axis; what is no positive number of a log axis lies below it."""
    y = np.asarray(y, float)
    with np.errstate(all="ignore"):
        y, ends = (np.log(y), np.log(axis.range)) if axis.scale == "log" else (y, np.array(axis.range))
    heights = np.clip((y - ends[0]) / (ends[1] - ends[0]), -SHOWS, 1 + SHOWS)
    return np.where(np.isnan(heights), -1.0, heights)


def shown_gaps(figure, values, name=lambda line: line.y):
    """How far the lines of a figure, or numbers that `name` gives of them, lie from float64's, as shares of the axis.

    What float64 does not have either counts as 0.
    """
    gaps = 0.0
    for plot in figure.plots:
        truth, *others = (line for line in plot.traces if isinstance(line, Line))
        exact = np.asarray(values[name(truth)], float)
        for line in others:
            gap = np.abs(_heights(plot.y, values[name(line)]) - _heights(plot.y, exact))
            gaps = np.maximum(gaps, np.where(np.isfinite(exact), gap, 0.0))
    return gaps


def _number(line):
    return line.y.rpartition("_over_")[0]


def at_a_loss(figure, place):
    """Let a figure with the slider `place` and a format begin where something shows, else say that nothing does."""
    slider = figure.controls[place]
    for format in _ORDER:
        gaps = shown_gaps(figure, figure.values(fmt=format))
        found = np.flatnonzero(gaps >= max(SHOWS, 0.5 * gaps.max()))
        nearest = found[np.argsort(np.abs(found - gaps.size / 2), kind="stable")]
        for i in (*nearest[_INSIDE:_TRIES], *nearest[:_INSIDE]):
            steps = round(i / (gaps.size - 1) * (slider.high - slider.low) / slider.step)
            state = {place: round(min(slider.low + steps * slider.step, slider.high), 12), "fmt": format}
            if shown_gaps(figure, figure.values(**state), _number) >= SHOWS:
                figure.begin_at(**state)
                return figure
    figure.caption += " Whatever the format, no line leaves that of float64 by more than the eye sees."
    return figure
