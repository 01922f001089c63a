"""The basis of AF-KAN: any activation in place of the ReLUs, and seven ways to combine the two that face each other."""
import numpy as np

from toolkit._core.arguments import check_choice, check_finite, shown
from toolkit._core.kernel import kernel
from toolkit._core.switch import switch
from toolkit.activations import kernels as of
from toolkit.networks._kan_grid import basis_rows, checked_grid, pulled, restored

__all__ = ["af_kan_basis"]
KERNELS = ["af_kan_row", "af_kan_slope_row", "bent", "combined", "silu_row", "silu_slope_row"]


def _at(value, slope, parameter):
    """Kernels of x alone, with this parameter."""
    def value_at(x):
        return value(x, parameter)

    def slope_at(x):
        return slope(x, parameter)

    return kernel(value_at), kernel(slope_at)


# Name -> kernels of value and slope.
ACTIVATIONS = {"silu": (of.silu_value, of.silu_slope), "relu": (of.relu_value, of.relu_slope),
               "sigmoid": (of.sigmoid_value, of.sigmoid_slope),
               "softplus": _at(of.softplus_value, of.softplus_slope, 1.0),
               "leaky_relu": _at(of.leaky_value, of.leaky_slope, 0.01), "elu": _at(of.elu_value, of.elu_slope, 1.0),
               "gelu": (of.gelu_value, of.gelu_slope), "selu": (of.selu_value, of.selu_slope),
               "tanh": (of.tanh_value, of.tanh_slope)}
COMBINATIONS = ("quad1", "quad2", "sum", "prod", "sum_prod", "cubic1", "cubic2")

bent = switch([value for value, _ in ACTIVATIONS.values()])
bent_slope = switch([slope for _, slope in ACTIVATIONS.values()])


@kernel
def combined(way, u, w):
    """``(value, its slope in u, its slope in w)`` of the place `way` of `COMBINATIONS`."""
    product, both, squares = u * w, u + w, u * u + w * w
    if way == 0:
        return product * product, 2.0 * product * w, 2.0 * product * u
    if way == 1:
        return product + squares, w + 2.0 * u, u + 2.0 * w
    if way == 2:
        return both, 1.0, 1.0
    if way == 3:
        return product, w, u
    if way == 4:
        return both + product, 1.0 + w, 1.0 + u
    if way == 5:
        return both * squares, squares + 2.0 * both * u, squares + 2.0 * both * w
    return product * product * product, 3.0 * product * product * w, 3.0 * product * product * u


@kernel
def facing_row(value, x, kind, way, grid, order, low, high, out):
    """Of ``u = a(x - s_i)`` and ``w = a(e_i - x)``, in units of x; ``a(x)`` is ``value(kind, x)``."""
    cell = (high - low) / grid
    for i in range(grid + order):
        first = low + (i - order) * cell
        out[i] = combined(way, value(kind, x - first), value(kind, first + (order + 1) * cell - x))[0]


@kernel
def facing_slope_row(value, slope, x, kind, way, grid, order, low, high, out):
    cell = (high - low) / grid
    for i in range(grid + order):
        up = x - (low + (i - order) * cell)
        down = (order + 1) * cell - up
        _, by_u, by_w = combined(way, value(kind, up), value(kind, down))
        out[i] = by_u * slope(kind, up) - by_w * slope(kind, down)


@kernel
def any_value(kind, x):
    return bent(kind, x)


@kernel
def any_slope(kind, x):
    return bent_slope(kind, x)


@kernel
def silu_value(kind, x):
    return of.silu_value(x)


@kernel
def silu_slope(kind, x):
    return of.silu_slope(x)


@kernel
def af_kan_row(x, kind, way, grid, order, low, high, out):
    facing_row(any_value, x, kind, way, grid, order, low, high, out)


@kernel
def af_kan_slope_row(x, kind, way, grid, order, low, high, out):
    facing_slope_row(any_value, any_slope, x, kind, way, grid, order, low, high, out)


@kernel
def silu_row(x, grid, order, low, high, out):
    """AF-KAN's basis as it is by default: SiLU, ``(uw)^2``; without the other activations there is less to compile."""
    facing_row(silu_value, x, 0, 0, grid, order, low, high, out)


@kernel
def silu_slope_row(x, grid, order, low, high, out):
    facing_slope_row(silu_value, silu_slope, x, 0, 0, grid, order, low, high, out)


def _numbers(activation, combination, grid, order, low, high):
    grid = checked_grid(grid, order, low, high)
    return (check_choice("activation", activation, tuple(ACTIVATIONS)),
            check_choice("combination", combination, COMBINATIONS), *grid)


