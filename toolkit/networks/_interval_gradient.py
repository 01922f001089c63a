"""The gradient of the interval loss and of its regularisers, back through centres and radii."""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit.losses.kernels import cross_entropy_stable
from toolkit.networks._given import boxes_of, labels_of, layers_from, network_of
from toolkit.networks._interval_pass import interval_pass, interval_work_in
from toolkit.networks._interval_regularizers import (
    interval_statistics,
    room_for_pass,
    set_boxes,
    statistics_slopes,
)
from toolkit.networks.plan import DEPTH, SIZES, bias_of, size_of, weights_of

__all__ = []
KERNELS = ["interval_backward", "interval_loss_of_row"]


@kernel(forceinline=True)
def sign(x):
    return 1.0 if x > 0.0 else -1.0 if x < 0.0 else 0.0


@kernel
def loss_and_slopes(w, bias, y, elided, c, r, margins):
    """The loss of a row's last hidden box; margins[0] gets the bounds, margins[1] the gradient with respect to them.

    Elided, they are bounds of ``z_j - z_y``; else of the logits in the corner that is worst for the label.
    """
    for j in range(margins.shape[1]):
        middle, reach = bias[j] - (bias[y] if elided else 0.0), 0.0
        for k in range(w.shape[0]):
            weight = w[k, j] - (w[k, y] if elided else 0.0)
            middle += weight * c[k]
            reach += abs(weight) * r[k]
        margins[0, j] = middle - reach if j == y else middle + reach
    return cross_entropy_stable(margins[0], y, margins[1])


@kernel
def last_layer_back(w, y, elided, c, r, g, by_centre, by_radius, dw, dbias):
    """From the gradient g with respect to a row's bounds to that of the last layer and of the box below it."""
    for j in range(g.size):
        dbias[j] += g[j]
        if elided:
            dbias[y] -= g[j]
        for k in range(w.shape[0]):
            weight = w[k, j] - (w[k, y] if elided else 0.0)
            turn = -sign(weight) if j == y else sign(weight)
            step = g[j] * (c[k] + turn * r[k])
            dw[k, j] += step
            if elided:
                dw[k, y] -= step
            by_centre[k] += g[j] * weight
            by_radius[k] += g[j] * turn * weight


@kernel
def hidden_layer_back(w, c, r, low, high, statistics, above, below, dw, dbias):
    """From the gradient by centre and radius (two rows each) behind a ReLU to those before its layer."""
    units = dw.shape[1]
    for j in range(units):
        first = 0.0 if low[j] <= 0.0 else 0.5 * (above[0, j] - above[1, j])
        second = 0.0 if high[j] <= 0.0 else 0.5 * (above[0, j] + above[1, j])
        by_centre, by_radius = statistics_slopes(statistics, low[j], high[j])
        above[0, j], above[1, j] = first + second + by_centre, second - first + by_radius
        dbias[j] += above[0, j]
    for k in range(w.shape[0]):
        middle, reach = 0.0, 0.0
        for j in range(units):
            weight, size, turn = w[k, j], abs(w[k, j]), sign(w[k, j])
            dw[k, j] += above[0, j] * c[k] + turn * above[1, j] * r[k]
            middle += above[0, j] * weight
            reach += above[1, j] * size
        below[0, k], below[1, k] = middle, reach


@kernel
def interval_loss_of_row(plan, parameters, i, y, elided, work):
    """The loss of row i after a pass, and whether its label is certified."""
    depth = np.int64(plan[DEPTH])
    loss = loss_and_slopes(weights_of(parameters, plan, depth), bias_of(parameters, plan, depth), y, elided,
                           work.centre[depth - 1, i], work.radius[depth - 1, i], work.margins)
    certain = True
    for j in range(work.margins.shape[1]):
        certain &= j == y or work.margins[0, j] < work.margins[0, y]
    return loss, certain


