"""Rows of bounds of a network's outputs, on two hidden units, three classes and a box around an input."""
import numpy as np

from toolkit import networks
from toolkit._core.kernel import kernel
from toolkit.catalog._bound import Bound
from toolkit.catalog._fit import Fit
from toolkit.catalog._iteration import Iteration
from toolkit.catalog._method import Gradient, forms
from toolkit.live import Axis
from toolkit.losses.kernels import cross_entropy_stable
from toolkit.networks import kernels
from toolkit.networks._given import network_of
from toolkit.networks._interval_gradient import (
    interval_loss_pull,
    interval_loss_pull_biases,
    regularizers_pull,
    regularizers_pull_biases,
)
from toolkit.networks.plan import weights_of

__all__ = ["METHODS"]

_WEIGHTS, _BIASES = [[[1, -1], [2, 0.5]], [[1, -1], [0.5, 1], [-1, 0.25]]], [[0.1, -0.2], [0, 0.1, 0]]
_PLAN, _NET = network_of(_WEIGHTS, _BIASES)
_LAYERS, _UNITS, _LABEL = 4 * 3 * 16, 16, 1
_ROOM = _LAYERS + 2 * _NET.size + 4 * _UNITS
_RELU = 0


@kernel(inline=True)
def row_of(work, place):
    """A row of numbers behind the layers."""
    return work[_LAYERS + place * _UNITS:_LAYERS + (place + 1) * _UNITS]


@kernel(inline=True)
def box_in(work, first, epsilon):
    """The layers, with the box around the input (first, -0.2)."""
    layers = kernels.layers_in(work, _PLAN)
    layers.low_after[0, 0], layers.high_after[0, 0] = first - epsilon, first + epsilon
    layers.low_after[0, 1], layers.high_after[0, 1] = -0.2 - epsilon, -0.2 + epsilon
    return layers


@kernel
def by_intervals(first, epsilon, work):
    layers = box_in(work, first, epsilon)
    kernels.interval_forward(_PLAN, _NET, _RELU, layers)
    return layers.high[2, 0]


@kernel
def by_lines(first, epsilon, work):
    layers = box_in(work, first, epsilon)
    kernels.linear_forward(_PLAN, _NET, 0, layers, row_of(work, 0), row_of(work, 1))
    return layers.high[2, 0]


@kernel
def steepness(first, epsilon, work):
    layers = box_in(work, first, epsilon)
    kernels.interval_forward(_PLAN, _NET, _RELU, layers)
    return kernels.jacobian_bounds(_PLAN, _NET, layers, 0, row_of(work, 0), row_of(work, 1))


@kernel
def margins(first, epsilon, work):
    """Bounds of the margins over the label; the largest of the other classes."""
    layers, out = box_in(work, first, epsilon), row_of(work, 0)[:3]
    kernels.interval_forward(_PLAN, _NET, _RELU, layers)
    kernels.elided_margins(_PLAN, _NET, layers.low_after[1], layers.high_after[1], _LABEL, out)
    return max(out[0], out[2])


@kernel
def worst_loss(first, epsilon, work):
    margins(first, epsilon, work)
    return cross_entropy_stable(row_of(work, 0)[:3], _LABEL, row_of(work, 1)[:3])


@kernel
def likeliest(of, lead, radius, work):
    """The upper bound of the first of three probabilities."""
    low, high = row_of(work, 0)[:3], row_of(work, 1)[:3]
    for k in range(3):
        z = lead if k == 0 else 1.0 - k
        low[k], high[k] = z - radius, z + radius
    of(low, high, row_of(work, 2)[:3], row_of(work, 3)[:3])
    return row_of(work, 3)[0]


@kernel
def likeliest_naive(lead, radius, work):
    return likeliest(kernels.softmax_bounds_naive, lead, radius, work)


@kernel
def likeliest_stable(lead, radius, work):
    return likeliest(kernels.softmax_bounds_row, lead, radius, work)


def _over_radius(of):
    """A kernel that fills ``of`` at each radius, and gives it without a box."""
    def curve(knob, x, work, y):
        for i in range(x.size):
            y[i] = of(knob, x[i], work)
        return of(knob, 0.0, work)

    curve.__name__ = curve.__qualname__ = f"{of.__name__}_over_radius"
    return kernel(curve)


@kernel
def certified_radius(first, x, work, y):
    """The largest margin at each radius, and the radius up to which it is below 0, by halving."""
    for i in range(x.size):
        y[i] = margins(first, x[i], work)
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = 0.5 * (low + high)
        if margins(first, middle, work) < 0.0:
            low = middle
        else:
            high = middle
    return low


