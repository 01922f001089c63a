"""Readouts: sentences with numbers in them, some of which appear only when a flag of the kernel is set."""
import re
from dataclasses import dataclass

from toolkit.live.numbers import format_number

__all__ = ["Readout", "parts_of"]

_FIELD = re.compile(r"\{(\w+)(?:\[(\d+)\])?(?::([^}]*))?\}")


@dataclass(frozen=True)
class Readout:
    """A sentence such as ``Readout("The loss is {loss:3g}.")``.

    Parameters
    ----------
    text : str
        Fields ``{name}``, ``{name[2]}``, ``{name:3g}`` take a control or an output (element 0 by default);
        formats are those of `format_number`.
    when, unless : str or None
        Name of an output (or toggle): the sentence shows only while its first element is (not) non-zero.
    """

    text: str
    when: str | None = None
    unless: str | None = None

    def names(self):
        """All names that the sentence refers to."""
        flags = {name for name in (self.when, self.unless) if name}
        return flags | {field.group(1) for field in _FIELD.finditer(self.text)}

    def shows(self, values):
        return (self.when is None or values[self.when][0] != 0) and (
            self.unless is None or values[self.unless][0] == 0
        )

    def render(self, values):
        """The sentence for `values`: name -> sequence of numbers, or of one text for a choice or format."""

        def text_of(field):
            value = values[field.group(1)][int(field.group(2) or 0)]
            return value if isinstance(value, str) else format_number(value, field.group(3) or "")

        return _FIELD.sub(text_of, self.text)

    def spec(self):
        """The sentence as the page's runtime reads it: literal texts and fields in turn."""
        return {"parts": parts_of(self.text), "when": self.when, "unless": self.unless}


def parts_of(text):
    """Split a template into literal strings and ``[name, index, format]`` fields."""
    parts, end = [], 0
    for field in _FIELD.finditer(text):
        parts += [text[end : field.start()], [field.group(1), int(field.group(2) or 0), field.group(3) or ""]]
        end = field.end()
    return parts + [text[end:]]
