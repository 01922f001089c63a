"""What a figure may say and draw while controls are hidden: nothing that tells where they stand.

- A field of a sentence that reads a hidden control says "the hidden number format", or "?" for a number; so does one
  whose number is printed as the hidden control's own would be, or as its power of 2 or 10.
- A sentence under a condition that reads one is left out.
- A mark is not drawn if a hidden control says where it stands. How many points or cells it has can still be counted.

The part `hidden.js` of the page's runtime does the same.
"""
import math
from base64 import urlsafe_b64encode
from dataclasses import replace

from toolkit.live.expressions import names_in
from toolkit.live.numbers import format_number

__all__ = ["Hidden", "disguised"]

NO_SENTENCE = "A sentence here would tell what is hidden."


class Hidden:
    """The controls of a figure that are `names`, and what would tell them; `derived` are its expressions."""

    def __init__(self, controls, derived, names):
        self.controls = {name: controls[name] for name in names}
        self.derived = derived

    def tells(self, text):
        """Whether a name or an expression reads a hidden control."""
        read = names_in(self.derived[text]) if text in self.derived else {text}
        return not read.isdisjoint(self.controls)

    def word(self, text):
        """What a sentence says in place of what tells."""
        control = self.controls.get(text)
        return f"the hidden {control.label or text}" if control and control.kind in ("choice", "format") else "?"

    def covers(self, said, spec, values):
        """Whether a number that is `said` is what a hidden control's would be, or a power of it."""
        return any(said == format_number(number, spec) for name, control in self.controls.items()
                   if control.kind in ("slider", "integer") for number in _and_powers(float(values[name][0])))

    def places(self, binding):
        """Whether a hidden control says where a mark stands."""
        return any(map(self.tells, _placed_by(binding)))

    def plot(self, plot):
        """A plot without the marks that tell."""
        if not self.controls:
            return plot
        return replace(plot, traces=tuple(mark for mark, binding in zip(plot.traces, plot.bindings())
                                          if not self.places(binding)))


def _and_powers(value):
    powers = [2.0**value, 10.0**value] if 0 < abs(value) < 300 else []
    return [number for number in (value, *powers) if math.isfinite(number)]


def _placed_by(binding):
    """The names and expressions that give a mark its place."""
    given = [binding.get(slot) for slot in ("at", "x0", "x1", "z")]
    if binding["kind"] == "series":
        given += [binding["x"]] if isinstance(binding["x"], str) else []  # else numbers, or words
        given += [binding["y"]] if isinstance(binding["y"], str) else binding["y"]
    return [text for text in given if isinstance(text, str)]


def disguised(text):
    """A hidden control's value in a link: no secret, but nothing that is read in passing."""
    return "~" + urlsafe_b64encode(text.encode()).decode().rstrip("=")
