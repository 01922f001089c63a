"""When compiled kernels are out of date: Numba looks at a kernel's own file, but machine code inlines other files too."""
import re
from functools import cache
from pathlib import Path

__all__ = ["stamp_of"]

_PACKAGE = Path(__file__).parents[1]
_IMPORT = re.compile(r"^\s*(?:from\s+([\w.]+)\s+import\s+(\([^)]*\)|[^\n]*)|import\s+([\w.]+))", re.MULTILINE)


def _modules_at(dotted):
    """The file of a module, or of a package's ``__init__``, if it is one of ours."""
    path = _PACKAGE.parent.joinpath(*dotted.split("."))
    return [file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()]


@cache
def _imported(file):
    """The project's files that one of them imports, wherever in it."""
    found = set()
    for origin, names, module in _IMPORT.findall(file.read_text(encoding="utf-8")):
        dotted = origin or module
        if dotted.partition(".")[0] == _PACKAGE.name:
            found.update(_modules_at(dotted))
            for name in re.findall(r"\w+", names):
                found.update(_modules_at(f"{dotted}.{name}"))
    return found


def _reached(file):
    """The file and all that it imports, directly or not."""
    reached, waiting = set(), {file}
    while waiting:
        reached |= waiting
        waiting = set().union(*map(_imported, waiting)) - reached
    return reached


@cache
def stamp_of(file):
    """Modification time and sizes of the project's files that kernels of `file` can be made of; of a file elsewhere, as
    a script or a notebook's cell, all of them and itself."""
    file = Path(file).resolve()
    files = _reached(file) if _PACKAGE in file.parents else {*_PACKAGE.rglob("*.py"), *filter(Path.is_file, [file])}
    stats = [(path.stat().st_mtime_ns, path.stat().st_size) for path in sorted(files)]
    return max(time for time, _ in stats), hash(tuple(stats))
