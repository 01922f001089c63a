"""A perceptron without biases in plain float64 loops, its weights one flat array: gradients and products with the
Hessian, row by row.

`sizes` are the units of the input, of each hidden layer, and the classes. The weights of a layer are (units before,
units) and follow each other. This is for looking at a network; the engine of `toolkit.training` trains one.
"""
import numpy as np

from toolkit._core.arguments import check_finite, check_whole
from toolkit._core.arrays import real_array
from toolkit._core.kernel import kernel
from toolkit._core.random import seeded
from toolkit.elementary import exp, log
from toolkit.elementary.normal import standard_normal

__all__ = ["normal_weights"]
KERNELS = ["add_curvature_of_row", "add_gradient_of_row", "fill_he_weights", "signal_of_row", "softmax_of_logits",
           "units_of", "weights_in"]


@kernel
def units_of(sizes):
    """All units behind the input."""
    total = 0
    for layer in range(1, sizes.size):
        total += np.int64(sizes[layer])
    return total


@kernel
def weights_in(sizes):
    total = 0
    for layer in range(1, sizes.size):
        total += np.int64(sizes[layer - 1]) * np.int64(sizes[layer])
    return total


@kernel
def fill_he_weights(sizes, seed, gain, state, w):
    """Normal weights with deviation ``gain sqrt(2 / fan_in)``: those of the engine with ``initial="normal"``."""
    seeded(state, seed, 2)
    start = 0
    for layer in range(1, sizes.size):
        fan_in = np.int64(sizes[layer - 1])
        deviation = gain * np.sqrt(2.0 / fan_in)
        for i in range(start, start + fan_in * np.int64(sizes[layer])):
            w[i] = deviation * standard_normal(state)
        start += fan_in * np.int64(sizes[layer])


@kernel
def add_onwards(w, start, a, z):
    """``z += a W`` for the matrix W that begins at `start` in w, here and below."""
    for i in range(a.size):
        if a[i] != 0.0:
            row, by = w[start + i * z.size:start + (i + 1) * z.size], a[i]
            for j in range(z.size):
                z[j] += by * row[j]


@kernel
def add_back(w, start, d, below):
    """``below += W d``."""
    for i in range(below.size):
        row, total = w[start + i * d.size:start + (i + 1) * d.size], 0.0
        for j in range(d.size):
            total += row[j] * d[j]
        below[i] += total


@kernel
def add_outer(a, d, start, g):
    for i in range(a.size):
        if a[i] != 0.0:
            row, by = g[start + i * d.size:start + (i + 1) * d.size], a[i]
            for j in range(d.size):
                row[j] += by * d[j]


@kernel
def clear_row(row):
    for j in range(row.size):
        row[j] = 0.0


@kernel
def fill_products(w, start, a, z):
    """``z = a W``."""
    clear_row(z)
    add_onwards(w, start, a, z)


@kernel
def signal_of_row(sizes, w, x, h):
    """Fill h with what each unit says, layer after layer; the last layer, the logits, is not bent by ReLU.

    x may be of another type than h, here and below: the first layer has a call of its own.
    """
    start, place = np.int64(sizes[0]) * np.int64(sizes[1]), np.int64(sizes[1])
    fill_products(w, 0, x, h[:place])
    for layer in range(2, sizes.size):
        rows, columns = np.int64(sizes[layer - 1]), np.int64(sizes[layer])
        below = h[place - rows:place]
        for j in range(rows):
            below[j] = 0.0 if below[j] <= 0.0 else below[j]
        fill_products(w, start, below, h[place:place + columns])
        start, place = start + rows * columns, place + columns


@kernel
def slopes_of_row(sizes, w, h, d):
    """From the gradient of the logits, the last part of d, to that of all units before they are bent."""
    start, place = weights_in(sizes), units_of(sizes)
    for layer in range(sizes.size - 1, 1, -1):
        rows, columns = np.int64(sizes[layer - 1]), np.int64(sizes[layer])
        start, place = start - rows * columns, place - columns
        below = d[place - rows:place]
        clear_row(below)
        add_back(w, start, d[place:place + columns], below)
        for j in range(rows):
            below[j] = 0.0 if h[place - rows + j] <= 0.0 else below[j]


