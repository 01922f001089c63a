"""The JupyterLab host: ipywidgets controls and Plotly FigureWidgets around the native kernel."""
from decimal import Decimal
from html import escape
from importlib.resources import files
from traceback import format_exception_only

import ipywidgets as widgets

from toolkit.formats import get_format
from toolkit.live.numbers import format_number
from toolkit.live.plotly import LivePlot
from toolkit.live.style import css_variables

__all__ = ["widget"]

_CSS = (files("toolkit.live") / "assets/notebook.css").read_text(encoding="utf-8")
_STYLE = (f"<style>.live-notebook {{ {css_variables('light')} }}\n"
          f'[data-jp-theme-light="false"] .live-notebook {{ {css_variables("dark")} }}\n{_CSS}</style>')
_LOG_POSITIONS = 200  # as many as on a page
_SUBSCRIPT = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def widget(figure):
    """A box with the figure's controls, sentence, plots, caption and reset, around its native kernel.

    Every call makes widgets of its own. One move runs the kernel once and draws each plot once. An error in
    the first state is raised; one in a later state stands in place of the sentence, above plots that stay as
    they were and fade.
    """
    return _Display(figure).box


class _Display:
    """One display of a figure: its widgets, and what a move does."""

    def __init__(self, figure):
        values = figure.values()
        self.figure = figure
        self.inputs = {name: _INPUTS[control.kind](control, figure.default_state[name])
                       for name, control in figure.controls.items()}
        self.readout = widgets.HTML(_said(figure.sentence(values))).add_class("live-readout")
        self.plots = [LivePlot(plot, values) for plot in figure.plots]
        self.writing = False
        for part in self.inputs.values():
            part.observe(self.update)
        shown = (part.box for name, part in self.inputs.items() if name not in figure.hidden)
        self.box = widgets.VBox([
            _box("live-controls", *shown),
            self.readout,
            _box("live-panels", *self.plots),
            widgets.HTML(f"{_STYLE}<p>{escape(figure.caption)}</p>").add_class("live-caption"),
            self._reset_button(),
        ]).add_class("live-notebook")

    def _reset_button(self):
        button = widgets.Button(description="Reset").add_class("live-reset")
        button.on_click(self.reset)
        return button

    def update(self, _=None):
        if self.writing:
            return
        try:
            values = self.figure.values(**{name: part.read() for name, part in self.inputs.items()})
            for plot in self.plots:
                plot.show_values(values)
            self.readout.value = _said(self.figure.sentence(values))
        except Exception as error:  # noqa: BLE001  ipywidgets would hide it in JupyterLab's log
            self.readout.value = _failed(error)

    def reset(self, _=None):
        self.writing = True
        for name, part in self.inputs.items():
            part.write(self.figure.default_state[name])
        self.writing = False
        self.update()


def _box(name, *children):
    return widgets.Box(children).add_class(name)


def _said(sentence):
    return f'<p aria-live="polite">{escape(sentence)}</p>'


def _failed(error):
    text = "".join(format_exception_only(error)).strip()
    return f'<div role="alert" class="live-error"><p>This figure stopped:</p><pre>{escape(text)}</pre></div>'


# ---- controls ------------------------------------------------------------------------------------


class _Input:
    """One control's widgets: a box to show, and the value as people read it."""

    def __init__(self, parts, convert=lambda value: value, box=None):
        self.parts, self.convert = parts, convert
        self.vector, self.box = box is not None, box or parts[0]

    def read(self):
        values = [self.convert(part.value) for part in self.parts]
        return values if self.vector else values[0]

    def write(self, value):
        for part, its_value in zip(self.parts, value if self.vector else [value]):
            part.value = its_value

    def observe(self, callback):
        for part in self.parts:
            part.observe(callback, "value")


def _named(control):
    symbol = f" <i>{escape(control.symbol)}</i>" if control.symbol else ""
    return {"description": escape(control.label or control.name) + symbol, "description_allow_html": True}


def _positions(control, value):
    """Text -> number of all that a slider can show: its grid, both ends and its start, to the last bit."""
    low, high = control.low, control.high
    if getattr(control, "scale", "linear") == "log":
        ratio = (high / low) ** (1 / _LOG_POSITIONS)
        spec, grid = "", (float(f"{low * ratio**i:.3g}") for i in range(_LOG_POSITIONS + 1))
    else:
        first, last, step = (Decimal(str(number)) for number in (low, high, control.step))
        spec, grid = "r", (float(first + i * step) for i in range(int((last - first) / step) + 1))
    numbers = sorted({number for number in grid if low < number < high} | {low, high, value})
    return {format_number(number, spec): number for number in [*numbers, low, high, value]}


def _real(control, value, **named):
    # A FloatSlider would move to its own grid when it is shown, and send that back.
    return widgets.SelectionSlider(options=tuple(_positions(control, value).items()), value=value, **named)


def _slider(control, value):
    return _Input([_real(control, value, **_named(control))])


def _integer(control, value):
    return _Input([widgets.IntSlider(value, control.low, control.high, control.step, **_named(control))])


def _choice(control, value):
    return _Input([widgets.Dropdown(options=control.options, value=value, **_named(control))])


def _toggle(control, value):
    return _Input([widgets.Checkbox(value, indent=False, **_named(control))])


def _group(control, parts, convert=float):
    name = f"live-{control.kind}"
    heading = widgets.HTML(_named(control)["description"])
    return _Input(parts, convert, widgets.VBox([heading, _box("live-group", *parts)]).add_class(name))


def _logits(control, values):
    symbol = f"<i>{escape(control.symbol)}</i>"
    return _group(control, [_real(control, value, description=symbol + str(i).translate(_SUBSCRIPT),
                                  description_allow_html=True) for i, value in enumerate(values, start=1)])


def _bits(control, values):
    exponent = get_format(control.format).exponent_bits
    parts = []
    for i, bit in enumerate(values):
        field = "sign" if i == 0 else "exponent" if i <= exponent else "fraction"
        place = {"sign": "", "exponent": f" {i}", "fraction": f" {i - exponent}"}[field]
        part = widgets.ToggleButton(bool(bit), description=str(bit), tooltip=f"{field} bit{place}")
        part.observe(lambda change: setattr(change.owner, "description", str(int(change.new))), "value")
        parts.append(part.add_class("live-bit").add_class(f"live-bit-{field}"))
    return _group(control, parts, int)


_INPUTS = {"slider": _slider, "integer": _integer, "choice": _choice, "format": _choice, "toggle": _toggle,
           "logits": _logits, "bits": _bits}
