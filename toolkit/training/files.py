"""Arrays in one .npz file that is either the old one or the new one, never half of it, and never unpickled."""
import zipfile
from pathlib import Path

import numpy as np

from toolkit._core.damaged_files import DAMAGED, reason_of
from toolkit._core.whole_files import written_whole

__all__ = ["read_arrays", "write_arrays"]


def write_arrays(path, arrays, compress=True):
    """Write `arrays` into an .npz file, as `written_whole` does."""
    with written_whole(path) as file:
        (np.savez_compressed if compress else np.savez)(file, **arrays)


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