@kernel
def tightness_of_weight(other, x, work, y):
    """The tightness of output 1 with the last weight of each x; the least."""
    net, out = work[:_NET.size], work[_NET.size:_NET.size + 1]
    for i in range(_NET.size):
        net[i] = _NET[i]
    least, w = 1.0, weights_of(net, _PLAN, 2)
    weights_of(net, _PLAN, 1)[1, 0] = other
    for i in range(x.size):
        w[1, 0] = x[i]
        kernels.tightness_row(_PLAN, net, _RADII, _RADII[:0], work[_NET.size + 1:], out)
        y[i] = out[0]
        least = min(least, out[0])
    return least


@kernel
def tightness_loss(gain, tolerance, work):
    """The regulariser for tightness, with so many times the weights of the first layer."""
    net = work[:_NET.size]
    for i in range(_NET.size):
        net[i] = _NET[i]
    w = weights_of(net, _PLAN, 1)
    for i in range(2):
        for j in range(2):
            w[i, j] *= gain
    pass_of = kernels.interval_work_in(work[_NET.size:], _PLAN, 1)
    pass_of.centre[0, 0, 0], pass_of.centre[0, 0, 1] = 0.5, -0.2
    pass_of.radius[0, 0, 0], pass_of.radius[0, 0, 1] = 0.5, 0.5
    kernels.interval_pass(_PLAN, net, 1, pass_of)
    return kernels.interval_statistics(_PLAN, 1, tolerance, 0.0, 0.0, pass_of)[0]


@kernel
def tightness_over_gains(tolerance, x, work, y):
    for i in range(x.size):
        y[i] = tightness_loss(x[i], tolerance, work)
    return tightness_loss(1.0, tolerance, work)


@kernel
def gap_of_line(high):
    return kernels.upper_line(-10.0, high)[1]


_RADII = np.ones(2)
# Two half circles of 20 points each, which a line cannot part.
_TURN = np.linspace(0, np.pi, 20)
_MOONS = np.concatenate([np.stack([np.cos(_TURN), np.sin(_TURN)], 1),
                         np.stack([1 - np.cos(_TURN), 0.5 - np.sin(_TURN)], 1)])
_MOON_LABELS = np.repeat([0, 1], 20)
_RNG = np.random.default_rng(1)
_MOON_PLAN, _FIRST = network_of([_RNG.normal(0, np.sqrt(2 / n), (m, n)) for m, n in ((8, 2), (8, 8), (2, 8))])
_RUN = 5 * _FIRST.size + 3 + 4 * 3 * len(_MOONS) * 16 + 4 * 16 + 2 * 2 + 3 * 8


@kernel
def start_moons(state):
    run = kernels.certified_run_in(_MOON_PLAN, _MOON_LABELS, state)
    for i in range(_FIRST.size):
        run.parameters[i] = _FIRST[i]
    run.clock[1], run.clock[2] = 1.0, 1.0
    for i in range(_MOON_LABELS.size):
        for k in range(2):
            run.work.centre[0, i, k] = _MOONS[i, k]
    state[_RUN], _ = kernels.certified_accuracy(run, 0.0, True)


@kernel
def step_moons(epsilon, state):
    run = kernels.certified_run_in(_MOON_PLAN, _MOON_LABELS, state)
    state[_RUN], _, _, _ = kernels.certified_step(run, epsilon, 0.0, 0.5, True, kernels.certified_settings(0.02))


@kernel
def loss_of_moons(state):
    return state[_RUN]


def _boxes(rng, rows, columns):
    x = rng.normal(0, 1, (rows, 2))
    return [np.array(w, float) for w in _WEIGHTS], [np.array(b, float) for b in _BIASES], x - 0.25, x + 0.25


def _labelled(rng, rows, columns):
    return *_boxes(rng, rows, columns), np.arange(rows) % 3


def _logits(rng, rows, columns):
    z = rng.normal(0, 2, (rows, columns))
    return z - 0.5, z + 0.5


_INPUT = ("first input x₁", -1.0, 1.0, 0.5)
_EPSILON = Axis("radius of the box ε", (0.0, 0.5))


def _bound(name, title, formula, reference, of, y, found, *, given=_boxes, knob=_INPUT, upright=False, x=_EPSILON,
           **others):
    of = {"stable": of} if not isinstance(of, dict) else of
    return Fit(name, title, formula, getattr(networks, name), reference, "promises_about_outputs", family="network",
               variants=forms(**of), given=given, knob=knob, x=x, y=y, work=_ROOM, found=found, upright=upright,
               **others)


