"""Attention of the last of two tokens, for one row: the query of b looks at the keys of a and b.

No position is encoded, so queries, keys and values belong to symbols: `symbols[s]` is q | k | v of symbol s, each as
wide as the model in memory. A softmax over two scores is a sigmoid of their difference.
"""
import numpy as np

from toolkit._core.inner_products import inner
from toolkit._core.kernel import kernel
from toolkit._core.numbers import like
from toolkit.elementary import sigmoid

__all__ = ["attend", "attend_backward", "attention_weights"]


@kernel
def attention_weights(first, last, heads, size, width, weights):
    """``weights[2 h], weights[2 h + 1]``: how much head h looks at the first and the last token.

    `first`, `last` are q | k | v of the two tokens, each `width` long; a head has `size` numbers.
    """
    scale = like(1.0 / np.sqrt(np.float64(size)), first[0])
    for h in range(heads):
        q = last[h * size:(h + 1) * size]
        start = width + h * size
        gap = like(inner(q, first[start:start + size]) - inner(q, last[start:start + size]), first[0]) * scale
        weights[2 * h] = sigmoid(gap)
        weights[2 * h + 1] = sigmoid(-gap)


@kernel
def attend(first, last, heads, size, width, weights, out):
    """Mean of the values of the two tokens by `weights`."""
    for h in range(heads):
        for i in range(h * size, (h + 1) * size):
            out[i] = weights[2 * h] * first[2 * width + i] + weights[2 * h + 1] * last[2 * width + i]


@kernel
def attend_backward(d, first, last, heads, size, width, weights, dropped, d_first, d_last):
    """Add to the gradients of q | k | v of both tokens.

    Parameters
    ----------
    d : gradient with respect to what `attend` gave
    weights, dropped : attention weights before dropout and after it
    """
    scale = like(1.0 / np.sqrt(np.float64(size)), d[0])
    for h in range(heads):
        begin = h * size
        values = 2 * width + begin
        along = d[begin:begin + size]
        at_first = like(inner(along, first[values:values + size]), d[0])
        at_last = like(inner(along, last[values:values + size]), d[0])
        # A dropped weight hands nothing back, a kept one is scaled as it was.
        at_first = at_first * (dropped[2 * h] / weights[2 * h]) if dropped[2 * h] > like(0.0, d[0]) else like(0.0, d[0])
        other = dropped[2 * h + 1]
        at_last = at_last * (other / weights[2 * h + 1]) if other > like(0.0, d[0]) else like(0.0, d[0])
        gap = weights[2 * h] * weights[2 * h + 1] * (at_first - at_last) * scale
        for i in range(begin, begin + size):
            q = last[i]
            d_first[2 * width + i] = d_first[2 * width + i] + dropped[2 * h] * d[i]
            d_last[2 * width + i] = d_last[2 * width + i] + other * d[i]
            d_last[i] = d_last[i] + gap * (first[width + i] - last[width + i])
            d_first[width + i] = d_first[width + i] + gap * q
            d_last[width + i] = d_last[width + i] - gap * q
