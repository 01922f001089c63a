"""Keras: probabilities that are clipped, means that are divided otherwise, defaults, and its shrinking activations."""
import numpy as np
from exact import cross_entropy as exact_cross_entropy
from exact import entmax as exact_entmax
from exact import logsumexp as exact_logsumexp
from mpmath import mp, mpf
from peer import Case, along_rows, check, each, entrywise, f32, installed

import toolkit
from toolkit import activations, losses, softmax

keras = installed("keras")
jax = keras and installed("jax")
inf, nan = np.inf, np.nan
Z = f32([[1.5, -0.5, 0.25], [0.75, 2, -3], [-1, 0.5, 4]])
Y = np.array([0, 2, 1])
Q = f32([[0.5, 0.375, 0.125], [0.25, 0.25, 0.5], [0, 1, 0]])
SURE = f32([[30, 1, 0]])


def of_each(loss, **options):
    return lambda z, y: loss(z, y, reduction="none", **options)


def of_class(z, y, formula=lambda l: l):
    """The truth of a formula of the cross-entropy of each row."""
    return [formula(l) for l in along_rows(exact_cross_entropy)(z, np.eye(z.shape[1])[y])]


def binary_means(x, y):
    entries = entrywise(lambda x, y: y * mp.log1p(mp.exp(-x)) + (1 - y) * mp.log1p(mp.exp(x)))(x, y)
    return entries.mean(axis=-1)


def sigmoid(x):
    return 1 / (1 + mp.exp(-x))


