"""Attention that gives each pair of a query and a key a weight: the loop over queries, and its gradient.

A kernel ``of(q, k, v, keep, *numbers, w, out)`` takes one query, all keys and values, and which keys the query sees.
"""
import numpy as np

from toolkit._core.arguments import check_finite, check_flag
from toolkit._core.kernel import kernel
from toolkit._core.numbers import in_format
from toolkit._core.sums import sum_like
from toolkit.attention._batches import Batch, checked_pairs, mask_of

__all__ = []


@kernel
def scores_row(q, k, keep, scale, s):
    """``scale <q, k_j>`` of the keys that are kept, one behind the other; returns how many they are."""
    count = 0
    for j in range(keep.size):
        if keep[j]:
            total = sum_like(q)
            for a in range(q.size):
                total += q[a] * k[j, a]
            s[count] = total.value * scale
            count += 1
    return count


@kernel
def weighed_values(w, keep, v, out):
    """``sum_j w_j v_j`` over the keys that are kept, whose weights stand one behind the other."""
    for c in range(out.size):
        total, count = sum_like(out), 0
        for j in range(keep.size):
            if keep[j]:
                total += w[count] * v[j, c]
                count += 1
        out[c] = total.value


@kernel(nogil=True)
def attend(of, q, k, v, keep, causal, numbers, w, out, fmt):
    """``of(query, keys, values, keep, *numbers, w, result)`` for each query; a causal one sees no later key."""
    q, k, v, w, out = in_format(q, fmt), in_format(k, fmt), in_format(v, fmt), in_format(w, fmt), in_format(out, fmt)
    for b in range(q.shape[0]):
        for i in range(q.shape[1]):
            seen = keep[b % keep.shape[0], i % keep.shape[1], :i + 1 if causal else keep.shape[2]]
            of(*((q[b, i], k[b], v[b], seen) + numbers + (w, out[b, i])))


@kernel(nogil=True)
def attend_back(weights_of, slopes_of, q, k, v, keep, causal, numbers, g, dq, dk, dv, w, s):
    """Adds the gradients of queries, keys and values, from `g` of the result, in float64.

    ``weights_of(query, keys, keep, *numbers, w)`` fills the weights and returns how many they are; ``slopes_of(w, s)``
    makes the gradient with respect to the scores of that with respect to the weights, in s. The first of `numbers` is
    the scale.
    """
    scale = numbers[0]
    for b in range(q.shape[0]):
        for i in range(q.shape[1]):
            seen = keep[b % keep.shape[0], i % keep.shape[1], :i + 1 if causal else keep.shape[2]]
            count = weights_of(*((q[b, i], k[b], seen) + numbers + (w,)))
            at = 0
            for j in range(seen.size):
                if seen[j]:
                    s[at] = 0.0
                    for c in range(g.shape[2]):
                        s[at] += g[b, i, c] * v[b, j, c]
                        dv[b, j, c] += w[at] * g[b, i, c]
                    at += 1
            slopes_of(w[:count], s[:count])
            at = 0
            for j in range(seen.size):
                if seen[j]:
                    for a in range(q.shape[2]):
                        dq[b, i, a] += scale * s[at] * k[b, j, a]
                        dk[b, j, a] += scale * s[at] * q[b, i, a]
                    at += 1


def _prepared(q, k, v, causal, where, scale, format=None):
    batch, causal = Batch({"q": q, "k": k, "v": v}, format), check_flag("causal", causal)
    n, m, d, e = checked_pairs(batch, causal)
    scale = 1 / float(np.sqrt(d)) if scale is None else check_finite("scale", scale)
    return batch, causal, mask_of(where, batch, (n, m), "pairs"), scale, (n, m, d, e)


def attended(of, q, k, v, numbers, *, causal, where, scale, format):
    """The result of a kernel; ``numbers(m)`` are what it takes besides the scale, for m keys."""
    batch, causal, keep, scale, (n, m, _, e) = _prepared(q, k, v, causal, where, scale, format)
    rows = [batch.rows(name) for name in "qkv"]
    out = batch.empty(len(rows[0]), n, e)
    with np.errstate(all="ignore"):
        attend(of, *rows, keep, causal, (scale, *numbers(m)), batch.empty(m), out, batch.fmt)
    return batch.restore(out)


def pulled(weights_of, slopes_of, q, k, v, g, numbers, *, causal, where, scale):
    """The gradients of `q`, `k` and `v`, by name."""
    batch, causal, keep, scale, (n, m, _, e) = _prepared(q, k, v, causal, where, scale)
    rows, g = [batch.rows(name, np.float64) for name in "qkv"], batch.above(g, (n, e))
    gradients = [np.zeros_like(each) for each in rows]
    with np.errstate(all="ignore"):
        attend_back(weights_of, slopes_of, *rows, keep, causal, (scale, *numbers(m)), g, *gradients, np.empty(m),
                    np.empty(m))
    return {name: batch.back(name, each) for name, each in zip("qkv", gradients, strict=True)}
