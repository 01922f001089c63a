"""PHATGOOSE: a router made of gates that were trained apart, each for its own expert."""
import numpy as np

from toolkit._core.arguments import check_choice, check_count, check_finite
from toolkit._core.arrays import common_dtype, real_array
from toolkit._core.kernel import kernel
from toolkit._core.sums import sum_like
from toolkit.softmax._filtered import RESULTS
from toolkit.softmax._top_k import top_k_softmax, top_k_softmax_pull

__all__ = ["phatgoose_gate"]
KERNELS = ["phatgoose_scores", "phatgoose_scores_vjp", "standardized_row", "standardized_vjp_row"]


@kernel
def standardized_row(x, eps, out):
    """``(x - mean) / sqrt(variance + eps)``, a LayerNorm without weights; returns that root. `out` may be `x`.

    Distances are divided by the largest one before they are squared, lest a square leave the range.
    """
    total, size = sum_like(x), 0 * x[0]
    for i in range(x.size):
        total += x[i]
    mean = total.value / x.size
    for i in range(x.size):
        out[i] = x[i] - mean
        if abs(out[i]) > size or out[i] != out[i]:
            size = abs(out[i])
    least = np.sqrt(eps)
    unit = max(size, least) if size == size else size
    if unit == 0:
        return unit
    squares = sum_like(x)
    for i in range(x.size):
        squares += (out[i] / unit) * (out[i] / unit)
    root = np.sqrt(squares.value / x.size + (least / unit) * (least / unit))
    for i in range(x.size):
        out[i] = out[i] / unit / root
    return root * unit


@kernel
def standardized_vjp_row(n, root, g, out):
    """``(g - mean g - n mean(n g)) / root`` from the standardized row n; `out` may be `g`."""
    mean, along = sum_like(n), sum_like(n)
    for i in range(n.size):
        mean += g[i]
        along += n[i] * g[i]
    mean_g, mean_ng = mean.value / n.size, along.value / n.size
    for i in range(n.size):
        out[i] = (g[i] - mean_g - n[i] * mean_ng) / root if root != 0 else 0 * g[i]


@kernel
def standardized_rows(x, eps, n, roots):
    for i in range(x.shape[0]):
        roots[i] = standardized_row(x[i], eps, n[i])


@kernel
def phatgoose_scores(n, m, scores):
    """``<n_t, m_i> / sqrt(d)`` of standardized inputs n and vectors m: sqrt(d) times their correlation, but for eps."""
    length = np.sqrt(1.0 * n.shape[1])
    for t in range(n.shape[0]):
        for i in range(m.shape[0]):
            total = sum_like(n[t])
            for j in range(n.shape[1]):
                total += n[t, j] * m[i, j]
            scores[t, i] = total.value / length


@kernel
def phatgoose_scores_vjp(n, m, roots, g, out):
    """Gradient with respect to the rows of which n are the standardized ones; g is (rows of n, rows of m)."""
    length = np.sqrt(1.0 * n.shape[1])
    for t in range(n.shape[0]):
        for j in range(n.shape[1]):
            total = sum_like(n[t])
            for i in range(m.shape[0]):
                total += g[t, i] * m[i, j]
            out[t, j] = total.value / length
        standardized_vjp_row(n[t], roots[t], out[t], out[t])


class Scored:
    """Inputs and vectors, standardized, and the score of each pair."""

    def __init__(self, x, v, eps):
        self.shape = real_array(x, "x").shape
        x, v = np.atleast_1d(real_array(x, "x")), real_array(v, "v")
        if v.ndim != 2 or v.shape[0] == 0 or v.shape[1] != x.shape[-1] or v.shape[1] == 0:
            raise ValueError(f"v has shape {v.shape}; allowed: (experts, {x.shape[-1]}), a vector for each expert with "
                             "as many numbers as each input in x, at least 1")
        eps = check_finite("eps", eps, 0)
        self.dtype = common_dtype(x=x, v=v)
        compute = np.float64 if self.dtype == np.float64 else np.float32
        self.batch, d = x.shape[:-1], x.shape[-1]
        x = np.ascontiguousarray(x, compute).reshape(-1, d)
        v = np.ascontiguousarray(v, compute)
        self.n, self.m = np.empty_like(x), np.empty_like(v)
        self.x_roots, self.v_roots = np.empty(len(x), compute), np.empty(len(v), compute)
        scores = np.empty((len(x), len(v)), compute)
        with np.errstate(all="ignore"):
            standardized_rows(x, compute(eps), self.n, self.x_roots)
            standardized_rows(v, compute(eps), self.m, self.v_roots)
            phatgoose_scores(self.n, self.m, scores)
        self.scores = scores.reshape(*self.batch, len(v))

    def above(self, g, k, result):
        """The gradient with respect to the scores, as rows."""
        g = real_array(g, "g")
        return np.ascontiguousarray(top_k_softmax_pull(self.scores, g, k=k, result=result).reshape(-1, len(self.m)),
                                    self.n.dtype)


