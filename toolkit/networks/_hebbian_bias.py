"""The bias of soft Hebbian neurons: a temperature times the logarithm of how often each one wins."""
import numpy as np

from toolkit._core.arguments import check_finite
from toolkit._core.arrays import behaved, common_dtype, real_array
from toolkit._core.kernel import kernel
from toolkit.elementary import exp
from toolkit.networks._soft_hebbian import checked_bias

__all__ = ["hebbian_bias_update"]
KERNELS = ["bias_step", "hebbian_bias_step"]


@kernel
def bias_step(bias, share, tau, rate):
    """``rate (share e^(-bias / tau) - 1)``, which is 0 where the bias is tau log share."""
    return rate * (share * exp(-bias / tau) - 1.0)


@kernel
def hebbian_bias_step(bias, shares, tau, rate):
    """One step of all biases, in place, by the mean share of each neuron."""
    for k in range(bias.size):
        bias[k] += bias_step(bias[k], shares[k], tau, rate)


@kernel
def bias_update(bias, shares, tau, rate, mean, out):
    for k in range(bias.size):
        mean[k] = 0.0
        for n in range(shares.shape[0]):
            mean[k] += shares[n, k]
        mean[k] /= shares.shape[0]
        out[k] = bias_step(bias[k], mean[k], tau, rate)


def hebbian_bias_update(bias, shares, *, tau=1.0, rate=1.0):
    """The step of the bias of soft Hebbian neurons: ``db_k = rate (mean y_k - e^(b_k / tau)) / e^(b_k / tau)``.

    With ``b_k = tau log P(k)`` the competition among ``u + b`` is Bayes' rule with a prior P. The step makes the prior
    the mean share of each neuron: at its fixed point ``e^(b_k / tau)`` is the mean of y_k. (The paper's update is
    proportional to a sum over samples; the mean is the same up to the rate.)

    Parameters
    ----------
    bias : array_like (K,)
    shares : array_like (..., K)
        y of some samples, by `hebbian_competition`.
    tau : float > 0
    rate : float

    Returns
    -------
    (K,), in the common dtype of bias and shares; computed in float64. Add it to the bias.

    Special values
    --------------
    A neuron whose shares are all 0 falls by the rate at each step, without an end. NaN gives NaN; without samples all
    are NaN.

    Accuracy
    --------
    float64, tested by 40 digits: within ``8 + 2 N + 2 |b_k| / tau`` units of roundoff of ``rate (mean y_k e^(-b_k /
    tau) + 1)``.

    References
    ----------
    T. Moraitis et al., SoftHebb, 2022, arXiv:2107.05747.

    Examples
    --------
    >>> hebbian_bias_update([0.0, 0.0], [[0.75, 0.25], [0.25, 0.75]], rate=1.0)
    array([-0.5, -0.5])
    >>> hebbian_bias_update(np.log([0.5, 0.5]), [[0.75, 0.25], [0.25, 0.75]])
    array([0., 0.])
    """
    b, y = real_array(bias, "bias"), real_array(shares, "shares")
    if b.ndim != 1 or not b.size:
        raise ValueError(f"bias has shape {b.shape}; allowed: (neurons,), at least one")
    if y.ndim < 1 or y.shape[-1] != b.size:
        raise ValueError(f"shares has shape {y.shape}; allowed: (..., {b.size}), one for each neuron")
    tau, rate = check_finite("tau", tau, 0.0, above=True), check_finite("rate", rate)
    mean, out = np.empty((2, b.size))
    with np.errstate(all="ignore"):  # uncompiled kernels would warn on paths that are right
        bias_update(checked_bias(b, b.size), behaved(y.reshape(-1, b.size), np.float64), tau, rate, mean, out)
        return out.astype(common_dtype(bias=bias, shares=shares), copy=False)
