"""Activations that only permute or reflect: GroupSort, MaxMin and Householder keep every gradient's length."""
import numpy as np

from toolkit._core.arguments import check_whole, shown
from toolkit._core.arrays import check_axis, map_rows, real_array
from toolkit._core.kernel import kernel
from toolkit._core.numbers import over_exactly, times_exactly
from toolkit._core.sums import sum_like

__all__ = ["group_sort", "householder", "max_min"]
KERNELS = ["group_sort_row", "group_sort_vjp_row", "householder_row", "householder_vjp_row"]


@kernel
def comes_before(a, b):
    """Whether a sorts before b; NaN sorts last."""
    return a < b or (b != b and a == a)


@kernel
def group_sort_row(z, group, out):
    """Each run of `group` entries in ascending order, by insertion, which keeps the order of equal ones."""
    for i in range(z.size):
        value = z[i]
        k = i
        while k % group > 0 and comes_before(value, out[k - 1]):
            out[k] = out[k - 1]
            k -= 1
        out[k] = value


@kernel
def group_sort_vjp_row(z, g, group, out):
    """``out[i] = g[place of z[i]]``: the transpose of the permutation that sorts."""
    for i in range(z.size):
        first = i - i % group
        last = min(first + group, z.size)
        place = first
        for j in range(first, last):
            if comes_before(z[j], z[i]) or (j < i and not comes_before(z[i], z[j])):
                place += 1
        out[i] = g[place]


@kernel
def side(z, v, first, scale):
    """``scale v . z`` of the group that starts at `first`; 0 for a group that is cut off."""
    total = sum_like(z)
    if first + len(v) <= z.size:
        for k in range(len(v)):
            total += times_exactly(z[first + k], scale * v[k])
    return total.value


@kernel
def reflect(z, g, v, out):
    """`g`, in the groups where ``v . z <= 0`` mirrored at the plane of which v is the unit normal.

    Where a sum overflows, it is one of sizes that are divided by 4 m first.
    """
    small = 0.25 / len(v)
    for first in range(0, z.size, len(v)):
        decides, length, scale = side(z, v, first, 1.0), side(g, v, first, 1.0), 1.0
        if not abs(decides) < np.inf:
            decides = side(z, v, first, small)
        if not abs(length + length) < np.inf:
            length, scale = side(g, v, first, small), small
        for k in range(min(len(v), z.size - first)):
            value = g[first + k]
            if decides > 0:
                out[first + k] = value
            elif scale == 1:
                out[first + k] = value - times_exactly(length + length, v[k])
            else:
                out[first + k] = over_exactly(times_exactly(value, small) - times_exactly(length + length, v[k]), small)


@kernel
def householder_row(z, v, out):
    reflect(z, z, v, out)


@kernel
def householder_vjp_row(z, g, v, out):
    """The reflection is its own transpose."""
    reflect(z, g, v, out)


def _check_groups(z, axis, group, name):
    z = real_array(z, "z")
    group = check_whole(name, group, 1)
    sizes = z.shape or (1,)
    count = int(np.prod([sizes[a] for a in check_axis(axis, z.ndim)]))
    if count % group:
        raise ValueError(f"{name} is {group}; allowed: what divides {count}, the entries on axis {shown(axis)}")
    return group


def _unit(v, z, axis):
    """`v` as a tuple of length 1 in the sense of Euclid, whose size divides the rows of `z`."""
    v = real_array(v, "v").astype(np.float64)
    largest = np.abs(v).max(initial=0.0)
    if v.ndim != 1 or not 0 < largest < np.inf:
        what = f"shape {v.shape}" if v.ndim != 1 else f"the largest size {largest:g}"
        raise ValueError(f"v has {what}; allowed: a 1-d array of finite numbers that are not all 0")
    if not 1e-100 < largest < 1e100:  # else squares may over- or underflow
        v = v / largest
    length = np.sqrt((v * v).sum())
    _check_groups(z, axis, v.size, "the size of v")
    return tuple((v / length).tolist())


