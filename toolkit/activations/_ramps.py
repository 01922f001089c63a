"""Thresholds with a ramp between 0 and all of x: firm, and MCP and CEL0, which are firm by other numbers."""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit.activations._elementwise import elementwise, or_infinite, scaled
from toolkit.activations._hard_threshold import (
    hard_threshold_slope,
    hard_threshold_value,
    root_of_twice,
)
from toolkit.activations._shrinkage import against, beyond_slope, hard_shrink_value

__all__ = ["cel0_threshold", "firm_threshold", "mcp_threshold"]
KERNELS = ["cel0_threshold_naive", "cel0_threshold_slope", "cel0_threshold_value", "firm_threshold_naive",
           "firm_threshold_slope", "firm_threshold_value", "mcp_threshold_slope", "mcp_threshold_value"]


@kernel
def ramp(x, low, high, rise):
    """0 up to `low`, ``(|x| - low) rise`` up to `high`, where that is |x|, and x beyond; with the sign of x."""
    t = abs(x)
    if t <= low:
        return 0.0
    if t >= high:
        return x
    y = (t - low) * rise
    return np.copysign(t if y > t else y, x)


@kernel
def ramp_slope(x, low, high, rise):
    """`rise` on the ramp, its upper end included, 1 beyond, 0 before, NaN for NaN."""
    t = abs(x)
    if t <= low:
        return 0.0
    if t > high:
        return 1.0
    return rise if x == x else x


@kernel
def on_ramp(x, low, high):
    return low < abs(x) and abs(x) <= high


@kernel
def nothing(x):
    """0, NaN for NaN."""
    return 0.0 if x == x else x


@kernel
def rise_between(low, high):
    """``high / (high - low)``."""
    return 1.0 if high == np.inf else high / (high - low)


@kernel
def firm_threshold_value(x, low, high):
    if high <= low:
        return hard_shrink_value(x, low)
    return ramp(x, low, high, rise_between(low, high))


@kernel
def firm_threshold_naive(x, low, high):
    """``min(|x|, max(0, high (|x| - low) / (high - low)))``: 0/0 at x = low = high, and the product overflows."""
    t = abs(x)
    y = high * (t - low) / (high - low)
    return np.copysign(min(t, max(y, 0)) if y == y else y, x)


@kernel
def firm_threshold_slope(x, low, high):
    if high <= low:
        return beyond_slope(x, low)
    return ramp_slope(x, low, high, rise_between(low, high))


@kernel
def firm_threshold_of_low(x, low, high):
    """Derivative of `firm_threshold` in low: ``-high (high - |x|) / (high - low)**2`` on the ramp."""
    if high <= low or not on_ramp(x, low, high):
        return nothing(x)
    share = 1.0 if high == np.inf else (high - abs(x)) / (high - low)
    return against(x, share * rise_between(low, high))


@kernel
def firm_threshold_of_high(x, low, high):
    """Derivative of `firm_threshold` in high: ``-low (|x| - low) / (high - low)**2`` on the ramp."""
    if high <= low or not on_ramp(x, low, high):
        return nothing(x)
    gap = high - low
    return against(x, low / gap * ((abs(x) - low) / gap))


@kernel
def rise_of_mcp(gamma):
    """``gamma / (gamma - 1)``."""
    return 1.0 if gamma == np.inf else gamma / (gamma - 1)


@kernel
def mcp_threshold_value(x, lam, gamma):
    if gamma <= 1:
        return hard_shrink_value(x, np.sqrt(gamma) * lam)
    return ramp(x, lam, scaled(lam, gamma), rise_of_mcp(gamma))


@kernel
def mcp_threshold_slope(x, lam, gamma):
    if gamma <= 1:
        return beyond_slope(x, np.sqrt(gamma) * lam)
    return ramp_slope(x, lam, scaled(lam, gamma), rise_of_mcp(gamma))


@kernel
def mcp_threshold_of_lam(x, lam, gamma):
    """Derivative of `mcp_threshold` in lam."""
    if gamma <= 1 or not on_ramp(x, lam, scaled(lam, gamma)):
        return nothing(x)
    return against(x, rise_of_mcp(gamma))


