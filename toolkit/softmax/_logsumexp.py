"""logsumexp: the top term outside the logarithm, weights and signs, and its gradient."""
import numpy as np

from toolkit._core import loops
from toolkit._core.arguments import check_flag
from toolkit._core.arrays import Rows, reduce_rows
from toolkit._core.exact_sums import add_compensated
from toolkit._core.kernel import kernel
from toolkit._core.numbers import in_format
from toolkit.elementary import log, log1p
from toolkit.large_arrays import LogSumExp, is_plain, reduce_lines
from toolkit.softmax._algorithms import softmax_three_pass_reload
from toolkit.softmax._exponential_pairs import logsumexp_near_zero
from toolkit.softmax._shift import top_class
from toolkit.softmax._sum_without_top import exp_gap, sum_without_top

__all__ = ["logsumexp"]
_TASK = LogSumExp()
KERNELS = ["logsumexp_row", "logsumexp_vjp_row", "logsumexp_weighted_row", "logsumexp_weighted_vjp_row"]


@kernel
def logsumexp_row(z):
    """``m + log1p(sum over the others of exp(z - m))`` with m = max z; ±inf if m is."""
    top = top_class(z)
    m = z[top]
    if np.isinf(m):
        return m
    return m + log1p(sum_without_top(z, top))


@kernel
def logsumexp_again(z, value, least):
    """`value`, the log-sum-exp of the row, or, where its terms m and log1p(r) nearly cancel, a better one."""
    m = float(z[top_class(z)])
    if 0.5 * m < float(value) < -m:
        return logsumexp_near_zero(z, least)
    return float(value)


@kernel
def mend_rows(z, most, least, values):
    """`logsumexp_again` for the rows that may need it, as m + log K, at most `most`, shows; says whether there are any.
    """
    rows, found, mended = in_format(z, None), in_format(values, None), False
    for i in range(values.size):
        if -most < values[i] < 0.5 * most:
            found[i] = logsumexp_again(rows[i], found[i], least)
            mended = True
    return mended


def near_zero(value, z, axis, where):
    """`value`, with `logsumexp_again` for the rows that may need it."""
    if is_plain(z, axis, where):
        rows, values = z.reshape(-1, z.shape[-1]), np.atleast_1d(value).reshape(-1)
    else:
        layout = Rows(z, axis=axis, where=where, allow_empty=True)
        rows, values = layout.rows(z, "z"), np.array(value, layout.compute).reshape(layout.count)
    least = 1.0 if rows.dtype == np.float64 else 2.0**-27
    with np.errstate(all="ignore"):  # uncompiled kernels would warn on paths that are right
        mended = mend_rows(rows, float(np.log(max(rows.shape[1], 1))), least, values)
    return values.astype(value.dtype, copy=False).reshape(value.shape)[()] if mended else value


@kernel
def top_weighted_class(z, b):
    """Index of the first largest logit (or NaN) among those of non-zero weight; -1 if there is none."""
    top = -1
    for i in range(z.size):
        if b[i] != 0 and (top < 0 or z[i] > z[top] or z[i] != z[i]):
            top = i
    return top


@kernel
def weighted_sum_without_top(z, b, top):
    """``sum of b[i] exp(z[i] - z[top]) over i != top``, with compensated summation."""
    total, lost = 0.0, 0.0
    for i in range(z.size):
        if i != top and b[i] != 0:
            total, lost = add_compensated(total, lost, b[i] * exp_gap(z[i], z[top]))
    return total


@kernel
def special_weighted_sum(z, b):
    """``sum of b[i] exp(z[i])`` over the terms that are infinite, or NaN where one is; 0 if all are finite.

    A weight of 0 leaves its class out; an infinite one times ``exp(-inf)`` is NaN, and so are two infinities that meet.
    """
    total = 0.0
    for i in range(z.size):
        logit, weight = float(z[i]), float(b[i])
        if weight != 0:
            if logit != logit or weight != weight or (np.isinf(weight) and logit == -np.inf):
                return np.nan
            if logit == np.inf:
                total += np.copysign(np.inf, weight)
            elif np.isinf(weight):
                total += weight
    return total


