"""Readouts: sentences with numbers in them, some of which appear only under a condition."""
import re
from dataclasses import dataclass

from toolkit.live.fields import check_fields
from toolkit.live.numbers import format_number

__all__ = ["Readout"]

_FIELD = re.compile(r"\{([^{}:]+)(?::([^{}]*))?\}")
_END = re.compile(r"[.!?](?= [A-Z])")
_ELEMENT = re.compile(r"(\w+)(?:\[(\d+)\])?")


@dataclass(frozen=True)
class Readout:
    """A sentence such as ``Readout("The loss is {loss:3g}.", when="loss > 0")``.

    Parameters
    ----------
    text : str
        Fields ``{name}``, ``{name[2]}``, ``{name:3g}`` take a control or a value (element 0 by default), and
        ``{common / exact:2g}`` an expression of them; formats are those of `format_number`.
    when, unless : str or None
        A condition, ``"loss == 0 and exact > 0"`` or the name of a toggle: the sentence shows only while it is (not)
        true. `toolkit.live.expressions` says what an expression is made of.
    """

    text: str
    when: str | None = None
    unless: str | None = None

    def __post_init__(self):
        check_fields(self)

    def names(self):
        """All names and expressions that the sentence refers to."""
        return {text for text in (self.when, self.unless) if text} | {
            name for name, _, _ in filter(_is_field, parts_of(self.text))}

    def shows(self, values):
        return (self.when is None or values[self.when][0] != 0) and (
            self.unless is None or values[self.unless][0] == 0
        )

    def is_open(self, hidden):
        """Whether its condition reads no hidden control."""
        return not any(hidden.tells(condition) for condition in (self.when, self.unless) if condition)

    def render(self, values, hidden):
        """The sentence for `values`: name -> sequence of numbers, or of one text for a choice or format."""
        return "".join(_text_of(part, values, hidden) if _is_field(part) else part for part in parts_of(self.text))

    def spec(self):
        """The sentence as the page's runtime reads it: literal texts and fields in turn."""
        return {"parts": parts_of(self.text), "when": self.when, "unless": self.unless}


def parts_of(text):
    """Split a template into literal strings and ``[name or expression, index, format]`` fields."""
    parts, end = [], 0
    for field in _FIELD.finditer(text):
        element = _ELEMENT.fullmatch(field.group(1))
        name, index = element.groups() if element else (field.group(1), None)
        parts += [text[end : field.start()], [name, int(index or 0), field.group(2) or ""]]
        end = field.end()
    return parts + [text[end:]]


def _is_field(part):
    return isinstance(part, list)


def _text_of(field, values, hidden):
    name, index, spec = field
    plural = spec.endswith("s")
    if hidden.tells(name):
        return "s" if plural else hidden.word(name)
    value = values[name][index]
    if isinstance(value, str):
        return value
    said = format_number(value, spec)
    return "?" if not plural and hidden.covers(said, spec, values) else said


def in_two(text):
    """The first sentence of a readout, which stands out, and the rest."""
    end = _END.search(text)
    place = end.end() if end else len(text)
    return text[:place], text[place:]
