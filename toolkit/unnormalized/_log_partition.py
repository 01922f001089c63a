"""The logarithm of a partition function from draws of another distribution, and how much to trust it."""
from typing import NamedTuple

import numpy as np

from toolkit._core.arguments import chosen
from toolkit._core.arrays import Rows, warn_about_rows
from toolkit._core.kernel import kernel
from toolkit._core.numbers import in_format, over_exactly
from toolkit._core.sums import sum_like
from toolkit.elementary import exp, log
from toolkit.softmax.kernels import logmeanexp_row, shifted, top_class

__all__ = ["LogPartition", "log_partition"]
KERNELS = ["effective_samples", "log_partition_naive", "log_partition_row"]


@kernel
def effective_samples(log_w):
    """``(sum w)^2 / sum w^2``, from weights beside the largest one: from 1 to the number of draws; NaN without any."""
    m = log_w[top_class(log_w)]
    total, squares = sum_like(log_w), sum_like(log_w)
    for i in range(log_w.size):
        w = exp(shifted(log_w[i], m))
        total += w
        squares += w * w
    return total.value * (total.value / squares.value)


@kernel
def log_partition_row(log_w):
    """``(log mean w, effective samples)``, by log-mean-exp."""
    return logmeanexp_row(log_w), effective_samples(log_w)


@kernel
def log_partition_naive(log_w):
    """The same with the weights themselves, which overflow, or vanish all."""
    total, squares = 0.0, 0.0
    for i in range(log_w.size):
        w = exp(log_w[i])
        total += w
        squares += w * w
    return log(over_exactly(total, log_w.size)), total * total / squares


@kernel
def log_partition_rows(of, log_w, logs, effective, fmt):
    log_w, logs, effective = in_format(log_w, fmt), in_format(logs, fmt), in_format(effective, fmt)
    for i in range(log_w.shape[0]):
        logs[i], effective[i] = of(log_w[i])


class LogPartition(NamedTuple):
    """An estimate of the logarithm of a partition function.

    Attributes
    ----------
    log_z : (...)
        ``log mean w``. It is too low on average: the mean of w is right, and a logarithm is concave.
    effective : (...)
        Effective number of draws, ``(sum w)^2 / sum w^2``: 1 where one draw has all of the weight.
    error : (...)
        Standard error of log_z, ``sqrt((B / effective - 1) / (B - 1))`` for B draws. It knows nothing of where no draw
        came, so it is worth something only where `effective` is large.
    """

    log_z: np.ndarray
    effective: np.ndarray
    error: np.ndarray


def log_partition(log_weights, *, axis=-1, form="stable", format=None):
    """Logarithm of a partition function, ``log mean w`` over draws x of q, with ``log w = s(x) - log q(x)``.

    A model ``p(x) = exp(s(x)) / Z`` has ``Z = E_q exp(s - log q)`` for any q that has draws wherever p has. The
    estimate is a log-sum-exp, its gradient the mean slope of s under ``softmax(log w)``. Where q misses the model one
    weight has all of that softmax, and the estimate is far too low and looks sure.

    Parameters
    ----------
    log_weights : array_like (..., B)
        ``s(x) - log q(x)`` of B draws.
    axis : int, tuple of ints or None
    form : {"stable", "naive"}
        "naive" is the logarithm of the mean of exponentials: -inf where all of them vanish, inf where one overflows.
    format : Format or what `toolkit.formats.get_format` accepts, optional

    Returns
    -------
    LogPartition
        (..., B) -> three arrays (...), in the dtype of `log_weights`.

    Special values
    --------------
    A weight of -inf counts as a draw where the model has nothing. All -inf: -inf with NaN beside it. A NaN or +inf
    gives NaN, of +inf log_z is inf. The error of one draw is NaN.

    Accuracy
    --------
    log_z as `toolkit.softmax.logmeanexp`, effective within 16 epsilon beside ``4 |log w - max log w|`` epsilon of it,
    tested for B <= 1000.

    References
    ----------
    A. B. Owen, Monte Carlo Theory, Methods and Examples, 2013, chapter 9: https://artowen.su.domains/mc/.

    Examples
    --------
    >>> import numpy as np, warnings
    >>> warnings.simplefilter("ignore")
    >>> far = np.float32([-110.0, -112.0])
    >>> [round(float(log_partition(far, form=form).log_z), 2) for form in ("naive", "stable")]
    [-inf, -110.57]
    """
    of = chosen("form", form, {"stable": log_partition_row, "naive": log_partition_naive})
    layout = Rows(log_weights, axis=axis, format=format, name="log_weights")
    logs, effective = np.empty((2, layout.count), layout.compute)
    with np.errstate(all="ignore"):  # uncompiled kernels would warn on paths that are right
        rows = layout.rows(log_weights, "log_weights")
        log_partition_rows(of, rows, logs, effective, layout.fmt)
        draws = layout.classes
        error = np.sqrt(np.maximum(draws / effective - 1, 0) / (draws - 1)) if draws > 1 else np.full_like(logs, np.nan)
    if form == "naive":
        warn_about_rows(rows, ~np.isfinite(logs), "form='naive' gave a log_z of inf or NaN")
    return LogPartition(*(layout.restore_reduced(each.astype(layout.compute), False)
                          for each in (logs, effective, error)))
