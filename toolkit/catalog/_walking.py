"""Rows of mirror descent, consensus, steps by predictability and surrogates of targets."""
import numpy as np

from toolkit import soft_operators
from toolkit._core.kernel import kernel
from toolkit.catalog._fit import Fit
from toolkit.catalog._iteration import Iteration
from toolkit.catalog._method import Gradient, forms
from toolkit.catalog._scalar import Scalar
from toolkit.elementary import cos, exp, log, sin
from toolkit.live import Axis
from toolkit.soft_operators import kernels
from toolkit.soft_operators._consensus import consensus_energy_pull, consensus_pull
from toolkit.soft_operators._mirror_descent import before_pull, gradient_pull, logits_pull, optimistic_pull
from toolkit.soft_operators._smoothed_extremes import laplace_value_pull, smoothed_maximum_pull
from toolkit.softmax.kernels import log_softmax_stable, softmax_three_pass_reload

__all__ = ["METHODS"]

_TWO_PI = 6.283185307179586

@kernel
def face(other, p, g):
    """The gradient ``A p`` of a player from the other one's logits, with ``A = (0, -1, 2; 1, 0, -1; -2, 1, 0)``: the
    game of scissors, paper and stone with other payments, the same for both."""
    softmax_three_pass_reload(other, p)
    g[0], g[1], g[2] = 2.0 * p[2] - p[1], p[0] - p[2], p[1] - 2.0 * p[0]


@kernel
def face_each_other(state):
    face(state[3:6], state[18:21], state[6:9])
    face(state[:3], state[18:21], state[9:12])


@kernel
def sit_down(state):
    """Both players' logits and gradients; those before them are 0."""
    state[0], state[1], state[2] = log(0.6), log(0.3), log(0.1)
    state[3], state[4], state[5] = log(0.2), log(0.5), log(0.3)
    face_each_other(state)


@kernel
def plain_round(rate, state):
    kernels.exponentiated_gradient_row(state[:3], state[6:9], rate, state[:3])
    kernels.exponentiated_gradient_row(state[3:6], state[9:12], rate, state[3:6])
    face_each_other(state)


@kernel
def optimistic_round(rate, state):
    kernels.optimistic_gradient_row(state[:3], state[6:9], state[12:15], rate, state[:3])
    kernels.optimistic_gradient_row(state[3:6], state[9:12], state[15:18], rate, state[3:6])
    for i in range(6):
        state[12 + i] = state[6 + i]
    face_each_other(state)


@kernel
def duality_gap(state):
    """By how much both players could do better, added up; the value of the game is 0."""
    least = min(state[6], state[7], state[8]) + min(state[9], state[10], state[11])
    return max(-least, 1e-17)


_GAME = {"init": sit_down, "measure": duality_gap, "size": 21, "knob": ("learning rate η", 0.01, 1.0, 0.3),
         "steps": 300, "axis": Axis("duality gap", (1e-6, 10.0), scale="log")}


@kernel
def bumpy(v):
    """Rastrigin's landscape in one dimension."""
    return v * v + 2.5 * (1.0 - cos(_TWO_PI * v))


@kernel
def agree(beta, x, work, y):
    """The consensus of places along an axis."""
    for i in range(x.size):
        y[i] = bumpy(x[i])
    kernels.consensus_of(x.reshape((x.size, 1)), y, beta, work[:x.size], work[x.size:x.size + 1])
    return work[x.size]


_CROWD = 20


@kernel
def gather(state):
    """A crowd on a square around (2, 2)."""
    for i in range(2 * _CROWD):
        state[i] = 2.0 + 3.0 * sin(2.4 * i * i + i)


@kernel
def crowd_step(beta, state):
    """A step with noise from a sequence that fills the plane evenly."""
    x, noise = state[:2 * _CROWD].reshape((_CROWD, 2)), state[2 * _CROWD:4 * _CROWD].reshape((_CROWD, 2))
    energy, weights, point = state[80:100], state[100:120], state[120:122]
    for i in range(_CROWD):
        energy[i] = bumpy(x[i, 0]) + bumpy(x[i, 1])
        state[122] += 1.0
        u, v = state[122] * 0.7548776662466927, state[122] * 0.5698402909980532
        radius, angle = np.sqrt(-2.0 * log(u - np.floor(u) + 1e-9)), _TWO_PI * (v - np.floor(v))
        noise[i, 0], noise[i, 1] = radius * cos(angle), radius * sin(angle)
    kernels.consensus_move(x, energy, noise, beta, 0.05, 0.28, False, weights, point, x)


