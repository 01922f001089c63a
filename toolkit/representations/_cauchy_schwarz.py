"""Cauchy-Schwarz divergence: how far two clouds of points are apart, by the overlaps of bumps around the points."""
import numpy as np

from toolkit._core.arguments import check_finite, chosen
from toolkit._core.kernel import kernel
from toolkit._core.numbers import in_format, like, over_exactly
from toolkit.elementary import exp, log
from toolkit.information.kernels import squared_distance, squared_distance_naive
from toolkit.representations._given import checked_matrix, rounded, upstream

__all__ = ["cauchy_schwarz_divergence", "cauchy_schwarz_of_normals"]
KERNELS = ["cauchy_schwarz_naive", "cauchy_schwarz_of", "cauchy_schwarz_of_normals_of", "cauchy_schwarz_vjp",
           "log_overlap", "log_overlap_naive"]


@kernel
def log_overlap_naive(x, y, sigma):
    """``log mean_ij exp(-|x_i - y_j|² / (2 σ²))`` as it is written: -inf where all terms underflow, and distances by
    ``|x|² + |y|² - 2 <x, y>``, which cancel."""
    double = like(2.0 * sigma * sigma, x)
    total = 0.0
    for i in range(x.shape[0]):
        for j in range(y.shape[0]):
            total += exp(0 - squared_distance_naive(x[i], y[j]) / double)
    return log(over_exactly(over_exactly(total, x.shape[0]), y.shape[0]))


@kernel
def log_overlap(x, y, sigma):
    """The same by differences, in float64, from the nearest pair on: no pair is too far."""
    least = squared_distance(x[0], y[0], sigma)
    for i in range(x.shape[0]):
        for j in range(y.shape[0]):
            least = min(least, squared_distance(x[i], y[j], sigma))
    total = 0.0
    for i in range(x.shape[0]):
        for j in range(y.shape[0]):
            squared = squared_distance(x[i], y[j], sigma)
            total += exp(0.5 * (least - squared)) if squared < np.inf else squared - squared
    return log(total / x.shape[0] / y.shape[0]) - 0.5 * least


@kernel
def cauchy_schwarz_naive(x, y, sigma):
    """``log mean Kxx + log mean Kyy - 2 log mean Kxy``, each operation in the format of the rows."""
    return float(log_overlap_naive(x, x, sigma) + log_overlap_naive(y, y, sigma)
                 - 2 * log_overlap_naive(x, y, sigma))


@kernel
def cauchy_schwarz_of(x, y, sigma):
    """The same by `log_overlap`; differences are in the format of the rows, all else in float64."""
    return log_overlap(x, x, sigma) + log_overlap(y, y, sigma) - 2.0 * log_overlap(x, y, sigma)


@kernel
def add_slopes(x, y, sigma, level, g, gx, gy):
    """Add g times the gradients of `log_overlap`, of which `level` is the value, to both."""
    n = float(x.shape[0]) * y.shape[0]
    for i in range(x.shape[0]):
        for j in range(y.shape[0]):
            weight = g * exp(-0.5 * squared_distance(x[i], y[j], sigma) - level) / n
            if weight == 0.0:
                continue
            for k in range(x.shape[1]):
                step = weight * ((x[i, k] - y[j, k]) / sigma) / sigma
                gx[i, k] -= step
                gy[j, k] += step


@kernel
def cauchy_schwarz_vjp(x, y, sigma, g, gx, gy):
    """Gradients of the stable form with respect to all points, times g."""
    for i in range(x.shape[0]):
        for k in range(x.shape[1]):
            gx[i, k] = 0.0
    for j in range(y.shape[0]):
        for k in range(y.shape[1]):
            gy[j, k] = 0.0
    add_slopes(x, x, sigma, log_overlap(x, x, sigma), g, gx, gx)
    add_slopes(y, y, sigma, log_overlap(y, y, sigma), g, gy, gy)
    add_slopes(x, y, sigma, log_overlap(x, y, sigma), -2.0 * g, gx, gy)


@kernel
def cauchy_schwarz_of_normals_of(gap, first, second, sigma):
    """``d² / (s² + t²) + log((s² + t²) / (2 s t))`` with both variances widened by ``σ² / 2``."""
    s, t = first * first + 0.5 * sigma * sigma, second * second + 0.5 * sigma * sigma
    return gap * (gap / (s + t)) + log(0.5 * (s / t + 1.0) * np.sqrt(t / s))


