"""The worst cross-entropy over a box of inputs, by interval bounds, and what it says: certified or not."""
import numpy as np

from toolkit._core.arguments import check_flag, chosen
from toolkit._core.kernel import kernel
from toolkit.losses.kernels import cross_entropy_stable
from toolkit.networks._given import boxes_of, labels_of, network_of
from toolkit.networks._interval_bounds import BENDS, interval_forward, layers_in, room_for_layers
from toolkit.networks._outward import rounded_down, rounded_up
from toolkit.networks.plan import DEPTH, bias_of, weights_of

__all__ = ["interval_loss", "margin_bounds"]
KERNELS = ["elided_margins", "interval_margins", "largest_product"]


@kernel(forceinline=True)
def largest_product(least, most, low, high):
    """The largest product of a number in [least, most] and one in [low, high]."""
    return rounded_up(max(max(least * low, most * low), max(least * high, most * high)))


@kernel
def elided_margins(plan, parameters, low, high, y, out):
    """Upper bounds of ``z_j - z_y`` from a box of the last hidden layer, for which rows are subtracted first."""
    depth = np.int64(plan[DEPTH])
    w, bias = weights_of(parameters, plan, depth), bias_of(parameters, plan, depth)
    for j in range(out.size):
        margin = rounded_up(bias[j] - bias[y])
        for i in range(w.shape[0]):
            difference = w[i, j] - w[i, y]
            least, most = difference, difference
            if difference != 0.0:
                least, most = rounded_down(difference), rounded_up(difference)
            margin = rounded_up(margin + largest_product(least, most, low[i], high[i]))
        out[j] = margin if j != y else 0.0


@kernel
def interval_margins(low, high, y, out):
    """Upper bounds of ``z_j - z_y`` from a box of the logits: each takes its own worst corner."""
    for j in range(out.size):
        out[j] = rounded_up(high[j] - low[y]) if j != y else 0.0


@kernel
def margin_rows(plan, parameters, kind, elided, low, high, labels, work, out):
    layers, depth = layers_in(work, plan), np.int64(plan[DEPTH])
    for i in range(low.shape[0]):
        layers.low_after[0, :low.shape[1]] = low[i]
        layers.high_after[0, :low.shape[1]] = high[i]
        interval_forward(plan, parameters, kind, layers)
        if elided:
            elided_margins(plan, parameters, layers.low_after[depth - 1], layers.high_after[depth - 1], labels[i],
                           out[i])
        else:
            interval_margins(layers.low[depth], layers.high[depth], labels[i], out[i])


@kernel
def loss_rows(margins, labels, grad, out):
    for i in range(labels.size):
        out[i] = cross_entropy_stable(margins[i], labels[i], grad)


def margin_bounds(weights, biases, lower, upper, labels, *, elided=True, activation="relu"):
    """Upper bounds of ``z_j - z_y``, the lead of each class over the label, over a box of inputs.

    All are below 0: the label is *certified*, no input in the box is classified otherwise. Elided, the last layer is
    bounded for the difference of two rows of weights, which is never looser than the difference of two bounds.

    Parameters
    ----------
    weights, biases, lower, upper, activation
        As of `toolkit.networks.interval_bounds`.
    labels : array_like of integers (...)
    elided : bool

    Returns
    -------
    array (..., K)
        In float64; 0 at the label.

    Special values
    --------------
    NaN gives NaN, and certifies nothing.

    Accuracy
    --------
    Rounded outward, as `toolkit.networks.interval_bounds`: no margin of the network with these weights is larger,
    tested in rational arithmetic.

    References
    ----------
    Gowal et al., On the Effectiveness of Interval Bound Propagation for Training Verifiably Robust Models, 2018,
    arXiv:1810.12715.

    Examples
    --------
    >>> W1, W2 = [[1.0, -1.0], [2.0, 0.5]], [[1.0, -1.0], [0.5, 1.0], [-1.0, 0.25]]
    >>> box = [0.4, -0.3], [0.6, -0.1]
    >>> margin_bounds([W1, W2], [[0.1, -0.2], [0.0, 0.1, 0.0]], *box, 1).round(6)
    array([-0.5   ,  0.    , -1.3375])
    """
    kind, elided = chosen("activation", activation, BENDS), check_flag("elided", elided)
    plan, parameters = network_of(weights, biases)
    shape, low, high = boxes_of(lower, upper, len(weights[0][0]))
    labels = labels_of(labels, shape, len(weights[-1]))
    out = np.empty((len(low), len(weights[-1])))
    with np.errstate(all="ignore"):  # uncompiled kernels would warn on paths that are right
        margin_rows(plan, parameters, kind, elided, low, high, labels, room_for_layers(plan), out)
    return out.reshape(*shape, len(weights[-1]))


def interval_loss(weights, biases, lower, upper, labels, *, elided=True):
    """The loss of certified training: the cross-entropy of bounds of the margins, ``log(1 + sum_{j != y} e^{m_j})``.

    No input in the box has a larger one. It is what interval bound propagation (IBP) minimises, of a ReLU network.

    Parameters
    ----------
    weights, biases, lower, upper, labels, elided
        As of `margin_bounds`.

    Returns
    -------
    array (...)
        In float64. Its gradient with respect to `weights` and `biases`, by `toolkit.vjp`, is a list of arrays; at a
        kink that of the branch that is 0.

    Special values
    --------------
    Stays finite where e^m would not be. NaN gives NaN.

    Accuracy
    --------
    Within 1e-14 of the exact loss relative to 1 + loss for the small network of the example, tested by 50 digits. The
    margins are rounded outward, the logarithm is not.

    References
    ----------
    Gowal et al., On the Effectiveness of Interval Bound Propagation for Training Verifiably Robust Models, 2018,
    arXiv:1810.12715. Mao, Müller, Fischer, Vechev, Understanding Certified Training with Interval Bound Propagation,
    ICLR 2024, arXiv:2306.10426. The gradient is derived here.

    Examples
    --------
    >>> W1, W2 = [[1.0, -1.0], [2.0, 0.5]], [[1.0, -1.0], [0.5, 1.0], [-1.0, 0.25]]
    >>> box = [0.4, -0.3], [0.6, -0.1]
    >>> for elided in (False, True):
    ...     print(interval_loss([W1, W2], [[0.1, -0.2], [0.0, 0.1, 0.0]], *box, 1, elided=elided).round(6))
    0.712102
    0.625421
    """
    margins = margin_bounds(weights, biases, lower, upper, labels, elided=elided)
    rows = margins.reshape(-1, margins.shape[-1])
    out, grad = np.empty(len(rows)), np.empty(rows.shape[1])
    with np.errstate(all="ignore"):  # uncompiled kernels would warn on paths that are right
        loss_rows(rows, labels_of(labels, margins.shape[:-1], rows.shape[1]), grad, out)
    return out.reshape(margins.shape[:-1])[()]
