"""Rows of soft Hebbian learning: who wins, one step, whole runs, and adaptation at test time."""
from functools import partial

import numpy as np

from toolkit import networks
from toolkit._core.kernel import kernel
from toolkit.catalog._fit import Fit
from toolkit.catalog._iteration import Iteration
from toolkit.catalog._matrix import Matrix
from toolkit.catalog._method import Gradient, forms
from toolkit.catalog._row_map import ENTRIES, RowMap
from toolkit.elementary import exp, log
from toolkit.live import Axis
from toolkit.networks import kernels
from toolkit.networks._given import network_of
from toolkit.networks._hebbian_competition import hebbian_competition_pull
from toolkit.networks.plan import BLOCK
from toolkit.networks.product import LINE

__all__ = ["METHODS"]

_N = 12  # neurons, inputs and samples of the matrix
_RNG = np.random.default_rng(6)
_CENTRES = np.array([[2.0, 0.0], [0.0, 2.0], [-1.5, -1.5]])
_CLOUDS = np.repeat(_CENTRES, 10, axis=0) + _RNG.normal(0, 0.2, (30, 2))
_LONG = _RNG.normal(0, 1, (30, 2)) * [1.5, 0.5] @ [[0.8, 0.6], [-0.6, 0.8]]
_AXIS = np.linalg.eigh(_LONG.T @ _LONG)[1][:, 1].copy()
_ORDER = _RNG.permutation(30)
_START = _RNG.normal(0, 0.5, (3, 2))
# A network that was fitted to four clouds, and rows of which the inputs have moved.
_UNITS, _MOVED = 8, 24
_CORNERS = np.resize([[1.0, 1.0], [-1.0, 1.0], [-1.0, -1.0], [1.0, -1.0]], (_MOVED, 2))
_INNER, _INNER_BIAS = _RNG.normal(0, 1, (_UNITS, 2)), _RNG.normal(0, 0.5, _UNITS)
_X = _CORNERS + _RNG.normal(0, 0.3, (_MOVED, 2))
_OUTER = np.linalg.lstsq(np.maximum(_X @ _INNER.T + _INNER_BIAS, 0), 4.0 * np.resize(np.eye(2), (_MOVED, 2)),
                         rcond=None)[0].T
