"""One step back in time of a soft value: of each state, from the values of the states after it."""
import numpy as np

from toolkit._core.arguments import check_finite, check_number
from toolkit._core.arrays import common_dtype, real_array
from toolkit._core.kernel import kernel
from toolkit.soft_operators._soft_value import soft_value, soft_value_of, soft_value_pull

__all__ = ["soft_bellman_backup"]
KERNELS = ["soft_bellman_step"]


@kernel
def soft_bellman_step(z, p, tau, discount, out):
    """``out[s] = discount * soft value of z under row s of p``; `out` may not be `z`."""
    for s in range(out.size):
        out[s] = discount * soft_value_of(z, p[s], tau)


def _next_values(z, p):
    """Values of next states beside their probabilities, and both as they were, in a common dtype."""
    dtype = common_dtype(z=z, p=p)
    z, p = real_array(z, "z").astype(dtype), real_array(p, "p").astype(dtype)
    if z.ndim < 1 or p.ndim < 2 or p.shape[-1] != z.shape[-1]:
        raise ValueError(f"p has shape {p.shape}, z {z.shape}; allowed: (..., S, T) beside (..., T)")
    try:
        return np.broadcast_arrays(z[..., None, :], p)
    except ValueError:
        raise ValueError(f"p has shape {p.shape}; allowed: what broadcasts with {z.shape}, the shape of z, and has "
                         "one axis more") from None


def soft_bellman_backup(z, p, *, reward=0.0, discount=1.0, temperature=1.0):
    """Soft Bellman backup ``v_s = r_s + discount * tau log sum_t p_st exp(z_t / tau)``: values, one step earlier.

    p are the probabilities of a reference process, as of a pretrained model. Under the process that follows
    ``p_st exp(z_t / tau)`` instead, normalised, v is the expected reward less tau times the divergence from the
    reference, and no process has a larger one. At tau = 0 it is the best next value, at inf the plain expectation.

    Parameters
    ----------
    z : array_like (..., T)
        Values of the next states.
    p : array_like (..., S, T) of numbers >= 0
        Row s: the probabilities of the next states from state s.
    reward : array_like, broadcast to the result
    discount : float from 0 to 1
    temperature : float
        tau, as in `soft_value`.

    Returns
    -------
    (..., T), (..., S, T) -> (..., S)

    Special values, Accuracy
    ------------------------
    As `soft_value` with `p`; one rounding more for each of discount and reward. A state without a next one gives NaN.

    Gradient
    --------
    With respect to z: ``discount`` times the sum of the rows of the guided process, each times g_s.

    References
    ----------
    X. Li et al., Derivative-Free Guidance in Continuous and Discrete Diffusion Models with Soft Value-Based Decoding,
    arXiv:2408.08252. The backup is standard, and was derived here.

    Examples
    --------
    Two lotteries: 0 or 4, with 9 : 1, or 1 for sure.

    >>> p = [[0.9, 0.1, 0.0], [0.0, 0.0, 1.0]]
    >>> for tau in (10.0, 1.0):
    ...     print(soft_bellman_backup([0.0, 4.0, 1.0], p, temperature=tau).round(3))
    [0.48 1.  ]
    [1.85 1.  ]
    """
    discount = check_number("discount", discount, 0.0, 1.0)
    reward = real_array(reward, "reward")
    values, chances = _next_values(z, p)
    value = discount * soft_value(values, p=chances, temperature=temperature)
    try:
        return (np.broadcast_to(reward, value.shape) + value).astype(value.dtype)[()]
    except ValueError:
        raise ValueError(f"reward has shape {reward.shape}; allowed: what broadcasts to {value.shape}") from None


def soft_bellman_pull(z, g, *, p, discount=1.0, temperature=1.0):
    values, chances = _next_values(z, p)
    pulled = check_finite("discount", discount) * soft_value_pull(values, g, p=chances, temperature=temperature)
    shape = np.shape(z)
    summed = pulled.sum(axis=-2)
    summed = summed.sum(axis=tuple(range(summed.ndim - len(shape))))
    wide = tuple(i for i, n in enumerate(shape) if n == 1 and summed.shape[i] > 1)
    return summed.sum(axis=wide, keepdims=True) if wide else summed
