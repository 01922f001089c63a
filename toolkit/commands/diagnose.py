"""The command ``diagnose``: a file of logits, read piece by piece, and what it loses in each format."""
import json
import mmap
import sys
from dataclasses import dataclass

import numpy as np

from toolkit._core.whole_files import path_to_write, write_text
from toolkit.commands.console import STOPPED, names_in

__all__ = ["add_diagnose", "diagnose"]

_EXAMPLES = """examples:
  %(prog)s logits.npy --labels labels.npy
  %(prog)s logits.csv --labels label --report report.html
  %(prog)s bits.npy --dtype bfloat16 --formats float32,bfloat16
"""
_BITS_OF = {"uint16": "bfloat16", "int16": "bfloat16", "uint8": "float8_e4m3fn"}  # as which integers are kept


def add_diagnose(parser):
    parser.epilog = _EXAMPLES
    files = parser.add_argument_group("what is read")
    files.add_argument("logits", help="npy, npz, csv, tsv or txt file of logits (..., K), classes along the last axis")
    files.add_argument("--labels", metavar="FILE", help="file of one class index per row, or of one-hot rows; or the "
                       "name of a column of a text file of logits")
    files.add_argument("--key", help="which array of an npz file holds the logits (default: the only one, or logits)")
    files.add_argument("--labels-key", metavar="KEY", help="which array of an npz file holds the labels (default: the "
                       "only one, or labels); without --labels of the logits' file")
    files.add_argument("--columns", metavar="C,C", help="columns of a text file that hold the logits: names, numbers "
                       "from 1, or ranges such as 2-11 (default: all but those called id, label and the like)")
    files.add_argument("--ignore", metavar="C,C", default="", help="columns of a text file that hold no logits")
    files.add_argument("--ignore-index", type=int, metavar="N", help="leave out rows with this label, often -100")
    files.add_argument("--dtype", metavar="FORMAT", help="what the logits are, where the file cannot name it or holds "
                       "their bits as integers: bfloat16, float16, float8_e4m3fn, ...")
    what = parser.add_argument_group("what is counted")
    what.add_argument("--formats", type=names_in, default=["float64", "float32", "float16", "bfloat16"],
                      metavar="F,F", help="formats; e6m9 has 6 exponent and 9 fraction bits "
                      "(default: float64,float32,float16,bfloat16)")
    what.add_argument("--order", default="sequential",
                      help="how the exponentials are added: sequential (default), pairwise, exact or lanes")
    said = parser.add_argument_group("what is said, and how")
    said.add_argument("--json", action="store_true", help="print JSON")
    said.add_argument("--report", metavar="FILE", help="write the report with its plots into an html file, too")
    said.add_argument("--threads", type=int, metavar="N", help="threads to use (default: all)")
    said.add_argument("--quiet", action="store_true", help="no progress bar")


def diagnose(arguments):
    """Count, and return what to print and the exit code; after Ctrl-C, one line on stderr."""
    from tqdm import tqdm

    from toolkit.collapse.diagnosis import Counting

    out = arguments.report and path_to_write(arguments.report, (".html",), "--report")
    _use_threads(arguments.threads)
    source = (_of_text if _reads_text(arguments) else _of_array)(arguments)
    for note in source.notes:
        print(f"note: {note}", file=sys.stderr)
    counting = Counting(source.classes, source.dtype, source.labelled, formats=arguments.formats, order=arguments.order)
    try:
        with tqdm(total=source.rows, unit=" rows", unit_scale=True, leave=False, delay=0.5, dynamic_ncols=True,
                  disable=arguments.quiet or None) as bar:
            for logits, targets in source.pieces:
                counting.add(logits, targets)
                bar.update(len(logits))
    except KeyboardInterrupt:
        print(_so_far(counting.report(), source.rows), file=sys.stderr)
        return "", STOPPED
    report = counting.report()
    if out is not None:
        from toolkit.commands.report_page import report_page
        write_text(out, report_page(report, arguments.logits))
        print(f"{out} holds the report", file=sys.stderr)
    return json.dumps(report.to_dict(), indent=2) if arguments.json else repr(report)


def _use_threads(count):
    import numba

    most = numba.config.NUMBA_NUM_THREADS
    if count is not None and not 1 <= count <= most:
        raise ValueError(f"--threads is {count}; allowed: 1 to {most}")
    numba.set_num_threads(count or most)


