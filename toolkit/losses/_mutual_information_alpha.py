"""MI-alpha: a lower bound of the information that two batches share, from the scores of all pairs."""
import numpy as np

from toolkit._core.arguments import check_finite, check_number
from toolkit._core.arrays import real_array
from toolkit._core.kernel import kernel
from toolkit.elementary import exp, log, log1p

__all__ = ["mutual_information_alpha"]
KERNELS = ["add_exponentials", "information_nce", "information_of_pairs", "leave_one_out", "mixed_baseline"]


@kernel
def add_exponentials(a, b):
    """``log(e^a + e^b)``."""
    top, low = (a, b) if a > b else (b, a)
    if a != a or b != b:
        return a + b
    return top if low == -np.inf or top == np.inf else top + log1p(exp(low - top))


@kernel
def leave_one_out(scores, loo):
    """``loo_ij = log sum_{k != j} e^{S_ik} - log(n - 1)``, by sums from both ends: no difference of logarithms."""
    n = scores.shape[0]
    for i in range(n):
        below = -np.inf
        for j in range(n):
            loo[i, j] = below
            below = add_exponentials(below, scores[i, j])
        above = -np.inf
        for j in range(n - 1, -1, -1):
            loo[i, j] = add_exponentials(loo[i, j], above) - log(n - 1.0)
            above = add_exponentials(above, scores[i, j])


@kernel
def mixed_baseline(loo, baseline, alpha):
    """``log(alpha e^loo + (1 - alpha) e^b)``."""
    if alpha == 0.0:
        return baseline
    if alpha == 1.0:
        return loo
    return add_exponentials(log(alpha) + loo, log(1.0 - alpha) + baseline)


@kernel
def information_of_pairs(scores, baseline, alpha, loo):
    """``1 + mean S_ii - mean_{i != j} B_ij - mean_{i != j} exp(S_ij - B_ii)``; fills `loo`."""
    n = scores.shape[0]
    leave_one_out(scores, loo)
    total, pairs = 0.0, 1.0 / (n * (n - 1.0))
    for i in range(n):
        own = mixed_baseline(loo[i, i], baseline[i], alpha)
        total += scores[i, i] / n
        for j in range(n):
            if j != i:
                total -= pairs * (mixed_baseline(loo[i, j], baseline[i], alpha) + exp(scores[i, j] - own))
    return 1.0 + total


@kernel
def information_nce(scores):
    """InfoNCE: ``mean S_ii - lse_j S_ij + log n``, at most log n."""
    n, total = scores.shape[0], 0.0
    for i in range(n):
        whole = -np.inf
        for j in range(n):
            whole = add_exponentials(whole, scores[i, j])
        total += scores[i, i] - whole
    return total / n + log(n * 1.0)


@kernel
def information_slopes(scores, baseline, alpha, loo, g, of_baseline):
    """The gradient with respect to the scores into g, and to the baseline; `loo` is as `leave_one_out` fills it.

    B_ij has the slopes ``w_ij e^{S_ik} / sum_{l != j} e^{S_il}`` in S_ik, k != j, with ``w_ij = alpha e^{loo - B}``.
    """
    n = scores.shape[0]
    pairs, norm = 1.0 / (n * (n - 1.0)), log(n - 1.0)
    for i in range(n):
        of_baseline[i], at_own = 0.0, 0.0
        own = mixed_baseline(loo[i, i], baseline[i], alpha)
        for j in range(n):
            g[i, j] = 1.0 / n if i == j else -pairs * exp(scores[i, j] - own)
            at_own += 0.0 if i == j else -g[i, j]
        for j in range(n):
            bound = mixed_baseline(loo[i, j], baseline[i], alpha)
            share = 0.0 if alpha == 0.0 else alpha * exp(loo[i, j] - bound)
            by = at_own if i == j else -pairs
            of_baseline[i] += by * (0.0 if alpha == 1.0 else (1.0 - alpha) * exp(baseline[i] - bound))
            for k in range(n):
                if k != j and share != 0.0:
                    g[i, k] += by * share * exp(scores[i, k] - loo[i, j] - norm)


