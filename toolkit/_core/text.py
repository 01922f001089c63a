"""Aligned text for a terminal."""

__all__ = ["aligned"]


def aligned(rows):
    """Lines of text from rows of cells: the first column to the left, the others to the right."""
    rows = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip()
                     for row in rows)
