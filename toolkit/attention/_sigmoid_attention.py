"""Attention by sigmoid: each weight is on its own, and a bias stands in for the sum that nobody takes."""
import numpy as np

from toolkit._core.arguments import check_finite, chosen
from toolkit._core.kernel import kernel
from toolkit.attention._pairs import attended, pulled, scores_row, weighed_values
from toolkit.elementary import exp, sigmoid

__all__ = ["sigmoid_attention"]
KERNELS = ["sigmoid_attention_naive", "sigmoid_attention_row", "sigmoid_weights_row"]


@kernel
def sigmoid_weights_row(q, k, keep, scale, bias, w):
    """``sigmoid(scale <q, k_j> + bias)`` of the keys that are kept; returns how many they are."""
    count = scores_row(q, k, keep, scale, w)
    for j in range(count):
        w[j] = sigmoid(w[j] + bias)
    return count


@kernel
def sigmoid_attention_row(q, k, v, keep, scale, bias, w, out):
    sigmoid_weights_row(q, k, keep, scale, bias, w)
    weighed_values(w, keep, v, out)


@kernel
def sigmoid_attention_naive(q, k, v, keep, scale, bias, w, out):
    """``1 / (1 + exp(-x))``: exactly 0 where the exponential overflows."""
    count = scores_row(q, k, keep, scale, w)
    for j in range(count):
        w[j] = 1 / (1 + exp(-(w[j] + bias)))
    weighed_values(w, keep, v, out)


@kernel
def sigmoid_slopes(w, s):
    """``w_j (1 - w_j) s_j``."""
    for j in range(w.size):
        s[j] = w[j] * (1 - w[j]) * s[j]


_FORMS = {"naive": sigmoid_attention_naive, "stable": sigmoid_attention_row}


def _bias(bias):
    """What of the number of keys the bias is."""
    if bias is None:
        return lambda m: (-float(np.log(m)),)
    bias = check_finite("bias", bias)
    return lambda m: (bias,)


def sigmoid_attention(q, k, v, *, bias=None, causal=False, where=None, scale=None, form="stable", format=None):
    """Attention by sigmoid: ``y_i = sum_j w_ij v_j`` with ``w_ij = sigmoid(scale <q_i, k_j> + bias)``.

    No weight knows of the others, and nothing makes them add up to 1. At scores of 0 the bias ``-log m`` gives each of
    m keys ``1 / (m + 1)``. The bias is one number for all queries: in a causal sequence the first query sees one key
    and gets a weight of about ``1 / m`` in all. The naive form ``1 / (1 + exp(-x))`` is exactly 0 from x = -89 down in
    float32 and from -11.1 down in float16, where `sigmoid` goes on to -103 and -17.3.

    Parameters
    ----------
    q, k, v : array_like (..., n, d), (..., m, d), (..., m, e)
        Queries, keys and values.
    bias : float, optional
        By default ``-log m``. The paper's models divide by no sum, and some scale the result by a learned vector
        (LayerScale) before it is added to what it came from; that is left to the caller.
    causal : bool
        Query i sees no key after number i; then n = m. The bias stays ``-log m``.
    where : array_like of booleans, broadcast to (..., n, m), optional
        True keeps; a masked weight is 0.
    scale : float, optional
        By default ``1 / sqrt(d)``.
    form : {"naive", "stable"}
    format : Format, name or pair (exponent_bits, fraction_bits), optional

    Returns
    -------
    (..., n, e)

    Gradient
    --------
    With ``s_ij = <g_i, v_j>``: of the scores ``w_ij (1 - w_ij) s_ij``, times `scale` and the keys or queries; of the
    values ``sum_i w_ij g_i``. In float64, rounded to the dtype.

    Special values
    --------------
    A query that sees no key gets 0. NaN gives NaN in its row.

    Accuracy
    --------
    float32 and float64, tested against 50 digits for 16 keys of 4 numbers with scores below 20: within 64 epsilon of
    the sum of ``w_ij abs(v_j)``.

    References
    ----------
    Ramapuram et al., Theory, Analysis, and Best Practices for Sigmoid Self-Attention, ICLR 2025, arXiv:2409.04431.

    Examples
    --------
    >>> q, k, v = [[1.0, 0.0]], [[1.0, 0.5], [-0.5, 1.0], [0.2, 0.2]], [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]
    >>> sigmoid_attention(q, k, v).round(6)
    array([[2.359565, 3.23003 ]])
    """
    of, numbers = chosen("form", form, _FORMS), _bias(bias)
    return attended(of, q, k, v, numbers, causal=causal, where=where, scale=scale, format=format)


def sigmoid_attention_gradients(q, g, *, k, v, bias=None, causal=False, where=None, scale=None):
    """Of `q`, `k` and `v`, by name."""
    return pulled(sigmoid_weights_row, sigmoid_slopes, q, k, v, g, _bias(bias), causal=causal, where=where, scale=scale)
