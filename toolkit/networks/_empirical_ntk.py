"""The tangent kernel of a network of some width, at the weights that it has."""
import numpy as np

from toolkit._core.arguments import check_finite
from toolkit._core.kernel import kernel
from toolkit.networks._flat_perceptron import (
    checked_rows,
    checked_weights,
    clear_row,
    signal_of_row,
    slopes_of_row,
    units_of,
)

__all__ = ["empirical_ntk"]
KERNELS = ["fill_signals_and_slopes", "tangent_of"]


@kernel
def inner_product(a, b):
    total = 0.0
    for k in range(a.size):
        total += a[k] * b[k]
    return total


@kernel
def fill_signals_and_slopes(sizes, w, x, logit, h, d):
    """For each row of x what the units say, and the gradient of one logit with respect to each unit."""
    units, classes = units_of(sizes), np.int64(sizes[sizes.size - 1])
    for i in range(x.shape[0]):
        signal_of_row(sizes, w, x[i], h[i])
        clear_row(d[i])
        d[i, units - classes + logit] = 1.0
        slopes_of_row(sizes, w, h[i], d[i])


@kernel
def tangent_of(sizes, rates, x, h, d, y, k, e):
    """Sum over all weights of the products of two gradients, times the rate of the weight's layer.

    A weight's gradient is what its unit below says times the slope of its unit above, so the sum over a layer is a
    product of two inner products. `x`, `h`, `d` are of one row, `y`, `k`, `e` of another.
    """
    columns = np.int64(sizes[1])
    total = rates[0] * inner_product(x, y) * inner_product(d[:columns], e[:columns])
    place = columns
    for layer in range(2, sizes.size):
        rows, columns = np.int64(sizes[layer - 1]), np.int64(sizes[layer])
        total += rates[layer - 1] * (inner_product(h[place - rows:place], k[place - rows:place])
                                     * inner_product(d[place:place + columns], e[place:place + columns]))
        place += columns
    return total


@kernel
def fill_tangents(sizes, rates, x, h, d, y, k, e, out):
    for i in range(x.shape[0]):
        for j in range(y.shape[0]):
            out[i, j] += tangent_of(sizes, rates, x[i], h[i], d[i], y[j], k[j], e[j])


def empirical_ntk(weights, x, y=None, *, rates=None):
    """Tangent kernel of a ReLU network: ``Θ(x, x') = sum_w rate_w df(x)/dw df(x')/dw``, the mean over its logits.

    After a small step of gradient descent on any loss, the logits have moved by Θ times the gradient of the loss with
    respect to the logits. As the network gets wider, with rates of ``2 / fan_in`` behind the hidden layers, Θ tends
    to `neural_tangent_kernel`, with an error like one over the root of the width.

    Parameters
    ----------
    weights : list of arrays (inputs, units)
        One per layer, at least two; no biases.
    x, y : array_like (n, inputs), (m, inputs)
        Without y, x with itself.
    rates : sequence of float, optional
        Learning rate of each layer, by default 1.

    Returns
    -------
    array (n, m)
        float64.

    Accuracy
    --------
    Within 1e-13, relative to the largest entry, of the sum over all weights of exact differences, tested.

    References
    ----------
    As of `neural_tangent_kernel`.

    Examples
    --------
    >>> first, second = [[1, 0, -1, 1], [0, 1, 1, 1]], [[1], [-2], [0.5], [1]]
    >>> last = [[w[0] * 0.5**0.5] for w in second]
    >>> empirical_ntk([first, last], [[1.0, 0.0]], [[0.6, 0.8]], rates=(1, 2 / 4)).round(12)
    array([[1.6]])
    """
    sizes, w = checked_weights(weights)
    x = checked_rows(x, "x", int(sizes[0]))
    y = x if y is None else checked_rows(y, "y", int(sizes[0]))
    layers = len(sizes) - 1
    if rates is None:
        rates = (1.0,) * layers
    if isinstance(rates, (str, dict)) or not hasattr(rates, "__iter__"):
        raise TypeError(f"rates is no sequence; allowed: {layers} numbers, or None")
    rates = np.array([check_finite("each of rates", rate, 0.0) for rate in rates])
    if rates.shape != (layers,):
        raise ValueError(f"rates has {rates.size} numbers; allowed: {layers}, one per layer")
    units, out = int(units_of(sizes)), np.zeros((len(x), len(y)))
    (h, d), (k, e) = np.zeros((2, len(x), units)), np.zeros((2, len(y), units))
    with np.errstate(all="ignore"):
        for logit in range(int(sizes[-1])):
            fill_signals_and_slopes(sizes, w, x, logit, h, d)
            fill_signals_and_slopes(sizes, w, y, logit, k, e)
            fill_tangents(sizes, rates, x, h, d, y, k, e, out)
    return out / int(sizes[-1])
