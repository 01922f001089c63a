"""The top-k gate, and what maps that keep a few classes have in common.

They put -inf in the place of the classes that go, in a row of its own, and hand it on to softmax or sparsemax.
"""
import operator

import numpy as np

from toolkit._core.arrays import map_rows
from toolkit._core.kernel import kernel
from toolkit._core.numbers import like
from toolkit._core.rounding import rnd
from toolkit.elementary import exp
from toolkit.softmax._algorithms import softmax_three_pass_reload
from toolkit.softmax._shift import shifted
from toolkit.softmax._softmax import check_choice, softmax_vjp_row
from toolkit._core.sorting import sort_descending

__all__ = ["RANKS", "check_count", "keep_largest", "top_k_logits", "top_k_softmax", "top_k_softmax_row",
           "top_k_softmax_vjp", "top_k_softmax_vjp_row"]

RANKS = ("logit", "slope")


@kernel
def logit_of(z, bias, i, fmt):
    """``z + bias``; the bias may be None."""
    if bias is None:
        return z[i]
    return shifted(z[i], -bias[i], fmt)


@kernel
def keep_largest(z, bias, by_slope, cut, count, out, fmt):
    """Logits, with -inf in the place of all but `count`: those ranked above `cut`, and the first ones equal to it.

    A NaN stays, so that the result of what comes next is NaN.
    """
    ties = count
    for i in range(z.size):
        logit = logit_of(z, bias, i, fmt)
        if (z[i] if by_slope else logit) > cut:
            ties -= 1
    for i in range(z.size):
        logit = logit_of(z, bias, i, fmt)
        score = z[i] if by_slope else logit
        at_cut = score == cut and ties > 0
        if at_cut:
            ties -= 1
        out[i] = logit if score > cut or at_cut or score != score else -np.inf


@kernel
def top_k_logits(z, bias, k, by_slope, out, fmt):
    """Logits, with -inf in the place of all but the k largest; ties go to the first."""
    for i in range(z.size):
        out[i] = z[i] if by_slope else logit_of(z, bias, i, fmt)
    sort_descending(out)
    keep_largest(z, bias, by_slope, out[min(k, z.size) - 1], k, out, fmt)


@kernel
def max_and_sum(z, bias, fmt):
    """``(m, sum exp(logit - m))`` over all classes."""
    m = logit_of(z, bias, 0, fmt)
    for i in range(1, z.size):
        logit = logit_of(z, bias, i, fmt)
        if logit > m or logit != logit:
            m = logit
    total = like(0.0, m)
    for i in range(z.size):
        total = rnd(total + rnd(exp(shifted(logit_of(z, bias, i, fmt), m, fmt)), fmt), fmt)
    return m, total


@kernel
def top_k_softmax_row(z, bias, k, by_slope, renormalize, p, fmt):
    """Softmax over the k largest, or their part of softmax over all. `p` is a row of its own."""
    top_k_logits(z, bias, k, by_slope, p, fmt)
    if renormalize:
        softmax_three_pass_reload(p, p, fmt)
    else:
        m, total = max_and_sum(z, bias, fmt)
        for i in range(z.size):
            p[i] = rnd(rnd(exp(shifted(p[i], m, fmt)), fmt) / total, fmt)


@kernel
def top_k_softmax_vjp_row(z, g, bias, k, by_slope, renormalize, out, fmt):
    """`softmax_vjp_row`; without renormalising, of all classes, with 0 from above for those that go."""
    if renormalize:
        top_k_softmax_row(z, bias, k, by_slope, renormalize, out, fmt)
        softmax_vjp_row(out, g, out, fmt)
        return
    zero = like(0.0, z[0])
    top_k_logits(z, bias, k, by_slope, out, fmt)
    m, total = max_and_sum(z, bias, fmt)
    top = 0
    for i in range(z.size):
        out[i] = zero * g[i] if out[i] == -np.inf else g[i]
        if logit_of(z, bias, i, fmt) == m:
            top = i
    g_top, mean = out[top], zero
    for i in range(z.size):
        p = rnd(rnd(exp(shifted(logit_of(z, bias, i, fmt), m, fmt)), fmt) / total, fmt)
        mean = rnd(mean + rnd(p * rnd(out[i] - g_top, fmt), fmt), fmt)
    for i in range(z.size):
        p = rnd(rnd(exp(shifted(logit_of(z, bias, i, fmt), m, fmt)), fmt) / total, fmt)
        out[i] = rnd(p * rnd(rnd(out[i] - g_top, fmt) - mean, fmt), fmt)


