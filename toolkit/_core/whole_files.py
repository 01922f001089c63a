"""Files that are either the old one or the new one, never half of it."""
import contextlib
import os
from pathlib import Path

__all__ = ["written_whole"]


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


def _sync_folder(folder):
    """Make the new name last, where a folder can be synchronised at all."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
