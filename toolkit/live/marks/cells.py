"""The cells of a heat map as SVG, one path for each level: the page's runtime draws them in the same way."""
from math import floor, isfinite

from toolkit.live.labels import HATCHED
from toolkit.live.svg import pixel

__all__ = ["cell_path", "cells_svg", "level_of", "level_svg"]

_GRID_FROM = 36  # tenths of a pixel: smaller cells have no lines between them


def level_of(look, value):
    """Which level shows a value; -1 for none."""
    count = len(look["levels"])
    if look["states"]:
        return int(value) if isfinite(value) and 0 <= value < count and value == floor(value) else -1
    if not isfinite(value):
        return count - 1
    share = (value - look["low"]) / (look["high"] - look["low"])
    return floor(min(max(share * (count - 1), 0), count - 2))


def cells_svg(look, frame, slots, labels):
    """All cells of a heat map, and the lines between them."""
    across, up = (_edges(frame[axis], slots[axis], slots[count]) for axis, count in (("x", "columns"), ("y", "rows")))
    columns, rows = slots["columns"], slots["rows"]
    levels = [level_of(look, value) for value in slots["z"]]
    side = min(across[1] - across[0], up[0] - up[1])
    paths = [""] * len(look["levels"])
    for row in range(rows):
        here, column = levels[row * columns:(row + 1) * columns], 0
        while column < len(here):
            k, last = here[column], column + 1
            if k >= 0:
                mark = look["levels"][k]["mark"]
                while mark == "full" and last < len(here) and here[last] == k:
                    last += 1
                paths[k] += cell_path(mark, side, across[column], up[row + 1], across[last], up[row])
                labels.box(across[column], up[row + 1], across[last] - 1, up[row] - 1, HATCHED)
            column = last
    body = "".join(level_svg(level, side, path) for level, path in zip(look["levels"], paths) if path)
    if side >= _GRID_FROM:
        lines = "".join(f"M{x} {up[rows]}V{up[0]}" for x in across[1:-1])
        lines += "".join(f"M{across[0]} {y}H{across[columns]}" for y in up[1:-1])
        body += f'<path class="live-cell-grid" d="{lines}"/>'
    return f'<g class="live-cells">{body}</g>'


def _edges(scale, ends, count):
    first, last = ends
    return [pixel(scale, first + (last - first) * k / count) for k in range(count + 1)]


def cell_path(mark, side, left, top, right, bottom):
    """The path of one cell, or of a run of full ones."""
    if mark == "full":
        return f"M{left} {top}h{right - left}v{bottom - top}h{left - right}z"
    x, y = (left + right) // 2, (top + bottom) // 2
    half = 3 * side // 10
    if mark == "dot":
        return f"M{x} {y}h0"
    if mark == "hollow":
        return f"M{x - half} {y - half}h{2 * half}v{2 * half}h{-2 * half}z"
    return f"M{x - half} {y - half}l{2 * half} {2 * half}m0 {-2 * half}l{-2 * half} {2 * half}"


def level_svg(level, side, path):
    """The path of all cells of one level; strokes grow with the cell."""
    width = {"full": 0, "dot": 4 * side // 10}.get(level["mark"], max(8, side // 8))
    style = f'--live-ink:var(--live-{level["role"]});--live-shade:{level["shade"]}%'
    return f'<path class="live-cell-{level["mark"]}" style="{style}" stroke-width="{width}" d="{path}"/>'