@kernel
def top_k_rows(z, bias, k, by_slope, renormalize, p, fmt):
    for i in range(z.shape[0]):
        top_k_softmax_row(z[i], bias[i], k, by_slope, renormalize, p[i], fmt)


@kernel
def top_k_vjp_rows(z, g, bias, k, by_slope, renormalize, out, fmt):
    for i in range(z.shape[0]):
        top_k_softmax_vjp_row(z[i], g[i], bias[i], k, by_slope, renormalize, out[i], fmt)


def check_count(k):
    try:
        count = operator.index(k)
    except TypeError:
        raise TypeError(f"k is {k!r}; allowed: an integer, at least 1") from None
    if count < 1:
        raise ValueError(f"k is {k!r}; allowed: an integer, at least 1")
    return count


def top_k_softmax(z, *, k=2, bias=0.0, rank="logit", renormalize=True, axis=-1, where=None, format=None):
    """Softmax over the k largest logits, all others exactly 0: the top-k gate, and the top-k filter of decoding.

    The classes that go get a logit of -inf. A large negative number instead, such as -65504 in float16, leaks mass
    to them when the logits themselves are that low.

    Parameters
    ----------
    k : int
        With more than there are classes all stay.
    bias : array_like, broadcast to the shape of `z`
        The logits are ``z + bias``.
    rank : {"logit", "slope"}
        Whether the k largest are those of ``z + bias``, as in practice, or of ``z`` alone, as in theory: then the
        regions of inputs that share experts are cones. Ties go to the first class.
    renormalize : bool
        If False, the kept classes have the weights that softmax over all classes gives them.
    z, axis, where, format
        As in `softmax`.

    Returns
    -------
    Weights (..., K) -> (..., K), in the dtype that `softmax` would give.

    Special values
    --------------
    As `softmax`: a NaN gives NaN in the whole row, and so does a row of -inf alone.

    Accuracy
    --------
    As `softmax` with a format, of the classes kept.

    References
    ----------
    N. Shazeer et al., Outrageously Large Neural Networks, ICLR 2017, arXiv:1701.06538 (the gate).
    H. Nguyen, P. Akbarian, F. Yan, N. Ho, Statistical Perspective of Top-K Sparse Softmax Gating Mixture of Experts,
    ICLR 2024, arXiv:2309.13850 (its theory; that it ranks by the slope is our reading).
    W. Fedus, B. Zoph, N. Shazeer, Switch Transformers, JMLR 2022, arXiv:2101.03961 (not renormalised).

    Examples
    --------
    >>> top_k_softmax([1.0, 0.9, -0.5, 0.2], bias=[-2.0, 0.3, 0.0, 1.5]).round(3)
    array([0.   , 0.378, 0.   , 0.622])
    >>> top_k_softmax([1.0, 0.9, -0.5, 0.2], bias=[-2.0, 0.3, 0.0, 1.5], rank="slope").round(3)
    array([0.1, 0.9, 0. , 0. ])
    """
    parameters = check_count(k), check_choice("rank", rank, RANKS), int(bool(renormalize))
    return map_rows(top_k_rows, {"z": z, "bias": bias}, *parameters, axis=axis, where=where, format=format,
                    fills=(-np.inf, 0.0))


def top_k_softmax_vjp(z, g, *, k=2, bias=0.0, rank="logit", renormalize=True, axis=-1, where=None):
    """Gradient of `top_k_softmax` with respect to ``z`` and to ``bias``: that of softmax over the classes kept.

    Without renormalising the classes that go still have a gradient, since they share in the sum. What changes when
    a class is exchanged for another is no part of it: the map jumps there. Parameters as `top_k_softmax`.

    Returns
    -------
    (..., K) -> (..., K)

    Examples
    --------
    >>> top_k_softmax_vjp([0.0, 0.0, -1.0], [1.0, 0.0, 5.0])
    array([ 0.25, -0.25,  0.  ])
    """
    parameters = check_count(k), check_choice("rank", rank, RANKS), int(bool(renormalize))
    return map_rows(top_k_vjp_rows, {"z": z, "g": g, "bias": bias}, *parameters, axis=axis, where=where,
                    fills=(-np.inf, 0.0))
