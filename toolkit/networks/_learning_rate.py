"""How large a learning rate may be: the largest eigenvalue of the Hessian, and the largest rate that learns."""
import numpy as np

from toolkit._core.arguments import check_choice, check_number, check_whole
from toolkit._core.arrays import real_array
from toolkit._core.kernel import kernel
from toolkit._core.random import seeded
from toolkit.elementary import pow
from toolkit.elementary.normal import standard_normal
from toolkit.networks._flat_perceptron import (
    add_curvature_of_row,
    add_gradient_of_row,
    checked_rows,
    checked_sizes,
    checked_weights,
    clear_row,
    fill_he_weights,
    signal_of_row,
    units_of,
    weights_in,
)

__all__ = ["maximal_learning_rate", "sharpness"]
KERNELS = ["descend_on_rows", "fill_curvature", "largest_rate", "power_step", "share_of_right_rows", "start_direction"]

_STEP = 2.0**0.5  # of the grid of learning rates
_FIRST, _LAST = -40, 40


@kernel
def fill_curvature(sizes, w, v, inputs, labels, whole, rooms, out):
    """``H v`` of the mean cross-entropy of all rows; `rooms` are four rows of `units_of` numbers to work in."""
    clear_row(out)
    for i in range(inputs.shape[0]):
        add_curvature_of_row(sizes, w, v, inputs[i], np.int64(labels[i]), 1.0 / inputs.shape[0], whole, rooms[0],
                             rooms[1], rooms[2], rooms[3], out)


@kernel
def start_direction(seed, state, v):
    seeded(state, seed, 1)
    length = 0.0
    for i in range(v.size):
        v[i] = standard_normal(state)
        length += v[i] * v[i]
    for i in range(v.size):
        v[i] /= np.sqrt(length)


@kernel
def power_step(sizes, w, v, inputs, labels, input_rate, shift, whole, rooms, out):
    """One step of the power method with ``R^½ H R^½ + shift``, R the rates: returns Rayleigh's quotient of R^½ H R^½.

    v has length 1 before and after.
    """
    first, root = np.int64(sizes[0]) * np.int64(sizes[1]), np.sqrt(input_rate)
    for i in range(first):
        v[i] *= root
    fill_curvature(sizes, w, v, inputs, labels, whole, rooms, out)
    for i in range(first):
        out[i] *= root
        v[i] = v[i] / root if root > 0.0 else 0.0
    quotient, length = 0.0, 0.0
    for i in range(v.size):
        quotient += v[i] * out[i]
        out[i] += shift * v[i]
        length += out[i] * out[i]
    length = np.sqrt(length)
    for i in range(v.size):
        v[i] = out[i] / length if length > 0.0 else v[i]
    return quotient


@kernel
def largest_eigenvalue(sizes, w, inputs, labels, input_rate, whole, steps, seed, state, rooms, v, out):
    """The largest eigenvalue; where the one of the largest size is below 0, the power method goes on from there."""
    start_direction(seed, state, v)
    quotient, shift = 0.0, 0.0
    for _ in range(steps):
        quotient = power_step(sizes, w, v, inputs, labels, input_rate, shift, whole, rooms, out)
    if quotient < 0.0:
        shift = -quotient
        start_direction(seed, state, v)
        for _ in range(steps):
            quotient = power_step(sizes, w, v, inputs, labels, input_rate, shift, whole, rooms, out)
    return quotient


@kernel
def descend_on_rows(sizes, w, inputs, labels, first, count, rate, input_rate, h, d, g):
    """A step of gradient descent on rows first, first + 1 ..., in a circle; returns their mean loss before it."""
    clear_row(g)
    loss = 0.0
    for i in range(count):
        row = (first + i) % inputs.shape[0]
        loss += add_gradient_of_row(sizes, w, inputs[row], np.int64(labels[row]), 1.0 / count, h, d, g)[0]
    behind_input = np.int64(sizes[0]) * np.int64(sizes[1])
    for i in range(w.size):
        w[i] -= (rate * input_rate if i < behind_input else rate) * g[i]
    return loss


