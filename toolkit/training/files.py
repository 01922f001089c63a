"""Files that are either the old one or the new one, never half of it; arrays in an .npz file, never unpickled."""
import contextlib
import os
import zipfile
from pathlib import Path

import numpy as np

from toolkit._core.damaged_files import DAMAGED, reason_of

__all__ = ["read_arrays", "write_arrays", "written_whole"]


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


def write_arrays(path, arrays, compress=True):
    """Write `arrays` into an .npz file, as `written_whole` does."""
    with written_whole(path) as file:
        (np.savez_compressed if compress else np.savez)(file, **arrays)


def _sync_folder(folder):
    """Make the new name last, where a folder can be synchronised at all."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def read_arrays(path):
    """All arrays of an .npz file by name.

    Raises
    ------
    ValueError
        With one line that names the file and what is wrong with it.
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"{path}: {'not a file' if path.exists() else 'no such file'}")
    try:
        if not zipfile.is_zipfile(path):
            raise zipfile.BadZipFile("not an npz file, or cut short")
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (*DAMAGED, KeyError) as error:
        raise ValueError(f"{path}: {reason_of(error)}") from error
