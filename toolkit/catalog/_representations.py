"""Rows of losses of a batch of features: Barlow Twins, and the divergence of Cauchy and Schwarz."""
from functools import partial

import numpy as np

from toolkit import representations
from toolkit._core.kernel import kernel
from toolkit.catalog._bound import Bound
from toolkit.catalog._fit import Fit
from toolkit.catalog._matrix import Matrix
from toolkit.catalog._method import Gradient, forms
from toolkit.live import Axis
from toolkit.representations import kernels
from toolkit.representations._barlow_twins import barlow_twins_gradients
from toolkit.representations._cauchy_schwarz import cauchy_schwarz_gradients
from toolkit.representations._cauchy_schwarz_bottleneck import (
    cauchy_schwarz_bottleneck_gradients,
    cauchy_schwarz_information_gradients,
    conditional_cauchy_schwarz_gradients,
)
from toolkit.representations._mixed_barlow_twins import mixed_barlow_gradients

__all__ = ["METHODS"]

_N, _D, _WIDE = 12, 4, 12
_RNG = np.random.default_rng(11)
_FIRST, _NOISE = _RNG.normal(size=(_N, _WIDE)), _RNG.normal(size=(_N, _WIDE))
_DEALT = _RNG.permutation(_N)
_LINE, _SPREAD = np.linspace(-1.5, 1.5, _N), np.sin(3.0 * np.arange(_N))

@kernel(inline=True)
def views(noise, columns, work):
    """Two views, and room of twelve tables of their size, the last of which is for scales."""
    size = _N * columns
    x, y = work[:size].reshape((_N, columns)), work[size:2 * size].reshape((_N, columns))
    for i in range(_N):
        for k in range(columns):
            x[i, k], y[i, k] = _FIRST[i, k], _FIRST[i, k] + noise * _NOISE[i, k]
    return x, y


def _correlations(standardize):
    def correlations(noise, work, cells):
        x, y = views(noise, _WIDE, work)
        size = _N * _WIDE
        a, b = work[2 * size:3 * size].reshape((_N, _WIDE)), work[3 * size:4 * size].reshape((_N, _WIDE))
        standardize(x, 0, 0.0, a, work[4 * size:4 * size + _WIDE])
        standardize(y, 0, 0.0, b, work[4 * size:4 * size + _WIDE])
        kernels.correlation_of(a, b, cells[:_WIDE * _WIDE].reshape((_WIDE, _WIDE)))

    correlations.__name__ = correlations.__qualname__ = f"correlations_{standardize.__name__}"
    return kernel(correlations)


@kernel(inline=True)
def loss_of_noise(standardize, weight, noise, work):
    x, y = views(noise, _D, work)
    size = _N * _D
    standardize(x, 0, 0.0, x, work[2 * size:2 * size + _D])
    standardize(y, 0, 0.0, y, work[2 * size:2 * size + _D])
    c = work[2 * size + _D:2 * size + _D + _D * _D].reshape((_D, _D))
    kernels.correlation_of(x, y, c)
    return kernels.barlow_twins_of(c, weight)


@kernel
def twins_over_noise(weight, x, work, y):
    for i in range(x.size):
        y[i] = loss_of_noise(kernels.standardize, weight, x[i], work)
    return loss_of_noise(kernels.standardize, weight, 1.0, work)


@kernel
def floor_at(features):
    return kernels.decorrelation_floor_of(16.0, features, 0.0051)


@kernel(inline=True)
def mixed_at(share, bend, work):
    """The term of a network that bends its mixtures: the embedding of a mixture is off by so much."""
    x, y = views(0.5, _D, work)
    size = _N * _D
    m, dealt = work[2 * size:3 * size].reshape((_N, _D)), work[3 * size:4 * size].reshape((_N, _D))
    idle, tables = work[4 * size:5 * size].reshape((_N, _D)), work[5 * size:5 * size + 2 * _D * _D]
    for i in range(_N):
        for k in range(_D):
            m[i, k] = share * x[i, k] + (1.0 - share) * y[_DEALT[i], k] + bend * _NOISE[i, _D + k]
    kernels.standardize(x, 1, 0.0, x, work[6 * size:6 * size + _D])
    kernels.standardize(y, 1, 0.0, y, work[6 * size:6 * size + _D])
    kernels.standardize(m, 1, 0.0, m, work[6 * size:6 * size + _D])
    for i in range(_N):
        for k in range(_D):
            dealt[i, k] = y[_DEALT[i], k]
    return kernels.mixed_term_of(x, y, m, dealt, share, False, tables.reshape((2, _D, _D)), 0.0, idle, idle, idle, idle)


@kernel
def mixed_over_bend(share, x, work, y):
    for i in range(x.size):
        y[i] = mixed_at(share, x[i], work)
    return mixed_at(share, 1.0, work)


