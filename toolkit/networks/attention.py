"""Attention of the last of two tokens, for one row: the query of b looks at the keys of a and b.

No position is encoded, so queries, keys and values belong to symbols: `symbols[s]` is q | k | v of symbol s, each as
wide as the model in memory. A softmax over two scores is a sigmoid of their difference.
"""
import numpy as np

from toolkit._core.inner_products import inner
from toolkit._core.kernel import kernel
from toolkit._core.numbers import in_format
from toolkit.elementary import sigmoid

__all__ = ["attend", "attend_backward", "attention_weights"]


@kernel
def attention_weights(first, last, heads, size, width, weights):
    """``weights[2 h], weights[2 h + 1]``: how much head h looks at the first and the last token.

    `first`, `last` are q | k | v of the two tokens, each `width` long; a head has `size` numbers.
    """
    weights = in_format(weights, None)
    scale = 1 / np.sqrt(float(size))
    for h in range(heads):
        q = last[h * size:(h + 1) * size]
        start = width + h * size
        weights[2 * h] = inner(q, first[start:start + size]) - inner(q, last[start:start + size])  # rounded here
        gap = weights[2 * h] * scale
        weights[2 * h] = sigmoid(gap)
        weights[2 * h + 1] = sigmoid(-gap)


@kernel
def attend(first, last, heads, size, width, weights, out):
    """Mean of the values of the two tokens by `weights`."""
    for h in range(heads):
        for i in range(h * size, (h + 1) * size):
            out[i] = weights[2 * h] * first[2 * width + i] + weights[2 * h + 1] * last[2 * width + i]


@kernel
def handed_back(slope, weight, dropped):
    """What dropout hands back to a weight: of a dropped one nothing, and a kept one is scaled as it was."""
    return 0.0 if dropped <= 0 else slope * (dropped / weight)


@kernel
def attend_backward(d, first, last, heads, size, width, weights, dropped, d_first, d_last):
    """Add to the gradients of q | k | v of both tokens.

    Parameters
    ----------
    d : gradient with respect to what `attend` gave
    weights, dropped : attention weights before dropout and after it
    """
    weights, dropped = in_format(weights, None), in_format(dropped, None)
    scale = 1 / np.sqrt(float(size))
    for h in range(heads):
        begin = h * size
        values = 2 * width + begin
        along = d[begin:begin + size]
        first_weight, last_weight = dropped[2 * h], dropped[2 * h + 1]
        at_first = handed_back(inner(along, first[values:values + size]), weights[2 * h], first_weight)
        at_last = handed_back(inner(along, last[values:values + size]), weights[2 * h + 1], last_weight)
        gap = weights[2 * h] * weights[2 * h + 1] * (at_first - at_last) * scale
        for i in range(begin, begin + size):
            q = last[i]
            d_first[2 * width + i] += first_weight * d[i]
            d_last[2 * width + i] += last_weight * d[i]
            d_last[i] += gap * (first[width + i] - last[width + i])
            d_first[width + i] += gap * q
            d_last[width + i] -= gap * q
