"""The page host: one figure as HTML that needs no kernel. The runtime in assets brings it to life.

Controls, sentence and plots of the default state are in the markup, so that the page does not jump when the script
starts, prints well, and can be read without a script.
"""
import json
import math
from html import escape

from toolkit.live.base import expressions_of, parameters_of
from toolkit.live.drawing import WIDTHS, described, fitting_frame, plot_svg
from toolkit.live.expressions import names_in
from toolkit.live.longest import longest_sentence
from toolkit.live.numbers import format_number
from toolkit.live.readout import in_two
from toolkit.live.simulation import Simulation, counted
from toolkit.live.slots import fill_slots

__all__ = ["figure_html", "json_block", "link_html"]


def json_block(value, **attributes):
    """A data block; "</script>" cannot end it early."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False).replace("</", "<\\/")
    names = "".join(f' {name}="{escape(text_)}"' for name, text_ in attributes.items())
    return f'<script type="application/json"{names}>{text}</script>'


def figure_html(figure, values=None, key=None):
    """The `<figure>` element of a live figure or simulation.

    `values` are those of its first state. With a `key` its ids are its own in a document with others of its name, and
    it is addressed by no link.
    """
    plays, name, values = isinstance(figure, Simulation), figure.name, values or figure.values()
    values = _short(figure, values) if plays else values
    controls = "".join(_control(key or name, control) for control in figure.controls.values())
    plots = [figure.hidden.plot(plot) for plot in figure.plots]
    panels = "".join(_panel(figure, plot, values) for plot in plots)
    controls = ('<fieldset class="live-controls" disabled><legend class="live-hidden">Controls of this figure</legend>'
                f"{controls}</fieldset>")
    first = f"the state after {counted(values['steps'][0])}" if plays else "its first state"
    return (
        f'<figure class="live-figure" id="live-{key or name}" data-live="{name}">'
        f"{_presets(figure) + _player(values, 'figure was made' if key else 'page was built') if plays else controls}"
        f'<div class="live-view">{_readout(figure, values, key)}<div class="live-panels">{panels}</div></div>'
        f"{controls if plays else ''}"
        f"<figcaption>{escape(figure.caption)}</figcaption>"
        '<div class="live-actions"></div>'
        '<div class="live-data" role="region" aria-label="Data of this figure" tabindex="0" hidden></div>'
        f"<noscript><p>This figure shows {first}. With scripts allowed, its controls work.</p></noscript>"
        f'{json_block(_spec(figure, plots, values), **{"class": "live-spec"})}</figure>'
    )


def _readout(figure, values, key):
    """The sentence, in the room of the longest; in a notebook, where every cell would wait for it, the room grows."""
    first, rest = in_two(figure.sentence(values))
    asks = key in (None, figure.name) and figure.readouts
    room = f' data-longest="{escape(longest_sentence(figure))}"' if asks else ""
    return (f'<p class="live-readout" aria-live="polite"{room}>'
            f"<span><b>{escape(first)}</b>{escape(rest)}</span></p>")


def link_html(figure):
    """A preset on a page: a link that puts the figure into its state."""
    return f'<p><a href="#{escape(figure.address)}">The figure in this state</a></p>'


def _presets(figure):
    labels = map(escape, figure.presets)
    buttons = "".join(f'<button type="button" data-preset="{label}" aria-pressed="false">{label}</button>'
                      for label in labels)
    return (f'<fieldset class="live-presets" disabled><legend class="live-hidden">Experiments to start</legend>'
            f"{buttons}</fieldset>") if buttons else ""


def _player(values, when):
    buttons = "".join(f'<button type="button" data-action="{name.lower()}">{name}</button>'
                      for name in ("Play", "Step", "Restart"))
    steps = values["steps"][0]
    said = f"{counted(steps)}, run when this {when}" if steps else ""
    return (f'<fieldset class="live-player" disabled><legend class="live-hidden">Run this simulation</legend>{buttons}'
            f'<span class="live-steps">{said}</span></fieldset>')


def _widths(figure, plot):
    """A plot that shares its row never gets the room of the wide picture."""
    return WIDTHS if plot.whole_row or len(figure.plots) == 1 else {"narrow": WIDTHS["narrow"]}


def _panel(figure, plot, values):
    filled = fill_slots(plot.bindings(), values)
    pictures = "".join(plot_svg(plot, name, filled) for name in _widths(figure, plot))
    place = "live-plot live-whole-row" if plot.whole_row else "live-plot"
    return f'<div class="{place}" role="img" aria-label="{escape(described(plot))}">{pictures}</div>'


def _panel_spec(figure, plot, values):
    filled = fill_slots(plot.bindings(), values)
    frames = {name: fitting_frame(plot, width, filled) for name, width in _widths(figure, plot).items()}
    return {"titles": [plot.x.title, plot.y.title], "bindings": plot.bindings(), "marks": plot.looks(),
            "frames": frames}


def _spec(figure, plots, values):
    shared = {
        "kind": "figure",
        "name": figure.name,
        "controls": [control.spec() | {"value": figure.default_state[control.name]}
                     for control in figure.controls.values()],
        **({"hide": figure.hidden_names} if figure.hidden_names else {}),
        "entries": {name: parameters_of(function) for name, function, _ in figure.entry_points},
        "outputs": figure.outputs,
        "work": figure.work,
        **({"derived": figure.derived} if figure.derived else {}),
        "readouts": [readout.spec() for readout in figure.readouts],
        "panels": [_panel_spec(figure, plot, values) for plot in plots],
    }
    if not isinstance(figure, Simulation):
        return shared
    return shared | {
        "kind": "simulation", "live": figure.live, "done": figure.done, "count": figure.count, "pace": figure.pace,
        "presets": figure.presets, "poster": _numbers(figure, values),
    }


def _short(figure, values):
    """`values` with four digits for arrays that are drawn and not read: a poster has thousands of numbers."""
    drawn = set().union(*(plot.names() for plot in figure.plots))
    trees = [tree for readout in figure.readouts for tree in expressions_of(readout).values()]
    read = set().union(*map(names_in, [*trees, *figure.derived.values()]))

    def short(value):
        return value if value == int(value) else float(f"{value:.4g}")

    return values | {name: [short(value) if math.isfinite(value) else value for value in map(float, values[name])]
                     for name in figure.outputs if name in drawn - read and len(values[name]) > 1}


def _numbers(figure, values):
    """The poster's numbers: whole ones as such, and what JSON lacks as texts that JavaScript's Number reads."""
    texts = {math.inf: "Infinity", -math.inf: "-Infinity"}

    def number(value):
        if not math.isfinite(value):
            return texts.get(value, "NaN")
        return int(value) if value == int(value) and abs(value) < 2**53 and str(value) != "-0.0" else float(value)

    return {name: [number(float(value)) for value in values[name]] for name in [*figure.outputs, "steps"]}


def _control(key, control):
    label = escape(control.label or control.name)
    if control.symbol:
        label += f' <i class="live-symbol">{escape(control.symbol)}</i>'
    identity = f"live-{key}-{control.name}"
    body = _BODIES[control.kind](control, identity, label)
    return f'<div class="live-control live-{control.kind}" data-control="{control.name}">{body}</div>'


def _slider(identity, label, control, value):
    # A log slider counts positions; the runtime turns a position into its value.
    log = getattr(control, "scale", "linear") == "log"
    low, high, step = (0, 200, 1) if log else (control.low, control.high, control.step)
    position = round(200 * log_share(control, value)) if log else value
    return (f'<label for="{identity}">{label}</label><input type="range" id="{identity}" min="{low}" max="{high}"'
            f' step="{step}" value="{position}"><output for="{identity}">{format_number(value)}</output>')


def log_share(control, value):
    """Where `value` stands between the ends of a log slider, 0 to 1."""
    return math.log(value / control.low) / math.log(control.high / control.low)


def _range(control, identity, label):
    return _slider(identity, label, control, control.value)


def _select(control, identity, label):
    options = "".join(f'<option{" selected" * (option == control.value)}>{escape(option)}</option>'
                      for option in control.options)
    return f'<label for="{identity}">{label}</label><select id="{identity}">{options}</select>'


def _checkbox(control, identity, label):
    checked = " checked" if control.value else ""
    return f'<label for="{identity}">{label}</label><input type="checkbox" id="{identity}"{checked}>'


def _group(identity, label, parts):
    return (f'<span class="live-label" id="{identity}-label">{label}</span>'
            f'<div class="live-group" role="group" aria-labelledby="{identity}-label">{"".join(parts)}</div>')


def _vector(control, identity, label):
    parts = []
    for i, value in enumerate(control.default, start=1):
        name = f"<i>{escape(control.symbol)}</i><sub>{i}</sub>"
        parts.append(f'<span class="live-part">{_slider(f"{identity}-{i}", name, control, value)}</span>')
    return _group(identity, label, parts)


def _switches(control, identity, label):
    exponent = control.spec()["exponent_bits"]
    parts = []
    for i, bit in enumerate(control.default):
        field, place = ("sign", "") if i == 0 else ("exponent", i) if i <= exponent else ("fraction", i - exponent)
        pressed, name = ("false", "true")[bit], f"{field} bit {place}".strip()
        parts.append(f'<button type="button" class="live-bit live-bit-{field}" aria-pressed="{pressed}"'
                     f' aria-label="{name}">{bit}</button>')
    return _group(identity, label, parts)


_BODIES = {"slider": _range, "integer": _range, "choice": _select, "format": _select, "toggle": _checkbox,
           "logits": _vector, "bits": _switches}
