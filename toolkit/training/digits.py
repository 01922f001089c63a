"""A small network trained from within a kernel, on images such as scikit-learn's digits and with any loss of a family.

One hidden ReLU layer, all rows at each step, Adam in float32: what a chapter on losses needs in the page and in a
cell. `train` runs it from Python; live simulations call the kernels on arrays of `pocket_sizes`.
"""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit._core.numbers import like
from toolkit._core.random import below, normal, seeded, uniform
from toolkit.optimizers.rules import adam_direction, descend
from toolkit.networks.product import PACKED, ROWS, add_product
from toolkit.losses import _family_driver as losses
from toolkit.losses._family_driver import family_loss
from toolkit.softmax.kernels import top_class

__all__ = ["CLASSES", "INPUTS", "LOSSES", "class_of", "learn", "logits_of", "pocket_sizes", "start", "train",
           "with_wrong_labels"]

INPUTS, CLASSES = 64, 10
_COLUMNS = 16  # logits, filled up to a cache line
_COMPLEMENT = 2
_WEIGHT_STREAM, _LABEL_STREAM = 2, 3

# Name -> code for the kernels: their parameters are those of the functions in `toolkit.losses`.
LOSSES = {"comp_sum": losses.COMP_SUM, "focal_loss": losses.FOCAL, "symmetric_cross_entropy": losses.SYMMETRIC,
          "label_smoothing": losses.SMOOTHED, "ldr_kl": losses.LDR_KL, "aldr_kl": losses.ALDR_KL}


def pocket_sizes(rows, hidden):
    """Sizes of the arrays of a run, for `state` of a simulation; `hidden` is a multiple of 16.

    x (rows, 64) holds the images and floats everything else: weights, gradients, Adam's memory, activations.
    """
    weights = (INPUTS + 1 + _COLUMNS) * hidden + _COLUMNS
    work = 2 * rows * (hidden + _COLUMNS) + _COLUMNS * hidden + ROWS * PACKED
    return {"x": ("f32", rows * INPUTS), "floats": ("f32", 5 * weights + work), "places": ("i32", ROWS * (PACKED + 1)),
            "random": ("u64", 1)}


@kernel
def weights_in(hidden):
    return (INPUTS + 1 + _COLUMNS) * hidden + _COLUMNS


@kernel
def start(hidden, seed, floats, random):
    """Fill the weights: normal with deviation ``sqrt(2 / fan_in)``; biases and Adam's memory are 0."""
    seeded(random, seed, _WEIGHT_STREAM)
    for i in range(5 * weights_in(hidden)):
        floats[i] = np.float32(0.0)
    for i in range(INPUTS * hidden):
        floats[i] = np.float32(np.sqrt(2.0 / INPUTS) * normal(random))
    second = (INPUTS + 1) * hidden
    for i in range(hidden):
        for k in range(CLASSES):
            floats[second + i * _COLUMNS + k] = np.float32(np.sqrt(2.0 / hidden) * normal(random))


@kernel
def with_wrong_labels(share, seed, random, labels):
    """Replace each label by a random class, the right one included, with probability `share`."""
    seeded(random, seed, _LABEL_STREAM)
    for i in range(labels.size):
        luck, other = uniform(random), below(random, CLASSES)
        if luck < share:
            labels[i] = other


@kernel
def logits_of(rows, hidden, x, floats, places):
    """Forward: activations and logits of the first `rows` images, kept in `floats`."""
    count, total = weights_in(hidden), x.size // INPUTS
    images = x[:rows * INPUTS].reshape(rows, INPUTS)
    at = 5 * count
    active = floats[at:at + rows * hidden].reshape(rows, hidden)
    at += 2 * total * hidden
    z = floats[at:at + rows * _COLUMNS].reshape(rows, _COLUMNS)
    pack = floats[floats.size - ROWS * PACKED:].reshape(ROWS, PACKED)
    where, counts = places[:ROWS * PACKED].reshape(ROWS, PACKED), places[ROWS * PACKED:]
    first, bias = floats[:INPUTS * hidden].reshape(INPUTS, hidden), INPUTS * hidden
    second = floats[bias + hidden:count - _COLUMNS].reshape(hidden, _COLUMNS)
    for i in range(rows):
        for j in range(hidden):
            active[i, j] = floats[bias + j]
        for k in range(_COLUMNS):
            z[i, k] = floats[count - _COLUMNS + k]
    add_product(images, first, active, pack, where, counts)
    for i in range(rows):
        for j in range(hidden):
            if active[i, j] < np.float32(0.0):
                active[i, j] = np.float32(0.0)
    add_product(active, second, z, pack, where, counts)