def phatgoose_gate(x, v, *, k=2, eps=1e-5, result="probabilities"):
    """PHATGOOSE, a router of gates that were trained apart: softmax over the k best scores ``<v'_i, x'> / sqrt(d)``.

    A dash means that the mean is subtracted and the rest divided by ``sqrt(variance + eps)``: x' and v' have the length
    sqrt(d), and a score is sqrt(d) times the correlation of the two. So the vectors of `sigmoid_gate`, which know
    nothing of each other, are put on a common scale: a gate with large numbers does not win by its size alone.

    Parameters
    ----------
    x : array_like (..., d)
        Inputs of a layer, one for each token.
    v : array_like (K, d)
        The vector of each expert's gate.
    k : int
        Experts kept for each input; with more than there are all stay. Ties go to the first.
    eps : float >= 0
    result : {"probabilities", "logits"}
        "logits" gives the scores, with -inf in the place of the others.

    Returns
    -------
    Weights (..., d), (K, d) -> (..., K), in the common dtype of x and v. They add up to 1, where the published code
    divides by their sum plus 1e-6.

    Special values
    --------------
    A constant x has the score 0 with every expert. A NaN in x gives NaN, one in a vector NaN everywhere.

    Accuracy
    --------
    Scores within ``(8 + c) sqrt(d)`` epsilon, with c the largest of ``max(abs(x)) / root`` and that of the vectors,
    where root is what they are divided by; tested. Weights as `top_k_softmax` of these scores.

    Gradient
    --------
    With respect to x, and with ``of="v"`` to the vectors, through softmax and both divisions; what changes when an
    expert is exchanged for another is no part of it.

    References
    ----------
    M. Muqeeth, H. Liu, Y. Liu, C. Raffel, Learning to Route Among Specialized Experts for Zero-Shot Generalization,
    ICML 2024, arXiv:2402.05859.

    Examples
    --------
    >>> import numpy as np
    >>> v = np.array([[1.0, 0, -1, 0], [0, 5, 0, -5], [1, 1, -1, -1]])
    >>> phatgoose_gate([2.0, 1, -2, -1], v).round(4)
    array([0.4729, 0.    , 0.5271])
    """
    check_choice("result", result, RESULTS)
    k, found = check_count(k), Scored(x, v, eps)
    return top_k_softmax(found.scores, k=k, result=result).astype(found.dtype, copy=False)


def phatgoose_pull(x, g, *, v, k=2, eps=1e-5, result="probabilities"):
    """Gradient with respect to the inputs `x`, from the gradient `g` with respect to the weights.

    Examples
    --------
    >>> phatgoose_pull([1.0, 2.0, 4.0], [0.0, 0.0], v=[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    array([0., 0., 0.])
    """
    found = Scored(x, v, eps)
    out = np.empty_like(found.n)
    with np.errstate(all="ignore"):
        phatgoose_scores_vjp(found.n, found.m, found.x_roots, found.above(g, check_count(k), result), out)
    return out.reshape(found.shape).astype(found.dtype, copy=False)


def phatgoose_vectors_pull(x, g, *, v, k=2, eps=1e-5, result="probabilities"):
    """Gradient with respect to the vectors `v` of the experts.

    Examples
    --------
    >>> phatgoose_vectors_pull([1.0, 2.0, 4.0], [0.0, 0.0], v=[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]).shape
    (2, 3)
    """
    found = Scored(x, v, eps)
    above, out = found.above(g, check_count(k), result), np.empty_like(found.m)
    with np.errstate(all="ignore"):
        phatgoose_scores_vjp(found.m, found.n, found.v_roots, np.ascontiguousarray(above.T), out)
    return out.astype(found.dtype, copy=False)