def _checked(normalize):
    """What becomes 0 and 1 as a pair, or None or "batch"."""
    if normalize is None or isinstance(normalize, str) and normalize == "batch":
        return normalize
    if not isinstance(normalize, (tuple, list)) or len(normalize) != 2:
        raise ValueError(f"normalize is {shown(normalize)}; allowed: None, 'batch', or a pair (low, high)")
    low = check_finite("normalize", normalize[0])
    return low, check_finite("normalize", normalize[1], low, above=True)


def _limits(normalize, rows):
    """The pair that becomes 0 and 1: given, or the extremes of the batch."""
    if normalize == "batch":
        return (rows.min(), rows.max()) if rows.size else (0.0, 1.0)
    return normalize


def _normalized(rows, limits):
    """From 0 to 1; 0 where the extremes are the same."""
    if limits is None:
        return rows
    low, high = limits
    return np.zeros_like(rows) if high == low else (rows - low) / (high - low)


def af_kan_basis(x, *, activation="silu", combination="quad1", grid=5, order=3, low=0.0, high=1.0, normalize=None):
    """The basis of AF-KAN: ``u = a(x - s_i)`` and ``w = a(e_i - x)``, two activations that face each other, combined.

    With SiLU none of the functions is ever 0, and all of them are smooth over the whole grid: 23 functions at
    ``grid=20`` have the numerical rank of a polynomial of degree 5 or so. A local basis gains by more grid points, this
    one does not. Its program also trains the ends, and can reduce the functions of all inputs by an attention over the
    inputs before the linear layer; neither is here.

    Parameters
    ----------
    x, grid, order, low, high : as in `relu_kan_basis`
    activation : {"silu", "relu", "sigmoid", "softplus", "leaky_relu", "elu", "gelu", "selu", "tanh"}
    combination : {"quad1", "quad2", "sum", "prod", "sum_prod", "cubic1", "cubic2"}
        ``(uw)^2``, ``uw + u^2 + w^2``, ``u + w``, ``uw``, ``u + w + uw``, ``(u + w)(u^2 + w^2)``, ``(uw)^3``.
    normalize : None, "batch" or (low, high)
        What becomes 0 and what becomes 1. "batch", as the authors' program does it, takes the least and the largest
        number of the whole result, so that the features of a sample depend on the others; all of them are 0 where these
        are the same. A pair is for inference.

    Returns
    -------
    (..., grid + order), in the dtype of `x`; computed in float64.

    Gradient
    --------
    By the chain rule, ``u' = a'(x - s)`` and ``w' = -a'(e - x)``; with "batch" also through the two extremes, the
    first of equal ones.

    Special values
    --------------
    NaN gives NaN, with "batch" everywhere.

    Accuracy
    --------
    float64, for x from -2 to 3: within 1e-14 of ``1 + abs`` of the definition, tested by 30 digits.

    References
    ----------
    H.-T. Ta, A. Tran, AF-KAN, 2025, arXiv:2503.06112; the basis and its normalisation are those of its program.

    Examples
    --------
    >>> af_kan_basis(0.1)[2:5].round(6)
    array([0.002877, 0.000603, 0.000924])
    """
    numbers, normalize = _numbers(activation, combination, grid, order, low, high), _checked(normalize)
    rows = basis_rows(af_kan_row, x, numbers, numbers[2] + numbers[3])
    with np.errstate(all="ignore"):
        return restored(_normalized(rows, _limits(normalize, rows)), x)


def af_kan_pull(x, g, *, activation="silu", combination="quad1", grid=5, order=3, low=0.0, high=1.0, normalize=None):
    numbers, normalize = _numbers(activation, combination, grid, order, low, high), _checked(normalize)
    slopes = basis_rows(af_kan_slope_row, x, numbers, numbers[2] + numbers[3])
    if normalize is None:
        return pulled(slopes, x, g)
    rows = basis_rows(af_kan_row, x, numbers, numbers[2] + numbers[3])
    limits = _limits(normalize, rows)
    g = np.broadcast_to(np.asarray(g, np.float64), (*np.shape(x), rows.shape[1])).reshape(rows.shape)
    back = np.zeros_like(rows)
    if limits[1] != limits[0]:
        back = g / (limits[1] - limits[0])
        if normalize == "batch":
            shares = _normalized(rows, limits)
            lost, least, most = (back * (1.0 - shares)).sum(), rows.argmin(), rows.argmax()
            gained = (back * shares).sum()
            back.reshape(-1)[least] -= lost
            back.reshape(-1)[most] -= gained
    return pulled(slopes, x, back.reshape(*np.shape(x), -1))
