"""From log-probabilities of tokens to the log-ratio of an answer: subtract token by token, then add."""
import numpy as np

from toolkit._core.arguments import check_flag, chosen
from toolkit._core.arrays import common_dtype, map_rows, reduce_rows
from toolkit._core.kernel import kernel
from toolkit._core.numbers import over_exactly
from toolkit._core.sums import sum_like
from toolkit.losses._evaluate import above

__all__ = ["log_ratio", "process_values"]
KERNELS = ["log_ratio_naive", "log_ratio_row", "log_ratio_vjp_row", "process_values_row", "process_values_vjp_row"]


@kernel
def log_ratio_row(z, reference, mean):
    """``sum (z - reference)``, or its mean."""
    total = sum_like(z)
    for t in range(z.size):
        total += z[t] - reference[t]
    return over_exactly(total.value, z.size) if mean else total.value


@kernel
def log_ratio_naive(z, reference, mean):
    """``sum z - sum reference``: two large numbers, whose difference has the digits that they left."""
    first, second = z[0] - z[0], z[0] - z[0]
    for t in range(z.size):
        first += z[t]
        second += reference[t]
    return over_exactly(first - second, z.size) if mean else first - second


@kernel
def log_ratio_vjp_row(z, g, mean, out):
    for t in range(z.size):
        out[t] = over_exactly(g, z.size) if mean else g


@kernel
def process_values_row(z, reference, beta, out):
    """``beta sum_{i <= t} (z_i - reference_i)``."""
    total = sum_like(z)
    for t in range(z.size):
        total += z[t] - reference[t]
        out[t] = beta * total.value


@kernel
def process_values_vjp_row(z, g, beta, out):
    """``beta sum_{i >= t} g_i``."""
    total = sum_like(z)
    for t in range(z.size - 1, -1, -1):
        total += g[t]
        out[t] = beta * total.value


_FORMS = {"naive": log_ratio_naive, "stable": log_ratio_row}


def log_ratio(logprobs, reference, *, mean=False, form="stable", axis=-1, where=None, format=None):
    """Log-ratio of an answer: the sum over its tokens of ``logprob - reference``.

    The two sums are large, and near each other: -1003 and -1001 in bfloat16 are -1004 and -1000. Each token's
    difference is small, and their sum keeps its digits.

    Parameters
    ----------
    logprobs : array_like (..., T)
        Log-probability of each token under the policy.
    reference : array_like (..., T), broadcast to `logprobs`
        Under the reference; 0 for a loss without one.
    mean : bool
        Divide by the number of tokens. Tokens that both answers share then count less in the longer one.
    form : {"stable", "naive"}
        "naive" subtracts the two sums.
    axis : int, tuple of ints or None
    where : array_like of booleans, optional
        False where an answer has ended.
    format : Format or what `toolkit.formats.get_format` accepts, optional

    Returns
    -------
    (...)

    Gradient
    --------
    1 for each token, or one over their number.

    Special values
    --------------
    NaN where a token has probability 0 under both. NaN gives NaN.

    Accuracy
    --------
    "stable", float32 and float64, tested: within 2 epsilon of ``sum abs(logprob - reference)``.

    References
    ----------
    R. Rafailov et al., Direct Preference Optimization: Your Language Model is Secretly a Reward Model, 2023,
    arXiv:2305.18290.

    Examples
    --------
    >>> import numpy as np
    >>> policy, reference = np.full(200, -2.03125), np.full(200, -2.0)
    >>> [float(log_ratio(policy, reference, form=form, format="bfloat16")) for form in ("naive", "stable")]
    [-2.0, -6.25]
    """
    of, mean = chosen("form", form, _FORMS), check_flag("mean", mean)
    if where is None or not mean:
        return reduce_rows(of, {"logprobs": logprobs, "reference": reference}, mean, axis=axis, where=where,
                           format=format, fills=(0.0,), empty=0.0)
    total = log_ratio(logprobs, reference, form=form, axis=axis, where=where, format=format)
    count = np.broadcast_to(np.asarray(where), np.shape(logprobs)).sum(axis=axis)
    with np.errstate(all="ignore"):
        return (total / count).astype(total.dtype)[()]


def log_ratio_pull(at, g, *, mean=False, axis=-1, where=None):
    given = np.expand_dims(np.asarray(g), axis) if np.ndim(g) else g
    each = np.broadcast_to(given, np.shape(at)) if axis is not None else np.broadcast_to(g, np.shape(at))
    keep = np.ones(np.shape(at), np.bool_) if where is None else np.broadcast_to(np.asarray(where), np.shape(at))
    share = keep.sum(axis=axis, keepdims=True) if mean else 1
    return np.where(keep, each / np.maximum(share, 1), 0.0).astype(common_dtype(logprobs=at))


def process_values(logprobs, reference, *, beta=0.05, axis=-1, where=None, format=None):
    """What an answer is worth up to each token, by the reward that a policy implies: ``beta sum log-ratio`` so far.

    The reward of a step is the value at its end less that at the end of the step before: rewards of all steps sum to
    that of the answer, however it is cut. If the policy is ``reference exp(reward / beta)``, normalised, then up to a
    constant the value at a token is ``beta log mean exp(reward / beta)`` of how the reference might go on: above the
    mean, below the best.

    Parameters
    ----------
    logprobs : array_like (..., T)
        Log-probability of each token under the policy.
    reference : array_like (..., T), broadcast to `logprobs`
    beta : float > 0
    axis : int, tuple of ints or None
    where : array_like of booleans, optional
        False where an answer has ended: the value there is 0.
    format : Format or what `toolkit.formats.get_format` accepts, optional

    Returns
    -------
    (..., T)

    Gradient
    --------
    The sum over the tokens from this one on of what comes from above, times beta.

    Special values
    --------------
    NaN gives NaN from there on.

    Accuracy
    --------
    float32 and float64, tested: each within 4 epsilon of beta times the sum of ``abs(logprob - reference)`` so far,
    while no such sum overflows.

    References
    ----------
    L. Yuan et al., Free Process Rewards without Process Labels, 2024, arXiv:2412.01981.

    Examples
    --------
    >>> import numpy as np
    >>> values = process_values([-0.5, -1.0, -0.25, -2.0], [-1.0, -1.0, -1.0, -1.0], beta=1.0)
    >>> values
    array([0.5 , 0.5 , 1.25, 0.25])
    >>> np.diff(values[[1, 3]], prepend=0)
    array([ 0.5 , -0.25])
    """
    return map_rows(process_values_row, {"logprobs": logprobs, "reference": reference}, above(0, "beta", beta),
                    axis=axis, where=where, format=format, fills=(0.0,), masked=0.0)


def process_values_pull(at, g, *, beta=0.05, axis=-1, where=None):
    return map_rows(process_values_vjp_row, {"at": at, "g": g}, float(beta), axis=axis, where=where, fills=(0.0,),
                    masked=0.0)