@kernel
def share_of_right_rows(sizes, w, inputs, labels, h):
    """A row whose logits are not numbers is not right."""
    units, classes = units_of(sizes), np.int64(sizes[sizes.size - 1])
    right = 0.0
    for i in range(inputs.shape[0]):
        signal_of_row(sizes, w, inputs[i], h)
        z, label, best = h[units - classes:units], np.int64(labels[i]), True
        for k in range(classes):
            best = best and (k == label and abs(z[k]) < np.inf or z[k] < z[label])
        right += 1.0 if best else 0.0
    return right / inputs.shape[0]


@kernel
def learns(sizes, start, inputs, labels, rate, input_rate, batch, steps, threshold, w, h, d, g):
    """Whether the share of right rows is at least `threshold` after the steps; an infinite loss is a failure."""
    for i in range(w.size):
        w[i] = start[i]
    for t in range(steps):
        loss = descend_on_rows(sizes, w, inputs, labels, t * batch, batch, rate, input_rate, h, d, g)
        if not abs(loss) < np.inf:
            return False
    return share_of_right_rows(sizes, w, inputs, labels, h) >= threshold


@kernel
def largest_rate(sizes, start, inputs, labels, input_rate, batch, steps, threshold, w, h, d, g):
    """The largest power of the root of 2 that learns and has two failures above it; 0 if none does."""
    k = 0
    while k > _FIRST and not learns(sizes, start, inputs, labels, pow(_STEP, float(k)), input_rate, batch, steps,
                                    threshold, w, h, d, g):
        k -= 1
    if k == _FIRST:
        return 0.0
    best, failures = k, 0 if k == 0 else 2
    while failures < 2 and k < _LAST:
        k += 1
        if learns(sizes, start, inputs, labels, pow(_STEP, float(k)), input_rate, batch, steps, threshold, w, h, d, g):
            best, failures = k, 0
        else:
            failures += 1
    return pow(_STEP, float(best))


def checked_labels(labels, rows, classes):
    labels = real_array(labels, "labels")
    if labels.shape != (rows,) or labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() >= classes:
        raise ValueError(f"labels has shape {labels.shape} and dtype {labels.dtype}; allowed: ({rows},), integers from "
                         f"0 to {classes - 1}")
    return labels.astype(np.int64)


def sharpness(weights, inputs, labels, *, matrix="hessian", input_rate=1.0, steps=40, seed=0):
    """Largest eigenvalue of the Hessian of a ReLU network's mean cross-entropy, by the power method.

    Each product with the Hessian is exact, by the R-operator. By differences of two gradients it is not: a step
    that takes a unit across its kink adds the jump of the gradient over the length of the step.

    Parameters
    ----------
    weights : list of arrays (inputs, units)
        One per layer, at least two; no biases.
    inputs, labels : array_like (n, inputs), (n,)
    matrix : {"hessian", "gauss_newton"}
        The second leaves out the curvature of the network itself.
    input_rate : float
        Learning rate of the first layer beside that of the others: the eigenvalue is that of ``R^½ H R^½``. With 0
        the first layer does not move.
    steps : int
        Of the power method, and as many again where the eigenvalue of the largest size is below 0.
    seed : int
        Of the direction that it begins with.

    Returns
    -------
    float
        Rayleigh's quotient after the steps, from below.

    Accuracy
    --------
    With 400 steps within 1e-8, relative, of the eigenvalue of the whole matrix by differences in the widest floats,
    tested on a network of 58 weights.

    References
    ----------
    B. A. Pearlmutter, Fast Exact Multiplication by the Hessian, Neural Computation 6, 1994,
    doi:10.1162/neco.1994.6.1.147.

    Examples
    --------
    >>> from toolkit.networks import normal_weights
    >>> x = [[1.0, 0.0], [0.0, 1.0], [-1.0, 0.5]]
    >>> narrow, wide = (sharpness(normal_weights((2, m, m, 2)), x, [0, 1, 1]) for m in (8, 64))
    >>> wide > 2 * narrow
    True
    """
    sizes, w = checked_weights(weights)
    x = checked_rows(inputs, "inputs", int(sizes[0]))
    y = checked_labels(labels, len(x), int(sizes[-1]))
    whole = check_choice("matrix", matrix, ("hessian", "gauss_newton")) == 0
    input_rate = check_number("input_rate", input_rate, 0.0, 1e6)
    steps, seed = check_whole("steps", steps, 1, 10**6), check_whole("seed", seed, 0, 2**62)
    rooms, (v, out) = np.zeros((4, int(units_of(sizes)))), np.zeros((2, w.size))
    with np.errstate(all="ignore"):
        return float(largest_eigenvalue(sizes, w, x, y, input_rate, whole, steps, seed, np.zeros(1, np.uint64), rooms,
                                        v, out))


