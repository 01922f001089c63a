"""A single attention layer with random queries and keys: what is left to learn is linear."""
import numpy as np

from toolkit._core.arguments import check_count, check_finite, check_whole
from toolkit._core.arrays import common_dtype, real_array
from toolkit._core.kernel import kernel
from toolkit.attention._batches import Batch

__all__ = ["random_features", "random_features_attention", "random_features_parity", "random_features_weights"]
KERNELS = ["random_features_row"]


@kernel
def random_features_row(query, tokens, weight, turned, out):
    """``(1/N) sum_i relu(<x0, W x_i>) x_i`` of one matrix W; `turned` is to hold ``W' x0``."""
    for b in range(query.size):
        turned[b], out[b] = 0.0, 0.0
        for a in range(query.size):
            turned[b] += query[a] * weight[a, b]
    for i in range(tokens.shape[0]):
        score = 0.0
        for b in range(query.size):
            score += turned[b] * tokens[i, b]
        if not score <= 0:
            for b in range(query.size):
                out[b] += score * tokens[i, b] / tokens.shape[0]


@kernel(nogil=True)
def features_of_all(queries, tokens, weights, turned, out):
    for b in range(queries.shape[0]):
        for m in range(weights.shape[0]):
            random_features_row(queries[b, 0], tokens[b], weights[m], turned, out[b, m])


@kernel(nogil=True)
def features_back(queries, tokens, weights, g, turned, dqueries, dtokens):
    """Adds the gradients of queries and tokens; the slope of relu at 0 is 0."""
    for b in range(queries.shape[0]):
        x, count = queries[b, 0], tokens.shape[1]
        for m in range(weights.shape[0]):
            for i in range(count):
                token = tokens[b, i]
                score, along = 0.0, 0.0
                for c in range(x.size):
                    turned[c] = 0.0
                    for a in range(x.size):
                        turned[c] += x[a] * weights[m, a, c]
                    score += turned[c] * token[c]
                    along += g[b, m, c] * token[c] / count
                if not score <= 0:
                    for c in range(x.size):
                        dtokens[b, i, c] += score * g[b, m, c] / count + along * turned[c]
                        for a in range(x.size):
                            dqueries[b, 0, a] += along * weights[m, a, c] * token[c]


def random_features_weights(units, size, *, mean=0.0, seed=0):
    """Matrices that stay as they are drawn: entries N(0, 1 / size), and `mean` times the unit matrix.

    Parameters
    ----------
    units, size : int
        M matrices, each (D, D).
    mean : float, optional
    seed : int, optional

    Returns
    -------
    (M, D, D)

    Examples
    --------
    >>> random_features_weights(2, 3, mean=1.0).shape
    (2, 3, 3)
    """
    units, size = check_count(units, "units"), check_count(size, "size")
    mean, seed = check_finite("mean", mean), check_whole("seed", seed, 0)
    if units * size * size > 2**28:
        raise ValueError(f"size is {size} with {units} units; allowed: at most 2**28 numbers")
    drawn = np.random.default_rng(seed).normal(size=(units, size, size)) / np.sqrt(size)
    return drawn + mean * np.eye(size)


def _prepared(query, tokens, weights):
    """A batch of a query and N tokens, and the matrices in float64."""
    given, weights = real_array(query, "query"), real_array(weights, "weights")
    if given.ndim < 1:
        raise ValueError(f"query has shape {given.shape}; allowed: (..., D)")
    dtype = common_dtype(query=query, tokens=tokens, weights=weights)
    batch = Batch({"query": given[..., None, :].astype(dtype, copy=False), "tokens": tokens})
    size = given.shape[-1]
    if batch.arrays["tokens"].shape[-1] != size:
        raise ValueError(f"tokens has shape {batch.arrays['tokens'].shape}; allowed: (..., N, {size}), as query")
    if weights.ndim != 3 or weights.shape[1:] != (size, size) or len(weights) == 0:
        raise ValueError(f"weights has shape {weights.shape}; allowed: (M, {size}, {size}), M at least 1")
    rows = [batch.rows(name, np.float64) for name in ("query", "tokens")]
    return batch, rows, np.ascontiguousarray(weights, np.float64)


