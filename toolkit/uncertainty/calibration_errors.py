"""More ways to say how far confidence is from accuracy: the worst bin, the mean square, class by class, Brier's."""
import numpy as np

from toolkit._core.arguments import check_whole
from toolkit._core.exact_sums import add_compensated
from toolkit._core.kernel import kernel
from toolkit.softmax.kernels import top_class
from toolkit.uncertainty._weights import sums_without_top, weight_below
from toolkit.uncertainty.calibration import calibration_rows, reliability, sharpness

__all__ = ["brier_score", "classwise_calibration_error", "maximum_calibration_error",
           "root_mean_square_calibration_error"]


@kernel
def probability(z, k, top, inverse, total):
    """Of class k of a row with this top class and sum of exponentials."""
    return weight_below(z, top, k, inverse) / total


@kernel
def mean_brier(z, labels, inverse):
    """Mean over the rows of ``sum_k (p_k - [k = y])²``, with ``1 - p_y`` as the sum of the others."""
    score, lost = 0.0, 0.0
    for i in range(z.shape[0]):
        top = top_class(z[i])
        total = 1 + sums_without_top(z[i], top, inverse)[0]
        rest, squares = 0.0, 0.0
        for k in range(z.shape[1]):
            if k != labels[i]:
                p = float(probability(z[i], k, top, inverse, total))
                rest += p
                squares += p * p
        score, lost = add_compensated(score, lost, squares + rest * rest)
    return score / z.shape[0]


@kernel
def classwise_error(z, labels, inverse, totals, tops, gaps):
    """Mean over the classes of the error of p_k against ``[y = k]``, in as many bins as `gaps` has entries.

    It fills the sum of the exponentials of each row, relative to its largest, and its top class.
    """
    for i in range(z.shape[0]):
        top = top_class(z[i])
        totals[i], tops[i] = 1 + sums_without_top(z[i], top, inverse)[0], top
    error, lost = 0.0, 0.0
    for k in range(z.shape[1]):
        for b in range(gaps.size):
            gaps[b] = 0.0
        for i in range(z.shape[0]):
            p = float(probability(z[i], k, int(tops[i]), inverse, totals[i]))
            b = min(max(np.int64(np.ceil(p * gaps.size)) - 1, 0), gaps.size - 1)
            gaps[b] += p - 1.0 if labels[i] == k else p
        for b in range(gaps.size):
            error, lost = add_compensated(error, lost, abs(gaps[b]))
    return error / z.shape[0] / z.shape[1]


def maximum_calibration_error(logits, labels, **options):
    """Maximum calibration error: the largest distance between confidence and accuracy of a bin that has rows.

    One row alone in its bin can decide it: give it few bins, or many rows.

    Parameters
    ----------
    logits, labels, **options
        As of `reliability`.

    Returns
    -------
    float

    References
    ----------
    Naeini, Cooper, Hauskrecht, Obtaining Well Calibrated Probabilities Using Bayesian Binning, AAAI 2015.

    Examples
    --------
    >>> logits = [[4, 1, 0], [3, 2.5, 0], [0, 5, 1], [1, 3, 2]]
    >>> f"{maximum_calibration_error(logits, [0, 1, 1, 2]):.6f}"
    '0.634495'
    """
    return reliability(logits, labels, **options).largest_error


def root_mean_square_calibration_error(logits, labels, **options):
    """Root of the mean square distance between confidence and accuracy, over the rows, in bins of confidence.

    It lies between the expected and the maximum calibration error.

    Parameters
    ----------
    logits, labels, **options
        As of `reliability`.

    Returns
    -------
    float

    References
    ----------
    Hendrycks, Mazeika, Dietterich, Deep Anomaly Detection with Outlier Exposure, ICLR 2019, arXiv:1812.04606.

    Examples
    --------
    >>> logits = [[4, 1, 0], [3, 2.5, 0], [0, 5, 1], [1, 3, 2]]
    >>> f"{root_mean_square_calibration_error(logits, [0, 1, 1, 2]):.6f}"
    '0.449738'
    """
    return reliability(logits, labels, **options).root_mean_square_error


def classwise_calibration_error(logits, labels, *, bins=15, temperature=1.0, ignore_index=None, axis=-1, format=None):
    """Classwise (static) calibration error: that of each class's probability against its frequency, and their mean.

    ``mean_k sum_B |B| / n * abs(mean p_k - share of label k)`` over bins B of p_k: it also sees the classes that are
    not on top.

    Parameters
    ----------
    logits, labels, bins, temperature, ignore_index, axis, format
        As of `reliability`.

    Returns
    -------
    float

    References
    ----------
    Kull et al., Beyond Temperature Scaling, NeurIPS 2019, arXiv:1910.12656; Nixon et al., Measuring Calibration in
    Deep Learning, 2019, arXiv:1904.01685.

    Examples
    --------
    >>> classwise_calibration_error([[0.0, 0.0], [0.0, 0.0]], [0, 0])
    0.5
    """
    bins = check_whole("bins", bins, 1, 2**31)
    layout, z, y = calibration_rows(logits, labels, axis, format, ignore_index)
    rows, inverse = sharpness(temperature, layout, z)
    totals, tops = np.empty((2, len(z)))
    with np.errstate(all="ignore"):
        return float(classwise_error(rows, y, inverse, totals, tops, np.empty(bins)))


def brier_score(logits, labels, *, temperature=1.0, ignore_index=None, axis=-1, format=None):
    """Brier score as Brier defines it: the mean over the rows of ``sum_k (p_k - [k = y])²``, from 0 to 2.

    For two classes it is twice ``(p - y)²``, which others call by the same name; some divide by K. It is proper: the
    true probabilities have the least. ``1 - p_y`` is formed as the sum of the others, so that a row that is nearly
    right keeps its digits.

    Parameters
    ----------
    logits, labels, temperature, ignore_index, axis, format
        As of `reliability`.

    Returns
    -------
    float

    References
    ----------
    G. Brier, Verification of Forecasts Expressed in Terms of Probability, Monthly Weather Review 78 (1950).

    Examples
    --------
    >>> brier_score([[0.0, 0.0]], [1]), f"{brier_score([[40.0, 0.0]], [0]):.6g}"
    (0.5, '3.6097e-35')
    """
    layout, z, y = calibration_rows(logits, labels, axis, format, ignore_index)
    rows, inverse = sharpness(temperature, layout, z)
    with np.errstate(all="ignore"):
        return float(mean_brier(rows, y, inverse))