def _checked(scores, baseline, alpha):
    s = real_array(scores, "scores").astype(np.float64)
    if s.ndim != 2 or s.shape[0] != s.shape[1] or len(s) < 2:
        raise ValueError(f"scores has shape {s.shape}; allowed: (n, n) with n >= 2")
    b = real_array(baseline, "baseline").astype(np.float64)
    if b.shape not in ((), s.shape[:1]):
        raise ValueError(f"baseline has shape {b.shape}; allowed: a number, or {s.shape[:1]}")
    if isinstance(baseline, float):
        check_finite("baseline", baseline)
    return np.ascontiguousarray(s), np.ascontiguousarray(np.broadcast_to(b, s.shape[:1])), check_number(
        "alpha", alpha, 0.0, 1.0)


def mutual_information_alpha(scores, baseline=0.0, *, alpha=0.5):
    """MI-alpha, a lower bound of mutual information: ``1 + mean S_ii - mean B_ij - mean exp(S_ij - B_ii)``, i != j.

    Row i and column j are what a student and a teacher say of two inputs, and S_ij is a critic's score of the pair.
    ``B_ij = log(alpha e^{loo_ij} + (1 - alpha) e^{b_i})``, where loo_ij is the log of the mean of ``e^{S_ik}`` over k
    other than j. Distillation by information makes minus this bound small. With alpha = 0 it is the bound of Barber and
    Agakov with a baseline, at b = 1 that of Nguyen, Wainwright and Jordan: little bias, and much variance. With alpha =
    1 the batch itself is the baseline, and the bound is at most log(n - 1). That is not InfoNCE, whose sums are over
    all pairs of a row and which is at most log n.

    Published code takes ``alpha = sigmoid(a)`` of a number a; a large a is the side of the batch.

    Parameters
    ----------
    scores : array_like (n, n)
    baseline : float or array_like (n,)
        b, a logarithm.
    alpha : float from 0 to 1

    Returns
    -------
    float

    Gradient
    --------
    With respect to `scores` and `baseline`, all terms of the definition.

    Special values
    --------------
    -inf where ``exp(S_ij - B_ii)`` overflows: one pair that does not belong together with a large score is enough.
    NaN gives NaN.

    Accuracy
    --------
    Within 1e-13 of ``1 + mean abs(S_ii) + mean abs(B_ij) + mean (1 + abs(S_ij)) exp(S_ij - B_ii)``, the gradient
    within 1e-12 of 1 and its largest entry, tested against many digits.

    References
    ----------
    B. Poole et al., On Variational Bounds of Mutual Information, 2019, arXiv:1905.06922. H. He et al., Distiller: A
    Systematic Study of Model Distillation Methods in Natural Language Processing, 2021, arXiv:2109.11105.

    Examples
    --------
    >>> scores = [[2.0, 0.5, 0.0], [0.1, 1.5, -0.3], [0.0, 0.2, 1.0]]
    >>> [f"{mutual_information_alpha(scores, alpha=alpha):.4f}" for alpha in (0, 0.5, 1)]
    ['1.3806', '0.7905', '0.4621']
    """
    s, b, alpha = _checked(scores, baseline, alpha)
    with np.errstate(all="ignore"):
        return float(information_of_pairs(s, b, alpha, np.empty_like(s)))


def _slopes(scores, baseline, alpha):
    s, b, alpha = _checked(scores, baseline, alpha)
    loo, slopes, of_baseline = np.empty_like(s), np.empty_like(s), np.empty_like(b)
    with np.errstate(all="ignore"):
        leave_one_out(s, loo)
        information_slopes(s, b, alpha, loo, slopes, of_baseline)
    return slopes, of_baseline


def mutual_information_alpha_pull(at, g, *, baseline=0.0, alpha=0.5):
    return _slopes(at, baseline, alpha)[0] * g


def mutual_information_alpha_pull_baseline(at, g, *, baseline=0.0, alpha=0.5):
    found = _slopes(at, baseline, alpha)[1]
    return (found if np.ndim(baseline) else found.sum()) * g
