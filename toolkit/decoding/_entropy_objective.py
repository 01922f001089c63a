"""What entropy minimisation at inference lowers: the entropy of a row of logits, and how far it has left another."""
import numpy as np

from toolkit._core.arguments import check_finite
from toolkit._core.array_likes import array_and_mask
from toolkit._core.arrays import Rows, common_dtype, real_array, reduce_rows
from toolkit._core.exact_sums import add_compensated
from toolkit._core.kernel import kernel
from toolkit._core.loops import map_row_triples
from toolkit.elementary import exp, log1p
from toolkit.information.kernels import entropy_of_logits, excess, expected_gap
from toolkit.losses._entries import spread
from toolkit.softmax import log_softmax
from toolkit.softmax.kernels import exp_gap, sum_without_top, top_class

__all__ = ["entropy_objective"]
KERNELS = ["divergence_from", "entropy_objective_row", "entropy_objective_vjp_row"]


@kernel
def divergence_from(log_q, z):
    """``KL(q, p)`` of ``p = softmax(z)``: ``q (e^u - 1 - u)`` of each class, with ``u = log(p / q)``.

    Terms >= 0. A class without q counts with its p alone, also where it has neither: there is no ``0 inf``.
    """
    top = top_class(z)
    rest = sum_without_top(z, top)
    norm = log1p(rest)
    total, lost = norm - norm, 0.0
    for k in range(z.size):
        p, q = exp_gap(z[k], z[top]) / (1 + rest), exp(log_q[k])
        term = p + q
        if q > 0:
            u = (z[k] - z[top]) - norm - log_q[k]
            half = (0.5 * z[k] - 0.5 * z[top]) - 0.5 * norm - 0.5 * log_q[k]  # which does not overflow
            term = q * excess(u) if abs(u) < 1 else (p - q) - 2 * (q * half)
        total, lost = add_compensated(total, lost, term)
    return total


@kernel
def entropy_objective_row(z, log_q, kl_weight):
    """``H(p) + kl_weight KL(q, p)``."""
    entropy = entropy_of_logits(z)
    return entropy if kl_weight == 0 else entropy + kl_weight * divergence_from(log_q, z)


@kernel
def entropy_objective_vjp_row(z, log_q, g, kl_weight, out):
    """``-p (log p + H) + kl_weight (p - q)``, times g, a number."""
    top = top_class(z)
    rest = sum_without_top(z, top)
    mean = expected_gap(z, top, rest)
    for k in range(z.size):
        w = exp_gap(z[k], z[top])
        p = w / (1 + rest)
        slope = p * ((z[top] - z[k]) - mean) if w != 0 else rest - rest
        out[k] = (slope + kl_weight * (p - exp(log_q[k]))) * g


def entropy_objective(z, reference=None, *, kl_weight=0.001, axis=-1, where=None):
    """Entropy of a row of logits, and a little of its distance from the row that it began as.

    ``H(p) + kl_weight KL(q, p)`` with ``p = softmax(z)`` and ``q = softmax(reference)``: what entropy minimisation at
    inference lowers, one token at a time. The released code forms ``q log(q / p)`` from probabilities, which is NaN
    where a token has neither; here such a token adds nothing.

    Parameters
    ----------
    z : array_like (..., K)
        Logits.
    reference : array_like (..., K), broadcast to `z`, optional
        The logits of q; `z` itself by default, of which the divergence is 0.
    kl_weight : float >= 0
    axis : int, tuple of ints or None
    where : array_like of booleans, optional
        True keeps.

    Returns
    -------
    (...)

    Gradient
    --------
    With respect to `z` ``-p_k (log p_k + H) + kl_weight (p_k - q_k)``: descent raises the logits with p_k > e^-H.

    Special values
    --------------
    A logit of -inf is masked; inf where q has a class that p has not. NaN or +inf gives NaN.

    Accuracy
    --------
    float32 and float64, tested for K <= 100, with ``s = max(1, abs(log p), abs(log q))``: within 16 epsilon of
    ``H + kl_weight sum q s``, the gradient within 16 epsilon of ``p max(abs(log p), H) + kl_weight (p + q) s``.

    References
    ----------
    S. Agarwal et al., The Unreasonable Effectiveness of Entropy Minimization in LLM Reasoning, 2025, arXiv:2505.15134.

    Examples
    --------
    >>> z = [2.0, 1.0, 0.5, 0.0, -1.0]
    >>> f"{entropy_objective(z):.6f}"
    '1.206489'
    """
    weight = check_finite("kl_weight", kl_weight, 0)
    first = log_probabilities_of(z, reference, axis, where)
    value = reduce_rows(entropy_objective_row, {"z": z, "reference": first}, weight, axis=axis, where=where, empty=0.0)
    return value.astype(common_dtype(z=z, reference=z if reference is None else reference), copy=False)


def log_probabilities_of(z, reference, axis, where):
    """Those of the reference, in the shape of the logits, of which they are masked as these are."""
    values, hidden = array_and_mask(z, "z")
    if values.size == 0:
        return values
    given = values if reference is None else spread(real_array(reference, "reference"), values.shape, "reference")
    given = np.asarray(given, np.result_type(given.dtype, np.float32))  # keep the digits of narrow dtypes
    return log_softmax(given if hidden is None else np.ma.array(given, mask=hidden), axis=axis, where=where)


def entropy_objective_pull(at, g, *, reference=None, kl_weight=0.001, axis=-1, where=None):
    layout = Rows(at, axis=axis, where=where, name="z")
    first = log_probabilities_of(at, reference, axis, where)
    rows = layout.rows(at, "z"), layout.rows(first, "reference"), layout.per_row(g, "g")
    out = layout.empty()
    layout.call(map_row_triples, entropy_objective_vjp_row, rows, (float(kl_weight),), out)
    return layout.restore(out, 0.0)
