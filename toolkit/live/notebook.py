"""The JupyterLab host: ipywidgets controls and a Plotly FigureWidget around the native kernel."""
from math import log10

import ipywidgets as widgets
import plotly.graph_objects as go

from toolkit.formats import get_format
from toolkit.live.plotly import attributes, description
from toolkit.live.slots import fill_slots
from toolkit.live.style import resolve_colours

__all__ = ["widget"]

_WIDE = {"description_width": "11em"}
_PANELS = widgets.Layout(flex_flow="row wrap")
_ROW = widgets.Layout(width="100%", max_width="640px")


def widget(figure, theme="light"):
    """A box with the figure's controls, plot, readout, caption and reset, wired to the native kernel."""
    plots = [go.FigureWidget(resolve_colours(description(plot), theme)) for plot in figure.plots]
    bindings = [plot.bindings() for plot in figure.plots]
    readout = widgets.HTML(layout=_ROW)
    inputs = {name: _INPUTS[control.kind](control) for name, control in figure.controls.items()}

    def update(_=None):
        values = figure.values(**{name: part.read() for name, part in inputs.items()})
        for plot, bound in zip(plots, bindings):
            with plot.batch_update():
                for trace, slots in zip(plot.data, attributes(fill_slots(bound, values))):
                    trace.update(slots)
        readout.value = f'<p aria-live="polite"><b>{figure.sentence(values)}</b></p>'

    def reset(_):
        for name, part in inputs.items():
            part.write(figure.default_state[name])

    for part in inputs.values():
        part.observe(update)
    button = widgets.Button(description="Reset", icon="undo")
    button.on_click(reset)
    update()
    caption = widgets.HTML(f"<p>{figure.caption}</p>", layout=_ROW)
    return widgets.VBox([*(part.box for part in inputs.values()), readout,
                         widgets.HBox(plots, layout=_PANELS), caption, button])


class _Input:
    """One control's widgets: a box to show, and a way to read, write and observe the value."""

    def __init__(self, box, parts, read, write):
        self.box, self.parts, self.read, self.write = box, parts, read, write

    def observe(self, callback):
        for part in self.parts:
            part.observe(callback, "value")


def _single(part, convert=lambda value: value):
    def write(value):
        part.value = value

    return _Input(part, [part], lambda: convert(part.value), write)


def _text(control):
    return f"{control.label or control.name} {control.symbol}".strip()


def _slider(control):
    options = {"value": control.value, "description": _text(control), "style": _WIDE, "layout": _ROW}
    if control.scale == "linear":
        return _single(widgets.FloatSlider(min=control.low, max=control.high, step=control.step, **options))
    slider = widgets.FloatLogSlider(min=log10(control.low), max=log10(control.high), step=0.01, readout_format=".3g",
                                    **options)
    return _single(slider, lambda value: min(max(value, control.low), control.high))


def _integer(control):
    return _single(widgets.IntSlider(control.value, control.low, control.high, control.step,
                                     description=_text(control), style=_WIDE, layout=_ROW))


def _choice(control):
    return _single(widgets.Dropdown(options=control.options, value=control.value, description=_text(control),
                                    style=_WIDE, layout=_ROW))


def _toggle(control):
    return _single(widgets.Checkbox(control.value, description=_text(control), style=_WIDE, layout=_ROW))


def _vector(control, parts, box, convert):
    def write(values):
        for part, value in zip(parts, values):
            part.value = value

    heading = widgets.Label(_text(control))
    return _Input(widgets.VBox([heading, box]), parts, lambda: [convert(part.value) for part in parts], write)


def _logits(control):
    parts = [
        widgets.FloatSlider(value, min=control.low, max=control.high, step=control.step, style=_WIDE, layout=_ROW,
                            description=f"{control.symbol}{i + 1}")
        for i, value in enumerate(control.values)
    ]
    return _vector(control, parts, widgets.VBox(parts), float)


def _bits(control):
    exponent = get_format(control.format).exponent_bits
    styles = ["danger" if i == 0 else "warning" if i <= exponent else "info" for i in range(len(control.default))]
    parts = [
        widgets.ToggleButton(bool(bit), description=str(bit), button_style=style, layout=widgets.Layout(width="2.2em"))
        for bit, style in zip(control.default, styles)
    ]
    for part in parts:
        part.observe(lambda change: setattr(change.owner, "description", str(int(change.new))), "value")
    return _vector(control, parts, widgets.Box(parts, layout=widgets.Layout(flex_flow="row wrap")), int)


_INPUTS = {"slider": _slider, "integer": _integer, "choice": _choice, "format": _choice, "toggle": _toggle,
           "logits": _logits, "bits": _bits}
