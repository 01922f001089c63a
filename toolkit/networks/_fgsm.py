"""Attacks of one step: every number of an input moves by epsilon, as the sign of a gradient says."""
import numpy as np

from toolkit._core.arguments import check_finite
from toolkit._core.kernel import kernel
from toolkit.networks._gradient_at_input import attacked_network, checked_attack, fill_input_gradient

__all__ = ["fgsm"]
KERNELS = ["fgsm_row", "moved_by_sign"]


@kernel
def moved_by_sign(x, g, epsilon, low, high, out):
    """``clip(x + epsilon sign(g), low, high)``; a number whose slope is 0 stays."""
    for i in range(x.size):
        step = epsilon if g[i] > 0.0 else -epsilon if g[i] < 0.0 else 0.0 * g[i]
        moved = x[i] + step
        out[i] = low if moved < low else high if moved > high else moved


@kernel
def fgsm_row(sizes, w, x, y, loss, tau, fmt, epsilon, low, high, h, d, row, out):
    """The attacked row; returns how many entries of the logits' gradient are not 0."""
    count = fill_input_gradient(sizes, w, x, y, loss, tau, fmt, h, d, row, out)
    moved_by_sign(x, out, epsilon, low, high, out)
    return count


@kernel
def fgsm_rows(sizes, w, x, labels, loss, tau, fmt, epsilon, low, high, h, d, row, out):
    for i in range(x.shape[0]):
        fgsm_row(sizes, w, x[i], labels[i], loss, tau, fmt, epsilon, low, high, h, d, row, out[i])


def checked_range(low, high):
    low, high = check_finite("low", low), check_finite("high", high)
    if not low < high:
        raise ValueError(f"low is {low} and high is {high}; allowed: low < high")
    return low, high


def fgsm(weights, inputs, labels, *, epsilon=0.1, loss="cross_entropy", tau=1.0, low=0.0, high=1.0, format=None):
    """Fast gradient sign method: ``clip(x + epsilon sign(gradient of the loss), low, high)``.

    With ``loss="margin"`` it follows ``max_{k != y} z_k - z_y``, the loss of Carlini and Wagner's attack, in one step.
    Where the gradient of the cross-entropy is exactly 0, as in float32 from a lead of 104 on, its sign is 0 and the
    input comes back as it was: that looks like robustness, and is none. A temperature tau, or the margin, undoes it.

    Parameters
    ----------
    weights, inputs, labels, loss, tau, format
        As of `gradient_at_input`. The labels are what the attack leads away from.
    epsilon : float >= 0
    low, high : float
        Range of the numbers of an input; also one that lay outside comes back inside.

    Returns
    -------
    array (n, inputs)

    Special values
    --------------
    NaN gives NaN.

    Accuracy
    --------
    One rounding of ``x + epsilon``, where the sign is that of the exact gradient; tested against its definition.

    References
    ----------
    I. Goodfellow, J. Shlens, C. Szegedy, Explaining and Harnessing Adversarial Examples, 2015, arXiv:1412.6572.

    Examples
    --------
    >>> weights = [[[40.0, 0.0], [0.0, 40.0]], [[3.0, 0.0], [0.0, 3.0]]]
    >>> for loss in ("cross_entropy", "margin"):
    ...     print(fgsm(weights, [[0.9, 0.1]], [0], epsilon=0.5, loss=loss, format="float16"))
    [[0.9 0.1]]
    [[0.4 0.6]]
    """
    settings = checked_attack(loss, tau, format)
    epsilon, ends = check_finite("epsilon", epsilon, 0.0), checked_range(low, high)
    network, (h, d, row) = attacked_network(weights, inputs, labels)
    out = np.empty_like(network[2])
    with np.errstate(all="ignore"):
        fgsm_rows(*network, *settings, epsilon, *ends, h, d, row, out)
    return out
