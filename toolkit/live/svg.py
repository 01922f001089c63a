"""Pieces of SVG that all marks are made of, as in svg.js. Coordinates are whole tenths of a pixel."""
from html import escape
from math import floor, log10

from toolkit.live.style import SYMBOLS

__all__ = ["group", "half_of", "pixel", "symbol_at", "text_at"]

_FAR = 1e5  # pixels: what lies beyond the plot is cut off, but must stay a small number


def pixel(scale, value):
    """Place of a value on a `frame`'s axis."""
    if isinstance(value, str):
        value = scale["words"].index(value)
    place = scale["offset"] + scale["slope"] * (log10(value) if scale["log"] else value)
    return floor(10 * min(max(place, -_FAR), _FAR) + 0.5)


def symbol_at(x, y, symbol):
    """A symbol of `SYMBOLS` around a point."""
    return f'<path transform="translate({x} {y})" d="{SYMBOLS[symbol]}"/>'


def half_of(symbol):
    """Half of a symbol's width and height."""
    return (130, 10) if symbol == "line-ew" else (55, 55)


def text_at(x, y, text, anchor):
    """A word; no element for an empty one."""
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}">{escape(text)}</text>' if text else ""


def group(look, kind, body):
    """Shapes of one kind in the colour of a look's role."""
    return f'<g class="live-{kind}" style="--live-ink:var(--live-{look["role"]})">{body}</g>'