_FORMS = {"naive": cauchy_schwarz_naive, "stable": cauchy_schwarz_of}


def clouds(x, y):
    """Two batches of points of one space."""
    x, y = checked_matrix(x, "x"), checked_matrix(y, "y")
    if x.shape[1] != y.shape[1]:
        raise ValueError(f"y has shape {y.shape}; allowed: (rows, {x.shape[1]}), with the features of x")
    return x, y


def cauchy_schwarz_divergence(x, y, *, sigma=1.0, form="stable", format=None):
    """Cauchy-Schwarz divergence of two samples: ``log mean Kxx + log mean Kyy - 2 log mean Kxy``.

    ``K = exp(-|a - b|² / (2 σ²))``. Of densities it is ``-2 log ∫pq + log ∫p² + log ∫q²``, which is 0 where they are
    equal and does not see their scale. The naive form adds up overlaps, and where the clouds are far apart all of them
    underflow: in float32 from 14 σ on. The stable form keeps the log of the largest one aside.

    Parameters
    ----------
    x, y : array_like (n, d), (m, d)
    sigma : float > 0
        Width of the bumps. Large samples of normal laws tend to `cauchy_schwarz_of_normals` with this sigma.
    form : {"naive", "stable"}
    format : Format or what `toolkit.formats.get_format` accepts, optional
        Emulate this format: in the naive form for all, in the stable one for points and their differences.

    Returns
    -------
    float
        At least 0, but for rounding.

    Gradient
    --------
    With respect to x and y; pairs by their share of the overlap, so that none is lost.

    Special values
    --------------
    NaN or an infinity gives NaN in the stable form.

    Accuracy
    --------
    float64, 12 points: within 1e-14 of the definition in 40 digits, relative to the largest of the three logs or 1,
    tested.

    References
    ----------
    Yu et al., Cauchy-Schwarz Divergence Information Bottleneck for Regression, ICLR 2024, arXiv:2404.17951. Its code
    has binary logs.

    Examples
    --------
    >>> round(cauchy_schwarz_divergence([[0], [1]], [[0.5], [2]]), 12)
    0.303459734544
    >>> far = [[0.0]], [[20.0]]
    >>> [cauchy_schwarz_divergence(*far, form=form, format="float32") for form in ("naive", "stable")]
    [inf, 400.0]
    """
    of = chosen("form", form, _FORMS)
    sigma, (x, y) = check_finite("sigma", sigma, 0, above=True), clouds(x, y)
    code, x, y = rounded(format, x, y)
    with np.errstate(all="ignore"):
        return float(of(in_format(x, code), in_format(y, code), sigma))


def cauchy_schwarz_gradients(x, g, *, y, sigma=1.0):
    sigma, (x, y) = check_finite("sigma", sigma, 0, above=True), clouds(x, y)
    gx, gy = np.empty_like(x), np.empty_like(y)
    with np.errstate(all="ignore"):
        cauchy_schwarz_vjp(x, y, sigma, upstream(g), gx, gy)
    return {"x": gx, "y": gy}


def cauchy_schwarz_of_normals(gap, first, second, *, sigma=0.0):
    """Cauchy-Schwarz divergence of two normal laws: ``d² / (s² + t²) + log((s² + t²) / (2 s t))``.

    Parameters
    ----------
    gap : float
        Distance d of the means.
    first, second : float > 0
        Deviations s and t.
    sigma : float >= 0
        What `cauchy_schwarz_divergence` tends to with bumps of this width: both variances are larger by ``σ² / 2``.

    Returns
    -------
    float

    Accuracy
    --------
    Within 1e-14 of the formula in 40 digits, relative or absolute, tested for deviations from 0.01 to 100.

    References
    ----------
    As of `cauchy_schwarz_divergence`; derived here from its definition.

    Examples
    --------
    >>> round(cauchy_schwarz_of_normals(1, 1, 2), 12)
    0.423143551314
    """
    gap = check_finite("gap", gap)
    first, second = (check_finite(name, value, 0, above=True) for name, value in (("first", first), ("second", second)))
    with np.errstate(all="ignore"):
        return float(cauchy_schwarz_of_normals_of(gap, first, second, check_finite("sigma", sigma, 0)))
