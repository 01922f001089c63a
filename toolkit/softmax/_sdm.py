"""SDM activation: a softmax whose base counts agreeing neighbours, and whose exponents shrink with distance."""
import numpy as np

from toolkit._core.arguments import chosen
from toolkit._core.arrays import Rows, real_array, warn_about_rows
from toolkit._core.kernel import kernel
from toolkit._core.loops import map_row_pairs, map_row_triples
from toolkit._core.numbers import like, times_exactly
from toolkit._core.sums import sum_like
from toolkit.elementary import exp, log, log1p
from toolkit.softmax._quiet_softmax import holds_nan
from toolkit.softmax._shift import shifted, top_class

__all__ = ["log_sdm", "sdm"]
KERNELS = ["log_sdm_naive", "log_sdm_released", "log_sdm_row", "log_sdm_vjp_row", "sdm_naive", "sdm_row", "sdm_scale",
           "sdm_vjp_row"]

_EPS = 2.0**-23


@kernel
def sdm_scale(similarity, distance):
    """``d ln(2 + q)``, the inverse temperature."""
    return distance * log(2.0 + similarity)


@kernel
def scaled_gap(z, m, scale):
    """``scale (z - m)`` for z <= m; -inf, of a masked class, stays also at a scale of 0."""
    gap = shifted(z, m)
    if gap == -np.inf and z > -np.inf:  # it overflows, though its multiple may not
        return 2 * times_exactly(0.5 * z - 0.5 * m, scale)
    if gap == 0 or gap == -np.inf:
        return gap
    return times_exactly(gap, scale)


@kernel
def sdm_row(z, similarity, distance, out):
    """The softmax of ``d ln(2 + q) z``, from the gaps to the largest logit."""
    m, scale, total = z[top_class(z)], sdm_scale(similarity, distance), sum_like(z)
    for i in range(z.size):
        out[i] = exp(scaled_gap(z[i], m, scale))
        total += out[i]
    for i in range(z.size):
        out[i] /= total.value


@kernel
def sdm_naive(z, similarity, distance, out):
    """``(2 + q)^(d z)`` over the sum, as it is written: overflows."""
    scale, total = sdm_scale(similarity, distance), 0.0
    for i in range(z.size):
        out[i] = exp(scaled_gap(z[i], like(0.0, z), scale))
        total += out[i]
    for i in range(z.size):
        out[i] /= total


@kernel
def log_sdm_row(z, similarity, distance, out):
    """``d (z - m) - log1p(r) / ln(2 + q)``, r the sum of the other powers: both terms are <= 0."""
    top, scale, rest = top_class(z), sdm_scale(similarity, distance), sum_like(z)
    rest += z[top] - z[top]
    for i in range(z.size):
        if i != top:
            rest += exp(scaled_gap(z[i], z[top], scale))
    beside = times_exactly(log1p(rest.value), 1.0 / log(2.0 + similarity))
    for i in range(z.size):
        out[i] = shifted(scaled_gap(z[i], z[top], distance), beside)


@kernel
def log_sdm_naive(z, similarity, distance, out):
    """``log(p) / ln(2 + q)`` of the probabilities: -inf where one underflows."""
    sdm_row(z, similarity, distance, out)
    inverse = 1.0 / log(2.0 + similarity)
    for i in range(z.size):
        out[i] = times_exactly(log(out[i]), inverse)


@kernel
def log_sdm_released(z, similarity, distance, out):
    """``log(p + 2^-23) / ln(2 + q)``, as the released code: never below -15.9 / ln(2 + q)."""
    sdm_row(z, similarity, distance, out)
    inverse = 1.0 / log(2.0 + similarity)
    for i in range(z.size):
        out[i] = times_exactly(log(out[i] + _EPS), inverse) if z[i] != -np.inf else -np.inf