def group_sort(z, *, group=2, axis=-1, format=None):
    """GroupSort: each run of `group` neighbours in ascending order.

    A permutation loses nothing: sums and norms of every group are those of the input, and the derivative is a
    permutation too, so that no gradient shrinks on its way back. The Lipschitz constant is 1 in every norm.

    Parameters
    ----------
    z : array_like (..., n)
        Booleans, integers, float16, float32 or float64.
    group : int
        Size of the groups, which divides n; n sorts everything (FullSort), 2 is `max_min` in the order (min, max).
    axis : int, tuple of ints or None
    format : Format or what `toolkit.formats.get_format` accepts, optional
        Round the input to this format; sorting itself rounds nothing.

    Returns
    -------
    (..., n) -> (..., n), in the dtype of `z`.

    Special values
    --------------
    NaN sorts to the end of its group.

    Accuracy
    --------
    Exact: the same numbers in another order, tested.

    Gradient
    --------
    The gradient after it, put back to where the sorted numbers came from; equal numbers keep their order (the choice
    at the kink).

    References
    ----------
    C. Anil, J. Lucas, R. Grosse, Sorting Out Lipschitz Function Approximation, ICML 2019, arXiv:1811.05381.

    Examples
    --------
    >>> group_sort([3.0, -1.0, 2.0, 2.0, 0.0, -5.0], group=3)
    array([-1.,  2.,  3., -5.,  0.,  2.])
    """
    group = _check_groups(z, axis, group, "group")
    return map_rows(group_sort_row, {"z": z}, group, axis=axis, format=format)


def group_sort_pull(at, g, *, group=2, axis=-1, format=None):
    """`g` put back to where the numbers that `group_sort` sorted came from."""
    group = _check_groups(at, axis, group, "group")
    return map_rows(group_sort_vjp_row, {"z": at, "g": g}, group, axis=axis, format=format, fills=(-np.inf, 0.0))


def max_min(z, *, axis=-1, format=None):
    """MaxMin: each pair of neighbours as (min, max); `group_sort` in groups of 2.

    The simplest activation whose derivative never shrinks a gradient.

    Parameters
    ----------
    z, axis, format : as in `group_sort`

    Returns
    -------
    (..., n) -> (..., n), in the dtype of `z`; n is even.

    Accuracy
    --------
    Exact: the same numbers in another order, tested.

    Gradient
    --------
    The pairs of the gradient after it, swapped where those of `z` are.

    Examples
    --------
    >>> max_min([3.0, -1.0, 2.0, 5.0])
    array([-1.,  3.,  2.,  5.])
    """
    return group_sort(z, axis=axis, format=format)


def max_min_pull(at, g, *, axis=-1, format=None):
    """The pairs of `g`, swapped where `max_min` swaps those of `at`."""
    return group_sort_pull(at, g, axis=axis, format=format)


def householder(z, v=(1.0, -1.0), *, axis=-1, format=None):
    """Householder activation: in each group, z itself or its mirror image, so that ``v . z`` is never negative.

    With u the unit vector along v it is ``z`` where ``u . z > 0``, else ``z - 2 u (u . z)``: continuous, and in
    each part orthogonal, so that neither signal nor gradient changes its length. For ``v = (1, -1)`` it is MaxMin in
    the order (max, min).

    Parameters
    ----------
    z : array_like (..., n)
        Booleans, integers, float16, float32 or float64.
    v : array_like (m,)
        Direction of the mirror, of any length but 0; m is the size of the groups and divides n.
    axis : int, tuple of ints or None
    format : Format or what `toolkit.formats.get_format` accepts, optional
        Emulate this format: round z, and then the result of every operation, to it; v is not rounded.

    Returns
    -------
    (..., n) -> (..., n), in the dtype of `z`.

    Special values
    --------------
    A NaN or infinity makes its group NaN or infinite where it is mirrored.

    Accuracy
    --------
    Within 3 m units of roundoff of the largest entry of the group, tested for m to 4.

    Gradient
    --------
    In z: the gradient after it, mirrored where z is; at ``v . z = 0`` it is mirrored.

    References
    ----------
    S. Singla, S. Singla, S. Feizi, Improved deterministic l2 robustness on CIFAR-10 and CIFAR-100, ICLR 2022,
    arXiv:2108.04062.

    Examples
    --------
    >>> householder([1.0, -3.0, 2.0], (1.0, 2.0, 2.0))
    array([ 1.22222222, -2.55555556,  2.44444444])
    """
    return map_rows(householder_row, {"z": z}, _unit(v, z, axis), axis=axis, format=format)


def householder_pull(at, g, v=(1.0, -1.0), *, axis=-1, format=None):
    """`g`, mirrored where `householder` mirrors `at`."""
    v = _unit(v, at, axis)
    return map_rows(householder_vjp_row, {"z": at, "g": g}, v, axis=axis, format=format, fills=(-np.inf, 0.0))