@kernel
def energy_of_consensus(state):
    """At the consensus before the last step; at the beginning that of the first particle."""
    at = 120 if state[122] > 0.0 else 0
    return max(bumpy(state[at]) + bumpy(state[at + 1]), 1e-12)


_M, _N = 40, 8


@kernel
def newton_parts(state):
    """``a, b, x, vectors, rows, h, root`` in the state; gamma is its last number."""
    n, m = _N, _M
    return (state[:320].reshape((m, n)), state[320:360], state[360:368], state[368:400].reshape((4, n)),
            state[400:560].reshape((4, m)), state[560:624].reshape((n, n)), state[624:688].reshape((n, n)))


@kernel
def pose(state):
    """A problem whose minimum at temperature 0.1 is 0."""
    a, b, x, vectors, rows, _, _ = newton_parts(state)
    for i in range(_M):
        b[i] = cos(2.0 + i)
        rows[0, i] = -10.0 * b[i]
        for j in range(_N):
            a[i, j] = sin(1.0 + 3.0 * i + 7.0 * j + i * j)
    softmax_three_pass_reload(rows[0], rows[1])
    for j in range(_N):
        mean = 0.0
        for i in range(_M):
            mean += rows[1, i] * a[i, j]
        for i in range(_M):
            a[i, j] -= mean
        x[j] = 1.0
    kernels.smoothed_slope(a, b, 0.1, x, rows[0], rows[1], vectors[0])
    state[688] = 1.0


@kernel
def newton_step(tau, state):
    a, b, x, vectors, rows, h, root = newton_parts(state)
    state[688], _ = kernels.newton_attempt(a, b, tau, False, state[688], x, vectors, rows, h, root)


@kernel
def slope_left(state):
    return max(kernels.size_of(state[368:376]), 1e-17)


_ROWS, _WIDTH, _CLASSES = 12, 3, 3


@kernel
def surrogate_parts(state):
    """``features, weights, g, gram, pushed, moved, slope`` in the state."""
    n, d, k = _ROWS, _WIDTH, _CLASSES
    return (state[:36].reshape((n, d)), state[36:45].reshape((d, k)), state[45:81].reshape((n, k)),
            state[81:90].reshape((d, d)), state[90:99].reshape((d, k)), state[99:108].reshape((d, k)),
            state[108:117].reshape((d, k)))


@kernel
def look(state):
    """Fill the gradient with respect to the logits; the mean loss."""
    features, weights, g, _, _, _, _ = surrogate_parts(state)
    loss = 0.0
    for i in range(_ROWS):
        for k in range(_CLASSES):
            total = 0.0
            for j in range(_WIDTH):
                total += features[i, j] * weights[j, k]
            g[i, k] = total
        log_softmax_stable(g[i], g[i])
        loss -= g[i, i % _CLASSES] / _ROWS
        for k in range(_CLASSES):
            g[i, k] = exp(g[i, k]) - (1.0 if k == i % _CLASSES else 0.0)
    return loss


@kernel
def lay_out(state):
    """Three classes of points with a third, constant feature; the first two nearly agree."""
    features, _, _, gram, _, _, _ = surrogate_parts(state)
    for i in range(_ROWS):
        angle = _TWO_PI / 3.0 * (i % _CLASSES) + 0.9 * sin(3.0 * i)
        features[i, 0], features[i, 1], features[i, 2] = cos(angle), 0.9 * cos(angle) + 0.3 * sin(angle), 1.0
    for j in range(_WIDTH):
        for k in range(_WIDTH):
            for i in range(_ROWS):
                gram[j, k] += features[i, j] * features[i, k]


@kernel
def surrogate_move(inner, state):
    features, weights, g, gram, pushed, moved, slope = surrogate_parts(state)
    look(state)
    trace = 0.0
    for j in range(_WIDTH):
        trace += gram[j, j]
        for k in range(_CLASSES):
            pushed[j, k] = 0.0
            for i in range(_ROWS):
                pushed[j, k] += features[i, j] * g[i, k]
    kernels.catch_up(gram, pushed, 1.0 / trace, 2.0, int(inner), moved, slope)
    for j in range(_WIDTH):
        for k in range(_CLASSES):
            weights[j, k] += moved[j, k]


def _players(count):
    return lambda rng, rows, columns: tuple(rng.normal(size=columns) for _ in range(count))


def _places(rng, rows, columns):
    x = rng.normal(size=(rows, columns))
    return x, (x**2).sum(axis=1)


