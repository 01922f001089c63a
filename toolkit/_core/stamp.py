"""What compiled code depends on: Numba looks at a kernel's own file, but machine code inlines other files too.

The files of the project that a piece of code can reach are found from its imports, without running them. A name taken
from a package leads to the module that the package has it from, so that a change of one method concerns those who use
that method, not all who use its family.
"""
import re
import time
from functools import cache
from hashlib import sha256
from pathlib import Path

__all__ = ["Unknown", "digest_of", "files_behind", "is_ours", "stamp_of", "stamp_of_imported"]

_PACKAGE = Path(__file__).parents[1]
_IMPORT = re.compile(r"^\s*(?:from\s+([\w.]+)\s+import\s+(\([^)]*\)|[^\n]*)|import\s+([\w.]+))", re.MULTILINE)
_COMMENT = re.compile(r"#[^\n]*")
_BOUND = re.compile(r"(\w+)(?:\s+as\s+(\w+))?")
_PUBLIC = re.compile(r"^(?:__all__|KERNELS) = \[([^\]]*)\]", re.MULTILINE)
# Arithmetic of numbers and rows is compiled into kernels that import none of it; figures look for their hosts.
_WHOLE = ("_core", "live")


_BEGUN = time.time()


class Unknown(Exception):
    """Nobody can say when machine code is out of date."""


@cache
def is_ours(file):
    """Whether a file belongs to the package."""
    return _PACKAGE in Path(file).parents


def digest_of(*texts):
    """A short hexadecimal digest."""
    return sha256("\n".join(texts).encode()).hexdigest()[:16]


def _files_of(dotted):
    """The file of a module, or of a package's ``__init__``, if it is one of ours."""
    path = _PACKAGE.parent.joinpath(*dotted.split("."))
    return [file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()]


def _imports(text):
    """``(module, name, bound as)`` of all that a text imports, wherever in it; name is None of ``import module``."""
    for origin, names, module in _IMPORT.findall(text):
        if (origin or module).partition(".")[0] != _PACKAGE.name:
            continue
        if module:
            yield module, None, module
        elif "*" in names:
            yield origin, "*", "*"
        else:
            for name, alias in _BOUND.findall(_COMMENT.sub("", names)):
                yield origin, name, alias or name


@cache
def _text(file):
    return file.read_text(encoding="utf-8")


@cache
def _imports_of(file):
    found = list(_imports(_text(file)))
    if "collect(__name__" in _text(file):
        package = ".".join(file.parent.relative_to(_PACKAGE.parent).parts)
        found += [(f"{package}.{each.stem}", "*", "*") for each in sorted(file.parent.glob("_[a-z]*.py"))]
    return tuple(found)


@cache
def _made_in(file):
    """The names that a file binds at its top level by other means than an import."""
    return set(re.findall(r"^(?:def |class )?(\w+)(?:\(|:| =|\[|\.| \+=)", _text(file), re.MULTILINE))


@cache
def _source_of(module, name):
    """The files from which ``from module import name`` takes it."""
    submodule = _files_of(f"{module}.{name}")
    if submodule:
        return submodule
    found = _files_of(module)
    for file in found:
        if name in _made_in(file):
            return found
        for origin, original, bound in _imports_of(file):
            if bound == name and original is not None and origin != module:
                return _source_of(origin, original)
        for origin, original, _ in _imports_of(file):
            if original == "*" and name in _public(origin):
                return _source_of(origin, name)
    return found


@cache
def _public(module):
    """The names that a module gives to its package, as far as they are written out."""
    return {name for file in _files_of(module) for names in _PUBLIC.findall(_text(file))
            for name in re.findall(r"\"(\w+)\"", names)}


def _needed(imports):
    for module, name, _ in imports:
        yield from _files_of(module) if name in (None, "*") else _source_of(module, name)


def _closure(files, leaves=()):
    """The files and all that they import, directly or not; the imports of `leaves` are not followed."""
    reached, waiting = set(), {*files, *_whole("_core")}
    while waiting:
        reached |= waiting
        rooms = {file.relative_to(_PACKAGE).parts[0] for file in waiting if is_ours(file)}
        waiting = {needed for file in waiting.difference(leaves) for needed in _needed(_imports_of(file))}
        waiting = waiting.union(*map(_whole, rooms.intersection(_WHOLE))) - reached
    return reached


@cache
def _whole(room):
    return frozenset((_PACKAGE / room).rglob("*.py"))


def files_behind(text, leaves=()):
    """The project's files that code with these imports can reach; the imports of `leaves` are not followed."""
    return _closure(set(_needed(_imports(text))), leaves)


@cache
def _reached(file):
    return frozenset(_closure({file}))


@cache
def _digest(file):
    return f"{file.name} {sha256(file.read_bytes()).hexdigest()}"


@cache
def stamp_of(file):
    """A digest of the project's files that kernels of one of them can be made of."""
    return digest_of(*map(_digest, sorted(_reached(Path(file).resolve()))))


@cache
def stamp_of_imported(file):
    """`stamp_of` a file that this process runs; raises `Unknown` where files have changed since, and code is older than
    what they say now."""
    if any(path.stat().st_mtime > _BEGUN for path in _reached(Path(file).resolve())):
        raise Unknown(f"{file} has changed since it was imported")
    return stamp_of(file)
