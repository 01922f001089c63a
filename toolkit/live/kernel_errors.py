"""What a user sees when a kernel cannot be compiled: the line, its source, and one plain sentence.

Numba reports a failure in up to ninety lines about overload resolution; `from_numba` keeps the user's line and the one
clause that says what is wrong. Figures raise it themselves; in a notebook it also stands in the place of what Numba
says of a kernel that a cell calls. ``TOOLKIT_TRACEBACKS=1`` in the environment shows all that Numba says.
"""
import difflib
import dis
import linecache
import os
import re
from contextlib import contextmanager

from numba.core import ir
from numba.core.dispatcher import Dispatcher
from numba.core.errors import NumbaError, UnsupportedBytecodeError

from toolkit.live.kernel_sentences import sentence_of
from toolkit.live.user_code import functions_in, is_users, notebook_shell

__all__ = ["COMPILATION_ERRORS", "Interrupted", "KernelError", "definition_of", "from_numba", "in_words",
           "show_in_notebook", "words_of"]

# Everything that Numba raises about code that it cannot compile.
COMPILATION_ERRORS = (NumbaError, UnsupportedBytecodeError, NotImplementedError)

_TERMINAL_COLOUR = re.compile(r"\x1b\[[0-9;]*m")

# Where Numba says where it was: the first place is the innermost.
_PLACES = re.compile(r"""File "([^"\n]+)", line (\d+)|(?:at|Raised from) (/?\S[^\n]*?) \((\d+)\)""")


class KernelError(Exception):
    """A kernel cannot be compiled or stopped, said in words.

    Attributes
    ----------
    reason : str
        One plain sentence that names the thing and says what to use instead.
    kernel : str or None
        Name of the kernel.
    filename, line : str and int, or None
        The user's line; its text is part of the message.
    """

    heading = None

    def __init__(self, reason, location=None, kernel=None):
        super().__init__(reason)
        self.reason, self.kernel = reason, kernel
        self.filename = self.line = None
        if location is not None:
            self.locate(location)

    def locate(self, location):
        """Say which line is meant."""
        self.filename, self.line = location.filename, location.line

    @property
    def source(self):
        """The user's line."""
        return linecache.getline(self.filename, self.line).strip() if self.filename else ""

    def __str__(self):
        place = f"{_place_of(self.filename)}, line {self.line}" if self.filename else ""
        if self.kernel is not None and self.heading is None:
            place = ", ".join(filter(None, [place, f"in {self.kernel}"]))
        heading = self.heading and self.kernel is not None and self.heading.format(self.kernel)
        lines = [heading, place and f"  {place}", self.source and f"    {self.source}", self.reason]
        return "\n".join(filter(None, lines))

    def _render_traceback_(self):
        """What IPython shows in the place of a traceback."""
        return f"{type(self).__name__}: {str(self).strip()}".splitlines()


class Interrupted(KeyboardInterrupt):
    """A kernel was interrupted; says where, if it is known: the number of a loop, or its location."""

    def __str__(self):
        where = [place for place in self.args if hasattr(place, "filename")]
        return str(KernelError("interrupted in this loop.", *where)).strip() if where else ""

    def _render_traceback_(self):
        return f"KeyboardInterrupt: {self}".splitlines()


def _place_of(filename):
    """A file, or a notebook's cell as the notebook calls it."""
    compiler = getattr(notebook_shell(), "compile", None)
    cell = compiler.format_code_name(filename) if hasattr(compiler, "format_code_name") else None
    return " ".join(cell) if cell else f'File "{filename}"'


def definition_of(function):
    """Location of the `def` line of a Python function; its code object starts at the decorators."""
    code = function.__code__
    lines = linecache.getlines(code.co_filename)
    line = code.co_firstlineno
    while line < len(lines) and lines[line - 1].lstrip().startswith("@"):
        line += 1
    return ir.Loc(code.co_filename, line)


def from_numba(error, fallback=None, kind=KernelError):
    """Numba's `error` in words, at the innermost line of the user's that it names.

    Parameters
    ----------
    error : one of COMPILATION_ERRORS
    fallback : location where it names none
    kind : subclass of `KernelError`
    """
    text = _TERMINAL_COLOUR.sub("", str(error))
    locations = [ir.Loc(_absolute(one or other), int(line or its_line))
                 for one, line, other, its_line in _PLACES.findall(text)]
    if getattr(error, "loc", None) is not None:
        locations.append(error.loc)
    own = fallback and fallback.filename
    theirs = (place for place in locations if place.filename == own or is_users(place.filename))
    return kind(sentence_of(text), next(theirs, fallback))


def _absolute(filename):
    """Numba writes paths from where the process stands; generated code has a name that is none."""
    return os.path.abspath(filename) if "/" in filename else filename


def _all_is_wanted():
    return any(os.environ.get(name, "0") not in ("", "0") for name in ("TOOLKIT_TRACEBACKS", "NUMBA_FULL_TRACEBACKS"))


@contextmanager
def in_words(function, name=None):
    """For a call of a user's kernel: what Numba says of its code becomes a `KernelError`."""
    try:
        yield
    except (*COMPILATION_ERRORS, AttributeError) as error:
        if _all_is_wanted():
            raise
        said = _of_kernel(error, function)
        said.kernel = name
        raise said from None


def _of_kernel(error, kernel):
    """Numba's `error` about a kernel in words, with the name that may have been meant."""
    said = from_numba(error, _line_of(getattr(error, "name", None), kernel))
    missing = re.match(r"the name (\w+) is not defined", said.reason)
    for function in functions_in(kernel) if missing else ():
        code = function.__code__
        if missing[1] in code.co_names:
            close = difflib.get_close_matches(missing[1], [*code.co_varnames, *function.__globals__], 1)
            said.locate(_line_of(missing[1], function))  # Numba names the line of the outermost call
            said.reason = f"the name {missing[1]} is not defined{close and f', is it {close[0]}?' or '.'}"
    return said


def _line_of(name, kernel):
    """Where a kernel, or one that it calls, uses a name of a module; else where it begins."""
    for function in functions_in(kernel):
        for step in dis.get_instructions(function) if name else ():
            if step.argval == name:
                return ir.Loc(function.__code__.co_filename, step.positions.lineno)
    return definition_of(getattr(kernel, "py_func", kernel))


def words_of(error):
    """Any error on one line, with its name; Numba's in words."""
    if isinstance(error, COMPILATION_ERRORS) and not isinstance(error, NotImplementedError):
        error = from_numba(error)
    if isinstance(error, KernelError):
        return f"line {error.line}, {error.source}: {error.reason}" if error.source else error.reason
    return f"{type(error).__name__}: {error}"


def show_in_notebook():
    """From now on a notebook shows three lines where a cell calls a kernel that cannot be compiled."""
    shell = notebook_shell()
    if shell is None or shell.custom_exceptions or _all_is_wanted():
        return

    def show(shell, kind, error, traceback, tb_offset=None):
        kernels = list(_kernels_compiled(traceback))
        if kernels or kind is not AttributeError:
            error = _of_kernel(error, kernels[-1]) if kernels else from_numba(error)
        shell.showtraceback((type(error), error, traceback), tb_offset=tb_offset)

    shell.set_custom_exc((NumbaError, UnsupportedBytecodeError, AttributeError), show)


def _kernels_compiled(traceback):
    """The user's kernels that were being compiled when an error came, the innermost last."""
    while traceback is not None:
        kernel = traceback.tb_frame.f_locals.get("self")
        if isinstance(kernel, Dispatcher) and is_users(kernel.py_func.__code__.co_filename):
            yield kernel
        traceback = traceback.tb_next
