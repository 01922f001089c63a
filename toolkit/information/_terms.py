"""The terms that entropies and divergences are sums of, and the same as functions of arrays."""
import numpy as np

from toolkit._core.arrays import Rows
from toolkit._core.kernel import kernel
from toolkit._core.loops import map_entry_pairs
from toolkit._core.numbers import over_exactly
from toolkit.elementary import log, log1p
from toolkit.softmax._log_mean import together

__all__ = ["rel_entr", "xlogy"]
KERNELS = ["divergence_term", "half_divergence_term", "rel_entr_entry", "xlogy_entry"]


@kernel
def xlogy_entry(x, y):
    """``x log y``, 0 for x = 0 unless y is NaN."""
    return x if x == 0 and y == y else x * log(y)


@kernel
def log_of_ratio(p, q):
    """``log(p / q)``: of the ratio, where nothing cancels, unless that may under- or overflow in float32."""
    ratio = p / q
    return log(ratio) if 1e-37 < ratio < 1e38 else log(p) - log(q)


@kernel
def rel_entr_entry(p, q):
    """``p log(p / q)``: 0 for p = 0 and q >= 0, inf for q = 0 and for a number below 0."""
    if p > 0 and q > 0:
        d = (q - p) / p
        return p * (0 - log1p(d) if abs(d) < 0.5 else log_of_ratio(p, q))
    if p == 0 and q >= 0:
        return p
    return p + q if p != p or q != q else abs(p) + np.inf


@kernel
def divergence_term(p, q):
    """``p log(p / q) - p + q`` >= 0 of probabilities; near p = q by a series in ``d / (2 + d)``, ``d = q / p - 1``."""
    if p == 0:
        return q
    if q == 0:
        return p + np.inf
    d = (q - p) / p
    if abs(d) > 0.5:
        return p * log_of_ratio(p, q) - p + q
    s = d / (2 + d)
    square, power, total = s * s, s * s * s, s - s
    for n in range(3, 39, 2):
        total += over_exactly(power, n)
        power *= square
    return p * (d * s - 2 * total)


@kernel
def half_divergence_term(p, q):
    """``(p log(p / m) + q log(q / m)) / 2`` with ``m = (p + q) / 2``, by a series where p is near q."""
    m = (p + q) * 0.5
    if m == 0 or m != m:
        return m
    d = (q - p) * 0.5 / m
    if abs(d) > 0.5:
        low, high = 1 - abs(d), 1 + abs(d)
        return m * 0.5 * ((low * log(low) if low > 0 else low) + high * log1p(abs(d)))
    square = d * d
    power, total = square, d - d
    for n in range(1, 28):
        total += over_exactly(power, n * (2 * n - 1))  # 1431, which the smallest formats do not have
        power *= square
    return m * 0.5 * total


def _of_pairs(of, **arrays):
    (name, x), (other, y) = together(**arrays).items()
    layout = Rows(x, axis=None, name=name, allow_empty=True)
    out = layout.empty()
    with np.errstate(all="ignore"):
        map_entry_pairs(of, layout.rows(x, name)[0], layout.rows(y, other)[0], out[0], None)
    return layout.restore(out, 0.0)


def xlogy(x, y):
    """``x log y`` of each entry, 0 for x = 0.

    Parameters
    ----------
    x, y : array_like
        Broadcast to each other.

    Returns
    -------
    (...)

    Examples
    --------
    >>> xlogy([0.0, 2.0], [0.0, 1.0]).tolist()
    [0.0, 0.0]
    """
    return _of_pairs(xlogy_entry, x=x, y=y)


def rel_entr(p, q):
    """``p log(p / q)`` of each entry: 0 for p = 0, inf for q = 0 or a number below 0.

    Parameters
    ----------
    p, q : array_like
        Broadcast to each other.

    Returns
    -------
    (...)

    Examples
    --------
    >>> rel_entr([0.0, 0.5], [0.5, 0.0]).tolist()
    [0.0, inf]
    """
    return _of_pairs(rel_entr_entry, p=p, q=q)
