"""A heat map: a table of numbers, or of a few states, as cells of a plot."""
from dataclasses import KW_ONLY, dataclass, replace

from toolkit._core.arguments import shown
from toolkit.live.fields import check_fields
from toolkit.live.marks._mark import Mark, check_role, not_computed, read_by
from toolkit.live.marks._plotly_cells import cells_data, cells_slots
from toolkit.live.marks.cells import cell_path, cells_svg, level_svg

__all__ = ["HeatMap", "Level"]

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
        check_fields(self)
        check_role(self.role)
        if self.mark not in CELL_MARKS:
            raise ValueError(f"mark is {shown(self.mark)}; allowed: {', '.join(map(repr, CELL_MARKS))}")


@dataclass(frozen=True)
class HeatMap(Mark):
    """Cells of a table: numbers from `low` to `high` in eight shades, or states by name.

    Parameters
    ----------
    z : name of an output, a table or ``rows * columns`` values, row by row; or what `over` sweeps
    rows, columns : numbers, or names of controls or outputs; by default those of the table
    label : what the numbers are, for the legend
    role : colour of the highest number; the lowest is almost the ground's
    low, high : what is beyond them has the shade of the end; what is not finite is crossed out
    levels : sequence of Level or str, optional
        Makes `z` the whole number of a cell's state, from 0 on; a cell with any other number stays empty. Up to four
        plain words get colours and marks of their own.
    x, y : (first edge, last edge) of the columns and of the rows on the axes, which must be linear.
        Without them cell (r, c) is one unit wide and stands around x = c and y = r: row 0 is the lowest.
    over : pair of str, optional
        The short form: `z` is a function of two coordinates, or a number that the figure's function returns, computed
        in the middle of each cell, along x and y. As in `Curve`, `at` fixes other parameters and `name` is what
        sentences read. By default the parameters and the edges are those of the axes.
    """

    z: object
    rows: object = None
    columns: object = None
    _: KW_ONLY
    label: str = ""
    role: str = "first"
    low: float = 0.0
    high: float = 1.0
    levels: tuple = ()
    x: tuple | None = None
    y: tuple | None = None
    over: tuple | None = None
    at: dict | None = None
    name: str | None = None
    fills = draws = "cells"

    def __post_init__(self):
        check_fields(self)
        check_role(self.role)
        if not self.low < self.high:
            raise ValueError(f"heat map {self.z!r} has low={self.low}, high={self.high}; allowed: low < high")
        if not (isinstance(self.z, str) or callable(self.z)):
            raise TypeError(f"z is {shown(self.z)}; allowed: the name of an output, or a function")
        for name in ("rows", "columns"):
            size = getattr(self, name)
            if not (size is None or isinstance(size, str) or isinstance(size, int) and size >= 1):
                raise ValueError(f"{name} is {shown(size)}; allowed: a whole number of at least 1, or a name")
        for level in self.levels:
            if not isinstance(level, (str, Level)):
                raise TypeError(f"levels has {shown(level)}; allowed: toolkit.live.Level, or a text")
        words = [level for level in self.levels if isinstance(level, str)]
        if len(words) > len(CELL_MARKS):
            raise ValueError(f"levels has {len(words)} plain words; allowed: {len(CELL_MARKS)} at most, and any number"
                             " of toolkit.live.Level")
        named = [level if isinstance(level, Level) else Level(level, _FIRST_ROLES[i], CELL_MARKS[i])
                 for i, level in enumerate(self.levels)]
        object.__setattr__(self, "levels", tuple(named))

    def check(self, plot):
        if "log" in (plot.x.scale, plot.y.scale):
            raise ValueError("a heat map stands on a log axis; allowed: linear axes, x and y")

    def plain(self, maker, plot):
        over = self.over or ((plot.x.over, plot.y.over) if maker.computes(self.z) else None)
        if over is None:
            return self
        x, y = self.x or plot.x.range, self.y or plot.y.range
        name = maker.table(self.z, over, (self.rows, self.columns), (x, y), self.at or {}, self.name)
        return replace(self, z=name, x=x, y=y, over=None, at=None, name=None)

    def fitted(self, outputs):
        if self.over is not None or callable(self.z):
            raise not_computed(self)
        if None not in (self.rows, self.columns):
            return self
        shape = outputs[self.z].shape if self.z in outputs else ()
        if len(shape) != 2:
            raise ValueError(f"heat map {self.z!r} has rows={self.rows!r}, columns={self.columns!r}; allowed: both, or"
                             " none if it shows a table (an output with two sizes)")
        return replace(self, rows=shape[0], columns=shape[1])

    def entries(self):
        return [level.label for level in self.levels] or [self.label] * bool(self.label)

    def names(self):
        return read_by(self.z, self.rows, self.columns)

    def binding(self, plot):
        return {"kind": "cells", "z": self.z, "rows": self.rows, "columns": self.columns, "x": self.x, "y": self.y}

    @staticmethod
    def fill(binding, values):
        rows, columns = (int(values[size][0]) if isinstance(size, str) else size
                         for size in (binding["rows"], binding["columns"]))
        return {"rows": rows, "columns": columns, "z": list(values[binding["z"]])[: rows * columns],
                "x": binding["x"] or [-0.5, columns - 0.5], "y": binding["y"] or [-0.5, rows - 0.5]}

    def look(self, plot):
        """Colour, mark and strength of each level, in percent of the ink."""
        if self.levels:
            levels = [{"role": level.role, "mark": level.mark, "shade": 100, "name": level.label}
                      for level in self.levels]
        else:
            levels = [{"role": self.role, "mark": "full", "shade": 6 + 94 * k // (_SHADES - 1), "name": ""}
                      for k in range(_SHADES)]
            levels.append({"role": "muted", "mark": "cross", "shade": 100, "name": "not finite"})
        return {"kind": "cells", "role": self.role, "name": self.label, "states": bool(self.levels),
                "low": self.low, "high": self.high, "levels": levels}

    svg = staticmethod(cells_svg)

    @staticmethod
    def sample(look, x, middle):
        """The level of an entry of the legend, or the shades side by side."""
        levels = look["levels"] if look["states"] else look["levels"][:-1]
        side = 140 if look["states"] else 120
        half = side // 2
        paths = [cell_path(level["mark"], side, k * side, -half, (k + 1) * side, half)
                 for k, level in enumerate(levels)]
        cells = "".join(level_svg(level, side, path) for level, path in zip(levels, paths))
        return f'<g class="live-cells" transform="translate({x} {middle}) scale(.1)">{cells}</g>'

    def plotly_data(self):
        return cells_data(self)

    def plotly_slots(self, plot, slots, placed):
        return cells_slots(plot, self, slots)
