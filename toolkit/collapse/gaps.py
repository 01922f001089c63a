"""Gaps and margins at which a format collapses: closed forms, and the orders of summation by search."""
import math
import operator

import numpy as np

from toolkit._core.arguments import check_choice, check_whole, shown
from toolkit._core.numbers import in_format
from toolkit.collapse.kernels import ORDERS, sum_is_one_at_gap
from toolkit.formats import get_format

__all__ = ["collapse_gap", "collapse_margin", "underflow_gap"]


def _at_least(value, name, low):
    try:
        value = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} is {shown(value)}; allowed: an integer of at least {low}") from None
    if value < low:
        raise ValueError(f"{name} is {shown(value)}; allowed: at least {low}")
    return value


def collapse_margin(format):
    """Margin ``m = z_y - logsumexp(other logits)`` from which on the softmax sum of a format is exactly 1.

    ``m = -ln u`` with the unit roundoff u, whatever the number of classes: the loss is ``softplus(-m)``, and
    1 + e^{-m} rounds to 1 when e^{-m} <= u. It supposes that only the sum is rounded, once.

    Parameters
    ----------
    format : Format or what `toolkit.formats.get_format` accepts

    Returns
    -------
    float

    References
    ----------
    Prieto et al. (2025), arXiv:2501.04697, name the collapse; the margin is derived here.

    Examples
    --------
    >>> [round(collapse_margin(f), 4) for f in ("float16", "bfloat16", "float32", "float64")]
    [7.6246, 5.5452, 16.6355, 36.7368]
    """
    return (get_format(format).fraction_bits + 1) * math.log(2.0)


def underflow_gap(format, *, rows=1, flush=False):
    """Gap ``z_y - z_k`` from which on the gradient of a wrong logit, ``e^{-gap} / rows``, rounds to 0.

    Far beyond the collapse of the sum, unless a mean over many rows comes first: in float16 a batch of 5107
    rows loses these gradients from a gap of 8.8 on.

    Parameters
    ----------
    format : Format or what `toolkit.formats.get_format` accepts
    rows : int
        Rows over which the loss is averaged.
    flush : bool
        Whether the hardware flushes subnormals to 0.

    Returns
    -------
    float

    Examples
    --------
    >>> round(underflow_gap("float32"), 2), round(underflow_gap("float32", flush=True), 2)
    (103.97, 87.34)
    >>> round(underflow_gap("float16", rows=5107), 1)
    8.8
    """
    fmt = get_format(format)
    exponent = fmt.smallest_normal_exponent - (0 if flush else fmt.fraction_bits + 1)
    return -exponent * math.log(2.0) - math.log(_at_least(rows, "rows", 1))


def collapse_gap(format, classes, *, order="exact", label=0):
    """Smallest gap at which a row's sum of exponentials is exactly 1, all wrong logits being equal.

    From this gap on the common form of the cross-entropy is exactly 0, and so is the gradient of the label's
    logit.

    Parameters
    ----------
    format : Format or what `toolkit.formats.get_format` accepts
    classes : int
        K, at least 2.
    order : {"exact", "sequential", "pairwise", "lanes"}
        - "exact": only the sum is rounded, once. The closed form ``-ln u + ln(K - 1)``, for any `label`;
        - "sequential": index order, each exponential and each addition rounded to the format. Terms after the
          label's are absorbed one by one, those before it pile up first: `label` matters;
        - "pairwise": halves of halves, each exponential and addition rounded;
        - "lanes": eight sums of every eighth term, then a tree, as vectorised libraries add up a row.
    label : int
        Index of the label's logit, from -K to K - 1.

    Returns
    -------
    float
        All but the first are found by running the summation kernels, to the last float64.

    Examples
    --------
    >>> round(collapse_gap("float32", 113), 3)
    21.354
    >>> [round(collapse_gap("float32", 113, order="sequential", label=k), 2) for k in (0, 28, 56, 112)]
    [16.64, 19.97, 20.66, 21.35]
    """
    fmt, classes = get_format(format), _at_least(classes, "classes", 2)
    which = check_choice("order", order, tuple(ORDERS))
    label = check_whole("label", label, -classes, classes - 1)
    if order == "exact":
        return collapse_margin(fmt) + math.log(classes - 1)
    terms = in_format(np.empty(classes), fmt)
    # The wrong terms are 1 at gap 0 and round to 0 here, and every rounded sum grows with its terms.
    open_gap, closed_gap = 0.0, underflow_gap(fmt) + 1.0
    while True:
        middle = 0.5 * (open_gap + closed_gap)
        if middle in (open_gap, closed_gap):
            return closed_gap
        if sum_is_one_at_gap(middle, label % classes, which, terms):
            closed_gap = middle
        else:
            open_gap = middle