@kernel
def logsumexp_weighted_row(z, b):
    """``(log|s|, sign of s)`` of ``s = sum b exp(z)``; (-inf, 0) for s = 0."""
    nothing = -np.inf, 0.0
    special = special_weighted_sum(z, b)
    if special != 0:
        return abs(special), np.copysign(1.0, special) if special == special else special
    top = top_weighted_class(z, b)
    if top < 0 or z[top] == -np.inf:
        return nothing
    m, head = z[top], b[top]
    rest = weighted_sum_without_top(z, b, top)
    ratio = rest / head
    if ratio >= -0.5 and (ratio <= 0.5 or abs(head) == 1):
        # log1p keeps what head + rest would absorb, and log|head| is 0 for a plain sum.
        return m + (log(abs(head)) + log1p(ratio)), np.sign(head)
    s = head + rest
    if s == 0:
        return nothing
    return m + log(abs(s)), np.sign(s)


@kernel
def each_weighted_row(z, b, out, sign, fmt):
    """`logsumexp_weighted_row` of all rows."""
    z, b, out, sign = in_format(z, fmt), in_format(b, fmt), in_format(out, fmt), in_format(sign, fmt)
    for i in range(z.shape[0]):
        out[i], sign[i] = logsumexp_weighted_row(z[i], b[i])


@kernel
def logsumexp_vjp_row(z, g, out):
    """``g * softmax(z)`` for the number `g`."""
    softmax_three_pass_reload(z, out)
    for i in range(z.size):
        out[i] *= g


@kernel
def logsumexp_weighted_vjp_row(z, b, g, out):
    """``g * b exp(z) / sum b exp(z)`` for the number `g`."""
    top = top_weighted_class(z, b)
    for i in range(z.size):
        out[i] = 0
    if top < 0:
        return
    scale = g / (b[top] + weighted_sum_without_top(z, b, top))
    for i in range(z.size):
        if b[i] != 0:
            out[i] = b[i] * exp_gap(z[i], z[top]) * scale


def balanced_rows(b):
    """``(weights, exponents)``: rows of weights, those of extreme sizes over a power of two.

    Sums of the largest would overflow, and the inverse of a sum of the smallest. Where it can, the least one of a row
    stays normal.
    """
    info, sizes = np.finfo(b.dtype), np.where(np.isfinite(b), np.abs(b), 0)
    most, least = sizes.max(axis=1, initial=0), np.where(sizes > 0, sizes, 1).min(axis=1, initial=1)
    exponents = np.frexp(most)[1]
    extreme = (most > info.max / (4 * max(b.shape[1], 1))) | (most < 4 * info.tiny) & (most > 0)
    room = np.maximum(np.frexp(least)[1] - info.minexp, int(b.shape[1]).bit_length() + 2)
    exponents = np.where(extreme, np.minimum(exponents, room), 0)
    return (np.ldexp(b, -exponents[:, None]) if extreme.any() else b), exponents