def _so_far(report, rows):
    shares = ", ".join(f"{each.format.name} {100 * each.share('collapsed'):.1f} %" for each in report)
    return f"interrupted after {report.rows + report.ignored_rows} of {rows} rows; of these collapse: {shares}"


@dataclass
class _Source:
    """Pieces of logits (n, K) with their labels, and what is known of them all before they are read."""

    rows: int
    classes: int
    dtype: str
    labelled: bool
    pieces: object
    notes: tuple = ()


def _reads_text(arguments):
    from toolkit.commands.logits_file import is_text

    if is_text(arguments.logits):
        return True
    for option in ("columns", "ignore"):
        if getattr(arguments, option):
            raise ValueError(f"--{option} is {getattr(arguments, option)!r}, but only text files have columns")
    return False


def _labels_of(arguments):
    """The array of labels of a file of its own, or beside the logits; None without labels."""
    from toolkit.commands.logits_file import read_array

    if not (arguments.labels or arguments.labels_key):
        return None
    labels = read_array(arguments.labels or arguments.logits, arguments.labels_key, usual="labels")
    return labels.reshape(-1) if labels.ndim == 2 and 1 in labels.shape else labels  # one column or line of text


def _of_array(arguments):
    from toolkit.collapse.diagnosis import pieces_of, rows_of
    from toolkit.collapse.targets import targets_of
    from toolkit.commands.logits_file import decoder, named, read_array
    from toolkit.formats import get_format

    bits = arguments.dtype and get_format(arguments.dtype)
    array, decode, notes = read_array(arguments.logits, arguments.key, usual="logits", bits=bool(bits)), np.asarray, ()
    if bits:
        with named(arguments.logits):
            decode = decoder(array, bits)
        array = array.view(f"u{array.dtype.itemsize}") if array.dtype.kind == "V" else array
    elif array.dtype.name in _BITS_OF:
        notes = (f"{array.dtype} logits are whole numbers; if they are bits of {_BITS_OF[array.dtype.name]}, "
                 f"say --dtype {_BITS_OF[array.dtype.name]}",)
    rows = rows_of(array, -1)
    labels = _labels_of(arguments)
    targets = targets_of(labels, rows.shape[:-1], rows.shape[-1], arguments.ignore_index)

    def pieces():
        start = 0
        for piece in pieces_of(rows):
            yield decode(piece), targets[start:start + len(piece)]
            start += len(piece)
            _forget(array)

    return _Source(len(targets), rows.shape[-1], bits.name if bits else rows.dtype.name, labels is not None, pieces(),
                   notes)


def _forget(array):
    """Give back the memory of what was read of a mapped file."""
    while isinstance(array, np.ndarray):
        array = array.base
    if isinstance(array, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        array.madvise(mmap.MADV_DONTNEED)


def _of_text(arguments):
    from toolkit.collapse.diagnosis import CHUNK
    from toolkit.collapse.targets import targets_of
    from toolkit.commands.logits_file import named
    from toolkit.commands.tables import Table

    if arguments.dtype or arguments.key:
        option = "dtype" if arguments.dtype else "key"
        raise ValueError(f"--{option} is {getattr(arguments, option)!r}, but a text file holds "
                         f"{'decimal numbers' if arguments.dtype else 'one table'}")
    with named(arguments.logits) as path:
        table = Table(path)
        among = None if arguments.labels is None else table.place(arguments.labels)
        ignored = [*table.columns(arguments.ignore), *([] if among is None else [among])]
        columns, unasked = table.numbers_only(table.columns(arguments.columns) if arguments.columns else None, ignored)
        rows = table.count()
        if not rows:
            raise ValueError("there is nothing below the line of names")
    labels = _labels_of(arguments) if among is None else None
    if labels is not None or among is None:
        targets = targets_of(labels, (rows,), len(columns), arguments.ignore_index)

    def pieces():
        start = 0
        with named(arguments.logits):
            for piece in table.pieces(max(1, CHUNK // table.width), columns if among is None else [*columns, among]):
                here = slice(start, start + len(piece))
                start += len(piece)
                yield (piece, targets[here]) if among is None else (piece[:, :-1], targets_of(
                    piece[:, -1], (len(piece),), len(columns), arguments.ignore_index, here.start))

    notes = ()
    if unasked:
        notes = (f"left out, as logits are not called so: {', '.join(unasked)}; --columns names those to take, "
                 "--labels one that holds labels",)
    return _Source(rows, len(columns), "float64", labels is not None or among is not None, pieces(), notes)