@kernel
def softmax_of_logits(z, p):
    """Softmax of the logits; returns their log-sum-exp."""
    top, total = z[0], 0.0
    for k in range(1, z.size):
        top = z[k] if z[k] > top or z[k] != z[k] else top
    for k in range(z.size):
        p[k] = exp(z[k] - top)
        total += p[k]
    for k in range(z.size):
        p[k] /= total
    return top + log(total)


@kernel
def add_gradient_of_row(sizes, w, x, label, scale, h, d, g):
    """Add the gradient of ``scale`` times the cross-entropy of a row; returns that loss, and whether it is right.

    `h` and `d` are rows of `units_of` numbers to work in.
    """
    classes, units = np.int64(sizes[sizes.size - 1]), units_of(sizes)
    signal_of_row(sizes, w, x, h)
    z, p = h[units - classes:units], d[units - classes:units]
    top = softmax_of_logits(z, p)
    loss, right = top - z[label], True
    for k in range(classes):
        right = right and (k == label or z[k] < z[label])
        p[k] *= scale
    p[label] -= scale
    slopes_of_row(sizes, w, h, d)
    add_outer_products(sizes, x, h, d, g)
    return scale * loss, right


@kernel
def add_outer_behind(sizes, h, d, g):
    """For each weight behind the first layer, add to g what its unit below says times the slope of its unit above."""
    start, place = np.int64(sizes[0]) * np.int64(sizes[1]), np.int64(sizes[1])
    for layer in range(2, sizes.size):
        rows, columns = np.int64(sizes[layer - 1]), np.int64(sizes[layer])
        add_outer(h[place - rows:place], d[place:place + columns], start, g)
        start, place = start + rows * columns, place + columns


@kernel
def add_outer_products(sizes, x, h, d, g):
    """`add_outer_behind`, and the same for the first layer."""
    add_outer(x, d[:np.int64(sizes[1])], 0, g)
    add_outer_behind(sizes, h, d, g)


@kernel
def moved_signal(sizes, w, v, x, h, moved):
    """How the units move as the weights move along v: the R-operator, forwards. The input does not move."""
    start, place = np.int64(sizes[0]) * np.int64(sizes[1]), np.int64(sizes[1])
    fill_products(v, 0, x, moved[:place])
    for layer in range(2, sizes.size):
        rows, columns = np.int64(sizes[layer - 1]), np.int64(sizes[layer])
        below, drift, here = h[place - rows:place], moved[place - rows:place], moved[place:place + columns]
        for j in range(rows):
            drift[j] = 0.0 if below[j] <= 0.0 else drift[j]
        fill_products(v, start, below, here)
        add_onwards(w, start, drift, here)
        start, place = start + rows * columns, place + columns


@kernel
def moved_slopes(sizes, w, v, h, d, moved):
    """`slopes_of_row` along v: the R-operator, backwards, from the last part of `moved`."""
    start, place = weights_in(sizes), units_of(sizes)
    for layer in range(sizes.size - 1, 1, -1):
        rows, columns = np.int64(sizes[layer - 1]), np.int64(sizes[layer])
        start, place = start - rows * columns, place - columns
        below = moved[place - rows:place]
        clear_row(below)
        add_back(w, start, moved[place:place + columns], below)
        add_back(v, start, d[place:place + columns], below)
        for j in range(rows):
            below[j] = 0.0 if h[place - rows + j] <= 0.0 else below[j]