@kernel
def learn(kind, a, b, c, rate, steps_before, rows, hidden, x, labels, floats, places):
    """One step of Adam on the mean loss of the first `rows` images; returns that loss."""
    logits_of(rows, hidden, x, floats, places)
    count, total = weights_in(hidden), x.size // INPUTS
    images = x[:rows * INPUTS].reshape(rows, INPUTS)
    at = 5 * count
    active = floats[at:at + rows * hidden].reshape(rows, hidden)
    at += total * hidden
    back = floats[at:at + rows * hidden].reshape(rows, hidden)
    at += total * hidden
    z = floats[at:at + rows * _COLUMNS].reshape(rows, _COLUMNS)
    at += total * _COLUMNS
    slope = floats[at:at + rows * _COLUMNS].reshape(rows, _COLUMNS)
    at += total * _COLUMNS
    turned = floats[at:at + _COLUMNS * hidden].reshape(_COLUMNS, hidden)
    pack = floats[floats.size - ROWS * PACKED:].reshape(ROWS, PACKED)
    where, counts = places[:ROWS * PACKED].reshape(ROWS, PACKED), places[ROWS * PACKED:]
    w, g = floats[:count], floats[count:2 * count]
    bias = INPUTS * hidden
    for i in range(count):
        g[i] = np.float32(0.0)
    loss = 0.0
    share = np.float32(1.0 / rows)
    one = floats[0]
    for i in range(rows):
        loss += family_loss(kind, _COMPLEMENT, z[i, :CLASSES], labels[i], like(a, one), like(b, one), like(c, one),
                            slope[i, :CLASSES], None)
        for k in range(_COLUMNS):
            slope[i, k] = slope[i, k] * share if k < CLASSES else np.float32(0.0)
            g[count - _COLUMNS + k] += slope[i, k]
        for j in range(hidden):
            back[i, j] = np.float32(0.0)
    for j in range(hidden):
        for k in range(_COLUMNS):
            turned[k, j] = w[bias + hidden + j * _COLUMNS + k]
    add_product(active.T, slope, g[bias + hidden:count - _COLUMNS].reshape(hidden, _COLUMNS), pack, where, counts)
    add_product(slope, turned, back, pack, where, counts)
    for i in range(rows):
        for j in range(hidden):
            if active[i, j] <= np.float32(0.0):
                back[i, j] = np.float32(0.0)
            g[bias + j] += back[i, j]
    add_product(images.T, back, g[:bias].reshape(INPUTS, hidden), pack, where, counts)
    power1, power2 = 1.0, 1.0
    for _ in range(steps_before + 1):
        power1, power2 = power1 * 0.9, power2 * 0.999
    u = floats[4 * count:5 * count]
    adam_direction(w, g, floats[2 * count:3 * count], floats[3 * count:4 * count], 0.9, 0.999, 1e-8, power1, power2,
                   0.0, u)
    descend(w, u, rate, 0.0)
    return loss / rows


@kernel
def class_of(image, hidden, x, floats):
    """The likeliest class of an image, after `logits_of`."""
    at = 5 * weights_in(hidden) + 2 * (x.size // INPUTS) * hidden + image * _COLUMNS
    return top_class(floats[at:at + CLASSES])


@kernel
def learn_often(kind, a, b, c, rate, steps, rows, hidden, x, labels, floats, places):
    for step in range(steps):
        learn(kind, a, b, c, rate, step, rows, hidden, x, labels, floats, places)


def train(images, labels, *, loss="comp_sum", parameters=(1.0,), steps=300, rate=0.01, hidden=64, seed=0):
    """Train on images with labels, and return a function that gives logits of images.

    Parameters
    ----------
    images : array_like (n, 64)
        Pixels from 0 to 1.
    labels : array_like of integers (n,), 0 to 9
    loss : str
        A key of `LOSSES`.
    parameters : tuple of float
        Those of the function in `toolkit.losses`, in its order; of "label_smoothing" its amount.
    steps, hidden, seed : int
        `hidden` is a multiple of 16.
    rate : float
        Adam's.

    Returns
    -------
    logits : callable, (m, 64) -> (m, 10) float32

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> x, y = load_digits(return_X_y=True)
    >>> logits = train(x[:300] / 16, y[:300], steps=100)
    >>> bool((logits(x[300:] / 16).argmax(axis=1) == y[300:]).mean() > 0.85)
    True
    """
    if loss not in LOSSES:
        raise ValueError(f"loss is {loss!r}; allowed: {', '.join(map(repr, LOSSES))}")
    x, y = np.ascontiguousarray(images, np.float32), np.ascontiguousarray(labels, np.int64)
    if x.ndim != 2 or x.shape[1] != INPUTS or y.shape != x.shape[:1]:
        raise ValueError(f"images has shape {x.shape} and labels {y.shape}; allowed: (n, {INPUTS}) and (n,)")
    a, b, c = (*map(float, parameters), *(0.0,) * (3 - len(parameters)))
    pocket = _pocket(len(x), hidden)
    pocket["x"][:] = x.ravel()
    start(hidden, seed, pocket["floats"], pocket["random"])
    learn_often(LOSSES[loss], a, b, c, rate, steps, len(x), hidden, pocket["x"], y, pocket["floats"], pocket["places"])
    weights = pocket["floats"][:weights_in(hidden)].copy()

    def logits(images):
        x = np.ascontiguousarray(images, np.float32)
        other = _pocket(len(x), hidden)
        other["x"][:] = x.ravel()
        other["floats"][:weights.size] = weights
        logits_of(len(x), hidden, other["x"], other["floats"], other["places"])
        at = 5 * weights.size + 2 * len(x) * hidden
        return other["floats"][at:at + len(x) * _COLUMNS].reshape(len(x), _COLUMNS)[:, :CLASSES].copy()

    return logits


def _pocket(rows, hidden):
    types = {"f32": np.float32, "i32": np.int32, "u64": np.uint64}
    return {name: np.zeros(size, types[kind]) for name, (kind, size) in pocket_sizes(rows, hidden).items()}