@kernel
def sdm_vjp_row(z, g, similarity, distance, out):
    """``d ln(2 + q) p (h - <p, h>)`` with ``h = g - g[top]``."""
    sdm_row(z, similarity, distance, out)
    scale, g_top, mean = sdm_scale(similarity, distance), g[top_class(z)], sum_like(z)
    for i in range(z.size):
        mean += out[i] * (g[i] - g_top)
    for i in range(z.size):
        out[i] = times_exactly(out[i] * ((g[i] - g_top) - mean.value), scale)


@kernel
def log_sdm_vjp_row(z, g, similarity, distance, out):
    """``d (g - p sum g)``; for the top class ``d ((1 - p) g - p sum of the other g)``, 1 - p being a sum."""
    sdm_row(z, similarity, distance, out)
    top, others, miss = top_class(z), sum_like(z), sum_like(z)
    for i in range(z.size):
        if i != top:
            others += g[i]
            miss += out[i]
    total = others.value + g[top]
    for i in range(z.size):
        if i == top:
            out[i] = times_exactly(miss.value * g[i] - out[i] * others.value, distance)
        else:
            out[i] = times_exactly(g[i] - out[i] * total, distance)


def _of_pair(of):
    """A row kernel that reads q and d in a row of their own, which is not rounded."""
    def with_pair(z, pair, out):
        of(z, float(pair[0]), float(pair[1]), out)

    with_pair.__name__ = with_pair.__qualname__ = f"{of.__name__}_of_pair"
    return kernel(with_pair)


def _pull_of_pair(of):
    def with_pair(z, g, pair, out):
        of(z, g, float(pair[0]), float(pair[1]), out)

    with_pair.__name__ = with_pair.__qualname__ = f"{of.__name__}_of_pair"
    return kernel(with_pair)


_SDM = {"naive": _of_pair(sdm_naive), "stable": _of_pair(sdm_row)}
_LOG_SDM = {"naive": _of_pair(log_sdm_naive), "released": _of_pair(log_sdm_released),
            "stable": _of_pair(log_sdm_row)}
_SDM_PULL, _LOG_SDM_PULL = _pull_of_pair(sdm_vjp_row), _pull_of_pair(log_sdm_vjp_row)


def _pairs(layout, similarity, distance):
    """q and d of each row as float64."""
    found = np.empty((layout.count, 2))
    for column, (name, given, high) in enumerate((("similarity", similarity, np.inf), ("distance", distance, 1.0))):
        values = real_array(given, name).astype(np.float64)
        right = (values >= 0) & (values <= high) & (values < np.inf)
        if not right.all():
            raise ValueError(f"{name} contains {values[~right].flat[0]}; allowed: numbers "
                             f"{'>= 0' if high == np.inf else 'from 0 to 1'}")
        found[:, column] = values if values.ndim == 0 else layout.per_row(values, name, np.float64)
    return found


def sdm(z, *, similarity, distance, axis=-1, where=None, form="stable", format=None):
    """SDM activation ``(2 + q)^(d z_i) / sum_c (2 + q)^(d z_c)``: similarity, distance and magnitude.

    The logits z say how far a point is past the boundary, the similarity q how many of its nearest training points
    agree, and the distance d, from 0 to 1, how familiar it is: far from all training data d = 0, and no logits make the
    probabilities other than equal. It is the softmax of ``d ln(2 + q) z``; with q = e - 2 and d = 1, of z.

    Parameters
    ----------
    z : array_like (..., K)
    similarity, distance : float, or array of one for each row
        q >= 0 and 0 <= d <= 1, see `toolkit.uncertainty.sdm_similarity` and `toolkit.uncertainty.sdm_distance`.
    axis, where, format
        As in `softmax`.
    form : {"stable", "naive"}
        The powers as they are written overflow in float32 at q = 100 from a logit of 19.2 on.

    Returns
    -------
    Probabilities (..., K) -> (..., K), in the dtype that `softmax` would give.

    Special values
    --------------
    As `softmax`; at d = 0 all classes that are not masked are equal. The naive form warns when powers overflow.

    Accuracy
    --------
    At most 6 + 2 d ln(2 + q) (max z - z_i) ulp, tested for K <= 300.

    Gradient
    --------
    ``d ln(2 + q) p (g - <p, g>)``; with respect to d and q through ``s = d ln(2 + q)``, by ``p_i (z_i - <p, z>)``.

    References
    ----------
    A. Schmaltz, Similarity-Distance-Magnitude Universal Verification, 2025, arXiv:2502.20167.

    Examples
    --------
    >>> sdm([2.0, 0.5, -1.0], similarity=10, distance=0.5).round(4)
    array([0.8481, 0.1315, 0.0204])
    >>> sdm([2.0, 0.5, -1.0], similarity=10, distance=0)
    array([0.33333333, 0.33333333, 0.33333333])
    """
    broken = (holds_nan, "sdm(form='naive') overflowed") if form == "naive" else None
    return _mapped(chosen("form", form, _SDM), z, similarity, distance, 0.0, broken, axis=axis, where=where,
                   format=format)