@kernel(inline=True)
def column(work, place):
    return work[place * _N:(place + 1) * _N].reshape((_N, 1))


def _over_gaps(of):
    def over_gaps(sigma, x, work, y):
        a, b = column(work, 0), column(work, 1)
        for step in range(x.size + 1):
            gap = x[step] if step < x.size else 3.0
            for i in range(_N):
                a[i, 0], b[i, 0] = _LINE[i], _LINE[i] + gap
            found = of(a, b, sigma)
            if step == x.size:
                return found
            y[step] = found
        return 0.0

    over_gaps.__name__ = over_gaps.__qualname__ = f"{of.__name__}_over_gaps"
    return kernel(over_gaps)


@kernel
def normals_at(gap):
    return kernels.cauchy_schwarz_of_normals_of(gap, 1.0, 2.0, 0.0)


@kernel(inline=True)
def shared_at(sigma, noise, work):
    x, t = column(work, 0), column(work, 1)
    for i in range(_N):
        x[i, 0], t[i, 0] = _LINE[i], _LINE[i] + noise * _SPREAD[i]
    return kernels.cauchy_schwarz_information_of(x, t, sigma, work[2 * _N:4 * _N].reshape((2, _N)))


@kernel
def shared_over_noise(sigma, x, work, y):
    for i in range(x.size):
        y[i] = shared_at(sigma, x[i], work)
    return shared_at(sigma, 1.0, work)


@kernel(inline=True)
def missed_at(sigma, error, work):
    """The conditional divergence of predictions that are off by so much."""
    x, y, predicted = column(work, 0), column(work, 1), column(work, 2)
    for i in range(_N):
        x[i, 0], y[i, 0] = _LINE[i], _LINE[i] * _LINE[i]
        predicted[i, 0] = y[i, 0] + error * _SPREAD[i]
    return kernels.conditional_cauchy_schwarz_of(x, predicted, y, sigma)


@kernel
def missed_over_error(sigma, x, work, y):
    for i in range(x.size):
        y[i] = missed_at(sigma, x[i], work)
    return missed_at(sigma, 1.0, work)


@kernel(inline=True)
def bottleneck_at(beta, kept, work):
    """The objective where predictions are better, the more is kept of the input."""
    fits = missed_at(1.0, 2.0 * (1.0 - kept), work)
    x, t, room = column(work, 0), column(work, 3), work[4 * _N:6 * _N].reshape((2, _N))
    for i in range(_N):
        t[i, 0] = kept * x[i, 0]
    shared, of_x, of_t = (kernels.cauchy_schwarz_information_of(x, t, 1.0, room),
                          kernels.cauchy_schwarz_information_of(x, x, 1.0, room),
                          kernels.cauchy_schwarz_information_of(t, t, 1.0, room))
    return fits + (beta * shared / np.sqrt(of_x * of_t) if of_x * of_t > 0.0 else 0.0)


@kernel
def bottleneck_over_kept(beta, x, work, y):
    """Over shares that are kept; the share of the least."""
    best = 0
    for i in range(x.size):
        y[i] = bottleneck_at(beta, x[i], work)
        best = i if y[i] < y[best] else best
    return x[best]


def _views(rng, rows, columns):
    return rng.normal(size=(rows, columns)), rng.normal(size=(rows, columns))


def _mixtures(rng, rows, columns):
    x, y = _views(rng, rows, columns)
    order = rng.permutation(rows)
    return x, y, 0.3 * x + 0.7 * y[order], order, 0.3


def _predictions(rng, rows, columns):
    return tuple(rng.normal(size=(rows, each)) for each in (1, 1, columns))


def _with_codes(rng, rows, columns):
    return *_predictions(rng, rows, columns), rng.normal(size=(rows, 2))


_ROW = {"chapter": "shapes_of_representations", "family": "representation"}
_fit = partial(Fit, **_ROW, numbers=(), upright=False)
_SIGMA = "width of the bumps σ", 0.2, 3.0, 1.0
_normal = representations.cauchy_schwarz_of_normals

