"""Rows taken as symbols: how much the distinct rows of a layer say of the input, and of the label."""
import numpy as np

from toolkit._core.arguments import shown
from toolkit._core.arrays import Rows, real_array
from toolkit._core.kernel import kernel
from toolkit.elementary import log

__all__ = ["distinct_information"]
KERNELS = ["information_of_symbols", "sort_symbols"]

BIT = 0.6931471805599453  # in nats


@kernel
def comes_before(codes, labels, i, j):
    """Whether row i stands before row j: by its codes from the left, then by its label."""
    for k in range(codes.shape[1]):
        if codes[i, k] != codes[j, k]:
            return codes[i, k] < codes[j, k]
    return labels[i] < labels[j]


@kernel
def sink(codes, labels, order, start, end):
    """Let a place of a heap sink, whose last row is on top."""
    root = start
    while 2 * root + 1 < end:
        child = 2 * root + 1
        if child + 1 < end and comes_before(codes, labels, np.int64(order[child]), np.int64(order[child + 1])):
            child += 1
        if not comes_before(codes, labels, np.int64(order[root]), np.int64(order[child])):
            return
        held = order[root]
        order[root] = order[child]
        order[child] = held
        root = child


@kernel
def sort_symbols(codes, labels, order):
    """Fill `order` with the places of the rows of codes, sorted: equal rows stand together, and in them equal labels.

    Heapsort: no array beside `order`, and the same order on every machine.
    """
    for i in range(order.size):
        order[i] = i
    for start in range(order.size // 2 - 1, -1, -1):
        sink(codes, labels, order, start, order.size)
    for end in range(order.size - 1, 0, -1):
        held = order[0]
        order[0] = order[end]
        order[end] = held
        sink(codes, labels, order, 0, end)


@kernel
def same_row(codes, i, j):
    for k in range(codes.shape[1]):
        if codes[i, k] != codes[j, k]:
            return False
    return True


@kernel
def information_of_symbols(codes, labels, counts, order):
    """``(H, I)`` in bits: the entropy of the rows of codes, each as a symbol, and what they say of the labels.

    Of n rows, r are of one symbol, c have one label and s have both: ``H = sum r/n log2(n/r)`` and
    ``I = sum s/n log2(s n / (r c))``. `counts` and `order` are room: a number for each label, and for each row.
    """
    n = order.size
    for label in range(counts.size):
        counts[label] = 0.0
    for i in range(n):
        counts[np.int64(labels[i])] += 1.0
    sort_symbols(codes, labels, order)
    entropy, said, first = 0.0, 0.0, 0
    while first < n:
        here, end = np.int64(order[first]), first + 1
        while end < n and same_row(codes, here, np.int64(order[end])):
            end += 1
        rows = float(end - first)
        entropy += rows / n * log(n / rows)
        start = first
        while start < end:
            label, stop = np.int64(labels[np.int64(order[start])]), start + 1
            while stop < end and np.int64(labels[np.int64(order[stop])]) == label:
                stop += 1
            both = float(stop - start)
            said += both / n * log(both * n / (rows * counts[label]))
            start = stop
        first = end
    return entropy / BIT, max(said, 0.0) / BIT


def rows_and_labels(activations, labels, format=None):
    """``(layout, rows, labels, classes)``: the rows in their dtype or format, labels as 0, 1 ..., all 0 without any."""
    layout = Rows(activations, format=format, name="activations", allow_empty=True)
    if len(layout.shape) != 2 or 0 in layout.shape:
        raise ValueError(f"activations has shape {layout.shape}; allowed: (n, units), at least one row and one unit")
    rows = layout.rows(activations, "activations")
    if labels is None:
        return layout, rows, np.zeros(len(rows), np.int64), 1
    given = real_array(labels, "labels")
    if given.dtype.kind not in "iub":
        raise TypeError(f"labels is {shown(labels)}; allowed: integers, or None")
    if given.shape != (len(rows),):
        raise ValueError(f"labels has shape {given.shape}; allowed: ({len(rows)},), one for each row")
    classes, places = np.unique(given, return_inverse=True)
    return layout, rows, places.reshape(-1).astype(np.int64), len(classes)


def of_symbols(codes, labels, classes, of_labels):
    """One of both numbers of `information_of_symbols`; NaN where a code is."""
    if np.isnan(codes).any():
        return float("nan")
    room = np.empty(classes), np.empty(len(codes), np.int64)
    return float(information_of_symbols(codes, labels, *room)[of_labels])


def distinct_information(activations, labels=None, *, format=None):
    """Information in a layer's distinct rows, in bits: about the input, or with `labels` about the label.

    A network without noise maps each input to one row of activations, so that ``I(X; T) = H(T)``. In real arithmetic it
    is ``log2 n`` as soon as all n rows differ, however little; in a format rows may fall together, and what is lost so
    is lost indeed. Entropies are plug-in estimates: each row has probability 1/n.

    Parameters
    ----------
    activations : array_like (n, units)
        Of n different inputs.
    labels : array_like of integers (n,), optional
    format : Format or what `toolkit.formats.get_format` accepts, optional
        Round the activations to this format first.

    Returns
    -------
    float
        ``I(X; T)``, from 0 to ``log2 n``, or ``I(T; Y)``, from 0 to ``H(Y)``.

    Special values
    --------------
    0 and -0 are one number. NaN gives NaN.

    Accuracy
    --------
    Within 1e-14 of the definition in 40 digits, relative to ``log2 n``, tested.

    References
    ----------
    Shannon, A Mathematical Theory of Communication, 1948, doi:10.1002/j.1538-7305.1948.tb01338.x.

    Examples
    --------
    >>> rows = [[1.0], [1.0001], [2.0], [2.0]]
    >>> distinct_information(rows), distinct_information(rows, format="float16")
    (1.5, 1.0)
    """
    _, rows, places, classes = rows_and_labels(activations, labels, format)
    return of_symbols(rows.astype(np.float64), places, classes, labels is not None)
