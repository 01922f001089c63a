"""Arrays of numbers from npy, npz and csv files, with one plain sentence on what is wrong with a bad one.

Nothing is ever unpickled, so that a file from a stranger cannot run code.
"""
import tokenize
import zipfile
from pathlib import Path

import numpy as np

from toolkit._core.arguments import shown
from toolkit._core.damaged_files import DAMAGED, reason_of
from toolkit.formats import from_bits, get_format

__all__ = ["read_array"]

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


def read_array(path, key=None, *, usual=None, bits_of=None):
    """The array in a file.

    Parameters
    ----------
    path : str or path
        A .npy file is memory-mapped. A .csv, .tsv or .txt file holds one row a line, after an optional line
        of names, in fields divided by tabs, semicolons, commas or spaces; with the first two, decimal commas
        will do.
    key : str, optional
        Which array of an .npz file; needless where there is only one.
    usual : str, optional
        The array to take where there are several and no key.
    bits_of : Format or name of one, optional
        The array holds bit patterns of this format, as integers or as bytes that an npy file cannot name.

    Raises
    ------
    ValueError
        With one line that names the file and what is wrong with it.
    """
    path = Path(path)
    reader = _READERS.get(path.suffix.lower())
    try:
        if reader is None:
            raise ValueError(f"the extension is {path.suffix or 'missing'}; allowed: {', '.join(_READERS)}")
        if key is not None and reader is not _read_npz:
            raise ValueError(f"key is {key!r}, but only an npz file has keys")
        if reader is _read_npz:
            key = key, usual
        if not path.is_file():
            raise ValueError("not a file" if path.exists() else "no such file")
        if path.stat().st_size == 0:
            raise ValueError("the file is empty")
        array = reader(path, key)
        return _checked(array) if bits_of is None else _decoded(array, get_format(bits_of))
    except (*DAMAGED, *_OF_HEADERS) as error:
        reason = reason_of(error)
        plain = next((words for part, words in _IN_PLAIN_WORDS.items() if part in reason), reason)
        raise ValueError(f"{path}: {plain}") from error


def _checked(array):
    if array.dtype.kind == "V" and array.dtype.names is None:
        raise ValueError("its numbers are of a type that npy files cannot name, as bfloat16 or float8; say which by "
                         "--dtype, or save them as float32")
    if array.dtype.kind not in "biuf":
        raise ValueError(f"it holds {array.dtype if array.dtype.names is None else 'records'}; allowed: numbers")
    return array


def _decoded(array, format):
    width = -(-format.bits // 8)
    if array.dtype.kind not in "iuV" or array.dtype.names is not None or array.dtype.itemsize != width:
        raise ValueError(f"it holds {array.dtype}; allowed for bits of {format.name}: integers of {width} bytes")
    patterns = np.ascontiguousarray(array.astype(array.dtype.newbyteorder("="))).view(f"u{width}")
    values = from_bits(patterns, format)
    return values if format.fraction_bits > 23 or format.exponent_bits > 8 else values.astype(np.float32)


def _read_npy(path, key):
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


def _read_text(path, key):
    numbered = [(number, line) for number, line in enumerate(path.read_text("utf-8-sig").splitlines(), 1)
                if line.strip()]
    if not numbered:
        raise ValueError("the file is empty")
    delimiter = next((mark for mark in "\t;," if mark in numbered[0][1]), None)
    if delimiter in ("\t", ";"):
        numbered = [(number, line.replace(",", ".")) for number, line in numbered]
    if not numbered[0][1].split(delimiter)[0].strip():
        raise ValueError("line 1 starts with an empty field, as a column of row numbers has; save without it")
    if _is_header(numbered, delimiter):
        numbered = numbered[1:]
    if not numbered:
        raise ValueError("there is nothing below the line of names")
    try:
        return np.loadtxt([line for _, line in numbered], delimiter=delimiter, comments=None, ndmin=2)
    except ValueError:
        raise ValueError(_first_mistake(numbered, delimiter)) from None


def _is_header(numbered, delimiter):
    """Whether the first line holds names: no number at all, or 0, 1, 2 ... above numbers with a point."""
    names = [name.strip().strip("\"'") for name in numbered[0][1].split(delimiter)]
    if not any(map(_is_number, names)):
        return True
    return names == [str(k) for k in range(len(names))] and any("." in line for _, line in numbered[1:])


def _is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True


def _first_mistake(numbered, delimiter):
    first = len(numbered[0][1].split(delimiter))
    for number, line in numbered:
        fields = line.split(delimiter)
        if len(fields) != first:
            return f"line {number} has {len(fields)} fields, but line {numbered[0][0]} has {first}"
        for place, field in enumerate(fields, 1):
            if not _is_number(field):
                return f"line {number}, field {place}: {field.strip()!r} is not a number"
    return "not a table of numbers divided by tabs, semicolons, commas or spaces"


_READERS = {".npy": _read_npy, ".npz": _read_npz, ".csv": _read_text, ".tsv": _read_text, ".txt": _read_text}
