"""Where to write, and files that are either the old one or the new one, never half of it."""
import contextlib
import os
from pathlib import Path

from toolkit._core.arguments import shown

__all__ = ["path_to_write", "write_text", "written_whole"]


@contextlib.contextmanager
def written_whole(path):
    """A file to write to, which then takes the place of `path` in one move.

    Raises
    ------
    OSError
        With `path` as it was, and nothing left beside it.
    """
    path = Path(path)
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with draft.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise
    _sync_folder(path.parent)


def write_text(path, text):
    """Write `text`, as `written_whole` does."""
    with written_whole(path) as file:
        file.write(text.encode("utf-8"))


def path_to_write(path, endings, name):
    """The path that argument `name` gives; ValueError where no file of these endings can be written."""
    given, path = shown(str(path)), Path(path)
    if path.suffix.lower() not in endings:
        raise ValueError(f"{name} is {given}; allowed: a name that ends in {' or '.join(endings)}")
    if path.is_dir():
        raise ValueError(f"{name} is {given}, a folder; allowed: the name of a file")
    if not path.parent.is_dir():
        raise ValueError(f"{name} is {given}, but there is no folder {shown(str(path.parent))}")
    return path


def _sync_folder(folder):
    """Make the new name last, where a folder can be synchronised at all."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
