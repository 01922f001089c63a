"""Tables: aligned text in a terminal, HTML in a notebook and in the book."""
from dataclasses import dataclass
from html import escape
from textwrap import fill

__all__ = ["Table", "Tables", "aligned"]


def aligned(rows):
    """Lines of text from rows of cells: the first column to the left, the others to the right."""
    rows = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip()
                     for row in rows)


@dataclass(frozen=True, repr=False)
class Table:
    """Rows of cells under a head.

    Attributes
    ----------
    caption : str
    head : tuple of str
    rows : list of sequences of str
    note : str
        A sentence below.
    groups : tuple of (str, int)
        What stands above the head, and over how many columns; () for nothing.
    """

    caption: str
    head: tuple
    rows: list
    note: str = ""
    groups: tuple = ()

    def __str__(self):
        above = [cell for words, span in self.groups for cell in [words, *[""] * (span - 1)]]
        return "\n".join(filter(None, [self.caption, aligned([*filter(None, [above]), self.head, *self.rows]),
                                      fill(self.note, 120)]))

    __repr__ = __str__

    def _repr_html_(self):
        above = "".join(f'<th colspan="{span}" scope="colgroup">{escape(words)}</th>' for words, span in self.groups)
        head = "".join(f'<th scope="col">{escape(words)}</th>' for words in self.head)
        body = "".join(_row_html(row) for row in self.rows)
        return (f'<table class="told"><caption>{escape(self.caption)}</caption><thead>'
                + (f"<tr>{above}</tr>" if above else "") + f"<tr>{head}</tr></thead><tbody>{body}</tbody></table>"
                + (f"<p>{escape(self.note)}</p>" if self.note else ""))


def _row_html(row):
    first, *others = (escape(str(cell)) for cell in row)
    return f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in others)}</tr>'


@dataclass(frozen=True, repr=False)
class Tables:
    """Several `Table`, one below the other, and what holds for all of them."""

    tables: tuple
    legend: str

    def __str__(self):
        return "\n\n".join([*map(str, self.tables), fill(self.legend, 120)])

    __repr__ = __str__

    def _repr_html_(self):
        return "".join(table._repr_html_() for table in self.tables) + f"<p>{escape(self.legend)}</p>"