def logsumexp(z, *, axis=-1, b=None, keepdims=False, return_sign=False, where=None, format=None):
    """Logarithm of a sum of exponentials, ``log sum_j b_j exp(z_j)``.

    Computed as ``m + log1p(r)`` with ``m = max z`` and r the sum of ``exp(z_j - m)`` over the other classes:
    exp(89) would overflow float32, and ``log(1 + r)`` loses r as soon as it is below half an ulp of 1.

    Parameters
    ----------
    z : array_like (..., K)
    axis : int, tuple of ints or None
    b : array_like, broadcast to the shape of `z`, optional
        Weights of any sign. A class with b = 0 is left out, whatever its logit.
    keepdims : bool
        Keep the class axes with length 1.
    return_sign : bool
        Return ``(log|s|, sign of s)`` for the sum s.
    where : array_like of booleans, broadcast to the shape of `z`, optional
        True keeps.
    format : Format, name or pair (exponent_bits, fraction_bits), optional
        Emulated format: arguments and the result of every operation are rounded to it.

    Returns
    -------
    (..., K) -> (...) in the common dtype of `z` and `b`; with `return_sign` a pair, the sign being -1, 0 or
    1. A negative sum is NaN without `return_sign`.

    Special values
    --------------
    A NaN gives NaN, a +inf logit +inf. No classes, all masked, or all -inf: -inf, with sign 0. With `b`, each class is
    the term ``b exp(z)`` of IEEE arithmetic, and b = 0 leaves it out: a NaN logit or weight gives NaN, an infinite
    weight +inf or, if negative, the sign -1 of it; infinite terms of two signs, and an infinite weight of a logit of
    -inf, give NaN. The sign of NaN is NaN.

    Accuracy
    --------
    Without `b`, at most 3 ulp of the larger of |m| and log1p(r), tested for K <= 5000. These have opposite signs
    where m < 0, and where only a number from m / 2 to -m is left, as of log-probabilities, the sum is formed anew with
    exponentials of 28 digits: the result is within 2 ulp, or 2**-90 if that is more, tested. That takes longer.
    With a format, 3 ulp of the larger for K <= 100. With `b` of two signs the relative error of the sum grows
    with ``sum |b_j exp(z_j)| / |s|``. Exponentials are relative to the largest logit of non-zero weight, so a
    class 104 (float64: 745) below that is lost whatever its
    weight, as in SciPy.

    Gradient
    --------
    ``dz = g * softmax(z)``, or ``g * b exp(z) / sum b exp(z)`` with weights, from the logits; masked classes and
    classes with b = 0 get 0. Without `b` at most 5 + |z_i - max z| ulp for K <= 100, tested. As `softmax`: NaN for a
    row with NaN or +inf or of -inf alone. A row of zero weights gives 0.

    References
    ----------
    P. Blanchard, D. J. Higham, N. J. Higham, Accurately computing the log-sum-exp and softmax functions, IMA
    J. Numer. Anal. 41 (2021), doi:10.1093/imanum/draa038.

    Examples
    --------
    >>> import numpy as np
    >>> float(logsumexp(np.array([1000.0, 1000.0])))
    1000.6931471805599
    >>> z = np.array([0, -20], np.float32)
    >>> float(np.log(np.exp(z).sum())), float(logsumexp(z)) > 2e-9
    (0.0, True)
    """
    keepdims, return_sign = check_flag("keepdims", keepdims), check_flag("return_sign", return_sign)
    if b is None:
        if format is None:
            value = reduce_lines(_TASK, z, axis=axis, where=where, empty=-np.inf, keepdims=keepdims)
            value = near_zero(value, z, axis, where)
        else:
            value = reduce_rows(logsumexp_row, {"z": z}, axis=axis, where=where, format=format, empty=-np.inf,
                                keepdims=keepdims)
        if not return_sign:
            return value
        return value, np.where(np.isnan(value), value, (value > -np.inf).astype(value.dtype))[()]
    layout = Rows(z, axis=axis, where=where, format=format, allow_empty=True, beside={"b": b})
    logarithm = np.full(layout.count, -np.inf, layout.compute)
    sign = np.zeros(layout.count, layout.compute)
    if layout.classes > 0:
        weights, exponents = layout.rows(b, "b", 0.0), 0
        if layout.fmt is None:
            weights, exponents = balanced_rows(weights)
        with np.errstate(all="ignore"):
            each_weighted_row(layout.rows(z, "z"), weights, logarithm, sign, layout.fmt)
            logarithm = (logarithm + exponents * np.log(2)).astype(layout.compute)
    if not return_sign:
        return layout.restore_reduced(np.where(sign < 0, layout.compute.type(np.nan), logarithm), keepdims)
    return layout.restore_reduced(logarithm, keepdims), layout.restore_reduced(sign, keepdims)


def logsumexp_pull(z, g, *, axis=-1, b=None, where=None):
    """Gradient with respect to the logits `z`, from the gradient `g` with respect to the result.

    `g` has the shape of the result, or the class axes at length 1, or is broadcast to that.

    Examples
    --------
    >>> logsumexp_pull([0.0, 0.0], 1.0)
    array([0.5, 0.5])
    """
    layout = Rows(z, axis=axis, where=where, beside={"b": b, "g": g})
    rows, out = layout.rows(z, "z"), layout.empty()
    g = layout.per_row(g, "g")
    if b is None:
        layout.call(loops.map_row_pairs, logsumexp_vjp_row, (rows, g), (), out)
    else:
        weights, _ = balanced_rows(layout.rows(b, "b", 0.0))
        layout.call(loops.map_row_triples, logsumexp_weighted_vjp_row, (rows, weights, g), (), out)
    return layout.restore(out, 0.0)
