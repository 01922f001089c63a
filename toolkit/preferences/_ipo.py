"""Losses with a target for the margin: identity preference optimisation."""
from toolkit._core.kernel import kernel
from toolkit.losses._evaluate import above, loss
from toolkit.preferences._pairs import loss_of_pairs

__all__ = ["ipo"]
KERNELS = ["ipo_entry"]


@kernel
def ipo_entry(x, target, goal):
    """``(h - goal)^2`` and its slope: it never saturates."""
    off = (x - target[0]) - goal
    return off * off, 2 * off


@loss
def ipo(chosen, rejected, *, tau=0.1, reduction="mean", weight=None, format=None):
    """Identity preference optimisation: ``(h - 1 / (2 tau))^2`` of the margin ``h = chosen - rejected``.

    Psi-PO maximises the mean of ``Psi(probability of being preferred)`` less ``tau KL(policy, reference)``. With the
    logit for Psi that is what DPO does; IPO takes the identity, which is bounded: one answer that is always preferred
    to another gets ``sigmoid(1 / (2 tau))`` of a uniform reference, not all.

    The paper writes log-ratios of whole answers. A widely used library divides each by its number of tokens and reports
    that the paper's experiments did, too. The two are not interchangeable: `log_ratio` gives either.

    Parameters
    ----------
    chosen : array_like (...)
        As in `dpo`.
    rejected : array_like, broadcast to (...)
    tau : float > 0
    reduction, weight, format
        As in `dpo`.

    Returns
    -------
    loss : () or, with ``reduction="none"``, (...)
        In the dtype of `chosen`.

    Gradient
    --------
    ``2 (h - 1 / (2 tau))`` in `chosen`, minus that in `rejected`.

    Special values
    --------------
    NaN gives NaN.

    Accuracy
    --------
    ``reduction="none"``, float32 and float64, tested, with ``s = abs(h) + 1 / (2 tau)``: the loss within 4 epsilon of
    ``s^2``, the gradient within 4 epsilon of s.

    References
    ----------
    M. G. Azar et al., A General Theoretical Paradigm to Understand Learning from Human Preferences, 2023,
    arXiv:2310.12036.

    Examples
    --------
    >>> float(ipo(1.0, -0.5))
    12.25
    """
    goal = 1.0 / (2.0 * above(0, "tau", tau))
    return loss_of_pairs({"stable": ipo_entry}, chosen, {"rejected": rejected}, goal, form="stable",
                         reduction=reduction, weight=weight, format=format)
