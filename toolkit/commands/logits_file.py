"""Arrays of numbers from npy, npz and text files, with one plain sentence on what is wrong with a bad one.

Nothing is ever unpickled, so that a file from a stranger cannot run code.
"""
import contextlib
import tokenize
import zipfile
from pathlib import Path

import numpy as np

from toolkit._core.arguments import shown
from toolkit._core.damaged_files import DAMAGED, reason_of
from toolkit.commands.tables import Table
from toolkit.formats import from_bits

__all__ = ["decoder", "is_text", "named", "read_array"]

TEXT = (".csv", ".tsv", ".txt")

# What NumPy raises besides where the line that describes an array is damaged.
_OF_HEADERS = (tokenize.TokenError, SyntaxError, TypeError, KeyError)

_IN_PLAIN_WORDS = {
    "Python objects": "it holds Python objects, which are never loaded; save an array of numbers",
    "Object arrays": "it holds Python objects, which are never loaded; save an array of numbers",
    "pickled": "it holds Python objects, which are never loaded; save an array of numbers",
    "mmap length": "the file is cut short",
    "EOF: reading": "the file is cut short",
    "not fully written": "the file is cut short",
    "codec can't decode": "not a text file in UTF-8",
    "not a zip file": "not an npz file, or cut short",
    "File name in directory": "its list of arrays is damaged",
    "Cannot parse header": "the line that describes the array is damaged",
}


def is_text(path):
    """Whether a file holds a `Table`, by its ending."""
    return Path(path).suffix.lower() in TEXT


@contextlib.contextmanager
def named(path):
    """Errors of what is done with a file become one line that names it."""
    try:
        path = Path(path)
        if path.suffix.lower() not in _READERS:
            raise ValueError(f"the extension is {path.suffix or 'missing'}; allowed: {', '.join(_READERS)}")
        if not path.is_file():
            raise ValueError("not a file" if path.exists() else "no such file")
        if path.stat().st_size == 0:
            raise ValueError("the file is empty")
        yield path
    except (*DAMAGED, *_OF_HEADERS) as error:
        reason = reason_of(error)
        plain = next((words for part, words in _IN_PLAIN_WORDS.items() if part in reason), reason)
        raise ValueError(f"{path}: {plain}") from error


def read_array(path, key=None, *, usual=None, bits=False):
    """The array in a file.

    Parameters
    ----------
    path : str or path
        A .npy file is memory-mapped; of a .csv, .tsv or .txt file see `Table`.
    key : str, optional
        Which array of an .npz file; needless where there is only one.
    usual : str, optional
        The array to take where there are several and no key.
    bits : bool
        Whether its numbers may be of a type that the file cannot name.

    Raises
    ------
    ValueError
        With one line that names the file and what is wrong with it.
    """
    with named(path) as path:
        reader = _READERS[path.suffix.lower()]
        if key is not None and reader is not _read_npz:
            raise ValueError(f"key is {key!r}, but only an npz file has keys")
        array = reader(path, (key, usual))
        return array if bits else _checked(array)


def _checked(array):
    if array.dtype.kind == "V" and array.dtype.names is None:
        raise ValueError("its numbers are of a type that npy files cannot name, as bfloat16 or float8; say which by "
                         "--dtype, or save them as float32")
    if array.dtype.kind not in "biuf":
        raise ValueError(f"it holds {array.dtype if array.dtype.names is None else 'records'}; allowed: numbers")
    return array


def decoder(array, format):
    """What turns pieces of an array of bit patterns of a format into its numbers."""
    width = -(-format.bits // 8)
    if array.dtype.kind not in "iuV" or array.dtype.names is not None or array.dtype.itemsize != width:
        raise ValueError(f"it holds {array.dtype}; allowed for bits of {format.name}: integers of {width} bytes")

    def decoded(piece):
        patterns = np.ascontiguousarray(piece.astype(piece.dtype.newbyteorder("="))).view(f"u{width}")
        return from_bits(patterns, format)

    return decoded


def _read_npy(path, keys):
    with path.open("rb") as file:
        if not file.read(6).startswith(b"\x93NUMPY"):
            raise ValueError("not an npy file")
    return np.load(path, mmap_mode="r", allow_pickle=False)


def _read_npz(path, keys):
    key, usual = keys
    if not zipfile.is_zipfile(path):
        raise zipfile.BadZipFile("not a zip file")
    with np.load(path, allow_pickle=False) as archive:
        names = archive.files
        if key is None and usual in names:
            key = usual
        if key is None and len(names) != 1:
            raise ValueError(f"it holds {len(names)} arrays ({', '.join(names)}); name one by its key")
        if key is not None and key not in names:
            raise ValueError(f"key is {shown(key)}; allowed: {', '.join(names)}")
        array = archive[names[0] if key is None else key]
    if not isinstance(array, np.ndarray):
        raise ValueError("not an npz file, but another zip archive")
    return array


def _read_text(path, keys):
    pieces = list(Table(path).pieces(1 << 16))
    if not pieces:
        raise ValueError("there is nothing below the line of names")
    return np.concatenate(pieces)


_READERS = {".npy": _read_npy, ".npz": _read_npz, ".csv": _read_text, ".tsv": _read_text, ".txt": _read_text}
