"""The tables of a chapter: HTML with a caption, which scrolls on a phone, instead of columns of printed text."""
from dataclasses import dataclass

from toolkit._core import text

__all__ = ["Table"]


@dataclass(frozen=True, repr=False)
class Table(text.Table):
    """Rows of cells under a head: a table on a page and in JupyterLab, aligned text in a terminal.

    The first column stands to the left and names its row, the others to the right.

    Parameters
    ----------
    caption : str
    head : sequence of str
    rows : list of sequences
        With one cell for each word of the head, shown as `str` has it.
    note : str
        A sentence below.
    groups : sequence of (str, int)
        What stands above the head, and over how many columns; () for nothing.
    """

    def __post_init__(self):
        columns = len(self.head)
        for place, row in enumerate(self.rows):
            if len(row) != columns:
                raise ValueError(f"rows[{place}] has {len(row)} cells; allowed: {columns}, as the head has")
        if self.groups and sum(span for _, span in self.groups) != columns:
            raise ValueError(f"groups is {self.groups!r}; allowed: spans that sum to {columns}, as the head has")
