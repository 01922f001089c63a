"""Boxes and how far they overlap: intersection over union, and its gradient."""
import numpy as np

from toolkit._core.arguments import check_number
from toolkit._core.arrays import common_dtype, real_array
from toolkit._core.kernel import kernel
from toolkit._core.numbers import in_format, like

__all__ = ["box_iou"]
KERNELS = ["iou_of"]


@kernel
def side_of(low, high, offset):
    """Length of an interval, 0 if its ends are the wrong way round."""
    length = high - low + offset
    return like(0.0, length) if length < 0 else length


@kernel
def area_of(a, offset):
    """Area of the box ``(x1, y1, x2, y2)``."""
    return side_of(a[0], a[2], offset) * side_of(a[1], a[3], offset)


@kernel
def later(a, b):
    """The larger of two numbers; NaN if one is."""
    return a if a > b or a != a else b


@kernel
def sooner(a, b):
    return a if a < b or a != a else b


@kernel
def overlap_of(a, b, offset):
    """Area that two boxes share."""
    return (side_of(later(a[0], b[0]), sooner(a[2], b[2]), offset)
            * side_of(later(a[1], b[1]), sooner(a[3], b[3]), offset))


@kernel
def iou_of(a, b, offset):
    """Shared area over the area of both together; 0 where both are 0."""
    shared = overlap_of(a, b, offset)
    union = area_of(a, offset) + (area_of(b, offset) - shared)
    return shared if shared == 0 and union == 0 else shared / union


@kernel
def part_of(own, other):
    """How far an edge that is inside moves the overlap: 1, 0, or 1/2 where two edges meet."""
    return 1.0 if own > other else 0.5 if own == other else 0.0


@kernel
def add_iou_slopes(a, b, offset, g, out):
    """Add g times the derivative of `iou_of` with respect to the edges of the box a to `out`.

    Where edges meet it is the mean of both sides, which is 0 for two equal boxes.
    """
    width = side_of(later(a[0], b[0]), sooner(a[2], b[2]), offset)
    height = side_of(later(a[1], b[1]), sooner(a[3], b[3]), offset)
    shared = width * height
    union = area_of(a, offset) + (area_of(b, offset) - shared)
    if not (union > 0 and width > 0 and height > 0):
        return
    of_shared = g * (1 + shared / union) / union
    of_area = g * (shared / union) / union
    across, up = side_of(a[0], a[2], offset), side_of(a[1], a[3], offset)
    out[0] += of_area * up - of_shared * part_of(a[0], b[0]) * height
    out[1] += of_area * across - of_shared * part_of(a[1], b[1]) * width
    out[2] += of_shared * part_of(b[2], a[2]) * height - of_area * up
    out[3] += of_shared * part_of(b[3], a[3]) * width - of_area * across


@kernel
def fill_iou(a, b, offset, out):
    a, b, out = in_format(a, None), in_format(b, None), in_format(out, None)
    for n in range(out.shape[0]):
        for i in range(out.shape[1]):
            for j in range(out.shape[2]):
                out[n][i][j] = iou_of(a[n][i], b[n][j], offset)


@kernel
def fill_slopes(a, b, offset, g, out):
    a, b, g, out = in_format(a, None), in_format(b, None), in_format(g, None), in_format(out, None)
    for n in range(g.shape[0]):
        for i in range(g.shape[1]):
            for j in range(g.shape[2]):
                add_iou_slopes(a[n][i], b[n][j], offset, g[n][i][j], out[n][i])


def checked_boxes(boxes, name):
    """Boxes as an array (..., N, 4)."""
    boxes = real_array(boxes, name)
    if boxes.ndim < 2 or boxes.shape[-1] != 4:
        raise ValueError(f"{name} has shape {boxes.shape}; allowed: (..., N, 4), each box as x1, y1, x2, y2")
    return boxes


def pair_of_boxes(boxes, others):
    """Both in one floating dtype of at least 32 bits, with one batch of them: (batch, N, 4), (batch, M, 4); its shape
    and the dtype of the result."""
    dtype = common_dtype(boxes=boxes, others=others)
    boxes, others = checked_boxes(boxes, "boxes"), checked_boxes(others, "others")
    try:
        batch = np.broadcast_shapes(boxes.shape[:-2], others.shape[:-2])
    except ValueError:
        raise ValueError(f"others has shape {others.shape}; allowed: (..., M, 4) that broadcasts with {boxes.shape}, "
                         "the shape of boxes") from None
    wide = np.result_type(dtype, np.float32)
    a, b = (np.ascontiguousarray(np.broadcast_to(x, (*batch, *x.shape[-2:])), wide) for x in (boxes, others))
    count = int(np.prod(batch))
    return (a.reshape(count, *a.shape[-2:]), b.reshape(count, *b.shape[-2:])), batch, dtype


def box_iou(boxes, others, *, offset=0.0):
    """Intersection over union of each box with each of some others: from 0, apart, to 1, equal.

    Parameters
    ----------
    boxes, others : array_like (..., N, 4), (..., M, 4)
        Each box as ``x1, y1, x2, y2``. One with x2 < x1 or y2 < y1 has no area.
    offset : float
        Added to each side: 1 where x2 and y2 are the last pixel inside, as in the code of Soft-NMS.

    Returns
    -------
    (..., N, M), in the common dtype; float16 is computed in float32, as areas from 256 x 256 on overflow it.

    Special values
    --------------
    Two boxes without area have the overlap 0. NaN gives NaN.

    Accuracy
    --------
    In float32 and float64 within 8 epsilon of the exact value for the given edges, where these are whole numbers up to
    1000, tested. Sides are differences of edges: far from the origin they keep what the edges have.

    Gradient
    --------
    With respect to the boxes. Where two edges meet it is the mean of both sides; 0 for equal boxes, and for boxes that
    are apart, however near they are.

    Examples
    --------
    >>> a, b, c = (0, 0, 100, 100), (10, 0, 110, 100), (200, 200, 300, 300)
    >>> box_iou([a, b, c], [a]).round(4)
    array([[1.    ],
           [0.8182],
           [0.    ]])
    """
    offset = check_number("offset", offset, 0.0, 2.0**10)
    (a, b), batch, dtype = pair_of_boxes(boxes, others)
    out = np.empty((len(a), a.shape[1], b.shape[1]), a.dtype)
    with np.errstate(all="ignore"):
        fill_iou(a, b, offset, out)
    return out.reshape(*batch, *out.shape[1:]).astype(dtype, copy=False)


def box_iou_pull(boxes, g, *, others, offset=0.0):
    (a, b), batch, dtype = pair_of_boxes(boxes, others)
    shape = (*batch, a.shape[1], b.shape[1])
    g = real_array(g, "g")
    if g.shape != shape:
        raise ValueError(f"g has shape {g.shape}; allowed: {shape}")
    out = np.zeros_like(a)
    with np.errstate(all="ignore"):
        fill_slopes(a, b, offset, np.ascontiguousarray(g.reshape(len(a), *shape[-2:]), a.dtype), out)
    given = np.shape(boxes)
    out = out.reshape(*batch, *a.shape[1:])
    return out.sum(axis=tuple(range(out.ndim - len(given)))).reshape(given).astype(dtype, copy=False)
