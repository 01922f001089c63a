"""How a step of a policy gradient changes the entropy of the policy, to first order."""
from toolkit._core.arguments import check_finite, check_flag
from toolkit._core.arrays import Rows, reduce_rows
from toolkit._core.exact_sums import add_compensated
from toolkit._core.kernel import kernel
from toolkit._core.loops import map_row_triples
from toolkit.information._entropies import expected_gap
from toolkit.softmax.kernels import exp_gap, sum_without_top, top_class

__all__ = ["entropy_change"]
KERNELS = ["entropy_change_row", "entropy_change_vjp_row"]


@kernel
def mean_advantage(z, top, rest, advantage, centred):
    """``sum p_k A_k`` if the step is the exact expected one, in which a baseline has no part; else 0."""
    total, lost = rest - rest, 0.0
    for k in range(z.size):
        w = exp_gap(z[k], z[top])
        if centred and w != 0:
            total, lost = add_compensated(total, lost, w * advantage[k])
    return total / (1 + rest)


@kernel
def sums_of_squares(z, top, rest, mean, advantage, baseline):
    """Sums of ``p_k^2`` times ``A_k (log p_k + H)``, A_k, and ``log p_k + H``, which is the mean gap less its own."""
    nothing = rest - rest
    change, lost_change, weight, lost_weight, surprise, lost_surprise = nothing, 0.0, nothing, 0.0, nothing, 0.0
    for k in range(z.size):
        p = exp_gap(z[k], z[top]) / (1 + rest)
        if not p == 0:
            a, t = advantage[k] - baseline, mean - (z[top] - z[k])
            change, lost_change = add_compensated(change, lost_change, p * p * a * t)
            weight, lost_weight = add_compensated(weight, lost_weight, p * p * a)
            surprise, lost_surprise = add_compensated(surprise, lost_surprise, p * p * t)
    return change, weight, surprise


@kernel
def entropy_change_row(z, advantage, rate, centred):
    """``-rate sum p_k^2 A_k (log p_k + H)``: minus the rate times a covariance of ``log p`` and ``p A`` under p."""
    top = top_class(z)
    rest = sum_without_top(z, top)
    mean = expected_gap(z, top, rest)
    baseline = mean_advantage(z, top, rest, advantage, centred)
    return 0 - rate * sums_of_squares(z, top, rest, mean, advantage, baseline)[0]


@kernel
def entropy_change_vjp_row(z, advantage, g, rate, centred, of_advantage, out):
    """The gradient with respect to the logits or to the advantages, times the number g."""
    top = top_class(z)
    rest = sum_without_top(z, top)
    mean = expected_gap(z, top, rest)
    baseline = mean_advantage(z, top, rest, advantage, centred)
    change, weight, surprise = sums_of_squares(z, top, rest, mean, advantage, baseline)
    for k in range(z.size):
        p = exp_gap(z[k], z[top]) / (1 + rest)
        if p == 0:
            out[k] = rest - rest
            continue
        a, t = advantage[k] - baseline, mean - (z[top] - z[k])
        if of_advantage:
            slope = p * p * t - (p * surprise if centred else 0 * p)
        else:
            slope = p * (p * a * (2 * t + 1) - (2 * change + weight * (1 + t)))
            slope -= p * a * surprise if centred else 0 * p
        out[k] = 0 - rate * slope * g


def entropy_change(z, advantage, *, learning_rate=1.0, centred=False, axis=-1, where=None):
    """First-order change of the entropy under a step of a policy gradient: minus a covariance.

    The step is ``dz_i = learning_rate p_i A_i`` with ``p = softmax(z)``, what a softmax bandit does with an advantage
    ``A = R - b`` of each action, and ``dH = -learning_rate Cov_p(log p, p A)``. It grows with the baseline b, at the
    slope ``learning_rate Cov_p(log p, p) >= 0``: blame raises entropy.

    The exact expected gradient is ``p_i (A_i - <p, A>)``, in which a baseline cancels: with ``centred`` b changes
    nothing. (That is derived; the identity for the other step is reported of the paper.)

    Parameters
    ----------
    z : array_like (..., K)
        Logits.
    advantage : array_like (..., K), broadcast to `z`
    learning_rate : float >= 0
    centred : bool
    axis : int, tuple of ints or None
    where : array_like of booleans, optional
        True keeps.

    Returns
    -------
    (...)

    Gradient
    --------
    With respect to `z`, at fixed advantages, and with ``of="advantage"`` to these: ``-learning_rate p_k^2 (log p_k +
    H)``.

    Special values
    --------------
    A logit of -inf is masked. NaN or +inf gives NaN. 0 for a single action, and for even ones with even advantages.

    Accuracy
    --------
    float32 and float64, tested for K <= 100: within 16 epsilon of ``learning_rate sum p^2 M max(abs(log p), H)`` with
    the largest advantage M, the gradient within 32 epsilon of
    ``learning_rate p_k M (p_k + S) (1 + max(abs(log p_k), H))``, ``S = sum p^2 (1 + max(abs(log p), H))``.

    References
    ----------
    J. Wu et al., Quantile Advantage Estimation for Entropy-Safe Reasoning, 2025, arXiv:2509.22611; G. Cui et al., The
    Entropy Mechanism of Reinforcement Learning for Reasoning Language Models, 2025, arXiv:2505.22617.

    Examples
    --------
    >>> z, reward = [2.0, 1.0, 0.5, 0.0, -1.0], [0, 1, 0, 0, 1]
    >>> [f"{entropy_change(z, [r - b for r in reward], learning_rate=1e-3):.4g}" for b in (0, 1)]
    ['1.765e-05', '0.0001787']
    """
    return reduce_rows(entropy_change_row, {"z": z, "advantage": advantage}, *_settings(learning_rate, centred),
                       axis=axis, where=where, fills=(float("-inf"), 0.0), empty=0.0)


def _settings(learning_rate, centred):
    return check_finite("learning_rate", learning_rate, 0), check_flag("centred", centred)


def _pulled(z, advantage, g, of_advantage, learning_rate, centred, axis, where):
    layout = Rows(z, axis=axis, where=where, name="z", beside={"advantage": advantage})
    rows = layout.rows(z, "z"), layout.rows(advantage, "advantage", 0.0), layout.per_row(g, "g")
    out = layout.empty()
    layout.call(map_row_triples, entropy_change_vjp_row, rows, (*_settings(learning_rate, centred), of_advantage), out)
    return layout.restore(out, 0.0)


def entropy_change_pull(at, g, *, advantage, learning_rate=1.0, centred=False, axis=-1, where=None):
    return _pulled(at, advantage, g, False, learning_rate, centred, axis, where)


def entropy_change_of_advantage_pull(at, g, *, advantage, learning_rate=1.0, centred=False, axis=-1, where=None):
    return _pulled(at, advantage, g, True, learning_rate, centred, axis, where)
