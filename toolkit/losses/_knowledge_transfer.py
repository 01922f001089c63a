"""What a student believes after so many labels from a teacher who tells more or less of each."""
import numpy as np

from toolkit._core.arguments import chosen
from toolkit._core.arrays import real_array
from toolkit._core.kernel import kernel

__all__ = ["transfer_estimate"]
KERNELS = ["hard_estimate", "naive_estimate", "squared_logit_estimate", "total_variation"]


@kernel
def evenly(p):
    for k in range(p.size):
        p[k] = 1.0 / p.size


@kernel
def in_proportion(p):
    """Divide by the sum; even shares where it is 0."""
    total = 0.0
    for k in range(p.size):
        total += p[k]
    if total == 0.0:
        evenly(p)
        return
    for k in range(p.size):
        p[k] /= total


@kernel
def hard_estimate(counts, q, p):
    """Labels alone: the share of each."""
    for k in range(p.size):
        p[k] = counts[k]
    in_proportion(p)


@kernel
def naive_estimate(counts, q, p):
    """What ``-q log p`` of each drawn label makes of them: in proportion to ``n q``."""
    for k in range(p.size):
        p[k] = counts[k] * q[k] if counts[k] > 0.0 else 0.0 * counts[k]
    in_proportion(p)


@kernel
def squared_logit_estimate(counts, q, p):
    """q of each label that was seen; what is left, no less than 0, is spread evenly over those that were not."""
    left, unseen = 1.0, 0
    for k in range(p.size):
        if counts[k] > 0.0 or counts[k] != counts[k]:
            p[k] = q[k] + 0.0 * counts[k]
            left -= p[k]
        else:
            unseen += 1
    left = 0.0 if left < 0.0 else left
    for k in range(p.size):
        if counts[k] <= 0.0:
            p[k] = left / unseen
    if unseen == 0:
        in_proportion(p)


@kernel
def total_variation(p, q):
    """Half the sum of the sizes of differences."""
    total = 0.0
    for k in range(p.size):
        total += abs(p[k] - q[k])
    return 0.5 * total


@kernel
def estimate_rows(of, counts, q, p):
    for i in range(counts.shape[0]):
        of(counts[i], q[i], p[i])


_LEARNERS = {"hard": hard_estimate, "naive": naive_estimate, "squared_logit": squared_logit_estimate}


def transfer_estimate(counts, teacher, *, learner="squared_logit"):
    """What a student who stores one row of probabilities for each input learns from labels that a teacher drew.

    "hard" sees the drawn labels and takes their shares. "naive" is told q of each drawn label, too, and minimises
    ``-sum q log p``: the result is in proportion to ``n q``, so over many draws to q^2, which is not q unless q is even
    or certain. "squared_logit" minimises `squared_logit_loss`: q of the labels that were seen, exactly; the mass that
    is left is spread evenly over the others (a choice: the loss says nothing about it).

    Parameters
    ----------
    counts : array_like (..., K)
        How often each label was drawn, n >= 0.
    teacher : array_like (..., K), broadcast with `counts`
        Its probabilities q. Only those of labels with n > 0 are read.
    learner : {"squared_logit", "naive", "hard"}

    Returns
    -------
    (..., K), (..., K) -> (..., K)
        In float64; even shares for a row that nothing is known of.

    Special values
    --------------
    NaN gives NaN where it is read.

    Accuracy
    --------
    Within 8 epsilon, and of the mass that is left within K epsilon of 1, tested in fractions.

    References
    ----------
    As of `squared_logit_loss`. How the mass that is left is spread is chosen here.

    Examples
    --------
    >>> q = [0.5, 0.3, 0.2]
    >>> for learner in ("hard", "naive", "squared_logit"):
    ...     print(learner, transfer_estimate([2, 0, 2], q, learner=learner).round(4))
    hard [0.5 0.  0.5]
    naive [0.7143 0.     0.2857]
    squared_logit [0.5 0.3 0.2]
    """
    of = chosen("learner", learner, _LEARNERS)
    given = [real_array(x, name).astype(np.float64) for x, name in ((counts, "counts"), (teacher, "teacher"))]
    try:
        n, q = np.broadcast_arrays(*given)
    except ValueError:
        raise ValueError(f"teacher has shape {given[1].shape}; allowed beside counts of shape {given[0].shape}: what "
                         "broadcasts") from None
    if n.ndim == 0 or n.shape[-1] == 0:
        raise ValueError(f"counts has shape {given[0].shape}; allowed: (..., K) with K >= 1")
    if (n < 0).any():
        raise ValueError("counts has a number below 0; allowed: counts >= 0")
    if (q < 0).any() or (q > 1).any():
        raise ValueError("teacher has a number that is no probability; allowed: from 0 to 1")
    rows = [np.ascontiguousarray(x).reshape(-1, n.shape[-1]) for x in (n, q)]
    p = np.empty_like(rows[0])
    with np.errstate(all="ignore"):
        estimate_rows(of, *rows, p)
    return p.reshape(n.shape)