METHODS = (
    Matrix("cross_correlation", "Cross-correlation of two views", r"C = X^\top Y / N,\ \text{columns standardised}",
           representations.cross_correlation, "zbontar2021barlow", **_ROW, given=_views, numbers=(),
           variants=forms(naive=_correlations(kernels.standardize_naive), stable=_correlations(kernels.standardize)),
           knob=("noise of the second view", 0.01, 10.0, 0.3), side=_WIDE, work=5 * _N * _WIDE, entry="correlation"),
    _fit("barlow_twins_loss", "Barlow Twins", r"L = \sum_i (C_{ii} - 1)^2 + \lambda \sum_{i \ne j} C_{ij}^2",
         representations.barlow_twins_loss, "zbontar2021barlow", given=_views, variants=forms(stable=twins_over_noise),
         gradient=Gradient.by_name(barlow_twins_gradients, "y"), knob=("weight λ", 0.0, 0.5, 0.0051),
         x=Axis("noise of the second view", (0.0, 5.0)), y=Axis("loss", (0, 5)), work=4 * _N * _D,
         found="The loss at a noise of 1"),
    Bound("decorrelation_floor", "Floor of decorrelation",
          r"L \ge \lambda \bigl( \tfrac{D^2}{N - 1} - D \bigr),\ N = 16", representations.decorrelation_floor,
          "zbontar2021barlow", **_ROW, variants=forms(stable=floor_at), plot_range=(1, 101),
          given=lambda features: ((16, int(features)), {}), coordinate="features D", axis=Axis("least loss", (0, 3))),
    _fit("mixed_barlow_twins", "Mixed Barlow Twins", r"\lVert C(m, x) - T_1 \rVert^2 + \lVert C(m, y) - T_2 \rVert^2",
         representations.mixed_barlow_twins, "bandara2023mixed", given=_mixtures,
         variants=forms(stable=mixed_over_bend), gradient=Gradient.by_name(mixed_barlow_gradients, "y", "mixed"),
         knob=("share of the first view a", 0.0, 1.0, 0.3), x=Axis("how far mixtures are bent", (0.0, 3.0)),
         y=Axis("mixed term", (0, 8)), work=8 * _N * _D, found="The term, bent by 1"),
    _fit("cauchy_schwarz_divergence", "Cauchy-Schwarz divergence",
         r"\log \overline{K_{xx}} + \log \overline{K_{yy}} - 2 \log \overline{K_{xy}}",
         representations.cauchy_schwarz_divergence, "yu2024cauchy", given=_views,
         variants=forms(naive=_over_gaps(kernels.cauchy_schwarz_naive), stable=_over_gaps(kernels.cauchy_schwarz_of)),
         gradient=Gradient.by_name(cauchy_schwarz_gradients, "y"), knob=_SIGMA, x=Axis("gap", (0.0, 10.0)),
         y=Axis("divergence", (0, 50)), work=2 * _N, found="The divergence at a gap of 3"),
    Bound("cauchy_schwarz_of_normals", "Cauchy-Schwarz divergence of normal laws",
          r"\tfrac{d^2}{s^2 + t^2} + \log \tfrac{s^2 + t^2}{2 s t},\ s = 1,\ t = 2", _normal, "yu2024cauchy", **_ROW,
          variants=forms(stable=normals_at), plot_range=(0, 20), given=lambda gap: ((gap, 1.0, 2.0), {}),
          coordinate="gap of the means d", axis=Axis("divergence", (0, 80))),
    _fit("cauchy_schwarz_information", "Cauchy-Schwarz mutual information",
         r"\log \tfrac{\operatorname{tr}(K_x K_y)\, \sum K_x \sum K_y}{(1^\top K_x K_y 1)^2}",
         representations.cauchy_schwarz_information, "yu2024cauchy", given=_views,
         variants=forms(stable=shared_over_noise), gradient=Gradient.by_name(cauchy_schwarz_information_gradients, "y"),
         knob=_SIGMA, x=Axis("noise of the copy", (0.0, 3.0)), y=Axis("information", (0, 1)), work=4 * _N,
         found="The information at a noise of 1"),
    _fit("conditional_cauchy_schwarz", "Conditional Cauchy-Schwarz divergence",
         r"\log \sum_i \tfrac{\sum_j K_{ij} L_{ij}}{\sum_j K_{ij}^2},\ L \text{ of } yy, \hat y \hat y, -2\ \hat y y",
         representations.conditional_cauchy_schwarz, "yu2024cauchy", given=_predictions,
         variants=forms(stable=missed_over_error), gradient=Gradient.by_name(conditional_cauchy_schwarz_gradients, "y"),
         knob=_SIGMA, x=Axis("error of the predictions", (0.0, 3.0)), y=Axis("divergence", (0, 3)), work=3 * _N,
         found="The divergence at an error of 1"),
    _fit("cauchy_schwarz_bottleneck", "Cauchy-Schwarz bottleneck",
         r"D(y; \hat y \mid x) + \beta I(x; t) / \sqrt{I(x; x) I(t; t)}".replace(r"\mid", r"\text{ given }"),
         representations.cauchy_schwarz_bottleneck, "yu2024cauchy", given=_with_codes,
         variants=forms(stable=bottleneck_over_kept),
         gradient=Gradient.by_name(cauchy_schwarz_bottleneck_gradients, "representation"),
         knob=("weight of what is kept β", 0.0, 3.0, 0.5), x=Axis("share that is kept", (0.0, 1.0)),
         y=Axis("objective", (0, 3)), work=6 * _N, found="The share of the least", upright=True),
)