def log_sdm(z, *, similarity, distance, axis=-1, where=None, form="stable", format=None):
    """Logarithm of the SDM activation to its own base: ``log p_i / ln(2 + q)``.

    Minus that of the label is the loss it is trained with, whose gradient ``d (p - onehot)`` the base leaves alone.
    The released code takes the logarithm of ``p + 2^-23``, which is never below -15.9 / ln(2 + q): -3.45 at q = 100.
    There a confident mistake has no gradient left.

    Parameters
    ----------
    z, similarity, distance, axis, where, format
        As in `sdm`.
    form : {"stable", "naive", "released"}
        "naive" is the logarithm of p, -inf where that underflows; "released" that of ``p + 2^-23``.

    Returns
    -------
    Logarithms (..., K) -> (..., K); a masked class has -inf.

    Special values
    --------------
    As `log_softmax`.

    Accuracy
    --------
    Stable: at most 8 + log K + g ulp, with g the least of the ``d ln(2 + q) (max z - z_i)`` other than that of the top
    class; tested for K <= 300.

    Gradient
    --------
    ``d (g - p sum g)``; ``z_i - <p, z>`` with respect to d, and for the loss ``-H(p) / ((2 + q) ln(2 + q)^2)`` with
    respect to q, H the entropy.

    References
    ----------
    A. Schmaltz, Similarity-Distance-Magnitude Universal Verification, 2025, arXiv:2502.20167.

    Examples
    --------
    >>> z, forms = [40.0, 0.0], ("released", "stable")
    >>> [float(log_sdm(z, similarity=100, distance=1, form=form).round(3)[1]) for form in forms]
    [-3.447, -40.0]
    """
    return _mapped(chosen("form", form, _LOG_SDM), z, similarity, distance, -np.inf, None, axis=axis, where=where,
                   format=format)


def _mapped(of, z, similarity, distance, masked, broken, **options):
    layout = Rows(z, **options)
    pairs = _pairs(layout, similarity, distance)
    rows, out = layout.rows(z, "z"), layout.empty()
    layout.call(map_row_pairs, of, (rows, pairs), (), out)
    if broken is not None:
        warn_about_rows(rows, broken[0](rows, out), broken[1])
    return layout.restore(out, masked)


def _pulled(of, z, g, similarity, distance, axis, where):
    layout = Rows(z, axis=axis, where=where, beside={"g": g})
    out = layout.empty()
    rows = layout.rows(z, "z"), layout.rows(g, "g", 0.0), _pairs(layout, similarity, distance)
    layout.call(map_row_triples, of, rows, (), out)
    return layout.restore(out, 0.0)


def sdm_pull(z, g, *, similarity, distance, axis=-1, where=None):
    """Gradient of the probabilities with respect to the logits."""
    return _pulled(_SDM_PULL, z, g, similarity, distance, axis, where)


def log_sdm_pull(z, g, *, similarity, distance, axis=-1, where=None):
    """Gradient of the logarithms with respect to the logits."""
    return _pulled(_LOG_SDM_PULL, z, g, similarity, distance, axis, where)
