"""The gradient of a loss with respect to the input of a network, its logits' part computed in a number format."""
import numpy as np

from toolkit._core.arguments import check_finite, chosen
from toolkit._core.arrays import real_array
from toolkit._core.kernel import kernel
from toolkit._core.numbers import in_format
from toolkit.formats import FLOAT64, get_format
from toolkit.losses.kernels import cross_entropy_stable
from toolkit.networks._flat_perceptron import (
    add_back,
    checked_rows,
    checked_weights,
    clear_row,
    signal_of_row,
    slopes_of_row,
)

__all__ = ["gradient_at_input"]
KERNELS = ["fill_input_gradient", "logit_gradient", "margin_of_row", "pulled_to_input"]

LOSSES = {"cross_entropy": 0, "margin": 1}
_MARGIN = LOSSES["margin"]


@kernel
def margin_of_row(z, y, g):
    """``max_{k != y} z_k - z_y``; fills its gradient. Class y is left out of the maximum, not set to 0."""
    other = 1 if y == 0 else 0
    for k in range(z.size):
        g[k] = 0.0
        other = k if k != y and (z[k] > z[other] or z[k] != z[k]) else other
    g[other], g[y] = 1.0, -1.0
    return z[other] - z[y]


@kernel
def logit_gradient(z, y, loss, tau, fmt, row, g):
    """Fill g with the gradient of a loss of ``z / tau``, computed in a format; returns how many entries are not 0."""
    if loss == _MARGIN:
        margin_of_row(z, y, g)
    else:
        for k in range(z.size):
            row[k] = float(in_format(z[k] / tau, fmt))
        cross_entropy_stable(in_format(row, fmt), y, in_format(g, fmt))
    count = 0
    for k in range(z.size):
        count += g[k] != 0.0
    return count


@kernel
def pulled_to_input(sizes, w, h, d, out):
    """Fill `out` with the gradient of the input, from that of the logits in the last part of d."""
    slopes_of_row(sizes, w, h, d)
    clear_row(out)
    add_back(w, 0, d[:np.int64(sizes[1])], out)


@kernel
def fill_input_gradient(sizes, w, x, y, loss, tau, fmt, h, d, row, out):
    """Fill `out` with the gradient of a row's loss; returns how many entries of the logits' gradient are not 0.

    h and d are rows of `units_of` numbers to work in, `row` of as many as there are classes.
    """
    signal_of_row(sizes, w, x, h)
    first = h.size - row.size
    count = logit_gradient(h[first:], y, loss, tau, fmt, row, d[first:])
    pulled_to_input(sizes, w, h, d, out)
    return count


@kernel
def gradient_rows(sizes, w, x, labels, loss, tau, fmt, h, d, row, out):
    for i in range(x.shape[0]):
        fill_input_gradient(sizes, w, x[i], labels[i], loss, tau, fmt, h, d, row, out[i])


def checked_classes(labels, name, rows, classes):
    y = real_array(labels, name)
    if y.dtype.kind not in "iu" or y.shape != (rows,):
        raise ValueError(f"{name} has {y.dtype} of shape {y.shape}; allowed: ({rows},) integers, one for each input")
    if y.size and not 0 <= y.min() <= y.max() < classes:
        raise ValueError(f"{name} has numbers from {y.min()} to {y.max()}; allowed: 0 to {classes - 1}")
    return y.astype(np.int64)


def attacked_network(weights, inputs, labels, name="labels"):
    """``(sizes, flat weights, rows, classes)`` and room ``(h, d, row)`` for one row."""
    sizes, w = checked_weights(weights)
    if sizes[-1] < 2:
        raise ValueError(f"weights has {sizes[-1]} class; allowed: at least 2 columns in the last matrix")
    x = checked_rows(inputs, "inputs", int(sizes[0]))
    units, classes = int(sizes[1:].sum()), int(sizes[-1])
    y = checked_classes(labels, name, len(x), classes)
    return (sizes, w, x, y), (np.zeros(units), np.zeros(units), np.zeros(classes))


def checked_attack(loss, tau, format):
    """The loss as kernels know it, its temperature, and the code of the format."""
    code = FLOAT64.code if format is None else get_format(format).code
    return chosen("loss", loss, LOSSES), check_finite("tau", tau, 0.0, above=True), code


def gradient_at_input(weights, inputs, labels, *, loss="cross_entropy", tau=1.0, format=None):
    """Gradient of a loss with respect to the inputs of a ReLU network without biases: what an attack follows.

    From the gradient of the logits, ``p - onehot(y)`` of ``softmax(z / tau)``, it goes back through the layers. Where
    the label leads by more than a format's exponential has, p is one-hot and the gradient exactly 0: 17 in float16, 104
    in float32. The loss "margin", ``max_{k != y} z_k - z_y``, has a gradient of ±1 at two logits, everywhere.

    Parameters
    ----------
    weights : list of arrays (inputs, units)
        One per layer, at least two; no biases.
    inputs : array_like (n, inputs)
    labels : array_like of integers (n,)
    loss : {"cross_entropy", "margin"}
    tau : float > 0
        The cross-entropy is that of ``z / tau``.
    format : Format or what `toolkit.formats.get_format` accepts, optional
        In which the gradient of the logits is computed; all else is in float64, and so it is by default.

    Returns
    -------
    array (n, inputs)
        With "cross_entropy" ``p - onehot(y)`` goes back as it is: the gradient of the loss of ``z / tau``, times tau.

    Special values
    --------------
    A unit at its kink counts as off. NaN gives NaN.

    Accuracy
    --------
    Within 1e-12 of the largest entry, tested against differences and many digits.

    References
    ----------
    C. Szegedy et al., Intriguing Properties of Neural Networks, 2014, arXiv:1312.6199.

    Examples
    --------
    >>> weights = [[[40.0, 0.0], [0.0, 40.0]], [[3.0, 0.0], [0.0, 3.0]]]
    >>> for tau in (1, 10):
    ...     print(gradient_at_input(weights, [[1.0, 0.0]], [0], tau=tau, format="float32").round(6) + 0)
    [[0. 0.]]
    [[-0.000737  0.      ]]
    """
    settings = checked_attack(loss, tau, format)
    network, (h, d, row) = attacked_network(weights, inputs, labels)
    out = np.empty_like(network[2])
    with np.errstate(all="ignore"):  # uncompiled kernels would warn on paths that are right
        gradient_rows(*network, *settings, h, d, row, out)
    return out
