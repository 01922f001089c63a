"""The kernel of a figure in short form, as source: the one place where kernels are written by a program.

It reads like a kernel in the long form, one loop for each sweep, and then the numbers at the controls' values. Where
the same call is made in a sweep over a control and at its value, that is the last pass of the loop.
"""
import linecache

from toolkit._core.kernel import kernel
from toolkit._core.numbers import in_format
from toolkit.elementary import exp

__all__ = ["clear", "clear_table", "entry_kernel", "entry_source", "round_row"]


@kernel
def clear(array):
    for i in range(array.size):
        array[i] = 0


@kernel
def clear_table(table):
    for i in range(table.shape[0]):
        clear(table[i])


@kernel
def round_row(given, fmt, out):
    """Numbers of a control, rounded to a format."""
    for i in range(given.size):
        out[i] = in_format(given[i], fmt)


def entry_kernel(form):
    """The kernel of a `ShortForm`, whose parameters are its controls, outputs and work arrays."""
    source, functions = entry_source(form)
    path = f"<figure {form.figure}>"
    linecache.cache[path] = (len(source), None, source.splitlines(keepends=True), path)
    names = {"in_format": in_format, "exp": exp, "clear": clear, "clear_table": clear_table, "round_row": round_row,
             "__name__": __name__}
    exec(compile(source, path, "exec"), names | functions | form.constants, made := {})
    entry = made[form.figure]
    return kernel(entry)


def entry_source(form):
    """The source, and name -> kernel of the functions that it calls."""
    functions, calls, lines = _Names(), dict(form.calls), []
    for sweep in form.sweeps:
        lines += _sweep_lines(sweep, calls.pop(sweep.still, None), functions)
    for call, stored in calls.items():
        lines += [*_call_lines(call, functions), *(f"{name}[0] = {text}" for name, text in stored.items())]
    parameters = ", ".join([*form.controls, *form.outputs, *form.work])
    body = [f"    {line}" for line in lines or ["pass"]]
    return "\n".join([f"def {form.figure}({parameters}):", *body, ""]), functions.given


def _sweep_lines(sweep, stored_still, functions):
    """A loop for each axis; with a last pass at the controls' values if anything is needed there."""
    joined = stored_still is not None and len(sweep.axes) == 1
    lines, indent = [], ""
    for axis in sweep.axes:
        lines += [f"{indent}for {axis.index} in range({axis.count}{' + 1' if joined else ''}):",
                  f"{indent}    {axis.at} = "
                  + (f"{axis.over} if {axis.index} == {axis.count} else " if joined else "") + axis.point]
        indent += "    "
    place = ", ".join(axis.index for axis in sweep.axes)
    stores = [f"{name}[{place}] = {text}" for name, text in sweep.stored.items()]
    body = _call_lines(sweep.call, functions)
    still = [f"{name}[0] = {text}" for name, text in (stored_still or {}).items()]
    if joined:
        body += [f"if {sweep.axes[0].index} < {sweep.axes[0].count}:", *(f"    {line}" for line in stores)]
        body += ["else:", *(f"    {line}" for line in still)] if still else []
    else:
        body += stores
    lines += [indent + line for line in body]
    return lines if joined or stored_still is None else [*lines, *_call_lines(sweep.still, functions), *still]


def _call_lines(call, functions):
    lines = [f"round_row({control}, {code}, {control}_in_format)" for control, code in call.rounded]
    lines += [f"{clearing}({name})" for name, clearing in call.cleared]
    arguments = ", ".join(f"{parameter}={text}" for parameter, text in call.arguments)
    return [*lines, f"value = {functions.of(call.function)}({arguments})"]


class _Names:
    """Names of kernels in the source."""

    def __init__(self):
        self.given = {}

    def of(self, function):
        for name, known in self.given.items():
            if known is function:
                return name
        name = f"{getattr(function, 'py_func', function).__name__}_of"
        while name in self.given:
            name += "_"
        self.given[name] = function
        return name
