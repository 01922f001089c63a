"""What the bits of a periodic code miss, by both definitions in use, and the penalty that its authors train with."""
import numpy as np

from toolkit._core.arguments import check_choice, check_finite
from toolkit._core.arrays import common_dtype, real_array
from toolkit._core.kernel import kernel
from toolkit.activations._biper import biper_sine
from toolkit.activations._elementwise import slope
from toolkit.elementary import tanh

__all__ = ["laplace_quantization_error", "periodic_penalty", "periodic_quantization_error"]
KERNELS = ["laplace_distance", "laplace_mean", "laplace_spread"]


@kernel
def laplace_mean(c):
    """``E |sin(ω w)|`` of weights with a Laplace density of scale b, and ``c = ω b``."""
    return c / (1.0 + c * c) / tanh(1.5707963267948966 / c)


@kernel
def laplace_spread(c):
    """``E (|sin| - its mean)^2``, which is ``E sin^2`` less the square of the mean."""
    mean = laplace_mean(c)
    return 2.0 * c * c / (1.0 + 4.0 * c * c) - mean * mean


@kernel
def laplace_distance(c):
    """``E |sin - sign(sin)|``."""
    return 1.0 - laplace_mean(c)


MEASURES = {"spread": laplace_spread, "distance": laplace_distance}


def laplace_quantization_error(scale, *, omega=20.0, measure="spread"):
    """What the bits of `biper` miss of ``sin(ω w)``, for weights w with a Laplace density.

    Two definitions are in use. ``"spread"`` is ``E (|sin| - γ)^2`` with the best factor ``γ = E |sin|``. It grows as
    ``c^2`` with ``c = ω b``, is largest at c = 0.955, and then falls a little, to ``1/2 - 4/π^2``. ``"distance"`` is
    ``E |sin - sign|``, as the authors' program computes it: it falls from 1 to ``1 - 2/π``.

    Parameters
    ----------
    scale : float > 0
        b, the mean size of a weight.
    omega : float > 0
    measure : {"spread", "distance"}

    Returns
    -------
    float

    Accuracy
    --------
    Within 8 epsilon of ``E sin^2`` or of 1, tested against integrals of 30 digits.

    References
    ----------
    As `biper`. The closed forms are derived here.

    Examples
    --------
    >>> [round(laplace_quantization_error(0.05, omega=omega), 6) for omega in (10, 20, 400)]
    [0.0888, 0.102794, 0.094762]
    """
    scale, omega = check_finite("scale", scale, 0.0, above=True), check_finite("omega", omega, 0.0, above=True)
    of = tuple(MEASURES.values())[check_choice("measure", measure, tuple(MEASURES))]
    return float(of(min(max(scale * omega, 1e-150), 1e150)))


def _sines(x, omega):
    x = real_array(x, "x")
    if x.size == 0:
        raise ValueError(f"x has shape {x.shape}; allowed: at least one weight")
    return x, biper_sine(x.astype(np.float64), omega=check_finite("omega", omega, 0.0, above=True))


def periodic_quantization_error(x, *, omega=20.0, measure="spread"):
    """What the bits of `biper` miss of ``sin(ω x)`` over some weights; see `laplace_quantization_error`.

    Parameters
    ----------
    x : array_like
        Weights; all of them count alike.
    omega : float > 0
    measure : {"spread", "distance"}
        ``mean (|sin| - γ)^2`` with ``γ = mean |sin|``, or ``mean |sin - sign|``, which is ``1 - γ``.

    Returns
    -------
    Number in the dtype of `x`.

    Gradient
    --------
    Of n weights, with ``s = sin(ω x)``: ``2 (|s| - γ) sign(s) ω cos(ω x) / n``, or ``-sign(s) ω cos(ω x) / n``.

    Special values
    --------------
    An infinite weight or NaN gives NaN.

    Accuracy
    --------
    Computed in float64 from sines of 2 ulp and rounded once: within 8 epsilon of 1, tested.

    Examples
    --------
    >>> weights = [0.02, 0.1, -0.2]
    >>> periodic_quantization_error(weights).round(5), periodic_quantization_error(weights, measure="distance").round(5)
    (np.float64(0.04761), np.float64(0.31483))
    """
    check_choice("measure", measure, tuple(MEASURES))
    array, s = _sines(x, omega)
    size = np.abs(s)
    found = size.var() if measure == "spread" else 1.0 - size.mean()
    return common_dtype(x=x).type(found)


def periodic_quantization_error_pull(x, g, *, omega=20.0, measure="spread"):
    array, s = _sines(x, omega)
    size = np.abs(s)
    by = 2.0 * (size - size.mean()) if measure == "spread" else -np.ones_like(s)
    return _weighted(x, array, g, omega, by * np.where(s >= 0, 1.0, -1.0))


def _weighted(x, array, g, omega, by):
    slopes = by * slope(biper_sine, array.astype(np.float64), omega=float(omega)) / array.size
    g = real_array(g, "g")
    if g.size != 1:
        raise ValueError(f"g has shape {g.shape}; allowed: a number")
    return (g.astype(np.float64).reshape(()) * slopes).astype(common_dtype(x=x))


def periodic_penalty(x, *, omega=20.0, strength=1.0):
    """BiPer's regulariser: ``strength * mean sin(ω x)^2``.

    The authors' program adds it with a strength above 0. So it pulls weights to the zeros of the sine, where bits
    change; below 0 it pushes them to the middle between, which is what lowers the quantisation error.

    Parameters
    ----------
    x : array_like
        Weights of a layer.
    omega : float > 0
    strength : float

    Returns
    -------
    Number in the dtype of `x`.

    Gradient
    --------
    ``strength ω sin(2 ω x) / n``.

    Special values
    --------------
    An infinite weight or NaN gives NaN.

    Accuracy
    --------
    Computed in float64 from sines of 2 ulp and rounded once: within 8 epsilon of the strength, tested.

    References
    ----------
    As `biper`; read off the authors' program.

    Examples
    --------
    >>> periodic_penalty([0.02, 0.1, -0.2]).round(6)
    np.float64(0.517073)
    """
    strength = check_finite("strength", strength)
    array, s = _sines(x, omega)
    return common_dtype(x=x).type(strength * (s * s).mean())


def periodic_penalty_pull(x, g, *, omega=20.0, strength=1.0):
    array, s = _sines(x, omega)
    return _weighted(x, array, g, omega, 2.0 * float(strength) * s)
