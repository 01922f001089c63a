"""What a user sees when a kernel cannot become WebAssembly: the kernel, the line, and one plain sentence.

Numba reports a typing failure in up to thirty lines about overload resolution; `from_numba` keeps the user's
line and the one clause that says what is wrong.
"""
import linecache
import re

from numba.core import ir
from numba.core.errors import NumbaError, UnsupportedBytecodeError

__all__ = ["COMPILATION_ERRORS", "UnsupportedInWebAssembly", "definition_of", "from_numba"]

# Everything that Numba raises about code that it cannot compile.
COMPILATION_ERRORS = (NumbaError, UnsupportedBytecodeError, NotImplementedError)

_TERMINAL_COLOUR = re.compile(r"\x1b\[[0-9;]*m")

# An `UnsupportedBytecodeError` has its location only in its text.
_RAISED_FROM = re.compile(r"Raised from (.*) \((\d+)\)")

# (pattern in Numba's text, sentence): the first match speaks.
_SENTENCES = [
    (r"Untyped global name '(\w+)':.*Cannot determine Numba type of <class 'function'>",
     "{0} is a plain Python function: decorate it with toolkit's @kernel, like all that a kernel calls."),
    (r"Untyped global name '(\w+)':.*Cannot determine Numba type of <class '([\w.]+)'>",
     "{0} is a {1}, which a kernel cannot use: use numbers, tuples of numbers or arrays."),
    (r"The use of a reflected list.*assigned to variable '(\w+)' in globals",
     "{0} is a list, which a kernel cannot use: use numbers, tuples of numbers or arrays."),
    (r"Cannot bind .* to signature '(\([^']*\))'", "this call does not fit the parameters {0}."),
    (r"No implementation of function .* found for signature:\s*>>> ([^\n]*)",
     "{0} is not something that a kernel can compute."),
    (r"The use of yield in a closure", "generators are not available in WebAssembly: write a loop."),
    (r"unsupported opcode \(IMPORT_NAME\)",
     "import is not possible inside a kernel: import at the top of the file."),
    (r"unsupported opcode \(STORE_GLOBAL\)", "a kernel cannot change a global name: write into an output."),
    (r"Unsupported context manager", "with is not available in WebAssembly."),
    (r"NameError: name '(\w+)' is not defined", "the name {0} is not defined."),
    (r"Unknown attribute '(\w+)' of type", "there is no .{0} here that a kernel can use."),
    (r"(Cannot unify .*) for '([\w.]+)'", "the variable {1} changes its type: {0}."),
    (r"variable '([\w.]+)' referenced before assignment", "the variable {0} is used before it gets a value."),
    (r"NRT required but not enabled",
     "a kernel in WebAssembly cannot allocate memory: let arrays arrive as outputs or scratch arguments."),
]


class UnsupportedInWebAssembly(Exception):
    """A kernel uses something that WebAssembly cannot have.

    Attributes
    ----------
    reason : str
        One plain sentence that names the thing and says what to use instead.
    kernel : str or None
        Name of the kernel (the figure) that was being built.
    filename, line : str and int, or None
        The user's line; its text is part of the message.
    """

    def __init__(self, reason, location=None, kernel=None):
        super().__init__(reason)
        self.reason = reason
        self.kernel = kernel
        self.filename = self.line = None
        if location is not None:
            self.locate(location)

    def locate(self, location):
        """Say which line is meant."""
        self.filename, self.line = location.filename, location.line

    def __str__(self):
        lines = []
        if self.kernel is not None:
            lines.append(f"kernel {self.kernel!r} cannot run in WebAssembly.")
        if self.filename is not None:
            lines.append(f'  File "{self.filename}", line {self.line}')
            source = linecache.getline(self.filename, self.line).strip()
            if source:
                lines.append(f"    {source}")
        lines.append(self.reason)
        return "\n".join(lines)


def definition_of(function):
    """Location of the `def` line of a Python function; its code object starts at the decorators."""
    code = function.__code__
    lines = linecache.getlines(code.co_filename)
    line = code.co_firstlineno
    while line < len(lines) and lines[line - 1].lstrip().startswith("@"):
        line += 1
    return ir.Loc(code.co_filename, line)


def from_numba(error, fallback):
    """Numba's `error` as an `UnsupportedInWebAssembly` at the user's line.

    Parameters
    ----------
    error : one of COMPILATION_ERRORS
    fallback : location of the function being compiled, used where the error names a line of another file
    """
    location = getattr(error, "loc", None)
    raised_from = _RAISED_FROM.search(str(error))
    if location is None and raised_from:
        location = ir.Loc(raised_from[1], int(raised_from[2]))
    if location is None or location.filename != fallback.filename:
        location = fallback
    return UnsupportedInWebAssembly(_sentence(str(error)), location)


def _sentence(text):
    text = _TERMINAL_COLOUR.sub("", text)
    for pattern, sentence in _SENTENCES:
        found = re.search(pattern, text, re.DOTALL)
        if found:
            return sentence.format(*found.groups())
    lines = [line.strip() for line in text.splitlines()]
    frame = ("Failed in", "File ", "During:", "<source")
    told = [line for line in lines if line and not line.startswith(frame)]
    return f"Numba cannot compile this line: {told[0] if told else text}"
