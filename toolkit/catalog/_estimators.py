"""Rows of estimators of a layer's information, on 24 rows of two ReLUs, or of two tanh units."""
from functools import partial

import numpy as np

from toolkit import information
from toolkit._core.kernel import kernel
from toolkit._core.numbers import in_format
from toolkit.catalog._fit import Fit
from toolkit.catalog._method import Gradient, forms
from toolkit.elementary import pow, tanh
from toolkit.formats import FLOAT16
from toolkit.information import kernels
from toolkit.information._kernel_density import kde_pull
from toolkit.live import Axis, Bars

__all__ = ["METHODS"]

_N, _UNITS, _MOST, _EDGES = 24, 2, 40, 10
_NUMBERS = _N * _UNITS
_PLAIN = np.random.default_rng(6).normal(0, 1, (_N, _UNITS))
_RELU = np.maximum(_PLAIN, 0.0)
_LABELS = np.zeros(_N, np.int64)
_EXPONENTS = FLOAT16.code & ~255  # without its fraction bits


@kernel
def scaled(s, t):
    for i in range(_N):
        for k in range(_UNITS):
            t[i, k] = s * _RELU[i, k]


@kernel(inline=True)
def bits_in_bins(how, bins, s, work):
    """Of all activations times s."""
    t, rest = work[:_NUMBERS].reshape((_N, _UNITS)), work[_NUMBERS:]
    levels, codes = rest[:_NUMBERS], rest[_NUMBERS:2 * _NUMBERS].reshape((_N, _UNITS))
    rest = rest[2 * _NUMBERS:]
    order, counts, edges = rest[:_N], rest[_N:_N + 1], rest[_N + 1:_N + 3 + np.int64(bins)]
    scaled(s, t)
    return kernels.binned_information_of(t, _LABELS, how, 0.0, 10.0, edges, levels, codes, counts, order)[0]


@kernel
def adaptive_bits(bins, x, work, y):
    for i in range(x.size):
        y[i] = bits_in_bins(0, bins, x[i], work)
    return bits_in_bins(0, bins, 1.0, work)


@kernel
def bits_over_range(bins, x, work, y):
    for i in range(x.size):
        y[i] = bits_in_bins(1, bins, x[i], work)
    return bits_in_bins(1, bins, 1.0, work)


@kernel
def bits_in_fixed_bins(bins, x, work, y):
    for i in range(x.size):
        y[i] = bits_in_bins(2, bins, x[i], work)
    return bits_in_bins(2, bins, 1.0, work)


def _with_noise(of, lower, scale):
    """The kernel of a bound over scales of the activations, in both forms."""
    def bits(variance, s, work):
        t, room = work[:_NUMBERS].reshape((_N, _UNITS)), work[_NUMBERS:_NUMBERS + 5 * _N].reshape((5, _N))
        scaled(s, t)
        return of(t, variance, lower, scale, room)

    bits.__name__ = bits.__qualname__ = f"{of.__name__}_{scale}_{lower}"
    bits = kernel(bits, inline=True)

    def curve(variance, x, work, y):
        for i in range(x.size):
            y[i] = bits(variance, x[i], work)
        return bits(variance, 1.0, work)

    curve.__name__ = curve.__qualname__ = f"{of.__name__}_curve_{scale}_{lower}"
    return kernel(curve)


@kernel
def noisy_naive(t, variance, lower, scale, room):
    return kernels.kde_naive(t, _LABELS, False, variance, lower, scale)


@kernel
def noisy_stable(t, variance, lower, scale, room):
    return kernels.kde_stable(t, _LABELS, variance, lower, scale, room)[0]


@kernel
def distinct_bits(digits, x, work, y):
    """Of tanh of all activations times x, in a format with so many fraction bits and the exponents of float16."""
    t, order = work[:_NUMBERS].reshape((_N, _UNITS)), work[_NUMBERS:_NUMBERS + _N]
    counts, code = work[_NUMBERS + _N:_NUMBERS + _N + 1], _EXPONENTS | np.int64(digits)
    found = 0.0
    for i in range(x.size):
        for row in range(_N):
            for k in range(_UNITS):
                t[row, k] = float(in_format(tanh(x[i] * _PLAIN[row, k]), code))
        y[i] = kernels.information_of_symbols(t, _LABELS, counts, order)[0]
        found = x[i] if y[i] > 4.5 else found
    return found


