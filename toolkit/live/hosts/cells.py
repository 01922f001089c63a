"""Widgets of a notebook's cells: they are closed when their cell runs again, and none is kept in the notebook.

What runs a notebook without a browser (nbconvert, papermill) would store the state of every widget that a cell sends,
Plotly's 5 MB included, for scripts of other hosts to show. So the messages of our widgets belong to no cell. A browser
takes them all the same.
"""
from contextlib import contextmanager

from ipywidgets import Widget

from toolkit.live.user_code import notebook_shell

__all__ = ["cell_name", "in_kernel", "in_terminal", "keep", "widgets_apart"]

_shown = {}  # cell -> its displays
_watched = set()


def _kernel():
    return getattr(notebook_shell(), "kernel", None)


def in_kernel():
    """Whether there is a notebook to show something."""
    return _kernel() is not None


def cell_name():
    """The name that the editor gives to the cell that runs now, or None."""
    return _kernel().get_parent().get("metadata", {}).get("cellId") if in_kernel() else None


def in_terminal():
    """Whether IPython shows texts alone."""
    return notebook_shell() is not None and not in_kernel()


@contextmanager
def widgets_apart():
    """The widgets that are made inside, in a list; an error closes them."""
    made, before, kernel = [], Widget._widget_construction_callback, _kernel()
    Widget.on_widget_constructed(lambda widget: (made.append(widget), before and before(widget)))
    if kernel is not None:
        kernel.get_parent = lambda channel=None: {}
    try:
        yield made
    except BaseException:
        for widget in made:
            widget.close()
        raise
    finally:
        Widget.on_widget_constructed(before)
        if kernel is not None:
            del kernel.get_parent


def keep(display):
    """Close a display when the cell that shows it runs again, or its figure is defined anew.

    Cells have names in JupyterLab; elsewhere a cell is what it says.
    """
    shell, identity = notebook_shell(), cell_name()
    if id(shell) not in _watched:
        _watched.add(id(shell))
        shell.events.register("pre_run_cell", lambda info: _close(info.cell_id or info.raw_cell))
    if identity is None:
        for displays in _shown.values():
            for other in [each for each in displays if _is_replaced(each.figure, display.figure)]:
                displays.remove(other)
                _let_go(other)
    said = shell.kernel.get_parent().get("content", {}).get("code")
    _shown.setdefault(identity or said, []).append(display)


def _is_replaced(figure, by):
    if figure is None or by is None:
        return False
    return figure.name == by.name and figure.controls is not by.controls  # a preset has those of its figure


def _close(cell):
    for display in _shown.pop(cell, ()):
        _let_go(display)


def _let_go(display):
    """Close a display; IPython's results of earlier cells would hold its figure, and with it machine code, for ever."""
    display.close()
    shell = notebook_shell()
    results = shell.user_ns.get("_oh", {})
    for number in [number for number, result in results.items() if result is display.figure]:
        del results[number]
        for names in (shell.user_ns, shell.user_ns_hidden):
            names.pop(f"_{number}", None)