_PLAN, _NET = network_of([_INNER, _OUTER], [_INNER_BIAS, np.zeros(2)])
_SHIFTED = 0.7 * _X + 0.4
_SIZE = (2 * _NET.size + 2 * _UNITS * 2 + 14 * _UNITS + 3 + 2 * LINE * -(-_UNITS // LINE)
         + 3 * BLOCK * LINE * (-(-_UNITS // LINE) + 1) + _MOVED)


@kernel
def update_cells(compete, tau, length, power, work, cells):
    """The step of twelve neurons, each with a bump for its weights, by twelve samples with narrower bumps."""
    size = _N * _N
    w, x, d = work[:size].reshape((_N, _N)), work[size:size + _N], cells[:size].reshape((_N, _N))
    u, y = work[size + _N:size + 2 * _N], work[size + 2 * _N:size + 3 * _N]
    for k in range(_N):
        for i in range(_N):
            w[k, i], d[k, i] = exp(-0.1 * (i - k) * (i - k)), 0.0
        norm = kernels.length_of(w[k], power)
        for i in range(_N):
            w[k, i] *= length / norm
    for n in range(_N):
        for i in range(_N):
            x[i] = exp(-0.3 * (i - n) * (i - n))
        kernels.add_hebbian(compete, w, None, x, tau, power, u, y, d)
    kernels.scale_hebbian(w, 1.0, 1, power, False, False, d)


@kernel
def soft_naive_cells(tau, work, cells):
    update_cells(kernels.competition_naive, tau, 1.0, 2.0, work, cells)


@kernel
def soft_cells(tau, work, cells):
    update_cells(kernels.competition_row, tau, 1.0, 2.0, work, cells)


@kernel
def hard_cells(length, work, cells):
    update_cells(kernels.competition_row, 0.0, length, 2.0, work, cells)


@kernel
def anti_cells(tau, work, cells):
    update_cells(kernels.anti_competition_row, tau, 1.0, 2.0, work, cells)


@kernel
def power_cells(length, work, cells):
    update_cells(kernels.competition_row, 0.25, length, 3.0, work, cells)


@kernel
def steps_of_bias(share, x, work, y):
    """The step at each bias, and where it is 0."""
    for i in range(x.size):
        y[i] = kernels.bias_step(x[i], share, 0.5, 1.0)
    return 0.5 * log(share)


@kernel
def learn_rows(compete, neurons, inputs, tau, rate, state):
    """A step by the next ten of thirty rows; numbers of the state: weights, step, three rows, count."""
    size = 2 * neurons
    w, step = state[:size].reshape((neurons, 2)), state[size:2 * size].reshape((neurons, 2))
    rows = state[2 * size:2 * size + 3 * neurons].reshape((3, neurons))
    count = state[2 * size + 3 * neurons]
    first = 10 * (np.int64(count) % 3) if 0.0 <= count < 1e9 else 0
    kernels.soft_hebbian_step(compete, w, None, inputs, _ORDER, first, 10, tau, rate, 2.0, False, False, rows[0],
                              rows[1], rows[2], step)
    state[2 * size + 3 * neurons] += 1.0


@kernel
def start_rows(state):
    for k in range(3):
        state[2 * k], state[2 * k + 1] = _START[k, 0], _START[k, 1]


@kernel
def step_clouds(tau, state):
    learn_rows(kernels.competition_row, 3, _CLOUDS, tau, 0.1, state)


@kernel
def angle_to_nearest(state):
    """One less the cosine to the neuron that points best at a row, on average."""
    total = 0.0
    for n in range(_CLOUDS.shape[0]):
        best = -1.0
        for k in range(3):
            w = state[2 * k:2 * k + 2]
            cosine = kernels.drive_of(w, _CLOUDS[n], 2.0) / (kernels.length_of(w, 2.0)
                                                             * kernels.length_of(_CLOUDS[n], 2.0))
            best = max(best, cosine)
        total += (1.0 - best) / _CLOUDS.shape[0]
    return total


@kernel
def start_row(state):
    state[0], state[1] = -0.6, 1.0


@kernel
def step_long(rate, state):
    learn_rows(kernels.linear_row, 1, _LONG, 1.0, rate, state)


@kernel
def angle_to_axis(state):
    """The square of the sine of the angle to the leading eigenvector."""
    across = (state[0] * _AXIS[1] - state[1] * _AXIS[0]) / kernels.length_of(state[:2], 2.0)
    return across * across


@kernel(inline=True)
def shifted_in(state):
    """The rows behind all else of the state, since a pass takes numbers of one size."""
    x = state[_SIZE + 1:_SIZE + 1 + 2 * _MOVED].reshape((_MOVED, 2))
    for n in range(_MOVED):
        x[n, 0], x[n, 1] = _SHIFTED[n, 0], _SHIFTED[n, 1]
    return x


@kernel
def start_shifted(state):
    run = kernels.modulation_in(_PLAN, _NET, state, _MOVED)
    kernels.start_modulation(run)
    state[_SIZE] = kernels.modulated_entropy(run, shifted_in(state), False)


@kernel
def step_modulated(rate, state):
    run = kernels.modulation_in(_PLAN, _NET, state, _MOVED)
    kernels.modulation_step(run, shifted_in(state), 0.25, 0.01, rate)
    state[_SIZE] = kernels.modulated_entropy(run, shifted_in(state), False)


@kernel
def step_by_entropy(rate, state):
    run = kernels.modulation_in(_PLAN, _NET, state, _MOVED)
    kernels.modulation_step(run, shifted_in(state), 0.25, 0.0, rate)
    state[_SIZE] = kernels.modulated_entropy(run, shifted_in(state), False)


@kernel
def entropy_now(state):
    return state[_SIZE]


def _rows(rng, rows, columns):
    return rng.normal(size=(3, columns)), rng.normal(size=(rows, columns))


def _shares(rng, rows, columns):
    return rng.normal(size=columns), rng.dirichlet(np.ones(columns), rows)


def _network(rng, rows, columns):
    return [_INNER.copy(), _OUTER.copy()], [_INNER_BIAS.copy(), np.zeros(2)], rng.normal(size=(rows, 2))


_in_chapter = {"chapter": "competition", "family": "network"}
_share = partial(RowMap, function=networks.hebbian_competition, plot_range=(-8, 8), **_in_chapter,
                 gradient=Gradient(hebbian_competition_pull, kernels.competition_vjp_row, at="result"), numbers=(0.5,))
_update = partial(Matrix, function=networks.soft_hebbian_update, given=_rows, side=_N, work=_N * _N + 3 * _N,
                  entry="step", numbers=(), **_in_chapter)
_TAU, _LENGTH = ("temperature τ", 0.01, 10.0, 0.25), ("norm of the weights", 0.1, 3.0, 1.0)
_adaptation = partial(Iteration, function=networks.neuro_modulated_adaptation, init=start_shifted, measure=entropy_now,
                      size=_SIZE + 1 + 2 * _MOVED, numbers=(), given=_network,
                      knob=("rate of the modulator", 0.001, 0.3, 0.03),
                      steps=100, axis=Axis("mean entropy", (0, 0.7)), **_in_chapter)

METHODS = (
    _share("hebbian_competition", "Competition of neurons",
           r"y_k = \frac{e^{u_k / \tau}}{\sum_j e^{u_j / \tau}},\ \tau = \tfrac12", reference="moraitis2022softhebb",
           parameters=(("tau", 0.5),), holds=frozenset({"shift", "order", "zero_sum"}),
           variants=forms(naive=kernels.competition_naive, stable=kernels.competition_row)),
    _share("anti_hebbian_competition", "Competition, losers unlearn",
           r"y_k = \pm \operatorname{softmax}(u / \tau)_k,\ + \text{ for the largest } u_k", result=ENTRIES,
           reference="krotov2019unsupervised", parameters=(("tau", 0.5), ("rule", "anti")),
           holds=frozenset({"shift", "zero_sum"}),
           variants=forms(naive=kernels.anti_competition_naive, stable=kernels.anti_competition_row)),
    _update("soft_hebbian_update", "Soft Hebbian step", r"\Delta w_k = \eta\, \overline{y_k (x - u_k w_k)},\ y ="
            r" \operatorname{softmax}(u / \tau)", reference="moraitis2022softhebb", knob=_TAU,
            variants=forms(naive=soft_naive_cells, stable=soft_cells)),
    _update("hard_hebbian_update", "Hard winner-take-all step", r"\Delta w_k = \eta\, \overline{[k ="
            r" \operatorname{argmax} u] (x - u_k w_k)}", reference="grossberg1976adaptive", parameters=(("tau", 0.0),),
            knob=_LENGTH, variants=forms(stable=hard_cells)),
    _update("anti_hebbian_update", "Anti-Hebbian step", r"\Delta w_k = \eta\, \overline{\pm y_k (x - u_k w_k)}",
            reference="krotov2019unsupervised", parameters=(("rule", "anti"),), knob=_TAU,
            variants=forms(stable=anti_cells)),
    _update("power_hebbian_update", "Soft Hebbian step, p-norm", r"u_k = \textstyle\sum_i x_i"
            r" \operatorname{sgn}(w_{ki}) \lvert w_{ki} \rvert^{p - 1},\ p = 3", reference="krotov2019unsupervised",
            parameters=(("power", 3.0),), knob=_LENGTH, variants=forms(stable=power_cells)),
    Fit("hebbian_bias_update", "Bias as a log-prior", r"\Delta b_k = \eta\, (\bar y_k e^{-b_k / \tau} - 1)",
        networks.hebbian_bias_update, "moraitis2022softhebb", **_in_chapter, variants=forms(stable=steps_of_bias),
        given=_shares, knob=("mean share of the neuron", 0.02, 1.0, 0.2), x=Axis("bias b", (-2, 0.5)),
        y=Axis("step of the bias", (-1, 4)), found="The bias stays at"),
    Iteration("fit_soft_hebbian", "Soft Hebbian learning", r"w_k \leftarrow w_k + \Delta w_k",
              networks.fit_soft_hebbian, "moraitis2022softhebb", **_in_chapter, init=start_rows, step=step_clouds,
              measure=angle_to_nearest, size=22, numbers=(), parameters=(("neurons", 3), ("epochs", 2)),
              given=lambda rng, rows, columns: (rng.normal(size=(rows, columns)),), knob=_TAU, steps=300,
              axis=Axis("1 − cosine to the nearest", (0, 0.8))),
    Iteration("oja", "Oja's rule", r"\Delta w = \eta\, \overline{u (x - u w)},\ u = w^\top x",
              networks.fit_soft_hebbian, "oja1982simplified", **_in_chapter, init=start_row, step=step_long,
              measure=angle_to_axis, size=8, numbers=(), parameters=(("neurons", 1), ("rule", "linear"), ("epochs", 2)),
              given=lambda rng, rows, columns: (rng.normal(size=(rows, columns)),),
              knob=("learning rate η", 0.001, 0.5, 0.05), steps=200,
              axis=Axis("sin² of the angle to the eigenvector", (1e-6, 1.0), scale="log")),
    _adaptation("neuro_modulated_adaptation", "Neuro-modulated adaptation", r"W_1 \leftarrow W_1 + \Delta W,\ (g, c)"
                r" \leftarrow (g, c) - \eta \nabla \bar H", reference="tang2023neuro", parameters=(("steps", 2),),
                step=step_modulated),
    _adaptation("entropy_adaptation", "Entropy minimisation by gains", r"(g, c) \leftarrow (g, c) - \eta \nabla \bar H",
                reference="wang2021tent", parameters=(("steps", 2), ("hebbian", 0.0)), step=step_by_entropy),
)