METHODS = (
    _bound("interval_bounds", "Interval bounds", r"c' = W c + b,\ r' = \lvert W \rvert r,\ [f(l), f(u)]",
           "gowal2018effectiveness", _over_radius(by_intervals), Axis("upper bound of output 1", (-1, 3)),
           "Output 1 at the input itself"),
    _bound("linear_bounds", "Linear relaxations (CROWN, DeepPoly)",
           r"\alpha x \le \operatorname{relu}(x) \le \tfrac{u (x - l)}{u - l},\ \text{substituted back}",
           "zhang2018efficient", _over_radius(by_lines), Axis("upper bound of output 1", (-1, 3)),
           "Output 1 at the input itself"),
    Bound("relu_relaxation", "Relaxations of a ReLU",
          r"y \ge 0,\ y \ge x,\ y \le \tfrac{u (x - l)}{u - l};\ \text{area } -\tfrac{l u}{2}",
          networks.relu_relaxation, "singh2019abstract", "promises_about_outputs", family="network",
          variants=forms(stable=gap_of_line), plot_range=(0, 40),
          given=lambda high: (([-10.0], [float(high)]), {}), coordinate="upper end u, beside l = −10",
          axis=Axis("gap of the upper line at 0", (0, 10))),
    _bound("softmax_bounds", "Bounds of softmax",
           r"p_k \in [\sigma(l_k - \operatorname{lse}_{j \ne k} u_j), \sigma(u_k - \operatorname{lse}_{j \ne k} l_j)]",
           "wei2023convex", {"naive": _over_radius(likeliest_naive), "stable": _over_radius(likeliest_stable)},
           Axis("upper bound of p₁", (0, 1)), "The share p₁ without a box", given=_logits,
           knob=("lead of the first logit", -4.0, 4.0, 0.5), x=Axis("radius of the logits", (0.0, 4.0))),
    _bound("margin_bounds", "Bounds of margins, last layer elided",
           r"\bar m_j = \max_{h \in [l, u]} (W_j - W_y) h + b_j - b_y", "gowal2018effectiveness",
           {"stable": certified_radius}, Axis("largest bound of z_j − z_y", (-2, 2)),
           "The label is certified up to a radius of", given=_labelled, upright=True),
    _bound("interval_loss", "Interval loss (IBP)", r"L = \log\bigl(1 + \sum_{j \ne y} e^{\bar m_j}\bigr)",
           "gowal2018effectiveness", _over_radius(worst_loss), Axis("bound of the loss", (0, 3)),
           "Loss without a box", given=_labelled,
           gradient=Gradient(interval_loss_pull, others=(("biases", interval_loss_pull_biases),))),
    _bound("interval_regularizers", "Regularisers of the warm-up",
           r"\tfrac1L \sum_i \tfrac{(t - r_0 / r_i)_+}{t},\ \text{and the balance of ReLUs}", "shi2021fast",
           {"stable": tightness_over_gains}, Axis("tightness", (0, 1)), "With the weights as they are", given=_boxes,
           knob=("share of the radius that is asked for, t", 0.3, 1.0, 0.5),
           x=Axis("factor of the first weights", (0.1, 10.0), scale="log"),
           gradient=Gradient(regularizers_pull, others=(("biases", regularizers_pull_biases),))),
    Bound("interval_deviation", "First weights for intervals", r"w \sim N(0, 2 \pi / n^2)",
          networks.interval_deviation, "shi2021fast", "promises_about_outputs", family="network",
          variants=forms(stable=kernels.deviation_of_interval_weights), plot_range=(1, 200),
          given=lambda n: ((int(n),), {}), coordinate="inputs of a unit n", axis=Axis("standard deviation", (0, 2.6))),
    Iteration("fit_certified", "Certified training", r"\min_\theta \tfrac1n \sum_i L(x_i \pm \epsilon, y_i)",
              networks.fit_certified, "shi2021fast", "promises_about_outputs", family="network", init=start_moons,
              step=step_moons, measure=loss_of_moons, size=_RUN + 1, numbers=(),
              parameters=(("steps", 3), ("widths", (4,))),
              given=lambda rng, rows, columns: (rng.normal(size=(rows, 2)), np.arange(rows) % columns),
              knob=("radius of the box ε", 0.001, 0.5, 0.1), steps=300,
              axis=Axis("mean interval loss", (1e-4, 10.0), scale="log")),
    _bound("propagation_tightness", "Propagation tightness",
           r"\tau = \frac{\lvert W_L \cdots W_1 \rvert \epsilon}{\lvert W_L \rvert \cdots \lvert W_1 \rvert \epsilon}",
           "mao2024understanding", {"stable": tightness_of_weight}, Axis("tightness τ", (0, 1)),
           "The least tightness",
           given=lambda rng, rows, columns: ([rng.normal(size=(4, 3)), rng.normal(size=(2, 4))],),
           knob=("a weight of the first layer", -4.0, 4.0, -1.0), x=Axis("weight of the last layer", (-4.0, 4.0))),
    _bound("local_lipschitz", "Local Lipschitz constant", r"\max_k \sum_j \max_{x} \lvert J_{kj}(x) \rvert,\ J \in"
           r" W_L [d_{L-1}] \cdots [d_1] W_1", "shi2022efficiently", _over_radius(steepness),
           Axis("bound of the slope of output 1", (0, 6)), "The slope at the input itself"),
)