def random_features(query, tokens, weights):
    """Features of a query and its tokens: ``Φ_m = (1/N) sum_i relu(<x_0, W_m x_i>) x_i`` for each matrix W_m.

    With values v_m the layer is ``f = sum_m <v_m, Φ_m>``, which is linear in them. It does not see the order of the
    tokens, nor whether all are there twice, it is homogeneous of degree 1 in the query, and **odd**: ``f(-x_0, -x) =
    -f(x_0, x)``. An even function is out of its reach, however many matrices there are; with a constant beside each
    vector it is not.

    Parameters
    ----------
    query : array_like (..., D)
        x_0.
    tokens : array_like (..., N, D)
        x_1 to x_N.
    weights : array_like (M, D, D)
        As of `random_features_weights`.

    Returns
    -------
    (..., M, D)

    Gradient
    --------
    ``(1/N) sum_i [<x_0, W_m x_i> > 0] <g_m, x_i> W_m x_i``, summed over m, of the query, and likewise of `tokens`.

    Accuracy
    --------
    Computed in float64 and rounded to the dtype, tested against 50 digits: float64 within 64 epsilon of the same sums
    of absolute values.

    References
    ----------
    Fu, Guo, Bai, Mei, What can a Single Attention Layer Learn? A Study Through the Random Features Lens, NeurIPS 2023,
    arXiv:2307.11353. We recall the formula from memory; the parity is derived here.

    Examples
    --------
    >>> import numpy as np
    >>> x0, x = [1.0, 0.0, 0.5], [[0.5, 1.0, 0.0], [-1.0, 0.2, 0.3]]
    >>> random_features(x0, x, [np.eye(3)])
    array([[0.125, 0.25 , 0.   ]])
    """
    batch, rows, weights = _prepared(query, tokens, weights)
    out = np.zeros((len(rows[0]), *weights.shape[:2]))
    with np.errstate(all="ignore"):
        features_of_all(*rows, weights, np.empty(weights.shape[1]), out)
    return batch.restore(out)


def random_features_gradients(query, g, *, tokens, weights):
    """Of `query` and `tokens`, by name."""
    batch, rows, weights = _prepared(query, tokens, weights)
    gradients = [np.zeros_like(each) for each in rows]
    with np.errstate(all="ignore"):
        features_back(*rows, weights, batch.above(g, weights.shape[:2]), np.empty(weights.shape[1]), *gradients)
    return {"query": batch.back("query", gradients[0])[..., 0, :], "tokens": batch.back("tokens", gradients[1])}


def random_features_attention(query, tokens, weights, values):
    """The layer, ``f = sum_m <v_m, Φ_m>``, of `random_features`; its gradient with respect to `values` is these.

    Parameters
    ----------
    query, tokens, weights : array_like (..., D), (..., N, D), (M, D, D)
    values : array_like (M, D)

    Returns
    -------
    (...)

    Examples
    --------
    >>> import numpy as np
    >>> x0, x = [1.0, 0.0, 0.5], [[0.5, 1.0, 0.0], [-1.0, 0.2, 0.3]]
    >>> w = [np.eye(3), [[0.0, 0.5, -1.0], [0.3, 0.0, 0.0], [1.0, -1.0, 0.2]]]
    >>> random_features_attention(x0, x, w, [[0.2, 0.1, -0.3], [1.0, -0.5, 0.4]]).round(12)
    0.05
    """
    values, phi = real_array(values, "values"), random_features(query, tokens, weights)
    if values.shape != phi.shape[-2:]:
        raise ValueError(f"values has shape {values.shape}; allowed: {phi.shape[-2:]}")
    dtype = common_dtype(query=query, tokens=tokens, weights=weights, values=values)
    with np.errstate(all="ignore"):
        return (phi * values).sum(axis=(-2, -1)).astype(dtype)[()]


def random_features_parity(y, mirrored):
    """Share of a target that is even under the flip of all vectors: the least relative error of an odd layer.

    ``sum e^2 / sum y^2`` with ``e = (y(x_0, x) + y(-x_0, -x)) / 2``, over examples from a distribution that the flip
    leaves as it is. With `random_features` no fit gets below it. Take the mean off the target first, or it counts.

    Parameters
    ----------
    y, mirrored : array_like (n,)
        The target at examples, and at the same examples times -1.

    Returns
    -------
    float
        From 0, for an odd target, to 1, for an even one.

    Examples
    --------
    >>> random_features_parity([1.0, 2.0], [-1.0, -2.0]), random_features_parity([1.0, 2.0], [1.0, 2.0])
    (0.0, 1.0)
    """
    y, mirrored = real_array(y, "y").astype(np.float64), real_array(mirrored, "mirrored").astype(np.float64)
    if y.size == 0 or y.shape != mirrored.shape:
        raise ValueError(f"mirrored has shape {mirrored.shape}; allowed: {y.shape}, as y, with at least one number")
    # From both halves: what is odd and what is even in them are orthogonal, and the share is at most 1.
    with np.errstate(all="ignore"):
        even, odd = ((y + mirrored) / 2) ** 2, ((y - mirrored) / 2) ** 2
        return float(even.sum() / (even.sum() + odd.sum()))