@kernel
def interval_backward(plan, parameters, labels, elided, share, shares, work, sums):
    """``(loss, certified)`` of all rows after a pass, their means; adds the gradient to `sums`.

    The gradient is that of ``share * shares[i]`` times the loss of row i, summed, and of the regularisers as
    `interval_statistics` has left them.
    """
    depth, rows, loss, certified = np.int64(plan[DEPTH]), labels.size, 0.0, 0
    for i in range(rows):
        y = np.int64(labels[i])
        here, certain = interval_loss_of_row(plan, parameters, i, y, elided, work)
        loss += here
        certified += certain
        g, slopes = work.margins[1], work.slopes
        for j in range(g.size):
            g[j] *= share * shares[i % shares.size]
        for k in range(slopes.shape[1]):
            slopes[0, k], slopes[1, k] = 0.0, 0.0
        last_layer_back(weights_of(parameters, plan, depth), y, elided, work.centre[depth - 1, i],
                        work.radius[depth - 1, i], g, slopes[0], slopes[1], weights_of(sums, plan, depth),
                        bias_of(sums, plan, depth))
        for layer in range(depth - 1, 0, -1):
            units = size_of(plan, layer)
            hidden_layer_back(weights_of(parameters, plan, layer), work.centre[layer - 1, i], work.radius[layer - 1, i],
                              work.low[layer, i], work.high[layer, i], work.statistics[layer], slopes[:2, :units],
                              slopes[2:], weights_of(sums, plan, layer)[:, :units], bias_of(sums, plan, layer))
            for k in range(slopes.shape[1]):
                slopes[0, k], slopes[1, k] = slopes[2, k], slopes[3, k]
    return loss / rows, certified / rows


@kernel
def gradient_of(plan, parameters, low, high, labels, elided, shares, by_tightness, by_balance, tolerance, room, sums):
    rows = low.shape[0]
    work = interval_work_in(room, plan, rows)
    set_boxes(low, high, work)
    interval_pass(plan, parameters, rows, work)
    interval_statistics(plan, rows, tolerance, by_tightness, by_balance, work)
    interval_backward(plan, parameters, labels, elided, 1.0, shares, work, sums)


def gradients(weights, biases, lower, upper, labels, elided, shares, of_regularizers, tolerance):
    """``(lists of) d/d weights, d/d biases`` of the losses times shares, and of the regularisers times two numbers."""
    plan, parameters = network_of(weights, biases)
    shape, low, high = boxes_of(lower, upper, len(weights[0][0]))
    labels = np.zeros(len(low), np.int64) if labels is None else labels_of(labels, shape, int(plan[-1]))
    shares = np.ascontiguousarray(np.broadcast_to(np.asarray(shares, np.float64), shape).reshape(-1))
    sums = np.zeros_like(parameters)
    with np.errstate(all="ignore"):  # uncompiled kernels would warn on paths that are right
        gradient_of(plan, parameters, low, high, labels, elided, shares, *map(float, of_regularizers), tolerance,
                    room_for_pass(plan, len(low)), sums)
    return layers_from(sums, plan[SIZES:].tolist())


def interval_loss_pull(at, g, *, biases, lower, upper, labels, elided=True):
    """The gradient of ``sum(g * interval_loss)`` with respect to the weights."""
    return gradients(at, biases, lower, upper, labels, elided, g, (0.0, 0.0), 1.0)[0]


def interval_loss_pull_biases(at, g, *, biases, lower, upper, labels, elided=True):
    return gradients(at, biases, lower, upper, labels, elided, g, (0.0, 0.0), 1.0)[1]


def regularizers_pull(at, g, *, biases, lower, upper, tolerance=0.5):
    """The gradient of ``g[0] * tightness + g[1] * balance`` with respect to the weights."""
    return gradients(at, biases, lower, upper, None, True, 0.0, g, tolerance)[0]


def regularizers_pull_biases(at, g, *, biases, lower, upper, tolerance=0.5):
    return gradients(at, biases, lower, upper, None, True, 0.0, g, tolerance)[1]
