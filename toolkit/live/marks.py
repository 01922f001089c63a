"""The marks of a plot as SVG, in the page's colours: drawn here for the first state, by runtime.js after each move.

Both must write the same text, which a test compares.
"""
from math import floor

from toolkit.live.cells import cells_svg
from toolkit.live.svg import group, pixel, symbol_at, text_at

__all__ = ["bar_kind", "marks_svg"]

_LETTER = 75  # tenths of a pixel: a generous mean width of letters
_CROWD = 130  # tenths of a pixel between equal symbols on a rail: closer ones are left out


def marks_svg(looks, frame, filled):
    """The marks of all traces, with `looks` from `marks` and `filled` from `fill_slots`."""
    shapes, row = "", 0
    upright = sorted(pixel(frame["x"], slots["x"][0]) for look, slots in zip(looks, filled)
                     if look["kind"] == "rule" and slots["x"][0] == slots["x"][1])
    for look, slots in zip(looks, filled):
        shapes += _MARKS[look["kind"]](look | {"row": row, "upright": upright}, frame, slots)
        row += "rail" in slots and slots["rail"]["x"] != []
    return shapes


def _rail(look, frame, slots, places=None):
    """What cannot be drawn at its place; `places` maps x to pixels where a trace moves its points sideways."""
    rail, body, last, words = slots["rail"], "", {}, 0
    for x, y, text, symbol in zip(rail["x"], rail["y"], rail["text"], rail["symbol"]):
        left = places[x] if places else pixel(frame["x"], x)
        top = pixel(frame["y"], y)
        if abs(left - last.get(symbol, left + _CROWD)) < _CROWD:
            continue
        last[symbol] = left
        # Every word in a row of its own, so that none lies on another.
        row = 160 * (look["row"] + words)
        words += text != ""
        # From the symbol on, or up to it: a word in the middle would lie on a neighbour that is no such value.
        end = left + 50 + _LETTER * len(text) > 10 * frame["width"]
        body += symbol_at(left, top, symbol) + text_at(
            left + (50 if end else -50), top + (190 + row if top < 300 else -110 - row), text, "end" if end else "start")
    return group(look, "rail", body) if body else ""


def _line(look, frame, slots):
    path, pen = "", "M"
    for x, y in zip(slots["x"], slots["y"]):
        if y is None:
            pen = "M"
        else:
            path += f'{pen}{pixel(frame["x"], x)} {pixel(frame["y"], y)}'
            pen = "L"
    style = f'stroke-width="{look["width"]}" stroke-dasharray="{look["dash"]}"'
    return group(look, "line", f'<path d="{path}" {style}/>') + _rail(look, frame, slots)


def _markers(look, frame, slots):
    body = "".join(symbol_at(pixel(frame["x"], x), pixel(frame["y"], y), look["symbol"])
                   for x, y in zip(slots["x"], slots["y"]) if y is not None)
    return group(look, "markers", body) + _rail(look, frame, slots)


def _bars(look, frame, slots):
    centres = [pixel(frame["x"], x) for x in slots["x"]]
    gap = centres[1] - centres[0] if len(centres) > 1 else 5 * frame["width"]
    width = 0.75 * gap / look["count"]
    foot = 10 * frame["height"] if frame["y"]["log"] else pixel(frame["y"], 0.0)
    body, places = "", {}
    for x, centre, y in zip(slots["x"], centres, slots["y"]):
        left = floor(centre + (look["order"] - look["count"] / 2) * width + 0.5)
        places[x] = floor(left + width / 2 + 0.5)
        if y is not None:
            top = pixel(frame["y"], y)
            body += f'<rect x="{left}" y="{min(top, foot)}" width="{floor(width)}" height="{abs(foot - top)}"/>'
    return group(look, bar_kind(look), body) + _rail(look, frame, slots, places)


def bar_kind(look):
    """The group of a trace's bars: filled or hollow."""
    return "hollow" if look["hollow"] else "bars"


def _rule(look, frame, slots):
    (x0, x1), (y0, y1) = ([pixel(frame[axis], value) for value in slots[axis]] for axis in ("x", "y"))
    room, width = _LETTER * len(slots["text"]) + 90, 10 * frame["width"]
    if x0 == x1:
        side = _rule_side(x0, room, look["upright"], width)
        text = text_at(x0 + (-60 if side == "end" else 60), 130, slots["text"], side)
    else:
        text = text_at(_rule_end(room, look["upright"], width) - 60, y1 - 60, slots["text"], "end")
    style = f'stroke-width="{look["width"]}" stroke-dasharray="{look["dash"]}"'
    return group(look, "rule", f'<path d="M{x0} {y0}L{x1} {y1}" {style}/>{text}')


def _rule_side(x, room, upright, width):
    """The side of an upright rule on which its word has room, else the usual one."""
    free = {"start": x + room < width and not any(x < other < x + room for other in upright),
            "end": x - room > 0 and not any(x - room < other < x for other in upright)}
    usual, other = ("end", "start") if 10 * x > 7 * width else ("start", "end")
    return other if free[other] and not free[usual] else usual


def _rule_end(room, upright, width):
    """Where the word of a level rule ends: at the plot's edge, or before upright rules that would cross it."""
    end = width
    for other in reversed(upright):
        if end - room < other < end and other > room:
            end = other
    return end


def _band(look, frame, slots):
    if not slots["x"]:
        return ""
    left, right = (min(max(pixel(frame["x"], x), 0), 10 * frame["width"]) for x in slots["x"])
    height = 10 * frame["height"]
    hatch = ""
    for start in range(left - height, right, 120):
        first, last = max(start, left), min(start + height, right)
        if first < last:
            hatch += f"M{first} {height - (first - start)}L{last} {height - (last - start)}"
    word = text_at(pixel(frame["x"], slots["middle"]), 340, slots["text"], "middle")
    return group(look, "band", f'<path d="{hatch}"/>{word}')


_MARKS = {"line": _line, "markers": _markers, "bars": _bars, "rule": _rule, "band": _band, "cells": cells_svg}
