"""Rows of infinitely wide networks and of the largest learning rate, on a quarter of a circle or a few rows."""
import numpy as np

from toolkit import networks
from toolkit._core.kernel import kernel
from toolkit.activations.kernels import gelu_slope, gelu_value
from toolkit.catalog._bound import Bound
from toolkit.catalog._fit import Fit
from toolkit.catalog._matrix import Matrix
from toolkit.catalog._method import forms
from toolkit.elementary import sin
from toolkit.live import Axis, Bars
from toolkit.networks import kernels
from toolkit.networks._dual_activations import DUALS

__all__ = ["METHODS"]

_SIDE, _WIDEST = 12, 256
_RELU, _SINE, _OPTIMAL = (DUALS[name] for name in ("relu", "sine", "optimal"))
_RNG = np.random.default_rng(4)
_NORMALS = _RNG.normal(0, 1, 3 * _WIDEST)
_PLACES = np.sort(_RNG.uniform(0, 1, 16))
_LABELS = np.where(_RNG.uniform(0, 1, 16) < 0.25 + 0.6 * (_PLACES > 0.5), 1.0, -1.0)
# Rows of four numbers in three classes, and room for the normal weights of three layers.
_ROWS, _INPUTS, _CLASSES, _UNITS, _RATES, _STEPS = 12, 4, 3, 12, 25, 16
_CLASS = np.arange(_ROWS) % _CLASSES
_X = _RNG.normal(0, 0.7, (_ROWS, _INPUTS)) + np.eye(_INPUTS)[_CLASS] * 2
_DEEPEST = 6
_SEVERAL = _RNG.normal(0, 1, _INPUTS * _UNITS + (_DEEPEST - 1) * _UNITS * _UNITS + _UNITS * _CLASSES)


@kernel
def cosine_at(distance):
    """``(s, 1 - s)`` of two places on the quarter circle, by their distance from 0 to 1."""
    half = sin(0.25 * np.pi * distance)
    return 1.0 - 2.0 * half * half, 2.0 * half * half


@kernel
def dual_of_sine(a, x, work, y):
    for i in range(x.size):
        y[i] = kernels.dual_layer(_SINE, a, x[i], 1.0 - x[i])[0]
    return kernels.dual_layer(_SINE, a, 0.5, 0.5)[0]


@kernel
def deep_covariance(depth, work, cells):
    for i in range(_SIDE):
        for j in range(_SIDE):
            s, c = cosine_at(abs(i - j) / (_SIDE - 1.0))
            cells[i * _SIDE + j] = kernels.after_layers(_OPTIMAL, 1.0, np.int64(depth), 1.0, s, c)[0]


@kernel
def deep_tangents(depth, work, cells):
    """As shares of the diagonal, which is depth + 1."""
    for i in range(_SIDE):
        for j in range(_SIDE):
            s, c = cosine_at(abs(i - j) / (_SIDE - 1.0))
            cells[i * _SIDE + j] = kernels.after_layers(_RELU, 0.0, np.int64(depth), 1.0, s, c)[2] / (
                np.int64(depth) + 1.0)


@kernel
def tangents_of_width(width, work, cells):
    """Of a hidden layer with so many units, as a share of the infinitely wide one's diagonal."""
    m = np.int64(width)
    sizes, rates, w, rest = work[:3], work[3:5], work[5:5 + 3 * m], work[5 + 3 * m:]
    sizes[0], sizes[1], sizes[2] = 2.0, m, 1.0
    rates[0], rates[1] = 1.0, 2.0 / m
    for i in range(m):
        w[i], w[m + i] = _NORMALS[i], _NORMALS[_WIDEST + i]
        w[2 * m + i] = _NORMALS[2 * _WIDEST + i] * np.sqrt(2.0 / m)
    x, rest = rest[:2 * _SIDE].reshape((_SIDE, 2)), rest[2 * _SIDE:]
    for i in range(_SIDE):
        angle = 0.5 * np.pi * i / (_SIDE - 1.0)
        x[i, 0], x[i, 1] = sin(0.5 * np.pi - angle), sin(angle)
    units = _SIDE * (m + 1)
    h, d = rest[:units].reshape((_SIDE, m + 1)), rest[units:2 * units].reshape((_SIDE, m + 1))
    kernels.fill_signals_and_slopes(sizes, w, x, 0, h, d)
    for i in range(_SIDE):
        for j in range(_SIDE):
            cells[i * _SIDE + j] = 0.5 * kernels.tangent_of(sizes, rates, x[i], h[i], d[i], x[j], h[j], d[j])


