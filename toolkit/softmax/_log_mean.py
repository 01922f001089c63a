"""Relatives of logsumexp: the logarithm of a mean of exponentials, and of the sum of two."""
import numpy as np

from toolkit._core import loops
from toolkit._core.arguments import check_flag
from toolkit._core.arrays import Rows, common_dtype, real_array
from toolkit._core.exact_sums import add_compensated
from toolkit._core.kernel import kernel
from toolkit._core.numbers import over_exactly
from toolkit.elementary import expm1, log, log1p
from toolkit.softmax._logsumexp import logsumexp
from toolkit.softmax._shift import shifted, top_class
from toolkit.softmax._sum_without_top import sum_without_top

__all__ = ["logaddexp", "logmeanexp"]
KERNELS = ["logmeanexp_row"]


@kernel
def log_of_mean_over(z, n):
    """``m + log1p(mean of e^(z - m) - 1)`` over n classes, m = max z; from the sum where the mean is below 1/2."""
    top, n = top_class(z), float(n)
    m = z[top]
    if np.isinf(m):
        return m if n > 0 else m - m
    lack, lost, absent = 0.0, 0.0, n
    for i in range(z.size):
        if z[i] != -np.inf:
            lack, lost = add_compensated(lack, lost, expm1(shifted(z[i], m)))
            absent -= 1
    below = over_exactly(lack, n) - absent / n
    if below > -0.5:
        return m + log1p(below)
    return m + log(over_exactly(1 + sum_without_top(z, top), n))


@kernel
def logmeanexp_row(z):
    """`log_of_mean_over` all classes of the row."""
    return log_of_mean_over(z, z.size)


def logmeanexp(z, *, axis=-1, keepdims=False, where=None, format=None):
    """Logarithm of a mean of exponentials, ``log((1/n) sum_j exp(z_j))``.

    Computed as ``m + log1p(mean(expm1(z - m)))`` with ``m = max z``: ``logsumexp(z) - log(n)`` cancels where the logits
    are nearly equal.

    Parameters
    ----------
    z, axis, keepdims, where, format
        As in `logsumexp`. A masked class does not count in n; a logit of -inf does, as exp(-inf) = 0.

    Returns
    -------
    (..., K) -> (...), in the dtype that `logsumexp` would give.

    Special values
    --------------
    A NaN gives NaN, a +inf logit +inf. All -inf: -inf. No classes, or all masked: NaN.

    Accuracy
    --------
    In float32 and float64 within 4 ulp of the larger of |m| and ``|log mean - m|``, tested for K <= 1000.

    Gradient
    --------
    ``g * softmax(z)``, as that of `logsumexp`.

    References
    ----------
    P. Blanchard, D. J. Higham, N. J. Higham, Accurately computing the log-sum-exp and softmax functions, IMA
    J. Numer. Anal. 41 (2021), doi:10.1093/imanum/draa038. The form with expm1 is derived here.

    Examples
    --------
    >>> import numpy as np
    >>> z = np.float32([0, 3e-8])
    >>> float(logsumexp(z) - np.float32(np.log(2))), f"{logmeanexp(z):.4g}"
    (0.0, '1.5e-08')
    """
    keepdims = check_flag("keepdims", keepdims)
    layout = Rows(z, axis=axis, where=where, format=format, allow_empty=True)
    out = np.full(layout.count, np.nan, layout.compute)
    if layout.classes > 0 and layout.keep is None:
        layout.call(loops.reduce_rows, logmeanexp_row, (layout.rows(z, "z"),), (), out)
    elif layout.classes > 0:
        kept = layout.keep.sum(axis=1).astype(layout.compute)
        layout.call(loops.reduce_row_pairs, log_of_mean_over, (layout.rows(z, "z"), kept), (), out)
    return layout.restore_reduced(out, keepdims)


def together(**arrays):
    """Two named arrays in their common dtype, broadcast to each other, by name."""
    dtype = common_dtype(**arrays)
    (first, x), (name, y) = given = [(each, real_array(x, each).astype(dtype)) for each, x in arrays.items()]
    try:
        shape = np.broadcast_shapes(x.shape, y.shape)
    except ValueError:
        raise ValueError(f"{name} has shape {y.shape}; allowed: what broadcasts with {x.shape}, the shape of {first}"
                         ) from None
    return {each: np.broadcast_to(x, shape) for each, x in given}


def logaddexp(a, b, *, format=None):
    """Logarithm of the sum of two exponentials, ``log(exp(a) + exp(b))``, entry by entry: `logsumexp` of two.

    Parameters
    ----------
    a, b : array_like, broadcast together
    format : Format, name or pair (exponent_bits, fraction_bits), optional

    Returns
    -------
    array, in the common dtype of `a` and `b`.

    Special values, Accuracy as `logsumexp`: digits are kept also where the result is near 0.

    Examples
    --------
    >>> import numpy as np
    >>> a, b = np.float32([-0.42002022, -1.0701226])
    >>> f"{np.logaddexp(a, b):.4g} {logaddexp(a, b):.4g}"
    '0 1.21e-12'
    """
    return logsumexp(np.stack([*together(a=a, b=b).values()], axis=-1), format=format)
