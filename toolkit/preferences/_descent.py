"""Gradient descent on the expected loss of pairs: what each loss does while one waits."""
import numpy as np

from toolkit._core.arguments import check_choice, check_whole
from toolkit._core.kernel import kernel
from toolkit.elementary import exp
from toolkit.losses._evaluate import above
from toolkit.preferences._expected import LOSSES, population_gradient
from toolkit.preferences._population import checked_population
from toolkit.softmax.kernels import log_softmax_stable

__all__ = ["preference_descent"]
KERNELS = ["descent_step"]


@kernel
def descent_step(of, z, reference, preferences, strength, wrong, rate, work):
    """A step of gradient descent on the logits; `work` has ``K (K + 2)`` numbers."""
    n = z.size
    matrix, logs, grad = work[:n * n].reshape((n, n)), work[n * n:n * (n + 1)], work[n * (n + 1):n * (n + 2)]
    population_gradient(of, z, reference, preferences, strength, wrong, logs, grad, matrix)
    for i in range(n):
        z[i] -= rate * grad[i]


@kernel
def fill_path(of, reference, preferences, strength, wrong, rate, work, path):
    n = reference.size
    z, logs, room = work[:n], work[n:2 * n], work[2 * n:]
    for i in range(n):
        z[i] = reference[i]
    for step in range(path.shape[0]):
        if step > 0:
            descent_step(of, z, reference, preferences, strength, wrong, rate, room)
        log_softmax_stable(z, logs)
        for i in range(n):
            path[step, i] = exp(logs[i])


def preference_descent(preferences, reference, steps, *, loss="dpo", strength=0.5, wrong=0.1, learning_rate=0.1):
    """The policy before the first and after each step of gradient descent on the expected loss.

    It begins at the reference, its logits are free, and the gradient is exact: no draw, no network. What is left is the
    loss itself. With certain preferences DPO goes on for ever, IPO stops.

    Parameters
    ----------
    preferences, reference : array_like (K, K), (K,)
        As in `population_optimum`.
    steps : int >= 0
    loss : {"dpo", "ipo", "exo", "expo", "smoothed"}
    strength, wrong
        As in `population_optimum`.
    learning_rate : float > 0

    Returns
    -------
    (steps + 1, K) float64

    References
    ----------
    M. G. Azar et al., A General Theoretical Paradigm to Understand Learning from Human Preferences, 2023,
    arXiv:2310.12036.

    Examples
    --------
    >>> certain = [[0.5, 1.0], [0.0, 0.5]]
    >>> for loss in ("dpo", "ipo"):
    ...     print(loss, preference_descent(certain, [1, 1], 1000, loss=loss, strength=1.0)[[10, 1000], 0].round(3))
    dpo [0.692 0.995]
    ipo [0.622 0.622]
    """
    check_choice("loss", loss, tuple(each for each in LOSSES if each not in ("srpo", "pre_dpo")))
    reference, liked, strength, wrong = checked_population(preferences, reference, strength, wrong)
    steps, rate, n = check_whole("steps", steps, 0, 10**6), above(0, "learning_rate", learning_rate), len(reference)
    path = np.empty((steps + 1, n))
    fill_path(LOSSES.index(loss), np.log(reference), liked, strength, wrong, rate, np.empty(n * (n + 4)), path)
    return path