@kernel
def add_curvature_of_row(sizes, w, v, x, label, scale, whole, h, d, moved, turned, out):
    """Add ``H v`` of ``scale`` times the cross-entropy of a row, exactly; H is the Hessian, or if not `whole` its
    Gauss-Newton part. Where a unit is at its kink, it counts as off.
    """
    classes, units = np.int64(sizes[sizes.size - 1]), units_of(sizes)
    signal_of_row(sizes, w, x, h)
    moved_signal(sizes, w, v, x, h, moved)
    last = units - classes
    p = d[last:units]
    softmax_of_logits(h[last:units], p)
    mean = 0.0
    for k in range(classes):
        mean += p[k] * moved[last + k]
    for k in range(classes):
        turned[last + k] = scale * p[k] * (moved[last + k] - mean)
    for k in range(classes):
        p[k] *= scale
    p[label] -= scale
    if whole:
        slopes_of_row(sizes, w, h, d)
        moved_slopes(sizes, w, v, h, d, turned)
        add_outer_behind(sizes, moved, d, out)
    else:
        slopes_of_row(sizes, w, h, turned)
    add_outer_products(sizes, x, h, turned, out)


def checked_weights(weights, name="weights"):
    """``(sizes, flat weights)`` of a list of matrices that fit together."""
    if isinstance(weights, (str, dict)) or not hasattr(weights, "__iter__"):
        raise TypeError(f"{name} is no list; allowed: matrices (inputs, units), one per layer, at least two")
    matrices = [real_array(w, name).astype(np.float64) for w in weights]
    if len(matrices) < 2 or any(w.ndim != 2 or 0 in w.shape for w in matrices) or any(
            a.shape[1] != b.shape[0] for a, b in zip(matrices, matrices[1:])):
        raise ValueError(f"{name} has shapes {[w.shape for w in matrices]}; allowed: (inputs, units), (units, units "
                         "of the next layer) and so on, at least two")
    return (np.array([matrices[0].shape[0], *(w.shape[1] for w in matrices)], np.int64),
            np.concatenate([w.reshape(-1) for w in matrices]))


def checked_rows(inputs, name, numbers):
    x = real_array(inputs, name).astype(np.float64)
    if x.ndim != 2 or x.shape[1] != numbers or not len(x):
        raise ValueError(f"{name} has shape {x.shape}; allowed: (n, {numbers}), at least one row")
    return np.ascontiguousarray(x)


def checked_sizes(sizes):
    if isinstance(sizes, (str, dict)) or not hasattr(sizes, "__iter__"):
        raise TypeError("sizes is no tuple; allowed: integers, those of the input, of hidden layers, and the classes")
    sizes = [check_whole("each of sizes", size, 1, 65536) for size in sizes]
    if len(sizes) < 3:
        raise ValueError(f"sizes is {tuple(sizes)}; allowed: at least three integers")
    return np.array(sizes, np.int64)


def normal_weights(sizes, *, seed=0, gain=1.0):
    """He's initial weights of a perceptron without biases: normal with deviation ``gain sqrt(2 / fan_in)``.

    Parameters
    ----------
    sizes : tuple of int
        Numbers of an input, units of each hidden layer, classes.
    seed : int
    gain : float

    Returns
    -------
    list of arrays (inputs, units)
        The weights of ``toolkit.training.fit(..., widths=sizes[1:-1], bias=False, seed=seed)`` before its first step.

    References
    ----------
    K. He et al., Delving Deep into Rectifiers, ICCV 2015, arXiv:1502.01852.

    Examples
    --------
    >>> [w.shape for w in normal_weights((2, 64, 64, 3))]
    [(2, 64), (64, 64), (64, 3)]
    """
    sizes = checked_sizes(sizes)
    seed, gain = check_whole("seed", seed, 0, 2**62), check_finite("gain", gain, 0.0, above=True)
    flat = np.empty(int(weights_in(sizes)))
    fill_he_weights(sizes, seed, gain, np.zeros(1, np.uint64), flat)
    ends = np.cumsum(sizes[:-1] * sizes[1:])
    return [w.reshape(a, b) for w, a, b in zip(np.split(flat, ends[:-1]), sizes, sizes[1:])]
