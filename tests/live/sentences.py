"""What a figure says at the ends of its controls, in its presets and before anything is measured, and what it must not.

`flaws` finds by rule what people stumble over: numbers that are none, plurals of one thing, shares of nothing, places
that depend on the screen. Whether a sentence is true, only reading tells.
"""
import itertools
import re

from toolkit.formats import FORMATS
from toolkit.live import Simulation
from toolkit.live.numbers import format_number
from toolkit.live.readout import parts_of

__all__ = ["said_where", "flaws"]

LONGEST = 330
_FIRST_STEPS = 25  # in which something is measured

# Words that end in s and stand behind a 1 that counts nothing, or one thing: "scale 1 is", "1 class", "1 times e".
_NO_PLURAL = (r"(?:is|as|has|was|class|less|minus|plus|its|across|always|collapses|gives|goes|keeps|loses|means"
              r"|pays|rounds|stands|stays|times (?!as))\b")
_RULES = {
    "blanks or stops twice": r"\s\s|\s[.,;:!?]|[.,;:][.,;:]",
    "a field that was not filled": r"[{}]",
    "no full stop at the end": r"[^.!?)]$",
    "a part of nothing": r"\b0 of (?:the )?0\b|\b(?:of the|Of|of all) 0\b(?![.,]\d)",
    "one thing in the plural": rf"(?<![\d.,×−⁻¹/=-])\b1 (?!{_NO_PLURAL})[a-z]+s\b"
                               r"|\b1 (?:are|have|were)\b|other 1\b",
    "a power as it is typed": r"\d\^|\d[eE][+-]\d",
    "a place on the screen": r"\b(?:marker|line|bar|curve|plot|panel|figure)s? (?:above|below|to the (?:left|right))\b",
    "more digits than an error has": r"(?<![\d.])(?:0\.0*[1-9]\d{3,}|[1-9]\.\d{3,}|[1-9]\d\.\d{2,}) ulp",
}
_RULES = {name: re.compile(rule) for name, rule in _RULES.items()}
_NO_NUMBERS = {"NaN": "nan", "inf": "inf", "−inf": "inf", "−0": "−0"}


def _ends(control):
    """The default, both ends and what lies between where that is little; the default comes first."""
    if control.kind in ("choice", "format"):
        return [control.default, *(option for option in control.options if option != control.default)]
    if control.kind == "toggle":
        return [control.default, not control.default]
    if control.kind == "logits":
        n = len(control.default)
        return [control.default, [control.low] * n, [control.high] * n, [control.high] + [control.low] * (n - 1)]
    if control.kind == "bits":
        n = len(control.default)
        return [control.default, *([a] + [b] * (n - 1) for a in (0, 1) for b in (0, 1)), [0, *[1] * (n - 2), 0]]
    return list(dict.fromkeys([control.default, control.low, control.high]))


def _states(figure):
    """The default, each control alone at each of its ends, and all combinations of the ends of up to four numbers."""
    ends = {name: _ends(control) for name, control in figure.controls.items()}
    yield {}
    for name, values in ends.items():
        one = [1] if figure.controls[name].kind == "integer" and figure.controls[name].low < 1 else []
        yield from ({name: value} for value in values[1:] + one)
    numbers = [name for name, control in figure.controls.items() if control.kind in ("slider", "integer")]
    if 2 <= len(numbers) <= 4:
        yield from (dict(zip(numbers, row)) for row in itertools.product(*(ends[name] for name in numbers)))


def _measured(run):
    """Whether a line of the figure has a point."""
    lengths = {mark.length for plot in run.simulation.plots for mark in plot.traces if getattr(mark, "length", None)}
    return not lengths or any(run.outputs[name][0] > 0 for name in lengths if name in run.outputs)


def _moments(run, last):
    """Before the first step, after it, at the first that measures something, and after `last` calls."""
    yield "before the first step"
    run.advance()
    yield "after the first step"
    while not _measured(run) and run.calls < _FIRST_STEPS:
        run.advance()
    yield f"after {run.calls} calls"
    if last > run.calls:
        run.advance(last - run.calls)
        yield f"after {run.calls} calls"


def said_where(figure):
    """``(state, values, measured)`` of each state that is looked at."""
    if not isinstance(figure, Simulation):
        for state in _states(figure):
            yield state, figure.values(**state), True
        return
    presets = {repr(label): values for label, values in figure.presets.items()}
    alone = {str({name: value}): {name: value} for name, control in figure.controls.items()
             for value in _ends(control)[1:]}
    for label, state in ({"the default": {}} | presets | alone).items():
        run = figure.start(**state)
        for moment in _moments(run, figure.poster if not state else 0):
            yield f"{label}, {moment}", run.values(), _measured(run)


def _fields(figure, values):
    """``(readout, name, spec, text)`` of each field that is said."""
    for readout in figure.readouts:
        if readout.shows(values):
            for name, index, spec in (part for part in parts_of(readout.text) if isinstance(part, list)):
                value = values[name][index]
                yield readout, name, spec, value if isinstance(value, str) else format_number(value, spec)


def flaws(figure, values, measured, allowed=()):
    """What is wrong with the sentence at these values: texts."""
    sentence = figure.sentence(values)
    said = sentence.partition(": ")[2] if isinstance(figure, Simulation) else sentence
    if not said.strip() and figure.readouts:
        yield "nothing is said"
        return
    if said[0].islower() and not said.startswith(tuple(FORMATS)):
        yield "a small letter at the start"
    if len(said) > LONGEST:
        yield f"{len(said)} letters"
    yield from (name for name, rule in _RULES.items() if rule.search(sentence))
    texts = []
    for readout, name, spec, text in _fields(figure, values):
        condition = f"{readout.when} {readout.unless}"
        if text in _NO_NUMBERS and name not in allowed and _NO_NUMBERS[text] not in condition:
            yield f"{{{name}}} is {text}, of which its sentence does not speak"
        if "%" in spec and not measured:
            yield f"{{{name}}} is a share, and nothing is measured"
        texts.append((readout, text))
    for (one, text), (two, second), (three, third) in zip(texts, texts[1:], texts[2:]):
        if one is two is three and text == second == third and len(text) > 1 and "three times" not in allowed:
            yield f"{text!r} three times"
