"""Exercises of the chapter *Why it waits*."""
import math

import numpy as np

from toolkit.collapse import collapse_margin
from toolkit.course.exercises._check import Exercise, close_to
from toolkit.gradients import grad
from toolkit.losses import cross_entropy

__all__ = ["EXERCISES"]


def _steps(margin, start, rate):
    w, steps = start, 0
    while w < margin:
        w += rate / (1.0 + math.exp(w))
        steps += 1
    return steps


def _rest(decay):
    """The length r at which ``decay * r = 1 / (1 + e^r)``."""
    low, high = 0.0, 100.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if decay * middle < 1.0 / (1.0 + math.exp(middle)) else (low, middle)
    return low


def _gradients(weights, X, y):
    inputs = [X]
    for W in weights[:-1]:
        inputs.append(np.maximum(inputs[-1] @ W.T, 0.0))
    slope = grad(cross_entropy)(inputs[-1] @ weights[-1].T, y)
    grads = []
    for W, h in zip(weights[::-1], inputs[::-1]):
        grads.insert(0, slope.T @ h)
        slope = slope @ W * (h > 0)
    return grads


def _without_relu(weights, X, y):
    inputs = [X]
    for W in weights[:-1]:
        inputs.append(inputs[-1] @ W.T)
    slope = grad(cross_entropy)(inputs[-1] @ weights[-1].T, y)
    grads = []
    for W, h in zip(weights[::-1], inputs[::-1]):
        grads.insert(0, slope.T @ h)
        slope = slope @ W
    return grads


def _summed(weights, X, y):
    return [len(y) * grad for grad in _gradients(weights, X, y)]


def _judge_gradients(grads):
    if not callable(grads):
        return f"expected a function grads(weights, X, y), got {grads!r}"
    rng = np.random.default_rng(5)
    for widths in ((4, 7, 3), (4, 7, 6, 3), (5, 8, 8, 6, 2)):
        weights = [rng.standard_normal((wide, narrow)) for narrow, wide in zip(widths, widths[1:])]
        X, y = rng.standard_normal((12, widths[0])), rng.integers(widths[-1], size=12)
        given = [np.asarray(grad) for grad in grads([W.copy() for W in weights], X.copy(), y.copy())]
        shapes = [W.shape for W in weights]
        if [grad.shape for grad in given] != shapes:
            return f"for weights of shapes {shapes} the gradients have shapes {[grad.shape for grad in given]}"
        pays = [-float((W * grad).sum()) for W, grad in zip(weights, given)]
        if not np.allclose(pays, pays[-1], rtol=1e-9):
            return f"scaling should pay the same in every layer; yours pays {', '.join(f'{pay:.6g}' for pay in pays)}"
        truth = _gradients(weights, X, y)
        if not all(np.allclose(ours, theirs, rtol=1e-9, atol=1e-12) for ours, theirs in zip(truth, given)):
            return "Euler's identity holds, but it is not the gradient of the mean loss of a ReLU net"
    return None


def _perp(w, g):
    if g.size < 2:
        return g
    across = g - np.sum(w * g) / (np.sum(w * w) + 1e-30) * w
    before, after = np.linalg.norm(g), np.linalg.norm(across)
    return across if after < 1e-5 * before else across * (before / after)


def _published(w, g):
    across = g - np.sum(w * g) / (np.sum(w * w) + 1e-30) * w
    return across * (np.linalg.norm(g) / (np.linalg.norm(across) + 1e-30))


def _not_rescaled(w, g):
    return g - np.sum(w * g) / (np.sum(w * w) + 1e-30) * w


