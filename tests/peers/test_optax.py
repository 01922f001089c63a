"""optax: collapse of a confident row, losses of small arguments, projections and label conventions."""
import numpy as np
from exact import cross_entropy as exact_cross_entropy
from exact import entmax_loss as exact_entmax_loss
from exact import softmax as exact_softmax
from mpmath import mp, mpf
from peer import Case, along_rows, check, each, entrywise, f32, f64, installed

import toolkit
from toolkit import losses, softmax
from toolkit.gradients import grad

optax = installed("optax")
jax = optax and installed("jax")
inf, nan = np.inf, np.nan
Z = f32([[1.5, -0.5, 0.25], [0.75, 2, -3], [-1, 0.5, 4]])
Y = np.array([0, 2, 1])
Q = f32([[0.5, 0.375, 0.125], [0.25, 0.25, 0.5], [0, 1, 0]])
CONFIDENT = f32([[22, 0, 1.5], [40, -2, 1]])
FIRST = np.array([0, 0])


def of_each(loss, **options):
    return lambda z, y: loss(z, y, reduction="none", **options)


def onehot(y, classes=3):
    return f32(np.eye(classes)[np.asarray(y)])


def of_probability(formula):
    """The truth of a loss of a row that is a formula of the cross-entropy of the row."""
    return lambda z, y: [formula(l) for l in along_rows(exact_cross_entropy)(z, np.eye(z.shape[1])[y])]


def of_each_entry(name, **options):
    return lambda x, y: getattr(losses, name)(x, y, reduction="none", **options)


def binary(x, y):
    return y * mp.log1p(mp.exp(-x)) + (1 - y) * mp.log1p(mp.exp(x))


def focal(x, y, gamma):
    """Of labels 0 and 1."""
    l = binary(x, y)
    return (-mp.expm1(-l)) ** gamma * l


identity = of_probability(lambda l: l)