CASES = [
    Case("a confident row of logits", (SURE, np.array([0])), of_each(losses.cross_entropy), of_class,
         lambda z, y: keras.losses.sparse_categorical_crossentropy(y, z, from_logits=True), "absorbs"),
    Case("a lost row by its probabilities", (SURE, np.array([2])), of_each(losses.cross_entropy), of_class,
         lambda z, y: keras.losses.sparse_categorical_crossentropy(y, keras.ops.softmax(z)), "clips"),
    Case("smoothed labels", (Z, Y), of_each(losses.cross_entropy, label_smoothing=0.25),
         lambda z, y: along_rows(exact_cross_entropy)(z, np.eye(3)[y] * 0.75 + 0.25 / 3),
         lambda z, y: keras.losses.categorical_crossentropy(keras.ops.one_hot(y, 3), z, from_logits=True,
                                                            label_smoothing=0.25)),
    Case("probabilities as labels", (Z, Q), of_each(losses.cross_entropy), along_rows(exact_cross_entropy),
         lambda z, q: keras.losses.categorical_crossentropy(q, z, from_logits=True)),
    Case("an ignored class", (Z, Y), of_each(losses.cross_entropy, ignore_index=2),
         lambda z, y: np.where(y == 2, 0, of_class(z, y)),
         lambda z, y: keras.losses.sparse_categorical_crossentropy(y, z, from_logits=True, ignore_class=2)),
    Case("a mean over weighted rows", (Z, Y, f32([0.5, 0, 2])),
         lambda z, y, w: losses.cross_entropy(z, y, sample_weight=w),
         lambda z, y, w: (np.array(of_class(z, y)) * w).sum() / w.sum(),
         lambda z, y, w: keras.losses.SparseCategoricalCrossentropy(from_logits=True)(y, z, sample_weight=w),
         "convention"),
    Case("a sum over weighted rows", (Z, Y, f32([0.5, 0, 2])),
         lambda z, y, w: losses.cross_entropy(z, y, sample_weight=w, reduction="sum"),
         lambda z, y, w: (np.array(of_class(z, y)) * w).sum(),
         lambda z, y, w: keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="sum")(
             y, z, sample_weight=w)),
    Case("generalised cross-entropy", (Z, Y), of_each(losses.comp_sum, tau=1.75),
         lambda z, y: of_class(z, y, lambda l: -mp.expm1(mpf(-0.75) * l) / mpf(0.75)),
         lambda z, y: keras.losses.categorical_generalized_cross_entropy(y, keras.ops.softmax(z), 0.75), ulp=8),
    Case("generalised cross-entropy of a confident row", (SURE, np.array([0])), of_each(losses.comp_sum, tau=1.5),
         lambda z, y: of_class(z, y, lambda l: -2 * mp.expm1(-l / 2)),
         lambda z, y: keras.losses.categorical_generalized_cross_entropy(y, keras.ops.softmax(z), 0.5), "clips", ulp=8),
    Case("focal loss, a quarter of it by default", (Z, Y), of_each(losses.focal_loss, gamma=3.0),
         lambda z, y: of_class(z, y, lambda l: (-mp.expm1(-l)) ** 3 * l),
         lambda z, y: keras.losses.categorical_focal_crossentropy(keras.ops.one_hot(y, 3), z, gamma=3.0,
                                                                  from_logits=True), "convention", ulp=10),
    Case("focal loss with a weight of 1", (Z, Y), of_each(losses.focal_loss, gamma=3.0),
         lambda z, y: of_class(z, y, lambda l: (-mp.expm1(-l)) ** 3 * l),
         lambda z, y: keras.losses.categorical_focal_crossentropy(keras.ops.one_hot(y, 3), z, gamma=3.0, alpha=1.0,
                                                                  from_logits=True), ulp=10),
    Case("sparsemax of rows", (Z,), softmax.sparsemax, along_rows(lambda z: exact_entmax(z, 2)),
         lambda z: keras.ops.sparsemax(z), row=True),
    Case("log-sum-exp of masked rows", (f32([[-inf, 2, -inf], [-inf, -inf, -inf]]),), softmax.logsumexp, [2, -inf],
         lambda z: keras.ops.logsumexp(z, axis=-1)),
    Case("log-probabilities", (f32([-0.6931472, -1.3862944, -1.3862944]),), softmax.logsumexp,
         along_rows(exact_logsumexp), lambda z: keras.ops.logsumexp(z, axis=-1), "cancels"),
    Case("squareplus far below 0", (f32([-3e4, -2, 5]),), lambda x: activations.squareplus(x),
         entrywise(lambda x: (x + mp.sqrt(x * x + 4)) / 2), lambda x: keras.ops.squareplus(x), "cancels"),
    Case("soft shrinkage at its threshold", (f32([-0.5, 0.5, 3, -0.75]),), lambda x: activations.soft_shrink(x),
         [0, 0, 2.5, -0.25], lambda x: keras.ops.soft_shrink(x)),
    Case("hard shrinkage at its threshold", (f32([-0.5, 0.5, 3, -0.75]),), lambda x: activations.hard_shrink(x),
         [0, 0, 3, -0.75], lambda x: keras.ops.hard_shrink(x)),
    Case("what tanh takes away from small numbers", (f32([2e-4, -1e-2]),), lambda x: activations.tanh_shrink(x),
         entrywise(lambda x: x - mp.tanh(x)), lambda x: keras.ops.tanh_shrink(x), "cancels"),
    Case("a threshold and its value", (f32([1, 1.5, -2]),), lambda x: activations.threshold(x, theta=1, value=20),
         [20, 1.5, 20], lambda x: keras.ops.threshold(x, 1, 20)),
    Case("the hard sigmoid", (f32([-3, -1, 0.25, 3]),), activations.hard_sigmoid,
         entrywise(lambda x: min(max((x + 3) / 6, 0), 1)), lambda x: keras.ops.hard_sigmoid(x)),
    Case("GELU, whose default is the tanh form", (f32([-2, 0.5]),), activations.gelu,
         entrywise(lambda x: x * mp.ncdf(x)), lambda x: keras.ops.gelu(x), "convention"),
    Case("a leak of 0.2 by default", (f32([-3, 1]),), activations.leaky_relu, [-0.03, 1],
         lambda x: keras.ops.leaky_relu(x), "convention"),
    Case("CELU with a parameter", (f32([-5, -0.25, 1]),), lambda x: activations.celu(x, alpha=0.5),
         entrywise(lambda x: x if x > 0 else mp.expm1(2 * x) / 2), lambda x: keras.ops.celu(x, alpha=0.5)),
    Case("binary questions, a mean over the last axis", (f32([[3, -0.5], [0.25, -2]]), f32([[1, 0], [1, 1]])),
         lambda x, y: losses.binary_cross_entropy(x, y, reduction="none").mean(axis=-1), binary_means,
         lambda x, y: keras.losses.binary_crossentropy(y, x, from_logits=True)),
    Case("a sure answer by its probability", (f32([[25]]), f32([[1]])),
         lambda x, y: losses.binary_cross_entropy(x, y, reduction="none").mean(axis=-1), binary_means,
         lambda x, y: keras.losses.binary_crossentropy(y, keras.ops.sigmoid(x)), "clips"),
    Case("binary focal loss with shares", (f32([[0.75], [-1], [0.5]]), f32([[1], [1], [0]])),
         lambda x, y: losses.sigmoid_focal_loss(x, y, reduction="none")[:, 0],
         lambda x, y: [(0.25 if label else 0.75) * sigmoid(-at) ** 2 * mp.log1p(mp.exp(-at))
                       for at, label in ((mpf(0.75), 1), (mpf(-1), 1), (mpf(-0.5), 0))],
         lambda x, y: keras.losses.binary_focal_crossentropy(y, x, from_logits=True, apply_class_balancing=True),
         ulp=12),
    Case("a divergence from a class of probability 0", (f32([[0.5, 0.5]]), f32([[1, 0]])),
         lambda p, q: toolkit.information.kl_divergence(p, q), [inf], lambda p, q: keras.losses.kl_divergence(p, q),
         "clips"),
    Case("Huber's loss", (f32([[0.5], [-4]]), f32([[0], [1]])),
         lambda x, t: losses.huber(x, t, delta=3.0, reduction="none")[:, 0], [0.125, 10.5],
         lambda x, t: keras.losses.huber(t, x, delta=3.0)),
    Case("hinge loss of labels 0 and 1", (f32([[0.5], [0.25], [-3]]), f32([[1], [0], [0]])),
         lambda x, y: losses.hinge(x, y, reduction="none")[:, 0], [0.5, 1.25, 0],
         lambda x, y: keras.losses.hinge(y, x)),
    Case("multiclass hinge: a mean, not the worst class", (f32([[1.5, 1, 0.75]]), np.array([0])),
         lambda z, y: losses.multiclass_hinge(z, y, reduction="none"), lambda z, y: [mpf("0.75") / 3],
         lambda z, y: keras.losses.categorical_hinge(keras.ops.one_hot(y, 3), z), "convention"),
]


@each(CASES)
def test_case(case):
    check(case, keras, lambda x: jax.numpy.asarray(x))
