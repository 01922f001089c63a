"""The paper's figures, redrawn from the recordings as SVG in the book's colours."""
from pathlib import Path

import numpy as np

from toolkit._core.arguments import shown
from toolkit.grokking.recordings import RECORDINGS, recorded
from toolkit.live import Axis, Line, Plot
from toolkit.live.drawing import WIDTHS, plot_svg
from toolkit.live.runtime import picture_styles
from toolkit.live.slots import fill_slots
from toolkit.live.style import css_variables
from toolkit.live.svg import text_at

__all__ = ["FIGURES", "draw", "figure_svg"]

_FORMATS = ("float16", "float32", "float64")
# Figure -> panels: title, last epoch of the axis, and curves (recording, label, role).
FIGURES = {
    "figure1": (("AdamW with ⟂Grad, softmax float32", 300, (
                    ("figure1a", "as published", "first"), ("figure1a-intended", "as intended", "second"))),
                ("AdamW, StableMax float64", 80_000, (("figure1b", "StableMax", "first"),)),
                ("AdamW, softmax float64", 80_000, (("figure1c", "softmax", "naive"),))),
    "figure2": tuple((f"{percent}% of the pairs for training", 20_000 if percent == 40 else 8000, (
                    *((f"figure2-{percent}-{name}", name, name) for name in _FORMATS),
                    *(((f"figure2-{percent}-complement-float32", "float32, complement form", "truth"),)
                      if percent > 40 else ())))
                     for percent in (40, 60, 70)),
    "figure4": tuple((title, 100_000, ((name, "StableMax float64", "first"),)) for name, title in (
                    ("figure1b", "addition mod 113"), ("figure4-multiply", "multiplication mod 113"),
                    ("figure4-parity", "sparse parity"))),
    "figure6": (("One-layer transformer", 2000, (
                    ("figure6a-perpgrad-adamw", "⟂AdamW", "first"),
                    ("figure6a-weight-decay", "AdamW, weight decay 1.5", "second"),
                    ("figure6a-adamw", "AdamW", "naive"))),
                ("Multilayer perceptron", 500, (
                    ("figure6-perpgrad-adamw", "⟂AdamW", "first"),
                    ("figure6-perpgrad-sgd", "⟂SGD with StableMax", "second"),
                    ("figure6-adamw", "AdamW", "naive"),
                    ("weight-decay-4", "AdamW, weight decay 4, lr .01", "truth"))),),
}
_TITLE = 30


def draw(figure, path, *, theme="light"):
    """Write a figure of the paper as an .svg or .html file.

    Parameters
    ----------
    figure : {"figure1", "figure2", "figure4", "figure6"}
    path : str or path
    theme : {"light", "dark"}

    Raises
    ------
    ValueError
        When none of its curves was recorded, or the file's ending is another one.
    """
    path = Path(path)
    if path.suffix not in (".svg", ".html"):
        raise ValueError(f"the file is {shown(str(path))}; allowed: a name that ends in .svg or .html")
    svg = figure_svg(figure, theme)
    if path.suffix == ".html":
        svg = f'<!doctype html><meta charset="utf-8"><title>{figure}, redrawn</title>{svg}\n'
    path.write_text(svg, "utf-8")


def figure_svg(figure, theme="light"):
    """A figure of the paper as the text of an SVG file: test accuracy, and muted the share of zero losses."""
    if figure not in FIGURES:
        raise ValueError(f"figure is {shown(figure)}; allowed: {', '.join(FIGURES)}")
    width, body, top = WIDTHS["wide"], "", 0
    for title, last, curves in FIGURES[figure]:
        found = [(run, label, role) for name, label, role in curves
                 if name in RECORDINGS and (run := recorded(name)) is not None]
        missing = [label for name, label, _ in curves if name not in RECORDINGS or recorded(name) is None]
        body += f'<g style="font-weight:600">{text_at(16, top + 20, title, "start")}</g>'
        top += _TITLE
        if missing:
            body += text_at(16, top + 14, f"not recorded: {'; '.join(missing)}", "start")
            top += _TITLE
        if found:
            plot, values = _panel(found, last)
            svg = plot_svg(plot, "wide", fill_slots(plot.bindings(), values))
            body += svg.replace("<svg ", f'<svg x="0" y="{top}" width="{width}" height="{plot.height}" ', 1)
            top += plot.height
    style = f":root {{{css_variables(theme)}}} {picture_styles()}"
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {top}" width="{width}" height="{top}" '
            f'style="font: 14px system-ui, sans-serif; fill: var(--live-text); background: var(--live-ground)">'
            f"<style>{style}</style>{body}</svg>")


def _panel(found, last):
    """A panel's plot, and the values that fill it."""
    values, traces = {}, []
    for i, (run, label, role) in enumerate(found):
        values |= {f"x{i}": run.steps, f"test{i}": run["test_accuracy"], f"zero{i}": run["zero_loss"]}
        traces.append(Line(f"test{i}", x=f"x{i}", label=label, role=role))
    if any(np.any(run["zero_loss"] > 0) for run, _, _ in found):
        traces[:0] = [Line(f"zero{i}", x=f"x{i}", role="muted", label="" if i else "share of losses that are exactly 0")
                      for i in range(len(found))]
    plot = Plot(tuple(traces), x=Axis("epoch", (0, last)), y=Axis("test accuracy", (0, 1)), height=320)
    return plot, values
