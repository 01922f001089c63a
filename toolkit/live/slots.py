"""Filling a plot's slots: kernel outputs in, drawable points out. runtime.js does the same in the page."""
from math import copysign, isfinite, isnan, sqrt

__all__ = ["fill_slots"]

# Name, marker symbol, which rail (0 bottom, 1 top) of what cannot be drawn at its place.
_NAN = ("NaN", "x-thin-open", 0)
_ZERO = ("exactly 0", "circle-open", 0)
_POSITIVE = ("+inf", "triangle-up-open", 1)
_NEGATIVE = ("−inf", "triangle-down-open", 0)
_BELOW = ("negative", "triangle-down-open", 0)


def fill_slots(bindings, values):
    """What each trace of a plot draws.

    Parameters
    ----------
    bindings : list of dict, from `Plot.bindings`
    values : dict, name -> sequence of numbers (outputs and controls)

    Returns
    -------
    list of dict, one per binding, with lists ``x``, ``y`` (None where there is a gap) and ``text``, and for series
    ``rail``, the same for what cannot be drawn at its place, with ``symbol``. A heat map has ``z``, its ``rows`` and
    ``columns``, and the edges of all cells in ``x`` and ``y``.
    """
    return [_FILLERS[binding["kind"]](binding, values) for binding in bindings]


def _fill_series(binding, values):
    y = list(values[binding["y"]])
    x = binding["x"]
    x = list(range(1, len(y) + 1)) if x is None else list(values[x] if isinstance(x, str) else x)
    count = len(y) if binding["length"] is None else int(values[binding["length"]][0])
    x, y = x[:count], y[:count]
    drawn = [value if _can_draw(value, binding["positive"]) else None for value in y]
    rail = {"x": [], "y": [], "text": [], "symbol": []}
    for position, value, place in zip(x, y, drawn):
        exact_zero = value == 0 and binding["zeros"]
        if place is not None and not exact_zero:
            continue
        name, symbol, edge = _special(value)
        rail["text"].append("" if name in rail["text"] else name)
        rail["x"].append(position)
        rail["y"].append(0 if exact_zero and not binding["positive"] else binding["rails"][edge])
        rail["symbol"].append(symbol)
    return {"x": x, "y": drawn, "rail": rail}


def _can_draw(value, positive):
    return isfinite(value) and (value > 0 or not positive)


def _special(value):
    if isnan(value):
        return _NAN
    if value == 0:
        return _ZERO
    if isfinite(value):
        return _BELOW
    return _POSITIVE if copysign(1, value) > 0 else _NEGATIVE


def _fill_rule(binding, values):
    at, across = [values[binding["at"]][0]] * 2, binding["across"]
    x, y = (at, across) if binding["vertical"] else (across, at)
    return {"x": x, "y": y, "text": binding["text"]}


def _fill_band(binding, values):
    left, right = values[binding["x0"]][0], values[binding["x1"]][0]
    if not left < right:
        return {"x": [], "y": [], "middle": 0, "text": ""}
    middle = sqrt(left * right) if binding["log"] else (left + right) / 2
    return {"x": [left, right], "y": binding["y"], "middle": middle, "text": binding["text"]}


def _fill_cells(binding, values):
    rows, columns = (int(values[size][0]) if isinstance(size, str) else size
                     for size in (binding["rows"], binding["columns"]))
    return {"rows": rows, "columns": columns, "z": list(values[binding["z"]])[: rows * columns],
            "x": binding["x"] or [-0.5, columns - 0.5], "y": binding["y"] or [-0.5, rows - 0.5]}


_FILLERS = {"series": _fill_series, "rule": _fill_rule, "band": _fill_band, "cells": _fill_cells}
