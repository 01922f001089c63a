"""A schedule from the gradients of a run that is over."""
import numpy as np

from toolkit._core.arguments import check_flag, check_number
from toolkit._core.arrays import real_array
from toolkit._core.kernel import kernel

__all__ = ["refined_schedule"]
KERNELS = ["fill_refined", "fill_running_median"]


@kernel
def fill_refined(weights, out):
    """``w_t sum_{p>t} w_p / sum_p w_p``; the last is 0."""
    behind = 0.0
    for t in range(weights.size - 1, -1, -1):
        out[t] = weights[t] * behind
        behind += weights[t]
    for t in range(weights.size):
        out[t] /= behind


@kernel
def reflected(x, i):
    """Entry i, those beyond an end mirrored in it."""
    last = x.size - 1
    if last == 0:
        return x[0]
    i = abs(i) % (2 * last)
    return x[i if i <= last else 2 * last - i]


@kernel
def fill_running_median(x, half, window, out):
    """The median of the 2 half + 1 entries around each; `window` has room for them."""
    for t in range(x.size):
        for i in range(2 * half + 1):
            new, j = reflected(x, t + i - half), i
            while j > 0 and window[j - 1] > new:
                window[j] = window[j - 1]
                j -= 1
            window[j] = new
        out[t] = window[half]


def refined_schedule(norms, *, smoothing=0.0, per_entry=False, scale=True):
    """The schedule that a finished run's gradients ask for.

    ``eta_t = w_t sum_{p>t} w_p / sum_p w_p`` with ``w_t = 1 / |g_t|^2``: equal norms give the linear schedule, norms
    that fall at first give a warm-up. Norms that fall to 0, as those of a collapsed run, ask for an infinite rate; they
    are an error.

    Parameters
    ----------
    norms : array_like (T,) of numbers > 0
        Of the gradients, step by step.
    smoothing : float from 0 to 1
        Share of the run over which a running median smooths the norms; beyond an end they are mirrored.
    per_entry : bool
        ``w_t = 1 / |g_t|``, for norms ``|g_t|_1`` of an optimizer that scales each entry, as Adam.
    scale : bool
        Make the largest rate 1.

    Returns
    -------
    array (T,)

    References
    ----------
    Defazio et al. 2023, "Optimal Linear Decay Learning Rate Schedules and Further Refinements", arXiv:2310.07831. The
    published code mirrors the norms at the end of the run alone.

    Accuracy
    --------
    Right to 2 T eps.

    Examples
    --------
    >>> refined_schedule([1, 1, 1, 1, 1], scale=False)
    array([0.8, 0.6, 0.4, 0.2, 0. ])
    >>> refined_schedule([4, 2, 1, 1, 1], scale=False).round(4)
    array([0.0613, 0.2264, 0.6038, 0.3019, 0.    ])
    """
    norms = real_array(norms, "norms").astype(np.float64)
    if norms.ndim != 1 or not norms.size or not (norms > 0).all() or not np.isfinite(norms).all():
        raise ValueError("norms is empty, not of one dimension, or has a number that is not above 0; allowed: one "
                         "finite norm > 0 of each step")
    half = int(check_number("smoothing", smoothing, 0, 1) * norms.size / 2)
    smooth, out = norms.copy(), np.empty_like(norms)
    if half:
        fill_running_median(norms, half, np.empty(2 * half + 1), smooth)
    power, least = 1 if check_flag("per_entry", per_entry) else 2, smooth.min()
    fill_refined((least / smooth) ** power, out)  # weights of at most 1, whatever the norms
    largest = out.max() if check_flag("scale", scale) else least**power
    return out / largest if largest > 0 else out
