"""A figure in JupyterLab: ipywidgets controls and Plotly FigureWidgets around the native kernel."""
from decimal import Decimal
from html import escape
from importlib.resources import files
from traceback import format_exception_only

import ipywidgets as widgets

from toolkit.formats import get_format
from toolkit.live.hosts.plotly import LivePlot
from toolkit.live.kernel_errors import KernelError
from toolkit.live.numbers import format_number
from toolkit.live.readout import in_two
from toolkit.live.style import css_variables

__all__ = ["Display", "box", "button"]

_CSS = (files("toolkit.live") / "assets/notebook.css").read_text(encoding="utf-8")
_STYLE = (f"<style>.live-notebook {{ {css_variables('light')} }}\n"
          f'[data-jp-theme-light="false"] .live-notebook {{ {css_variables("dark")} }}\n{_CSS}</style>')
_LOG_POSITIONS = 200  # as many as on a page
_SUBSCRIPT = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


class Display:
    """One display of a figure: its widgets, and what a move does."""

    def __init__(self, figure, values=None):
        self.figure, self.first = figure, values or figure.values()
        self.widgets = []  # all that were made for it
        self.inputs = {name: _INPUTS[control.kind](control, figure.default_state[name])
                       for name, control in figure.controls.items()}
        self.readout = widgets.HTML(_said(figure.sentence(self.first))).add_class("live-readout")
        self.plots = [LivePlot(figure.hidden.plot(plot), self.first) for plot in figure.plots]
        self.writing = False
        for name, part in self.inputs.items():
            part.observe(lambda _, name=name: self.writing or self.moved(name))
        shown = (part.box for name, part in self.inputs.items() if name not in figure.hidden_names)
        self.controls = box("live-controls", *shown)
        self.box = widgets.VBox([
            *self.above(),
            self.readout,
            box("live-panels", *self.plots),
            *self.below(),
            widgets.HTML(f"{_STYLE}<p>{escape(figure.caption)}</p>").add_class("live-caption"),
            button("Reset", self.reset).add_class("live-reset"),
        ]).add_class("live-notebook")

    def close(self):
        """Close all widgets of this display but what it shares with others: the box first, and with it all views."""
        for part in reversed(self.widgets):
            if not getattr(part, "is_shared", False):
                part.close()

    def above(self):
        """Widgets above the sentence and the plots."""
        return [self.controls]

    def below(self):
        """Widgets below the plots."""
        return []

    def state(self):
        return {name: part.read() for name, part in self.inputs.items()}

    def moved(self, name):
        """What a move of a control does."""
        self.update()

    def update(self):
        self.guarded(lambda: self.draw(self.figure.values(**self.state())))

    def draw(self, values):
        for plot in self.plots:
            plot.show_values(values)
        self.readout.value = _said(self.figure.sentence(values))

    def guarded(self, action):
        """Run `action`; an error stands in place of the sentence. True if there was none."""
        try:
            action()
        except Exception as error:
            self.readout.value = _failed(error)
            return False
        return True

    def write(self, state):
        """Set all controls without running anything."""
        self.writing = True
        for name, part in self.inputs.items():
            part.write(state[name])
        self.writing = False

    def reset(self, _=None):
        self.write(self.figure.default_state)
        self.update()


def button(label, action):
    """A button of a figure."""
    made = widgets.Button(description=label)
    made.on_click(action)
    return made


def box(name, *children):
    """A box with a CSS class."""
    return widgets.Box(children).add_class(name)


def _said(sentence):
    first, rest = in_two(sentence)
    return f'<p aria-live="polite"><b>{escape(first)}</b>{escape(rest)}</p>'


def _failed(error):
    text = str(error) if isinstance(error, KernelError) else "".join(format_exception_only(error)).strip()
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
            if isinstance(part, widgets.SelectionSlider):
                _admit(part, its_value)
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


def _admit(slider, number):
    """Give a slider a position off its grid: presets name any number."""
    if number not in (position for _, position in slider.options):
        positions = dict(slider.options) | {format_number(number, "r"): number}
        slider.options = sorted(positions.items(), key=lambda option: option[1])


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
    return _Input(parts, convert, widgets.VBox([heading, box("live-group", *parts)]).add_class(name))


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
