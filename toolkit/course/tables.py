"""Tables of a chapter, below a key that says how to read them: HTML on pages, aligned text in a terminal."""
from dataclasses import dataclass
from html import escape
from textwrap import fill

from toolkit._core.text import aligned

__all__ = ["Statements", "Table", "Tables"]


@dataclass(frozen=True, repr=False)
class Table:
    """Rows of cells under a head, below a key.

    Attributes
    ----------
    caption : str
    head : tuple of str
        Units belong here: "right, %".
    rows : list of sequences
        With one cell for each word of the head, shown as `str` has it. The first names the row.
    key : str
        Sentences that say how to read the cells.
    note : str
        What stands below: what the table leaves out.
    groups : tuple of (str, int)
        What stands above the head, and over how many columns; () for nothing.

    Examples
    --------
    >>> Table("Formats", ("format", "digits, bits"), [("float32", "24"), ("bfloat16", "8")], key="With the hidden bit.")
    Formats
    With the hidden bit.
    format    digits, bits
    float32             24
    bfloat16             8
    """

    caption: str
    head: tuple
    rows: list
    key: str = ""
    note: str = ""
    groups: tuple = ()

    def __post_init__(self):
        columns = len(self.head)
        for place, row in enumerate(self.rows):
            if len(row) != columns:
                raise ValueError(f"rows[{place}] has {len(row)} cells; allowed: {columns}, as the head has")
        if self.groups and sum(span for _, span in self.groups) != columns:
            raise ValueError(f"groups is {self.groups!r}; allowed: spans that sum to {columns}, as the head has")

    def __str__(self):
        above = [cell for words, span in self.groups for cell in [words, *[""] * (span - 1)]]
        return "\n".join(filter(None, [self.caption, fill(self.key, 120),
                                      aligned([*filter(None, [above]), self.head, *self.rows]), fill(self.note, 120)]))

    __repr__ = __str__

    def _repr_html_(self):
        above = "".join(f'<th colspan="{span}" scope="colgroup">{escape(words)}</th>' for words, span in self.groups)
        head = "".join(f'<th scope="col">{escape(words)}</th>' for words in self.head)
        body = "".join(_row_html(row) for row in self.rows)
        key = f"<span>{escape(self.key)}</span>" if self.key else ""
        return (f'<table class="told"><caption><b>{escape(self.caption)}</b>{key}</caption><thead>'
                + (f"<tr>{above}</tr>" if above else "") + f"<tr>{head}</tr></thead><tbody>{body}</tbody></table>"
                + (f"<p>{escape(self.note)}</p>" if self.note else ""))


def _row_html(row):
    first, *others = (escape(str(cell)) for cell in row)
    return f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in others)}</tr>'


@dataclass(frozen=True, repr=False)
class Tables:
    """A key, and below it several `Table` that are read by it."""

    key: str
    tables: tuple

    def __str__(self):
        return "\n\n".join(filter(None, [fill(self.key, 120), *map(str, self.tables)]))

    __repr__ = __str__

    def _repr_html_(self):
        key = f'<p class="key">{escape(self.key)}</p>' if self.key else ""
        return key + "".join(table._repr_html_() for table in self.tables)


@dataclass(frozen=True, repr=False)
class Statements:
    """Sentences beside each other: a row for each thing that is spoken of, a block of its own on a phone.

    Attributes
    ----------
    head : tuple of str
    rows : list of sequences of str or (str, str)
        A pair is a text and the address that it leads to, as ("the runs", "#the-runs").
    """

    head: tuple
    rows: list

    def __str__(self):
        rows = [[cell if isinstance(cell, str) else cell[0] for cell in row] for row in self.rows]
        return "\n\n".join("\n".join(fill(f"{name}: {cell}", 120, subsequent_indent="    ")
                                     for name, cell in zip(self.head, row) if cell) for row in rows)

    __repr__ = __str__

    def _repr_html_(self):
        head = "".join(f'<th scope="col">{escape(words)}</th>' for words in self.head)
        body = "".join(f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in rest)}</tr>'
                       for first, *rest in (map(_linked, row) for row in self.rows))
        return f'<table class="verdicts"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _linked(cell):
    if isinstance(cell, str):
        return escape(cell)
    text, address = cell
    return f'<a href="{escape(address)}">{escape(text)}</a>'
