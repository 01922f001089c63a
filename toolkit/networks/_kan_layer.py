"""A layer of a Kolmogorov-Arnold network: each edge is a function that is learned, and a unit adds up its edges."""
import numpy as np

from toolkit._core.arguments import check_choice
from toolkit._core.arrays import behaved, common_dtype, real_array
from toolkit._core.kernel import kernel
from toolkit._core.switch import switch
from toolkit.networks._af_kan import silu_row, silu_slope_row
from toolkit.networks._kan_bases import relu_kan_row, relu_kan_slope_row, spline_row, spline_slope_row
from toolkit.networks._kan_grid import checked_grid

__all__ = ["kan_layer"]
KERNELS = ["basis_row", "kan_layer_row", "kan_layer_vjp_row"]


BASES = {"spline": (spline_row, spline_slope_row), "relu": (relu_kan_row, relu_kan_slope_row),
         "silu": (silu_row, silu_slope_row)}

_row = switch([row for row, _ in BASES.values()])
_slope_row = switch([row for _, row in BASES.values()])


@kernel
def basis_row(basis, x, grid, order, low, high, out):
    """The functions at x, of a place in `BASES`."""
    _row(basis, x, grid, order, low, high, out)


@kernel
def kan_layer_row(basis, x, weight, bias, order, low, high, features, out):
    """``out_o = sum_d sum_i weight[o, d, i] B_i(x_d) + bias_o``; fills `features` (inputs, functions) on the way.

    `basis` is a place in `BASES`.
    """
    outputs, inputs, size = weight.shape
    for d in range(inputs):
        _row(basis, x[d], size - order, order, low, high, features[d])
    for o in range(outputs):
        total = bias[o]
        for d in range(inputs):
            for i in range(size):
                total += weight[o, d, i] * features[d, i]
        out[o] = total


@kernel
def kan_layer_vjp_row(basis, x, weight, g, order, low, high, features, dx, dweight, dbias):
    """Adds to the gradients of weight and bias, and fills that of x."""
    outputs, inputs, size = weight.shape
    for d in range(inputs):
        _row(basis, x[d], size - order, order, low, high, features[d])
        for o in range(outputs):
            for i in range(size):
                dweight[o, d, i] += g[o] * features[d, i]
        _slope_row(basis, x[d], size - order, order, low, high, features[d])
        total = 0.0
        for o in range(outputs):
            for i in range(size):
                total += g[o] * weight[o, d, i] * features[d, i]
        dx[d] = total
    for o in range(outputs):
        dbias[o] += g[o]


@kernel
def all_rows(basis, x, weight, bias, order, low, high, features, out):
    for n in range(x.shape[0]):
        kan_layer_row(basis, x[n], weight, bias, order, low, high, features, out[n])


@kernel
def all_rows_back(basis, x, weight, g, order, low, high, features, dx, dweight, dbias):
    for n in range(x.shape[0]):
        kan_layer_vjp_row(basis, x[n], weight, g[n], order, low, high, features, dx[n], dweight, dbias)


def _checked(x, weight, bias, order, low, high):
    arrays = {"x": real_array(x, "x"), "weight": real_array(weight, "weight")}
    w = arrays["weight"]
    if w.ndim != 3 or 0 in w.shape:
        raise ValueError(f"weight has shape {w.shape}; allowed: (outputs, inputs, functions), at least one each")
    if arrays["x"].ndim < 1 or arrays["x"].shape[-1] != w.shape[1]:
        raise ValueError(f"x has shape {arrays['x'].shape}; allowed: (..., {w.shape[1]}), as many as weight has inputs")
    bias = np.zeros(w.shape[0]) if bias is None else real_array(bias, "bias")
    if bias.shape != w.shape[:1]:
        raise ValueError(f"bias has shape {bias.shape}; allowed: ({w.shape[0]},), as many as weight has outputs")
    _, order, low, high = checked_grid(1, order, low, high)
    if w.shape[2] <= order:
        raise ValueError(f"order is {order}; allowed: below {w.shape[2]}, the functions of weight")
    rows = behaved(arrays["x"].reshape(-1, w.shape[1]), np.float64)
    return rows, behaved(w, np.float64), behaved(bias, np.float64), (order, low, high)


def kan_layer(x, weight, bias=None, *, basis="spline", order=3, low=0.0, high=1.0):
    """A layer of a Kolmogorov-Arnold network: ``y_o = b_o + sum_d f_od(x_d)``, with ``f_od = sum_i w_odi B_i``.

    A perceptron has one number on an edge and a fixed function in a unit. Here the edge has a function of its own, and
    the unit only adds.

    Parameters
    ----------
    x : array_like (..., D)
    weight : array_like (O, D, G)
        G functions: ``grid + order`` of the basis.
    bias : array_like (O,), optional
    basis : {"spline", "relu", "silu"}
        `spline_basis`, `relu_kan_basis`, or `af_kan_basis` with its defaults.
    order, low, high : as in `relu_kan_basis`

    Returns
    -------
    (..., O), in the dtype of `x` and `weight`; computed in float64.

    Gradient
    --------
    Of `x`, `weight` and `bias`. An input off the grid gets 0, and gives 0 to the weights.

    Special values
    --------------
    NaN in an input makes all outputs of its row NaN.

    Accuracy
    --------
    float64: within 64 epsilon of the sum of ``abs(w_odi B_i)``, tested against sums over the bases.

    References
    ----------
    Z. Liu et al., KAN: Kolmogorov-Arnold Networks, ICLR 2025, arXiv:2404.19756.

    Examples
    --------
    >>> weight = np.ones((1, 2, 8))
    >>> kan_layer([[0.3, 0.6]], weight).round(6), kan_layer([[0.3, 0.6]], weight, basis="relu").round(6)
    (array([[2.]]), array([[4.265625]]))
    """
    basis = check_choice("basis", basis, tuple(BASES))
    rows, w, b, numbers = _checked(x, weight, bias, order, low, high)
    out = np.empty((len(rows), w.shape[0]))
    with np.errstate(all="ignore"):
        all_rows(basis, rows, w, b, *numbers, np.empty(w.shape[1:]), out)
        out = out.astype(common_dtype(x=x, weight=weight, bias=bias), copy=False)
    return out.reshape(*np.shape(x)[:-1], w.shape[0])


def kan_layer_gradients(x, g, *, weight, bias=None, basis="spline", order=3, low=0.0, high=1.0):
    """Of `x`, `weight` and `bias`, by name."""
    basis = check_choice("basis", basis, tuple(BASES))
    rows, w, b, numbers = _checked(x, weight, bias, order, low, high)
    shape = (*np.shape(x)[:-1], w.shape[0])
    given = real_array(g, "g")
    try:
        g = behaved(np.broadcast_to(given, shape).reshape(len(rows), w.shape[0]), np.float64)
    except ValueError:
        raise ValueError(f"g has shape {given.shape}; allowed: {shape}") from None
    dx, dweight, dbias = np.empty_like(rows), np.zeros_like(w), np.zeros_like(b)
    with np.errstate(all="ignore"):
        all_rows_back(basis, rows, w, g, *numbers, np.empty(w.shape[1:]), dx, dweight, dbias)
        dtype = common_dtype(x=x, weight=weight, bias=bias)
        return {"x": dx.reshape(np.shape(x)).astype(dtype), "weight": dweight.astype(dtype),
                "bias": dbias.astype(dtype)}
