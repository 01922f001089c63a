"""A heat map: a table of numbers, or of a few states, as cells of a plot."""
from dataclasses import KW_ONLY, dataclass

from toolkit.live.style import ROLES

__all__ = ["CELL_MARKS", "HeatMap", "Level"]

CELL_MARKS = ("full", "hollow", "dot", "cross")
_FIRST_ROLES = ("first", "naive", "second", "third")
_SHADES = 8


@dataclass(frozen=True)
class Level:
    """One state that a cell can be in: its word in the legend, its colour, and its mark, which tells it without colour.

    `mark` is "full" (the whole cell), "hollow" (an outlined square), "dot" or "cross".
    """

    label: str
    role: str = "first"
    mark: str = "full"

    def __post_init__(self):
        if self.role not in ROLES:
            raise ValueError(f"role is {self.role!r}; allowed: {', '.join(map(repr, ROLES))}")
        if self.mark not in CELL_MARKS:
            raise ValueError(f"mark is {self.mark!r}; allowed: {', '.join(map(repr, CELL_MARKS))}")


@dataclass(frozen=True)
class HeatMap:
    """Cells of a table: numbers from `low` to `high` in eight shades, or states by name.

    Parameters
    ----------
    z : name of an output with ``rows * columns`` values, row by row
    rows, columns : numbers, or names of controls or outputs
    label : what the numbers are, for the legend
    role : colour of the highest number; the lowest is almost the ground's
    low, high : what is beyond them has the shade of the end; what is not finite is crossed out
    levels : sequence of Level or str, optional
        Makes `z` the whole number of a cell's state, from 0 on; a cell with any other number stays empty. Up to four
        plain words get colours and marks of their own.
    x, y : (first edge, last edge) of the columns and of the rows on the axes, which must be linear.
        Without them cell (r, c) is one unit wide and stands around x = c and y = r: row 0 is the lowest.
    """

    z: str
    rows: object
    columns: object
    _: KW_ONLY
    label: str = ""
    role: str = "first"
    low: float = 0.0
    high: float = 1.0
    levels: tuple = ()
    x: tuple | None = None
    y: tuple | None = None

    def __post_init__(self):
        if self.role not in ROLES:
            raise ValueError(f"role is {self.role!r}; allowed: {', '.join(map(repr, ROLES))}")
        if not self.low < self.high:
            raise ValueError(f"heat map {self.z!r} has low={self.low}, high={self.high}; allowed: low < high")
        for name in ("rows", "columns"):
            size = getattr(self, name)
            if not isinstance(size, str) and not (isinstance(size, int) and size >= 1):
                raise ValueError(f"{name} is {size!r}; allowed: a whole number of at least 1, or a name")
        words = [level for level in self.levels if isinstance(level, str)]
        if len(words) > len(CELL_MARKS):
            raise ValueError(f"levels has {len(words)} plain words; allowed: {len(CELL_MARKS)} at most, and any number"
                             " of toolkit.live.Level")
        named = [level if isinstance(level, Level) else Level(level, _FIRST_ROLES[i], CELL_MARKS[i])
                 for i, level in enumerate(self.levels)]
        object.__setattr__(self, "levels", tuple(named))

    def names(self):
        return {name for name in (self.z, self.rows, self.columns) if isinstance(name, str)}

    def binding(self):
        """What fills its slots, as JSON."""
        return {"kind": "cells", "z": self.z, "rows": self.rows, "columns": self.columns, "x": self.x, "y": self.y}

    def looks(self):
        """How its cells look, as JSON: colour, mark and strength of each level, in percent of the ink."""
        if self.levels:
            levels = [{"role": level.role, "mark": level.mark, "shade": 100, "name": level.label}
                      for level in self.levels]
        else:
            levels = [{"role": self.role, "mark": "full", "shade": 6 + 94 * k // (_SHADES - 1), "name": ""}
                      for k in range(_SHADES)]
            levels.append({"role": "muted", "mark": "cross", "shade": 100, "name": "not finite"})
        return {"kind": "cells", "role": self.role, "name": self.label, "states": bool(self.levels),
                "low": self.low, "high": self.high, "levels": levels}
