"""The top-k gate, and what maps that keep a few classes have in common.

They put -inf in the place of the classes left out, in a row of its own, and hand it on to softmax or sparsemax.
"""
from numbers import Real

import numpy as np

from toolkit._core import loops
from toolkit._core.arguments import check_choice, check_count, check_flag
from toolkit._core.arrays import Rows
from toolkit._core.kernel import kernel
from toolkit._core.sorting import keep_heap_of_largest
from toolkit._core.sums import sum_like
from toolkit.elementary import exp
from toolkit.softmax._algorithms import softmax_three_pass_reload
from toolkit.softmax._filtered import RESULTS, kept_row, probabilities_of, scaled_by
from toolkit.softmax._shift import shifted
from toolkit.softmax._softmax import softmax_vjp_row
from toolkit.softmax._temperature import divided_row, temper, temperature_of_rows, tempered_row

__all__ = ["RANKS", "top_k_softmax"]
KERNELS = ["keep_largest", "top_k_logits", "top_k_softmax_row", "top_k_softmax_vjp_row"]

RANKS = ("logit", "slope")


@kernel
def biased_logit(z, bias, i):
    """``z + bias`` of class i; the bias may be None."""
    if bias is None:
        return z[i]
    return shifted(z[i], -bias[i])


@kernel
def biased_row(z, bias, out):
    for i in range(z.size):
        out[i] = biased_logit(z, bias, i)


@kernel
def keep_largest(z, bias, by_slope, cut, count, out):
    """Logits, with -inf in the place of all but `count`: those ranked above `cut`, and the first ones equal to it.

    A NaN stays, so that the result of what comes next is NaN.
    """
    above, at_cut = 0, 0
    for i in range(z.size):
        score = z[i] if by_slope else biased_logit(z, bias, i)
        above += score > cut
        at_cut += score == cut
    ties = count - above
    if at_cut <= ties:
        for i in range(z.size):
            logit = biased_logit(z, bias, i)
            out[i] = -np.inf if (z[i] if by_slope else logit) < cut else logit
        return
    for i in range(z.size):
        logit = biased_logit(z, bias, i)
        score = z[i] if by_slope else logit
        kept = score == cut and ties > 0
        ties -= kept
        out[i] = logit if kept or score > cut or score != score else -np.inf


@kernel
def top_k_logits(z, bias, k, by_slope, out):
    """Logits, with -inf in the place of all but the k largest; ties go to the first."""
    for i in range(z.size):
        out[i] = z[i] if by_slope else biased_logit(z, bias, i)
    keep_heap_of_largest(out, min(k, z.size))
    keep_largest(z, bias, by_slope, out[0], k, out)


@kernel
def largest_logits(z, k, out):
    """`top_k_logits` without a bias."""
    top_k_logits(z, None, k, False, out)


@kernel
def max_and_sum(z, bias):
    """``(m, sum exp(logit - m))`` over all classes."""
    m = biased_logit(z, bias, 0)
    for i in range(1, z.size):
        logit = biased_logit(z, bias, i)
        if logit > m or logit != logit:
            m = logit
    total = sum_like(z)
    for i in range(z.size):
        total += exp(shifted(biased_logit(z, bias, i), m))
    return m, total.value


@kernel
def top_k_softmax_row(z, bias, k, by_slope, renormalize, p):
    """Softmax over the k largest, or their part of softmax over all. `p` is a row of its own."""
    top_k_logits(z, bias, k, by_slope, p)
    if renormalize:
        softmax_three_pass_reload(p, p)
    else:
        m, total = max_and_sum(z, bias)
        for i in range(z.size):
            p[i] = exp(shifted(p[i], m)) / total


@kernel
def top_k_softmax_vjp_row(z, g, bias, k, by_slope, renormalize, out):
    """`softmax_vjp_row`; without renormalising, of all classes, with 0 from above for those left out."""
    if renormalize:
        top_k_softmax_row(z, bias, k, by_slope, renormalize, out)
        softmax_vjp_row(out, g, out)
        return
    top_k_logits(z, bias, k, by_slope, out)
    m, total = max_and_sum(z, bias)
    top = 0
    for i in range(z.size):
        out[i] = 0 * g[i] if out[i] == -np.inf else g[i]
        if biased_logit(z, bias, i) == m:
            top = i
    g_top, mean = out[top], sum_like(z)
    for i in range(z.size):
        p = exp(shifted(biased_logit(z, bias, i), m)) / total
        mean += p * (out[i] - g_top)
    for i in range(z.size):
        p = exp(shifted(biased_logit(z, bias, i), m)) / total
        out[i] = p * ((out[i] - g_top) - mean.value)


def is_zero(bias):
    return isinstance(bias, Real) and bias == 0


