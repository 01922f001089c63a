"""`diagnose`: run the counting kernels over anybody's logits, a chunk at a time."""

import numpy as np

from toolkit._core.arguments import check_choice, shown
from toolkit._core.array_likes import array_of
from toolkit._core.arrays import check_axis
from toolkit.collapse.gaps import collapse_gap, collapse_margin, underflow_gap
from toolkit.collapse.kernels import COUNTS, ORDERS, count_rows
from toolkit.collapse.report import CollapseReport, FormatLosses
from toolkit.collapse.targets import IGNORED, targets_of
from toolkit.formats import get_format

__all__ = ["diagnose"]

_CHUNK = 1 << 20  # logits held in float64 at a time: 8 MB


def diagnose(logits, labels=None, *, formats=("float64", "float32", "float16", "bfloat16"), axis=-1,
             order="sequential", ignore_index=None):
    """Where logits collapse, overflow and underflow, format by format.

    A row *collapses* in a format when, after the cast to it, the subtraction of the row's maximum and exp,
    the sum is exactly 1: the metric of the paper's code. It ignores labels, so a confidently wrong row counts
    too, and it speaks of softmax only. Losses and gradients are those of the common form,
    ``log(sum) + (max - z_y)``, whose sum runs in index order. Every operation is rounded to the format.

    Parameters
    ----------
    logits : array_like (..., K)
        Booleans, integers, floats up to float64, or ml_dtypes' types named in `toolkit.formats.FORMATS`; not masked.
        Memory-mapped arrays are read piece by piece.
    labels : array_like of integers (...), optional
        Class indices, 0 to K - 1, in the shape of the rows, flat, or with a last axis of length 1; floats if they are
        whole numbers; or one-hot rows, in the shape of the logits, which have their classes last.
    formats : sequence of what `toolkit.formats.get_format` accepts
    axis : int
        Axis of the classes.
    order : {"sequential", "pairwise", "exact", "lanes"}
        How `collapsed` sums: in index order; by halves of halves; or with one rounding at the end, as
        hardware does that accumulates in a wider format.
    ignore_index : int, optional
        Rows with this label, often -100, are left out of every count.

    Returns
    -------
    CollapseReport

    Special values
    --------------
    Rows with NaN or +inf are counted as NaN rows, as are those that become so in a format; -inf marks a class
    that is left out.

    References
    ----------
    Prieto et al. (2025), arXiv:2501.04697.

    Examples
    --------
    >>> import numpy as np
    >>> logits = np.array([[20.0, 0.0, 0.0], [5.0, 0.0, 0.0]])
    >>> report = diagnose(logits, [0, 0], formats=["float32", "float16"])
    >>> report["float32"].collapsed, report["float32"].zero_label_gradients
    (1, 1)
    >>> print(report["float16"].sentence.split("; ")[0])
    float16: 1 of 2 rows (50.0 %) collapse, as their exponentials sum to exactly 1
    """
    which = check_choice("order", order, tuple(ORDERS))
    if isinstance(formats, str) or not np.iterable(formats):
        formats = [formats]
    chosen = [get_format(f) for f in formats]
    if not chosen:
        raise ValueError("formats is empty; allowed: at least one format")
    rows = _rows_of(logits, axis)
    classes = rows.shape[-1]
    targets = targets_of(labels, rows.shape[:-1], classes, ignore_index)
    counts = np.zeros((len(chosen), len(COUNTS)), np.int64)
    row, terms = np.empty(classes), np.empty(classes)
    unusable = start = 0
    for piece in _pieces(rows):
        known = targets[start:start + len(piece)]
        start += len(piece)
        chunk = np.array(piece, dtype=np.float64, order="C")[known != IGNORED]
        known = known[known != IGNORED]
        with np.errstate(all="ignore"):  # uncompiled kernels would warn on what is being counted
            unusable += int(np.count_nonzero(~np.isfinite(chunk.max(axis=1))))
            for fmt, into in zip(chosen, counts, strict=True):
                count_rows(chunk, known, which, row, terms, into, fmt.code)
    ignored = int(np.count_nonzero(targets == IGNORED))
    entries = []
    for fmt, into in zip(chosen, counts, strict=True):
        found = dict(zip(COUNTS, into.tolist(), strict=True))
        if labels is None:
            found.update(zero_label_gradients=None, zero_gradient_rows=None)
        gap = collapse_gap(fmt, classes, order=order) if classes > 1 else 0.0
        entries.append(FormatLosses(format=fmt, rows=start - ignored, unusable_rows=unusable, **found, collapse_gap=gap,
                                    collapse_margin=collapse_margin(fmt), underflow_gap=underflow_gap(fmt)))
    return CollapseReport(rows=start - ignored, classes=classes, dtype=rows.dtype.name, labelled=labels is not None,
                          order=order, unusable_rows=unusable, ignored_rows=ignored, formats=tuple(entries))


def _rows_of(logits, axis):
    """The logits with their classes along the last axis, not copied."""
    logits = array_of(logits, "logits")
    if logits.ndim == 0:
        raise ValueError("logits is a single number; allowed: an array (..., K)")
    axes = check_axis(axis, logits.ndim, "logits")
    if isinstance(axis, (tuple, list)) or axis is None:
        raise TypeError(f"axis is {shown(axis)}; allowed: one axis")
    (axis,) = axes
    if logits.shape[axis] == 0:
        raise ValueError(f"logits has shape {logits.shape}: no class along axis {axis}; allowed: 1 or more")
    return np.moveaxis(logits, axis, -1) if logits.ndim > 1 else logits[np.newaxis]


def _pieces(rows):
    """2-D pieces of N-d rows in C order, each of about `_CHUNK` logits, as views."""
    if rows.ndim > 2 and rows.flags.c_contiguous:
        rows = rows.reshape(-1, rows.shape[-1])
    if rows.ndim > 2:
        for part in rows:
            yield from _pieces(part)
        return
    step = max(1, _CHUNK // rows.shape[-1])
    for start in range(0, len(rows), step):
        yield rows[start:start + step]