@kernel
def mcp_threshold_of_gamma(x, lam, gamma):
    """Derivative of `mcp_threshold` in gamma: ``-(|x| - lam) / (gamma - 1)**2`` on the ramp."""
    if gamma <= 1 or not on_ramp(x, lam, scaled(lam, gamma)):
        return nothing(x)
    return against(x, (abs(x) - lam) / (gamma - 1) / (gamma - 1))


@kernel
def cel0_ends(lam, norm):
    """Where the ramp begins and ends, for norm < 1, and how steep it is: ``1 / (1 - norm**2)``."""
    root = root_of_twice(lam)
    return root * norm, or_infinite(root / norm, root), 1 / ((1 - norm) * (1 + norm))


@kernel
def cel0_threshold_value(x, lam, norm):
    if norm >= 1:
        return hard_threshold_value(x, lam)
    low, high, rise = cel0_ends(lam, norm)
    return ramp(x, low, high, rise)


@kernel
def cel0_threshold_naive(x, lam, norm):
    """The ramp without asking for norm < 1: beyond, it has the wrong sign, and at 1 it divides by 0."""
    t = abs(x)
    y = max(t - root_of_twice(lam) * norm, 0) / (1 - norm * norm)
    return np.copysign(1.0, x) * (min(t, y) if y == y else y)


@kernel
def cel0_threshold_slope(x, lam, norm):
    if norm >= 1:
        return hard_threshold_slope(x, lam)
    low, high, rise = cel0_ends(lam, norm)
    return ramp_slope(x, low, high, rise)


@kernel
def cel0_threshold_of_lam(x, lam, norm):
    """Derivative of `cel0_threshold` in lam: ``-norm / sqrt(2 lam)`` times the slope of the ramp, on the ramp."""
    low, high, rise = cel0_ends(lam, norm)
    if norm >= 1 or not on_ramp(x, low, high):
        return nothing(x)
    return against(x, norm / root_of_twice(lam) * rise)


@kernel
def cel0_threshold_of_norm(x, lam, norm):
    """Derivative of `cel0_threshold` in norm: ``(2 norm y - sqrt(2 lam)) / (1 - norm**2)`` on the ramp, y its value."""
    low, high, rise = cel0_ends(lam, norm)
    if norm >= 1 or not on_ramp(x, low, high):
        return nothing(x)
    y = (abs(x) - low) * rise
    return np.copysign(1.0, x) * ((2 * norm * y - root_of_twice(lam)) * rise)


@elementwise(firm_threshold_value, firm_threshold_naive, slope=firm_threshold_slope, ulp=2, slope_ulp=1.5, least=0,
             also_above={"high": 0}, others={"low": firm_threshold_of_low, "high": firm_threshold_of_high})
def firm_threshold(x, *, low=0.5, high=3.0, form="stable", format=None):
    """Firm thresholding: 0 up to `low`, x beyond `high`, and a straight ramp between them.

    ``high (|x| - low) / (high - low)`` with the sign of x, on the ramp. With an infinite `high` it is `soft_shrink`;
    where `high` is not above `low`, `hard_shrink`. "naive" is this quotient, cut to [0, |x|]: NaN where x, `low` and
    `high` are the same number, and infinite where the product overflows.

    Parameters
    ----------
    x, form, format, out : as in `sigmoid`; so is the result
    low, high : float or array_like, broadcast to the shape of `x`
        Ends of the ramp: `low` at least 0, `high` above 0.

    Accuracy
    --------
    "stable": at most 2 ulp, the derivative at most 1.5 ulp; tested as `sigmoid`.

    Gradient
    --------
    ``high / (high - low)`` on the ramp, 1 beyond and 0 before it; in `low` and `high` that of the ramp, else 0.

    References
    ----------
    H.-Y. Gao, A. G. Bruce, WaveShrink with Firm Shrinkage, Statistica Sinica 7, 1997.

    Examples
    --------
    >>> firm_threshold([-3.5, 0.25, 1.0])
    array([-3.5,  0. ,  0.6])
    """