@kernel
def moments_of_gelu(centred, x, work, y):
    """Dual at 0, its slope at 0 and at 1; returns the exponent, or 0 where depth leads to the majority."""
    y[0], y[1], y[2] = kernels.ratios_of(kernels.normal_moments(gelu_value, gelu_slope), centred)
    which, exponent = kernels.classifier_of(y[0], y[1], y[2])
    return exponent if which == 2 else 0.0


@kernel
def votes_on_the_arc(depth, x, work, y):
    """The vote at each place, and the share of places that it gives to +1."""
    sizes, share = work[:_PLACES.size], 0.0
    for i in range(x.size):
        for k in range(_PLACES.size):
            s, c = cosine_at(abs(x[i] - _PLACES[k]))
            sizes[k] = kernels.after_layers(_OPTIMAL, 1.0, np.int64(depth), 1.0, s, c)[1]
        y[i] = kernels.vote_of(sizes, _LABELS)
        share += (1.0 if y[i] > 0.0 else 0.0) / x.size
    return share


@kernel
def fill_several(width, depth, sizes, w):
    """Sizes and He's weights of a network on four numbers."""
    sizes[0], sizes[depth + 1] = _INPUTS, _CLASSES
    for layer in range(1, depth + 1):
        sizes[layer] = width
    place = 0
    for layer in range(1, depth + 2):
        deviation = np.sqrt(2.0 / sizes[layer - 1])
        for _ in range(np.int64(sizes[layer - 1] * sizes[layer])):
            w[place] = deviation * _SEVERAL[place]
            place += 1


@kernel
def quotients(width, x, work, y):
    """Rayleigh's quotient after each step of the power method, for two hidden layers."""
    m = np.int64(width)
    sizes, rest = work[:4], work[4:]
    n, units = _INPUTS * m + m * m + m * _CLASSES, 2 * m + _CLASSES
    w, v, out, rest = rest[:n], rest[n:2 * n], rest[2 * n:3 * n], rest[3 * n:]
    rooms = rest[:4 * units].reshape((4, units))
    fill_several(m, 2, sizes, w)
    for i in range(n):
        v[i] = 1.0 / np.sqrt(float(n))
    for t in range(_STEPS):
        y[t] = kernels.power_step(sizes, w, v, _X, _CLASS, 1.0, 0.0, True, rooms, out)
    return y[_STEPS - 1]


@kernel
def learned_shares(depth, x, work, y):
    """The share of right rows after twenty steps at each learning rate, and the largest rate that learns 80 %."""
    layers = np.int64(depth)
    sizes, rest = work[:layers + 2], work[layers + 2:]
    n = _INPUTS * _UNITS + (layers - 1) * _UNITS * _UNITS + _UNITS * _CLASSES
    units = layers * _UNITS + _CLASSES
    w, g, rest = rest[:n], rest[n:2 * n], rest[2 * n:]
    h, d = rest[:units], rest[units:2 * units]
    found = 0.0
    for i in range(_RATES):
        fill_several(_UNITS, layers, sizes, w)
        for _ in range(20):
            kernels.descend_on_rows(sizes, w, _X, _CLASS, 0, _ROWS, x[i], 0.1, h, d, g)
        y[i] = kernels.share_of_right_rows(sizes, w, _X, _CLASS, h)
        found = x[i] if y[i] >= 0.8 else found
    return found


def _unit(rng, rows, columns):
    """Rows in the positive orthant."""
    return np.abs(rng.normal(0, 1, (rows, columns))) + 0.01,


def _votes(rng, rows, columns):
    return (*_unit(rng, rows, columns), np.arange(rows) % 2 * 2 - 1, *_unit(rng, 3, columns))


def _network(rng, rows, columns):
    return networks.normal_weights((columns, 5, 3)), rng.normal(0, 1, (rows, columns))


def _labelled(rng, rows, columns):
    return rng.normal(0, 1, (rows, columns)), np.arange(rows) % 2


def _row(kind, name, title, formula, reference, of, given, **others):
    return kind(name, title, formula, getattr(networks, name), reference, "infinitely_wide", family="network",
                variants=forms(stable=of), given=given, **others)