def maximal_learning_rate(inputs, labels, *, widths, threshold=0.8, steps=100, batch=32, input_rate=0.1, seed=0):
    """Largest constant learning rate at which a ReLU network from He's weights still learns, η*.

    Gradient descent on rows in their order, in a circle, without biases. The rate is a power of the root of 2: the
    largest after `steps` of which a share `threshold` of all rows is right, with two failures above it. A loss that is
    not finite is a failure.

    Parameters
    ----------
    inputs, labels : array_like (n, inputs), (n,)
        Rows in random order.
    widths : tuple of int
        Units of each hidden layer.
    threshold : float
    steps, batch : int
    input_rate : float
        Learning rate of the first layer beside that of the others.
    seed : int
        Of the weights, as of `normal_weights`.

    Returns
    -------
    float
        0 where no rate from 2^-20 to 1 learns.

    References
    ----------
    G. Iyer, B. Hanin, D. Rolnick, Maximal Initial Learning Rates in Deep ReLU Networks, ICML 2023, arXiv:2212.07295.
    The search is ours.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(0, 1, (64, 2))
    >>> x[:, 0] += np.where(np.arange(64) % 2, 2, -2)
    >>> rates = [maximal_learning_rate(x, np.arange(64) % 2, widths=(16,) * depth) for depth in (1, 6)]
    >>> rates[1] < rates[0]
    True
    """
    x = real_array(inputs, "inputs")
    x = checked_rows(x, "inputs", x.shape[-1] if x.ndim else 0)
    given = real_array(labels, "labels")
    classes = int(given.max()) + 1 if given.size and given.dtype.kind in "iu" else 1
    y = checked_labels(given, len(x), classes)
    if isinstance(widths, (str, dict)) or not hasattr(widths, "__iter__"):
        raise TypeError("widths is no tuple; allowed: integers, one per hidden layer")
    widths = tuple(check_whole("each of widths", width, 1, 65536) for width in widths)
    if not widths:
        raise ValueError("widths is (); allowed: at least one hidden layer")
    sizes = checked_sizes((x.shape[1], *widths, classes))
    threshold = check_number("threshold", threshold, 0.0, 1.0)
    input_rate = check_number("input_rate", input_rate, 0.0, 1e6)
    steps, batch = check_whole("steps", steps, 1, 10**6), check_whole("batch", batch, 1, len(x))
    seed = check_whole("seed", seed, 0, 2**62)
    start, w, g = np.zeros((3, int(weights_in(sizes))))
    h, d = np.zeros((2, int(units_of(sizes))))
    fill_he_weights(sizes, seed, 1.0, np.zeros(1, np.uint64), start)
    with np.errstate(all="ignore"):
        return float(largest_rate(sizes, start, x, y, input_rate, batch, steps, threshold, w, h, d, g))