@elementwise(mcp_threshold_value, slope=mcp_threshold_slope, ulp=2, slope_ulp=1.5, least=0, also_above={"gamma": 0},
             others={"lam": mcp_threshold_of_lam, "gamma": mcp_threshold_of_gamma})
def mcp_threshold(x, *, lam=0.5, gamma=3.0, format=None):
    """Threshold of the minimax concave penalty: `firm_threshold` from λ to γλ.

    The proximal operator of the penalty ``lam |y| - y**2 / (2 gamma)``, which stays ``gamma lam**2 / 2`` from
    ``|y| = gamma lam`` on. For gamma up to 1 it is hard, with the threshold ``sqrt(gamma) lam``.

    Parameters
    ----------
    x, format, out : as in `sigmoid`; so is the result
    lam : float or array_like, broadcast to the shape of `x`
        Threshold λ, at least 0.
    gamma : float or array_like, broadcast to the shape of `x`
        How far the ramp goes, as a multiple of λ; above 0.

    Accuracy
    --------
    At most 2 ulp, the derivative at most 1.5 ulp; tested as `sigmoid`.

    Gradient
    --------
    ``gamma / (gamma - 1)`` on the ramp, 1 beyond and 0 before it; in `lam` and `gamma` that of the ramp, else 0.

    References
    ----------
    C.-H. Zhang, Nearly Unbiased Variable Selection under Minimax Concave Penalty, Annals of Statistics 38, 2010,
    doi:10.1214/09-AOS729.

    Examples
    --------
    >>> mcp_threshold([-3.0, 1.2, 1.6], lam=1.0, gamma=2.5)
    array([-3.        ,  0.33333333,  1.        ])
    """


@elementwise(cel0_threshold_value, cel0_threshold_naive, slope=cel0_threshold_slope, ulp=2, slope_ulp=1.5, least=0,
             also_above={"norm": 0}, others={"lam": cel0_threshold_of_lam, "norm": cel0_threshold_of_norm})
def cel0_threshold(x, *, lam=0.5, norm=0.5, form="stable", format=None):
    """Threshold of the continuous exact l0 penalty: firm from ``sqrt(2 lam) norm`` to ``sqrt(2 lam) / norm``.

    The proximal operator of ``lam - norm**2 / 2 (|y| - sqrt(2 lam) / norm)**2``, which stays `lam` from
    ``|y| = sqrt(2 lam) / norm`` on. For a norm of 1 or more it is `hard_threshold`. A step μ of a descent goes into
    both numbers: ``mu lam`` and ``sqrt(mu) norm``. "naive" takes the ramp for every norm; above 1 it has the wrong
    sign. Code for "Beyond l1 sparse coding in V1" has the norm 1 and returns 0 where this one is hard.

    Parameters
    ----------
    x, form, format, out : as in `sigmoid`; so is the result
    lam : float or array_like, broadcast to the shape of `x`
        Price λ of an entry, at least 0.
    norm : float or array_like, broadcast to the shape of `x`
        Length of the entry's column in the data term, above 0.

    Accuracy
    --------
    "stable": at most 2 ulp, the derivative at most 1.5 ulp; tested as `sigmoid`. The bound is that of a ``sqrt(2 lam)``
    that is a number of the dtype; else the rounding of the lower end counts too, which is more where |x| is just above
    it.

    Gradient
    --------
    ``1 / (1 - norm**2)`` on the ramp, 1 beyond and 0 before it; in `lam` and `norm` that of the ramp, else 0.

    References
    ----------
    E. Soubies, L. Blanc-Féraud, G. Aubert, A Continuous Exact l0 Penalty (CEL0) for Least Squares Regularized Problem,
    SIAM Journal on Imaging Sciences 8, 2015, doi:10.1137/151003714.

    Examples
    --------
    >>> cel0_threshold([-3.0, 1.2, 1.6], lam=0.5, norm=0.8)
    array([-3.        ,  1.11111111,  1.6       ])
    """
