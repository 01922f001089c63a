"""The figures of a page of the book without its experiments: of its cells only those run that a figure is made of."""
import contextlib
import io
import linecache
import re
import symtable

from toolkit.live.base import collected
from toolkit.live.page import code_cells

__all__ = ["cells_behind_figures", "figures_alone"]

_MAKES = re.compile(r"@live_figure|live_figure\(|live_simulation\(|import entries|\bentries\(")


def _bound_and_used(code):
    """The global names that a cell binds, and those that it or its functions read."""
    top = symtable.symtable(code, "cell", "exec")
    bound = {name.get_name() for name in top.get_symbols() if name.is_assigned() or name.is_imported()}
    used = {name.get_name() for name in top.get_symbols() if name.is_referenced()}
    inner = list(top.get_children())
    while inner:
        table = inner.pop()
        used |= {name.get_name() for name in table.get_symbols() if name.is_global()}
        inner += table.get_children()
    return bound, used


def cells_behind_figures(cells):
    """Those of a page's cells, ``(number, code)``, that make a figure, or bind a name that such a cell may read."""
    cells = list(cells)
    kept = {number for number, code in cells if _MAKES.search(code)}
    last = max(kept, default=0)
    names, found = {number: _bound_and_used(code) for number, code in cells}, True
    while found:
        needed = set().union(*(names[number][1] for number in kept))
        found = {number for number in names if number < last and needed & names[number][0]} - kept
        kept |= found
    return [cell for cell in cells if cell[0] in kept]


def figures_alone(source):
    """The figures that a page's cells make, in order."""
    namespace = {"__name__": "__main__"}
    with collected() as figures:
        for number, code in cells_behind_figures(enumerate(code_cells(source), start=1)):
            name = f"{source.name}, code cell {number}"
            linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
            with contextlib.redirect_stdout(io.StringIO()):
                exec(compile(code, name, "exec"), namespace)
    return figures
