"""Heat maps in Plotly: shades as a heat map of its own, states as markers that a size in pixels fits to their cells."""
import numpy as np

from toolkit.live.marks.cells import level_of

__all__ = ["cells_slots", "cells_data"]

_SYMBOLS = {"full": "square", "hollow": "square-open", "dot": "circle", "cross": "x-thin-open"}
_SHARES = {"full": 0.92, "hollow": 0.65, "dot": 0.4, "cross": 0.65}  # of a cell's smaller side
_NARROW = 300  # pixels of a plot's area in a narrow place: its true width is the browser's


def cells_data(trace):
    """Plotly traces of a heat map without their numbers: one, or one for each state."""
    if not trace.levels:
        return [{"type": "heatmap", "zmin": trace.low, "zmax": trace.high, "xgap": 1, "ygap": 1, "name": trace.label,
                 "colorscale": [[0, "$ground"], [1, f"${trace.role}"]],
                 "colorbar": {"title": {"text": trace.label, "side": "right", "font": {"size": 14}}, "thickness": 12,
                              "outlinewidth": 0},
                 "hovertemplate": f"{trace.label} %{{x:.4~g}}, %{{y:.4~g}}: %{{z:.4~g}}<extra></extra>".lstrip()}]
    return [{"type": "scatter", "mode": "markers", "name": level.label, "showlegend": True,
             "hovertemplate": f"%{{x:.4~g}}, %{{y:.4~g}}: {level.label}<extra></extra>",
             "marker": {"color": f"${level.role}", "symbol": _SYMBOLS[level.mark],
                        "line": {"width": 2 if level.mark in ("hollow", "cross") else 0, "color": f"${level.role}"}}}
            for level in trace.levels]


def cells_slots(plot, trace, slots):
    """What moves in those traces, for filled slots."""
    x, y = (_centres(slots[axis], slots[count]) for axis, count in (("x", "columns"), ("y", "rows")))
    z = np.full(len(x) * len(y), np.nan)
    z[:len(slots["z"])] = slots["z"]
    if not trace.levels:
        yield {"x": x, "y": y, "z": z.reshape(len(y), len(x))}
        return
    looks = trace.look(plot)
    levels = np.array([level_of(looks, value) for value in z])
    across, up = np.tile(x, len(y)), np.repeat(y, len(x))
    side = min(_pixels(plot.x, slots["x"], len(x), _NARROW), _pixels(plot.y, slots["y"], len(y), plot.height - 100))
    for k, level in enumerate(trace.levels):
        here = levels == k
        nowhere = [] if here.any() else [np.nan]  # without any point Plotly drops a trace from the legend
        yield {"x": np.append(across[here], nowhere), "y": np.append(up[here], nowhere),
               "marker_size": max(3.0, _SHARES[level.mark] * side)}


def _centres(ends, count):
    first, last = ends
    return first + (last - first) * (np.arange(count) + 0.5) / count


def _pixels(axis, ends, count, length):
    low, high = axis.edges()[0]
    return abs(ends[1] - ends[0]) / count / (high - low) * length
