"""`diagnose`: run the counting kernels over anybody's logits, a chunk at a time."""
import math

import numba
import numpy as np

from toolkit._core.arguments import check_choice, shown
from toolkit._core.array_likes import array_of
from toolkit._core.arrays import check_axis
from toolkit.collapse.counting import COUNTS, MARGINS, count_blocks, count_margins
from toolkit.collapse.gaps import collapse_gap, collapse_margin, underflow_gap
from toolkit.collapse.kernels import ORDERS
from toolkit.collapse.report import CollapseReport, FormatLosses
from toolkit.collapse.targets import IGNORED, targets_of
from toolkit.formats import get_format

__all__ = ["diagnose"]

CHUNK = 1 << 20  # logits held in float64 at a time: 8 MB
_APART = 16  # numbers that a thread counts in, so that no two write to one line of a cache


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
    rows = rows_of(logits, axis)
    counting = Counting(rows.shape[-1], rows.dtype.name, labels is not None, formats=formats, order=order)
    targets = targets_of(labels, rows.shape[:-1], rows.shape[-1], ignore_index)
    start = 0
    for piece in pieces_of(rows):
        counting.add(piece, targets[start:start + len(piece)])
        start += len(piece)
    return counting.report()


class Counting:
    """What rows of logits lose, so far: pieces of them are added one by one, and `report` says what was found.

    Parameters
    ----------
    classes : int
    dtype : str
        Of the logits, for the report.
    labelled : bool
    formats, order
        As of `diagnose`.
    """

    def __init__(self, classes, dtype, labelled, *, formats, order):
        self.which = check_choice("order", order, tuple(ORDERS))
        if isinstance(formats, str) or not np.iterable(formats):
            formats = [formats]
        self.formats = [get_format(f) for f in formats]
        if not self.formats:
            raise ValueError("formats is empty; allowed: at least one format")
        self.classes, self.dtype, self.labelled, self.order = classes, dtype, labelled, order
        self.rows = self.ignored = self.unusable = 0
        self.blocks = numba.get_num_threads()
        self.counts = np.zeros((len(self.formats), self.blocks, _APART), np.int64)
        self.margins = np.zeros((self.blocks, MARGINS), np.int64)
        self.work = np.empty((self.blocks, 3, classes))

    def add(self, logits, targets):
        """Count rows (n, K) with their labels, as `targets_of` gives them."""
        used = targets != IGNORED
        chunk, targets = np.array(logits, dtype=np.float64, order="C")[used], targets[used]
        with np.errstate(all="ignore"):  # uncompiled kernels would warn on what is being counted
            for fmt, counts in zip(self.formats, self.counts, strict=True):
                count_blocks(chunk, targets, self.which, _safe_for_exp(fmt), self.work, counts, fmt.code)
            count_margins(chunk, self.margins)
            self.unusable += int(np.count_nonzero(~np.isfinite(chunk.max(axis=1))))
        self.rows += len(chunk)
        self.ignored += len(used) - len(chunk)

    def report(self):
        entries = []
        for fmt, counts in zip(self.formats, self.counts.sum(axis=1).tolist(), strict=True):
            found = dict(zip(COUNTS, counts))
            if not self.labelled:
                found.update(zero_label_gradients=None, zero_gradient_rows=None)
            gap = collapse_gap(fmt, self.classes, order=self.order) if self.classes > 1 else 0.0
            entries.append(FormatLosses(
                format=fmt, rows=self.rows, unusable_rows=self.unusable, **found, collapse_gap=gap,
                collapse_margin=collapse_margin(fmt), underflow_gap=underflow_gap(fmt)))
        return CollapseReport(
            rows=self.rows, classes=self.classes, dtype=self.dtype, labelled=self.labelled, order=self.order,
            unusable_rows=self.unusable, ignored_rows=self.ignored, formats=tuple(entries),
            margins=tuple(self.margins.sum(axis=0).tolist()))


def _safe_for_exp(fmt):
    """Two numbers between which exp neither overflows nor underflows in the format, with room to spare."""
    return -0.99 * underflow_gap(fmt), 0.99 * math.log(fmt.max)


def rows_of(logits, axis):
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


def pieces_of(rows):
    """2-D pieces of N-d rows in C order, each of about `CHUNK` logits, as views."""
    if rows.ndim > 2 and rows.flags.c_contiguous:
        rows = rows.reshape(-1, rows.shape[-1])
    if rows.ndim > 2:
        for part in rows:
            yield from pieces_of(part)
        return
    step = max(1, CHUNK // rows.shape[-1])
    for start in range(0, len(rows), step):
        yield rows[start:start + step]
