"""Tables of numbers in text files, read a piece at a time: a row a line, after an optional line of names.

Fields are divided by tabs, semicolons, commas or spaces; with the first two, decimal commas will do.
"""
import itertools

import numpy as np

from toolkit._core.arguments import shown

__all__ = ["Table"]

_NO_LOGIT = {"", "id", "ids", "idx", "index", "key", "uid", "row", "sample", "example", "split", "fold", "file", "name",
             "label", "labels", "target", "targets", "class", "y", "y_true", "unnamed: 0"}
_LOOKED_AT = 100  # lines that say how the table is made


class Table:
    """A text file of numbers.

    Attributes
    ----------
    names : list of str or None
        Of the columns, if the file has a line of them.
    width : int
        Columns.
    """

    def __init__(self, path):
        self.path = path
        head = list(itertools.islice(self._lines(), _LOOKED_AT))
        if not head:
            raise ValueError("the file is empty")
        self.first, line = head[0]
        self.delimiter = next((mark for mark in "\t;," if mark in line), None)
        names = [name.strip().strip("\"'") for name in line.split(self.delimiter)]
        self.width = len(names)
        self.point = "," if self.delimiter in ("\t", ";") and not any("." in line for _, line in head[1:]) else "."
        broken = any(self.point in line for _, line in head[1:])
        self.names = names if _is_header(names, broken) else None

    def _lines(self):
        """Numbered lines that hold anything."""
        with open(self.path, encoding="utf-8-sig") as file:
            for number, line in enumerate(file, 1):
                if not line.isspace():
                    yield number, line.rstrip("\n")

    def _rows(self):
        return itertools.islice(self._lines(), self.names is not None, None)

    def count(self):
        """Rows of numbers, counted without reading them."""
        return sum(1 for _ in self._rows())

    def place(self, name):
        """Where the column of a name stands; None if there is none."""
        return self.names.index(name) if self.names and name in self.names else None

    def columns(self, text):
        """Places of columns given as names, as numbers from 1, or as ranges of numbers, divided by commas."""
        return [place for part in text.split(",") if part.strip() for place in self._places(part.strip())]

    def _places(self, part):
        if (place := self.place(part)) is not None:
            return [place]
        first, dash, last = part.partition("-")
        ends = [int(end) if end.isdecimal() else 0 for end in (first, last if dash else first)]
        if not 1 <= ends[0] <= ends[1] <= self.width:
            named = f"names such as {shown(self.names[0])}, " if self.names else ""
            raise ValueError(f"there is no column {shown(part)}; allowed: {named}numbers from 1 to {self.width}, or "
                             "ranges such as 2-5")
        return range(ends[0] - 1, ends[1])

    def numbers_only(self, taken, ignored):
        """Places of the columns that hold logits, and the names of those that were left out unasked.

        Without `taken`, these are all but those whose names say that they are something else.
        """
        unasked = []
        if taken is None:
            taken = range(self.width)
            unasked = [k for k in taken if self.names and self.names[k].lower() in _NO_LOGIT and k not in ignored]
        left = [k for k in taken if k not in ignored and k not in unasked]
        if not left:
            raise ValueError("no column of logits is left; allowed: --columns that name one or more")
        return left, [self.names[k] or f"column {k + 1}" for k in unasked]

    def pieces(self, rows, columns=None):
        """Arrays of up to `rows` rows of these columns, all by default."""
        lines = self._rows()
        while block := list(itertools.islice(lines, rows)):
            yield self._numbers(block, range(self.width) if columns is None else columns)

    def _numbers(self, block, columns):
        if self.point == ",":
            block = [(number, line.replace(",", ".")) for number, line in block]
        try:
            if any(len(line.split(self.delimiter)) != self.width for _, line in block):
                raise ValueError
            return np.loadtxt([line for _, line in block], delimiter=self.delimiter, comments=None, ndmin=2,
                              usecols=tuple(columns))
        except ValueError:
            raise ValueError(self._first_mistake(block, columns)) from None

    def _first_mistake(self, block, columns):
        for number, line in block:
            fields = line.split(self.delimiter)
            if len(fields) != self.width:
                return f"line {number} has {len(fields)} fields, but line {self.first} has {self.width}"
            for place in columns:
                if not _is_number(fields[place]):
                    return f"line {number}, field {place + 1}: {fields[place].strip()!r} is not a number"
        return "not a table of numbers divided by tabs, semicolons, commas or spaces"


def _is_header(names, above_fractions):
    """Whether these are names: no number, or 0, 1, 2 ... beside one of no logit or above numbers with a point."""
    if not any(map(_is_number, names)):
        return True
    others = [name for name in names if name.lower() not in _NO_LOGIT]
    counted = others == [str(k) for k in range(len(others))]
    return counted and (len(others) < len(names) or above_fractions)


def _is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True