METHODS = (
    _row(Fit, "dual_activation", "Dual activation",
         r"\check\varphi(s) = \mathbb{E}\, \varphi(u)\, \varphi(v),\ \mathbb{E}\, u v = s", "daniely2016toward",
         dual_of_sine, lambda rng, rows, columns: (rng.uniform(-1, 1, (rows, columns)),),
         knob=("a of the sine", 0.1, 14.0, 2.676), x=Axis("cosine s", (-1, 1)), y=Axis("dual of a sine", (-1, 1)),
         found="Dual at 1/2", upright=False),
    _row(Matrix, "nngp_kernel", "NNGP kernel", r"\Sigma_0 = x^\top x',\ \Sigma_l = \check\varphi(\Sigma_{l-1})",
         "lee2018deep", deep_covariance, _unit, knob=("depth L", 1.0, 100.0, 6.0), side=_SIDE, entry="Σ"),
    _row(Matrix, "neural_tangent_kernel", "Neural tangent kernel",
         r"K_l = \Sigma_l + K_{l-1}\, \check\varphi'(\Sigma_{l-1})", "jacot2018neural", deep_tangents, _unit,
         knob=("depth L", 1.0, 1000.0, 6.0), side=_SIDE, entry="K / K(x, x)"),
    _row(Matrix, "empirical_ntk", "Tangent kernel of a network",
         r"\Theta(x, x') = \textstyle\sum_w \tfrac{\partial f(x)}{\partial w} \tfrac{\partial f(x')}{\partial w}",
         "jacot2018neural", tangents_of_width, _network, knob=("units m", 1.0, float(_WIDEST), 32.0), side=_SIDE,
         work=5 + 3 * _WIDEST + 2 * _SIDE + 2 * _SIDE * (_WIDEST + 1), entry="Θ / 2"),
    _row(Fit, "limit_of_depth", "Limit of depth",
         r"\check\varphi(0) \neq 0;\ \check\varphi(0) = \check\varphi'(0) = 0;\ \text{else}",
         "radhakrishnan2023wide", moments_of_gelu, lambda rng, rows, columns: ("gelu",),
         knob=("share of the mean of GELU that is subtracted", 0.0, 1.0, 1.0),
         x=Axis("value at 0, slope at 0, slope at 1", (1, 3)), y=Axis("of the dual", (0, 3)), points=3, mark=Bars,
         found="Exponent of the singular kernel, or 0 for the majority", upright=False),
    Bound("singularity_exponent", "Exponent of the singular kernel",
          r"\alpha = -2 \ln \check\varphi'(0) / \ln \check\varphi'(1)", networks.singularity_exponent,
          "radhakrishnan2023wide", "infinitely_wide", family="network", variants=forms(stable=kernels.exponent_of_sine),
          plot_range=(1, 14), given=lambda a: (("sine",), {"parameter": float(a)}), coordinate="a of the sine",
          axis=Axis("exponent α", (0, 9))),
    _row(Fit, "kernel_classifier", "Classifier of infinite width",
         r"\operatorname{sign} \textstyle\sum_i \Sigma_L(x, x_i)\, y_i", "radhakrishnan2023wide", votes_on_the_arc,
         _votes, knob=("depth L", 1.0, 40.0, 20.0), x=Axis("place on the arc", (0, 1)), y=Axis("vote", (-1, 1)),
         work=_PLACES.size, found="Share of places given to +1", upright=False),
    _row(Fit, "sharpness", "Largest eigenvalue of the Hessian", r"\lambda_1 = \max_v v^\top H v / v^\top v",
         "pearlmutter1994fast", quotients,
         lambda rng, rows, columns: (networks.normal_weights((columns, 5, 2)), *_labelled(rng, rows, columns)),
         knob=("units m", 2.0, float(_UNITS), 8.0), x=Axis("step of the power method", (1, _STEPS)), points=_STEPS,
         y=Axis("Rayleigh's quotient", (0, 20)), work=4 + 3 * _SEVERAL.size + 4 * (2 * _UNITS + _CLASSES),
         found="Largest eigenvalue", upright=False),
    _row(Fit, "maximal_learning_rate", "Maximal initial learning rate",
         r"\eta^* = \max \{\eta : \text{accuracy} \geq 80\,\%\}", "iyer2023maximal", learned_shares,
         lambda rng, rows, columns: _labelled(rng, rows, columns), parameters=(("widths", (4,)), ("batch", 1)),
         numbers=(), knob=("hidden layers", 1.0, float(_DEEPEST), 2.0), points=_RATES,
         x=Axis("learning rate η", (2.0**-6, 2.0**4), scale="log"), y=Axis("share right after 20 steps", (0, 1)),
         work=_DEEPEST + 2 + 2 * _SEVERAL.size + 2 * (_DEEPEST * _UNITS + _CLASSES), found="Maximal learning rate"),
)