_WALK = {"family": "soft_operator"}

METHODS = (
    Iteration("exponentiated_gradient_step", "Exponentiated gradient", r"p_i \propto p_i\, e^{-\eta g_i}",
              soft_operators.exponentiated_gradient_step, "kivinen1997exponentiated", "weights_that_walk",
              step=plain_round, given=_players(2),
              gradient=Gradient(logits_pull, at="result", others=(("g", gradient_pull),)), **_GAME, **_WALK),
    Iteration("optimistic_gradient_step", "Optimistic mirror descent",
              r"p_i \propto p_i\, e^{-\eta (2 g_i - g_i^{\text{before}})}", soft_operators.optimistic_gradient_step,
              "chen2024optimistic", "weights_that_walk", step=optimistic_round, given=_players(3),
              gradient=Gradient(logits_pull, at="result",
                                others=(("g", optimistic_pull), ("before", before_pull))), **_GAME, **_WALK),
    Scalar("laplace_value", "Laplace value", r"-\tfrac1\beta \log \tfrac1n \sum_j e^{-\beta E_j}",
           soft_operators.laplace_value, "riedl2023gradient", "weights_that_walk", parameters=(("beta", 2.0),),
           plot_range=(-20, 20), variants=forms(naive=kernels.laplace_value_naive, stable=kernels.laplace_value_row),
           gradient=Gradient(laplace_value_pull, kernels.laplace_value_vjp_row), **_WALK),
    Fit("consensus_point", "Consensus", r"v = \sum_i p_i x_i,\ p = \operatorname{softmax}(-\beta E)",
        soft_operators.consensus_point, "riedl2023gradient", "weights_that_walk", variants=forms(stable=agree),
        given=_places, knob=("inverse temperature β", 0.0, 20.0, 2.0), x=Axis("place", (-2, 3)),
        y=Axis("energy E", (0, 14)), points=101, work=102, found="The consensus is at",
        gradient=Gradient(consensus_pull, others=(("energy", consensus_energy_pull),)), **_WALK),
    Iteration("consensus_step", "Consensus-based optimisation",
              r"y = x - \lambda (x - v),\ x \leftarrow y + \sigma \lvert y - v \rvert\, \xi",
              soft_operators.consensus_step, "riedl2023gradient", "weights_that_walk", init=gather, step=crowd_step,
              measure=energy_of_consensus, size=123, knob=("inverse temperature β", 0.1, 1000.0, 30.0),
              given=lambda rng, rows, columns: (*_places(rng, rows, columns), rng.normal(size=(rows, columns))),
              steps=120, axis=Axis("energy at the consensus", (1e-10, 100.0), scale="log"), **_WALK),
    Scalar("smoothed_maximum", "Smoothed maximum", r"\tau \log \sum_j e^{z_j / \tau}",
           soft_operators.smoothed_maximum, "semenov2025gradient", "weights_that_walk",
           parameters=(("temperature", 0.5),), plot_range=(-10, 10),
           variants=forms(stable=kernels.smoothed_maximum_row),
           gradient=Gradient(smoothed_maximum_pull, kernels.smoothed_maximum_vjp_row), **_WALK),
    Iteration("regularized_newton", "Steps by predictability",
              r"d = -(H + \lambda I)^{-1} g,\ \lambda = \lVert g \rVert / \gamma", soft_operators.regularized_newton,
              "semenov2025gradient", "weights_that_walk", init=pose, step=newton_step, measure=slope_left, size=689,
              given=lambda rng, rows, columns: (np.vstack([np.eye(columns), -np.eye(columns)]), np.zeros(2 * columns),
                                                rng.normal(size=columns)),
              knob=("temperature τ", 0.02, 1.0, 0.1), steps=150,
              axis=Axis("length of the gradient", (1e-16, 10.0), scale="log"), **_WALK),
    Iteration("target_surrogate_step", "Target-based surrogate",
              r"\min_W \langle g, XW - z_t \rangle + \tfrac{1}{2\eta} \lVert XW - z_t \rVert^2",
              soft_operators.target_surrogate_step, "lavington2023target", "weights_that_walk", init=lay_out,
              step=surrogate_move, measure=look, size=117, knob=("inner steps m", 1.0, 300.0, 10.0), steps=60,
              given=lambda rng, rows, columns: (rng.normal(size=(rows, columns)), rng.normal(size=(columns, 2)),
                                                rng.normal(size=(rows, 2))),
              axis=Axis("mean loss", (0.1, 2.0), scale="log"), **_WALK),
)
