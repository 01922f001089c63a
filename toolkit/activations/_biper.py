"""Binary weights by a periodic code: the sign of a sine, trained through the sine; beside it the plain sign."""
from toolkit._core.exact_sums import two_product
from toolkit._core.kernel import kernel
from toolkit._core.numbers import like
from toolkit.activations._elementwise import elementwise
from toolkit.elementary import cos, sin

__all__ = ["approximate_sign", "biper", "biper_sine", "straight_through_sign"]
KERNELS = ["approximate_sign_slope", "biper_naive", "biper_sine_naive", "biper_sine_value", "biper_slope",
           "biper_slope_naive", "biper_value", "sign_value", "straight_through_value", "window_slope"]


@kernel
def sine_and_cosine(x, omega):
    """``sin(ω x)`` and ``cos(ω x)`` in float64, of the exact product: what it rounds off is an angle too."""
    angle, rest = two_product(float(omega), float(x))
    s, c = sin(angle), cos(angle)
    if not abs(angle) < 2.0**900:  # there the product's error is not to be had
        return s, c
    return s + rest * c, c - rest * s


@kernel
def sign_value(x):
    """1 from 0 on, else -1; NaN for NaN."""
    if x >= 0:
        return 1.0
    return -1.0 if x < 0 else x


@kernel
def biper_sine_value(x, omega):
    return like(sine_and_cosine(x, omega)[0], x)


@kernel
def biper_sine_naive(x, omega):
    return sin(omega * x)


@kernel
def biper_value(x, omega):
    return like(sign_value(sine_and_cosine(x, omega)[0]), x)


@kernel
def biper_naive(x, omega):
    return like(sign_value(sin(omega * x)), x)


@kernel
def biper_slope(x, omega):
    """``ω cos(ω x)``."""
    return like(float(omega) * sine_and_cosine(x, omega)[1], x)


@kernel
def biper_slope_naive(x, omega):
    return omega * cos(omega * x)


@kernel
def window_slope(x, window):
    """1 up to the window, 0 beyond, NaN for NaN."""
    if abs(x) <= window:
        return 1.0
    return 0.0 if x == x else x


@kernel
def straight_through_value(x, window):
    return sign_value(x)


@kernel
def approximate_sign_slope(x):
    """``max(2 - 2 |x|, 0)``."""
    return 0.0 if abs(x) >= 1 else 2 - (abs(x) + abs(x))


@elementwise(biper_value, biper_naive, slope=biper_slope, naive_slope=biper_slope_naive, ulp=0, slope_ulp=3, above=0)
def biper(x, *, omega=20.0, form="stable", format=None):
    """BiPer: a weight as one bit, ``sign(sin(ω x))``: a square wave with the period ``2π / ω``.

    Training needs a slope, and takes that of the sine without the sign. A weight is never further than ``π / (2ω)``
    from a change of its bit, and moving it up may lower the slope's bit: with `straight_through_sign` neither is so.

    Parameters
    ----------
    x, form, format, out : as in `sigmoid`; so is the result
    omega : float or array_like, broadcast to the shape of `x`
        Frequency, above 0. The slope grows with it, so that a learning rate has to shrink as ``1 / ω``.

    Special values
    --------------
    ``sign(0)`` is 1, so that no weight is 0. ±inf gives NaN.

    Accuracy
    --------
    "stable": at most 0 ulp, the derivative at most 3 ulp; tested as `sigmoid`. The angle is that of the exact product
    in float64; the naive form rounds it, in float16 to a quarter turn at x = 5.

    Gradient
    --------
    ``ω cos(ω x)``, a surrogate: the derivative of `biper_sine`.

    References
    ----------
    E. Vargas et al., BiPer: Binary Neural Networks using a Periodic Function, CVPR 2024, arXiv:2404.01278.

    Examples
    --------
    >>> biper([0.02, 0.1, 0.2])
    array([ 1.,  1., -1.])
    """


@elementwise(biper_sine_value, biper_sine_naive, slope=biper_slope, naive_slope=biper_slope_naive, ulp=2, slope_ulp=3,
             above=0)
def biper_sine(x, *, omega=20.0, form="stable", format=None):
    """The first stage of BiPer: ``sin(ω x)``, real weights that the second stage replaces by their signs.

    Parameters
    ----------
    x, omega, form, format, out : as in `biper`; so is the result

    Special values
    --------------
    ±inf gives NaN.

    Accuracy
    --------
    "stable": at most 2 ulp, the derivative at most 3 ulp; tested as `sigmoid`.

    Gradient
    --------
    ``ω cos(ω x)``.

    References
    ----------
    As `biper`.

    Examples
    --------
    >>> biper_sine([0.02, 0.1, 0.2]).round(4)
    array([ 0.3894,  0.9093, -0.7568])
    """


@elementwise(straight_through_value, slope=window_slope, ulp=0, slope_ulp=0, least=0)
def straight_through_sign(x, *, window=1.0, format=None):
    """A weight as one bit, ``sign(x)``, with the slope of the identity near 0: the straight-through estimator.

    Parameters
    ----------
    x, format, out : as in `sigmoid`; so is the result
    window : float or array_like, broadcast to the shape of `x`
        Up to which size a weight learns, at least 0.

    Special values
    --------------
    ``sign(0)`` is 1.

    Accuracy
    --------
    At most 0 ulp, the derivative at most 0 ulp; tested as `sigmoid`.

    Gradient
    --------
    1 for ``|x| <= window``, else 0, a surrogate: the true derivative is 0.

    References
    ----------
    I. Hubara et al., Binarized Neural Networks, NeurIPS 2016, arXiv:1602.02830.

    Examples
    --------
    >>> straight_through_sign([-0.3, 0.0, 2.0])
    array([-1.,  1.,  1.])
    """


@elementwise(sign_value, slope=approximate_sign_slope, ulp=0, slope_ulp=0.5)
def approximate_sign(x, *, format=None):
    """An activation as one bit, ``sign(x)``, with the slope of two parabolas: ``max(2 - 2 |x|, 0)``.

    BiPer has it for its activations, divided by their standard deviation, which only sets the width of the slope.

    Parameters
    ----------
    x, format, out : as in `sigmoid`; so is the result

    Special values
    --------------
    ``sign(0)`` is 1.

    Accuracy
    --------
    At most 0 ulp, the derivative at most 0.5 ulp; tested as `sigmoid`.

    Gradient
    --------
    ``max(2 - 2 |x|, 0)``, a surrogate.

    References
    ----------
    Z. Liu et al., Bi-Real Net, ECCV 2018, arXiv:1808.00278.

    Examples
    --------
    >>> approximate_sign([-0.3, 0.0, 2.0])
    array([-1.,  1.,  1.])
    """