CASES = [
    Case("the loss of confident rows", (CONFIDENT, FIRST), of_each(losses.cross_entropy), identity,
         optax and optax.losses.softmax_cross_entropy_with_integer_labels, "absorbs"),
    Case("the gradient of a confident row", (CONFIDENT[0],), lambda z: grad(losses.cross_entropy)(z, 0),
         lambda z: np.subtract(exact_softmax([22, 0, 1.5]), [1, 0, 0]),
         lambda z: jax.grad(optax.losses.softmax_cross_entropy_with_integer_labels)(z, 0), "absorbs"),
    Case("the sum of that gradient", (CONFIDENT[0],), lambda z: grad(losses.cross_entropy)(z, 0).sum(), 0,
         lambda z: jax.grad(optax.losses.softmax_cross_entropy_with_integer_labels)(z, 0).sum(), "absorbs"),
    Case("logits of any size", (f32([[3e38, -3e38], [-3e38, -3e38]]), np.array([0, 1])), of_each(losses.cross_entropy),
         [0, mp.log(2)], optax and optax.losses.softmax_cross_entropy_with_integer_labels, "absorbs"),
    Case("a label far below the top", (f32([[1e4, 0], [88, -90]]), np.array([1, 1])), of_each(losses.cross_entropy),
         identity, optax and optax.losses.softmax_cross_entropy_with_integer_labels),
    Case("a class of probability 0 whose logit is -inf", (f32([[1, -inf, 2]]), f32([[0.5, 0, 0.5]])),
         of_each(losses.cross_entropy), [mp.log(mp.exp(1) + mp.exp(2)) - mpf(1.5)],
         optax and optax.losses.safe_softmax_cross_entropy),
    Case("smoothed labels", (Z, Y), of_each(losses.cross_entropy, label_smoothing=0.2),
         lambda z, y: along_rows(exact_cross_entropy)(z, np.eye(3)[y] * 0.8 + 0.2 / 3),
         lambda z, y: optax.losses.softmax_cross_entropy(z, optax.losses.smooth_labels(onehot(y), 0.2))),
    Case("probabilities as labels", (Z, Q), of_each(losses.cross_entropy), along_rows(exact_cross_entropy),
         optax and optax.losses.softmax_cross_entropy),
    Case("classes on the first axis", (Z.T, Y), of_each(losses.cross_entropy, axis=0), lambda z, y: identity(Z, y),
         lambda z, y: optax.losses.softmax_cross_entropy_with_integer_labels(z, y, axis=0)),
    Case("masked classes", (Z, Y, np.array([[True, True, False], [True, False, True], [False, True, True]])),
         lambda z, y, keep: losses.cross_entropy(z, y, where=keep, reduction="none"),
         lambda z, y, keep: identity(np.where(keep, z, -inf), y),
         lambda z, y, keep: optax.losses.softmax_cross_entropy_with_integer_labels(z, y, where=keep)),
    Case("Poly-1 of a confident row", (CONFIDENT, FIRST), of_each(losses.poly1_loss, epsilon=2.0),
         of_probability(lambda l: l + 2 * -mp.expm1(-l)),
         lambda z, y: optax.losses.poly_loss_cross_entropy(z, onehot(y), epsilon=2.0), "absorbs", ulp=6),
    Case("Poly-1 with a negative coefficient", (f32([[3, 0, -2]]), np.array([0])),
         of_each(losses.poly1_loss, epsilon=-1.0), of_probability(lambda l: l + mp.expm1(-l)),
         lambda z, y: optax.losses.poly_loss_cross_entropy(z, onehot(y), epsilon=-1.0), "cancels", ulp=12),
    Case("the nearest point of the simplex, on a kink", (f64([0.75, -0.25, -2]),), softmax.sparsemax, [1, 0, 0],
         lambda z: optax.projections.projection_simplex(z)),
    Case("the nearest point of the simplex, of one above many", (f32([0.5] + [0.0625] * 4000),),
         lambda z: softmax.sparsemax(z)[[0, -1]],
         lambda z: [mpf("0.4375") + (1 - mpf("0.4375")) / 4001, (1 - mpf("0.4375")) / 4001],
         lambda z: optax.projections.projection_simplex(z)[np.array([0, -1])], "cancels"),
    Case("the loss of sparsemax", (Z, Y), of_each_entry("entmax_loss", alpha=2),
         lambda z, y: along_rows(lambda z, q: exact_entmax_loss(z, q, 2))(z, np.eye(3)[y]),
         lambda z, y: optax.losses.multiclass_sparsemax_loss(z, y), ulp=8),
    Case("two classes are one question", (f32([[0, 25], [0, -3], [0, -80]]), np.array([1, 1, 0])),
         of_each(losses.cross_entropy), identity,
         lambda z, y: optax.losses.sigmoid_binary_cross_entropy(z[:, 1], y)),
    Case("one question, in the tails", (f32([25, -25, 80, -95]), f32([1, 0.5, 0, 1])),
         of_each_entry("binary_cross_entropy"), entrywise(binary),
         optax and optax.losses.sigmoid_binary_cross_entropy),
    Case("the gradient of a sure answer", (f32([20, -20]), f32([1, 0])),
         lambda x, y: losses.binary_cross_entropy.value_and_gradient(x, y, reduction="sum")[1],
         entrywise(lambda x, y: 1 / (1 + mp.exp(-x)) - y),
         lambda x, y: jax.grad(lambda x: optax.losses.sigmoid_binary_cross_entropy(x, y).sum())(x)),
    Case("sigmoid focal loss without shares", (f32([2, -3, 18, -40]), f32([1, 1, 1, 0])),
         of_each_entry("sigmoid_focal_loss", alpha=None, gamma=3.0), entrywise(lambda x, y: focal(x, y, 3)),
         lambda x, y: optax.losses.sigmoid_focal_loss(x, y, gamma=3.0), ulp=14),
    Case("sigmoid focal loss of both labels", (f32([2, -3, 0.5]), f32([1, 1, 0])),
         of_each_entry("sigmoid_focal_loss", alpha=0.75),
         entrywise(lambda x, y: focal(x, y, 2) * (0.75 if y else 0.25)),
         lambda x, y: optax.losses.sigmoid_focal_loss(x, y, alpha=0.75, gamma=2.0), ulp=12),
    Case("hinge loss at its kink", (f32([1, -1, 0.25, -3]), f32([1, -1, 1, 1])), of_each_entry("hinge"),
         [0, 0, 0.75, 4], optax and optax.losses.hinge_loss),
    Case("multiclass hinge: a mean, not the worst class", (Z, Y), of_each_entry("multiclass_hinge"),
         [0, mpf("10.75") / 3, mpf("4.5") / 3], optax and optax.losses.multiclass_hinge_loss, "convention"),
    Case("Huber's loss", (f32([-0.5, 0.75, 8]), f32([0, 1, -1])), of_each_entry("huber", delta=2.0),
         [0.125, 0.03125, 16], lambda x, t: optax.losses.huber_loss(x, t, delta=2.0)),
    Case("squares without a half", (f32([0.5, -3]), f32([0, 1])), of_each_entry("squared_error"), [0.25, 16],
         optax and optax.losses.squared_error),
    Case("a divergence of near rows", (f32([[0.5, 0.25, 0.25]]), f32([[0.5, 0.2500001, 0.2499999]])),
         lambda p, q: toolkit.information.kl_divergence(p, q),
         along_rows(lambda p, q: sum(a * mp.log(a / b) for a, b in zip(p, q)) - sum(p) + sum(q)),
         lambda p, q: optax.losses.kl_divergence(jax.numpy.log(q), p), "cancels", ulp=16),
]


@each(CASES)
def test_case(case):
    check(case, optax, lambda x: jax.numpy.asarray(x))