@kernel
def adaptive_edges(power, x, work, y):
    """Of activations to a power."""
    t, levels = work[:_NUMBERS].reshape((_N, _UNITS)), work[_NUMBERS:2 * _NUMBERS]
    for i in range(_N):
        for k in range(_UNITS):
            t[i, k] = pow(_RELU[i, k], power)
    kernels.fill_adaptive_edges(t, 0.0, levels, y)
    return y[_EDGES + 1]


def _layer(rng, rows, columns):
    return np.maximum(rng.normal(0, 1, (rows, columns)), 0.0), np.arange(rows) % 2


_SCALE, _BITS = Axis("factor of all activations", (0.1, 30.0), scale="log"), Axis("I(X; T) in bits", (0, 5))
_bits = partial(Fit, chapter="what_does_a_layer_know", family="information", given=_layer, x=_SCALE, y=_BITS,
                points=41, work=4 * _NUMBERS + _N + _MOST + 3 + 5 * _N, found="Bits at the factor 1", upright=False)
_binned = partial(_bits, function=information.binned_information, reference="chelombiev2019adaptive",
                  knob=("bins", 2.0, float(_MOST), 12.0), numbers=())
_noisy = partial(_bits, function=information.kde_information, reference="kolchinsky2017estimating",
                 knob=("κ", 0.001, 1.0, 0.1), numbers=(), gradient=Gradient(kde_pull))


def _noise(name, title, formula, **options):
    lower, scale = options.get("bound") == "lower", ("fixed", "max", "max_squared").index(options["scale"])
    return _noisy(name, title, formula, parameters=tuple(options.items()), variants=forms(
        naive=_with_noise(noisy_naive, lower, scale), stable=_with_noise(noisy_stable, lower, scale)))


METHODS = (
    _bits("distinct_information", "Information of distinct rows", r"H(T) = \sum_t \tfrac{n_t}{n} \log_2 \tfrac{n}{n_t}",
          information.distinct_information, "shannon1948mathematical", variants=forms(stable=distinct_bits),
          knob=("fraction bits of the format", 1.0, 10.0, 5.0), x=Axis("factor before tanh", (0.1, 30.0), scale="log"),
          found="The largest factor with 4.5 bits or more", upright=True),
    Fit("bin_edges", "Adaptive bin edges (EBAB)", r"a_k = u_{\lfloor k n_u / B \rfloor},\ u \text{: distinct levels}",
        information.bin_edges, "chelombiev2019adaptive", "what_does_a_layer_know", family="information",
        given=lambda rng, rows, columns: _layer(rng, rows, columns)[:1], parameters=(("bins", _EDGES), ("low", 0.0)),
        numbers=(), variants=forms(stable=adaptive_edges), knob=("power of all activations", 0.5, 2.0, 1.0),
        x=Axis("edge", (0, _EDGES + 1)), y=Axis("where it is", (0, 4)), points=_EDGES + 2, work=2 * _NUMBERS,
        mark=Bars, found="The last edge", upright=False),
    _binned("binned_information", "Information by adaptive bins", r"I(X; T) = H(b(T)),\ b \text{ by EBAB}",
            variants=forms(stable=adaptive_bits), parameters=(("low", 0.0),)),
    _binned("equal_bins_information", "Information by equal bins over the data",
            r"b = \lfloor B (t - \min T) / (\max T - \min T) \rfloor", variants=forms(stable=bits_over_range),
            parameters=(("edges", "range"),)),
    _binned("fixed_bins_information", "Information by fixed bins", r"b = \lfloor B t / 10 \rfloor",
            variants=forms(stable=bits_in_fixed_bins), parameters=(("edges", (0.0, 10.0)),)),
    _noise("kde_information", "Information by pairwise distances, upper bound",
           r"-\tfrac1n \sum_i \log_2 \tfrac1n \sum_j e^{-\lVert t_i - t_j \rVert^2 / 2 \sigma^2},\ \sigma^2 = \kappa",
           scale="fixed"),
    _noise("kde_lower_information", "Information by pairwise distances, lower bound",
           r"-\tfrac1n \sum_i \log_2 \tfrac1n \sum_j e^{-\lVert t_i - t_j \rVert^2 / 8 \sigma^2},\ \sigma^2 = \kappa",
           scale="fixed", bound="lower"),
    _noise("kde_information_of_max", "Information by distances, noise of the largest activation",
           r"\sigma^2 = \kappa \max \lvert T \rvert", scale="max"),
    _noise("kde_information_of_square", "Information by distances, noise of its square",
           r"\sigma^2 = \kappa \max \lvert T \rvert^2", scale="max_squared"),
)