def _judge_perp(perp):
    if not callable(perp):
        return f"expected a function perp(w, g), got {perp!r}"

    def applied(w, g):
        mine = g.copy()
        left = perp(w.copy(), mine)
        return np.asarray(mine if left is None else left, dtype=float)

    rng = np.random.default_rng(7)
    for _ in range(20):
        w, g = rng.standard_normal((2, 50))
        left = applied(w, g)
        length = np.linalg.norm(left)
        if left.shape != g.shape:
            return f"for gradients of shape {g.shape} yours has shape {left.shape}"
        if not abs(w @ left) <= 1e-10 * np.linalg.norm(w) * np.linalg.norm(g):
            return "what is left still has a part along w"
        if not abs(length / np.linalg.norm(g) - 1.0) <= 1e-10:
            return f"the rest should have the length of g; yours has {length / np.linalg.norm(g):.3g} of it"
    if not np.allclose(applied(np.zeros(50), g), g, rtol=1e-12, atol=0.0):
        return "with zero weights there is nothing to project out: the gradient stays"
    w = rng.standard_normal(50)
    if not np.linalg.norm(applied(w, -3.0 * w)) <= 1e-4 * np.linalg.norm(3.0 * w):
        return "for g = -3w only rounding noise lies across w; yours stretches it to a full step"
    for w, g in rng.standard_normal((100, 2, 1)):
        if not np.array_equal(applied(w, g), g):
            return "a tensor of one element should be left alone"
    return None


_FLOAT16, _FLOAT32 = collapse_margin("float16"), collapse_margin("float32")

EXERCISES = {
    "waits.factor": Exercise(
        solution=(_FLOAT32 / 2) ** (1 / 3),
        judge=close_to((_FLOAT32 / 2) ** (1 / 3), 4e-3,
                       (_FLOAT32 / 2, "that is the factor for the logits; how do they depend on three layers?"),
                       (_FLOAT32 ** (1 / 3), "the margin starts at 2, not at 1"),
                       ((_FLOAT32 / 2) ** 0.5, "three layers, not two"),
                       otherwise="the margin grows with the third power of the factor, up to -ln u"),
        wrong=(_FLOAT32 / 2, _FLOAT32 ** (1 / 3), (_FLOAT32 / 2) ** 0.5, 16.6),
        praise="about 2.03: doubling the weights is all it takes, and no prediction notices.",
    ),
    "waits.steps": Exercise(
        solution=_steps(_FLOAT16, 1.0, 0.1),
        judge=close_to(_steps(_FLOAT16, 1.0, 0.1), 0.01,
                       (_steps(_FLOAT16, 1.0, 1.0), "the learning rate is 0.1"),
                       ((_FLOAT16 - 1) / 0.1, "that is Adam's pace; plain descent gains less with every step"),
                       otherwise="step until w reaches collapse_margin('float16'), or use e^μ + μ = ηt + constant"),
        wrong=(_steps(_FLOAT16, 1.0, 1.0), (_FLOAT16 - 1) / 0.1, 2048, 1.68e8),
        praise="about 20 500, of which the last unit of margin alone takes more than half.",
    ),
    "waits.euler": Exercise(
        solution=_gradients,
        judge=_judge_gradients,
        wrong=(_without_relu, _summed, lambda weights, X, y: weights, 3.0),
        praise="right for every depth; one inner product per layer would have caught most slips.",
    ),
    "waits.length": Exercise(
        solution=math.sqrt(120),
        judge=close_to(math.sqrt(120), 5e-4,
                       (110, "each step is orthogonal to w: add squares, not lengths"),
                       (120, "that is the squared length"),
                       (math.sqrt(100 + 500 * 0.2), "the square of a step of length 0.2 is 0.04"),
                       otherwise="add η²‖g‖² to ‖w‖² five hundred times"),
        wrong=(110, 120, math.sqrt(200), 10),
        praise="10.95: a hundred units of way, and less than one unit of growth.",
    ),
    "waits.rest": Exercise(
        solution=_rest(0.01),
        judge=close_to(_rest(0.01), 4e-3,
                       (math.log(100), "that leaves out the length on the left side: λ‖w‖ = 1/(1 + e^‖w‖)"),
                       (100, "the stretch is 1/(1 + e^‖w‖), not 1"),
                       otherwise="the stretch is 1/(1 + e^‖w‖); find where it equals 0.01 ‖w‖"),
        wrong=(math.log(100), 100, 1.0, _rest(0.1)),
        praise="about 3.36; a λ ten times smaller would add less than 2.",
    ),
    "waits.perp": Exercise(
        solution=_perp,
        judge=_judge_perp,
        wrong=(_published, _not_rescaled, lambda w, g: g, 3.0),
        praise="four lines of formula, two of caution.",
    ),
}