def _parameters(k, rank, renormalize):
    """What the row kernels take."""
    return check_count(k), bool(check_choice("rank", rank, RANKS)), check_flag("renormalize", renormalize)


def top_k_softmax(z, *, k=2, bias=0.0, rank="logit", renormalize=True, temperature=1.0, result="probabilities", axis=-1,
                  where=None, format=None):
    """Softmax over the k largest logits, all others exactly 0: the top-k gate, and the top-k filter of decoding.

    The classes left out get a logit of -inf. A large negative number instead, such as -65504 in float16, leaks mass
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
    temperature : float >= 0, or array of one for each row
        As in `softmax`, of ``z + bias``; the k largest are the same at any.
    result : {"probabilities", "logits"}
        "logits" gives ``(z + bias) / temperature``, with -inf in the place of the others, as `top_p_softmax`.
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
    As `softmax`, of the classes kept; of rounded gaps, where they are not renormalised or the exact kernel runs (with
    a format, or with a bias at temperature 1): |z_i - max z| ulp more.

    Gradient
    --------
    With respect to z and to the bias alike: that of `softmax` over the classes kept, 0 for the others. Without
    renormalising the classes left out still have a gradient, since they share in the sum. What changes when a class
    is exchanged for another is no part of it: the map jumps there.

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
    parameters, logits_wanted = _parameters(k, rank, renormalize), check_choice("result", result, RESULTS)
    layout = Rows(z, axis=axis, where=where, format=format, beside={"bias": bias})
    tau = temperature_of_rows(layout, temperature)
    parameters += tau, logits_wanted
    if renormalize and format is None and not logits_wanted and not np.ndim(tau) and tau == 1.0 and is_zero(bias):
        kept = layout.empty()
        layout.call(loops.map_rows, largest_logits, (layout.rows(z, "z"),), (parameters[0],), kept)
        return layout.restore(probabilities_of(layout, kept), 0.0)
    return layout.restore(*_top_k(layout, layout.rows(z, "z"), layout.rows(bias, "bias", 0.0), *parameters))


def _top_k(layout, z, bias, k, by_slope, renormalize, tau, logits_wanted):
    """Rows of weights or logits, and what a masked class has."""
    out = layout.empty()
    if not logits_wanted and not np.ndim(tau) and tau == 1.0:
        layout.call(loops.map_row_pairs, top_k_softmax_row, (z, bias), (k, by_slope, renormalize), out)
        return out, 0.0
    layout.call(loops.map_row_pairs, top_k_logits, (z, bias), (k, by_slope), out)
    if logits_wanted:
        return scaled_by(layout, out, tau), -np.inf
    if renormalize:
        gaps = layout.empty()
        temper(layout, out, tau, tempered_row, gaps)
        return probabilities_of(layout, gaps), 0.0
    every = layout.empty()
    layout.call(loops.map_row_pairs, biased_row, (z, bias), (), every)
    temper(layout, every, tau, tempered_row, every)
    return np.where(out == -np.inf, 0.0, probabilities_of(layout, every)).astype(layout.compute), 0.0


def top_k_softmax_pull(z, g, *, k=2, bias=0.0, rank="logit", renormalize=True, temperature=1.0, result="probabilities",
                       axis=-1, where=None):
    """Gradient with respect to the logits `z`, from the gradient `g` with respect to the weights.

    Examples
    --------
    >>> top_k_softmax_pull([0.0, 0.0, -1.0], [1.0, 0.0, 5.0])
    array([ 0.25, -0.25,  0.  ])
    """
    parameters = _parameters(k, rank, renormalize)
    logits_wanted = check_choice("result", result, RESULTS)
    layout = Rows(z, axis=axis, where=where, beside={"bias": bias, "g": g})
    tau, out = temperature_of_rows(layout, temperature), layout.empty()
    logits, bias, g = layout.rows(z, "z"), layout.rows(bias, "bias", 0.0), layout.rows(g, "g", 0.0)
    if logits_wanted:
        layout.call(loops.map_row_pairs, top_k_logits, (logits, bias), parameters[:2], out)
        layout.call(loops.map_row_pairs, kept_row, (out, g), (), out)
    elif np.ndim(tau) or tau != 1.0:
        p, _ = _top_k(layout, logits, bias, *parameters, tau, False)
        if not parameters[2]:  # of softmax over all, with 0 from above for those left out
            g = np.where(p == 0, 0 * g, g)
            p, _ = _top_k(layout, logits, bias, layout.classes, *parameters[1:], tau, False)
        layout.call(loops.map_row_pairs, softmax_vjp_row, (p, g), (), out)
    else:
        layout.call(loops.map_row_triples, top_k_softmax_vjp_row, (logits, g, bias), parameters, out)
    if np.ndim(tau) or tau != 1.0:
        temper(layout, out, tau, divided_row, out)
    return layout.restore(out, 0.0)
