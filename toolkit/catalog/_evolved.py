"""Rows of evolved normalisation-activations, of splines' and activations' bases, and of periodic binarisation."""
from functools import partial

import numpy as np

from toolkit import activations, networks
from toolkit._core.kernel import kernel
from toolkit.activations import _periodic_errors, kernels
from toolkit.activations._evonorm_b0 import evonorm_b0_gradients
from toolkit.activations._evonorm_s0 import evonorm_s0_gradients
from toolkit.catalog._bound import Bound
from toolkit.catalog._elementwise import Surrogate
from toolkit.catalog._fit import Fit
from toolkit.catalog._kernels import at_value
from toolkit.catalog._matrix import Matrix, filled_by
from toolkit.catalog._method import Gradient, forms
from toolkit.elementary import sin
from toolkit.live import Axis
from toolkit.networks import kernels as of_networks
from toolkit.networks._af_kan import af_kan_pull
from toolkit.networks._kan_bases import relu_kan_pull, spline_pull
from toolkit.networks._kan_layer import kan_layer_gradients

__all__ = ["METHODS"]

_N = 12
_CHAPTER = "learned_activations"
_WEIGHTS = np.random.default_rng(5).laplace(0, 1, 48)


@kernel(inline=True)
def square(numbers):
    return numbers[:_N * _N].reshape((_N, _N))


@kernel
def fill_maps(work):
    """Twelve samples of one channel, each with a mean and a spread of its own."""
    x = square(work)
    for i in range(_N):
        for j in range(_N):
            x[i, j] = 1.5 * sin(0.9 * i) + (0.3 + 0.15 * i) * sin(1.7 * j + 2.3 * i * j)


@kernel
def b0_cells(moments, v, work, cells):
    fill_maps(work)
    kernels.evonorm_b0_channel(moments, square(work), v, 1.0, 0.0, 1e-5, -1.0, square(cells))


@kernel
def s0_cells(moments, v, work, cells):
    """Each row is a sample with one group of one channel."""
    fill_maps(work)
    x, out, of_channel = square(work), square(cells), work[_N * _N:_N * _N + 3].reshape((3, 1))
    of_channel[0, 0], of_channel[1, 0], of_channel[2, 0] = v, 1.0, 0.0
    for i in range(_N):
        kernels.evonorm_s0_group(moments, x[i:i + 1], of_channel[0], of_channel[1], of_channel[2], 1e-5, out[i:i + 1])


@kernel
def basis_cells(basis, reach, work, cells):
    """Function i at x = reach j / 11, with nine cells from 0 to 1."""
    for j in range(_N):
        basis(reach * j / (_N - 1.0), 9, 3, 0.0, 1.0, work)
        for i in range(_N):
            cells[i * _N + j] = work[i]


@kernel
def layer_cells(reach, work, cells):
    """Twelve outputs at twelve inputs: each edge a wave, sampled at the middles of the splines."""
    weight, features = work[:_N * _N].reshape((_N, 1, _N)), work[_N * _N:_N * _N + _N].reshape((1, _N))
    x, bias = work[_N * _N + _N:_N * _N + _N + 1], work[_N * _N + 2 * _N:_N * _N + 3 * _N]
    for o in range(_N):
        bias[o] = 0.0
        for i in range(_N):
            weight[o, 0, i] = 0.5 + 0.5 * sin((0.3 + 0.1 * o) * i)
    for j in range(_N):
        x[0] = reach * j / (_N - 1.0)
        out = work[_N * _N + 3 * _N:_N * _N + 4 * _N]
        of_networks.kan_layer_row(0, x, weight, bias, 3, 0.0, 1.0, features, out)
        for o in range(_N):
            cells[o * _N + j] = out[o]


@kernel
def mean_sine(scale, omega, power):
    """``mean |sin(ω w)|^power`` of 48 weights with a Laplace density of this scale."""
    total = 0.0
    for i in range(len(_WEIGHTS)):
        size = abs(kernels.biper_sine_value(scale * _WEIGHTS[i], omega))
        total += size if power == 1 else size * size
    return total / len(_WEIGHTS)


@kernel
def spread_at(scale, omega):
    mean = mean_sine(scale, omega, 1)
    return mean_sine(scale, omega, 2) - mean * mean


@kernel
def penalty_at(scale, omega):
    return mean_sine(scale, omega, 2)


def _of_frequency(of):
    """A kernel that fills ``of`` at each frequency, and gives it at 20."""
    def curve(scale, x, work, y):
        for i in range(x.size):
            y[i] = of(scale, x[i])
        return of(scale, 20.0)

    curve.__name__ = curve.__qualname__ = f"{of.__name__}_frequency"
    return kernel(curve)


@kernel
def spread_of_frequency(omega):
    """Of weights with a Laplace density of scale 0.05."""
    return kernels.laplace_spread(0.05 * omega)


def _bit(name, title, formula, reference, plot_range, value=None, **more):
    """A row of what becomes one bit, at `value` of its parameter if it has one."""
    function = getattr(activations, name)
    declared = function.elementwise
    values = () if value is None else (value,)
    slopes = {form: at_value(each, *values) for form, each in declared.slopes.items()}
    return Surrogate(name, title, formula, function, reference, _CHAPTER, family="activation", plot_range=plot_range,
                     variants=forms(**{form: at_value(each, *values) for form, each in declared.forms.items()}),
                     slope=slopes["stable"], naive_slope=slopes.get("naive"),
                     parameters=tuple(zip(declared.parameters, values)), **more)


def _maps(rng, rows, columns):
    return rng.normal(size=(rows, 2, columns, 1)),


def _layer(rng, rows, columns):
    return rng.random((rows, columns)), rng.normal(size=(2, columns, 8))


_maps_row = partial(Matrix, reference="liu2020evolving", chapter=_CHAPTER, family="activation", given=_maps, side=_N,
                    work=_N * _N + 3, knob=("steepness v", 0.01, 10.0, 1.0), entry="result", high=1.5)
_network = partial(Matrix, chapter=_CHAPTER, family="network", side=_N, given=lambda rng, rows, columns: (
    rng.random((rows, columns)),), work=_N * _N + 4 * _N, knob=("reach of the inputs", 0.1, 10.0, 1.0), entry="value")
_weights_row = partial(Fit, reference="vargas2024biper", chapter=_CHAPTER, family="activation", points=121,
                       given=lambda rng, rows, columns: (rng.laplace(0, 0.05, (rows, columns)),),
                       knob=("scale of the weights b", 0.005, 0.3, 0.05), upright=False,
                       x=Axis("frequency ω", (1.0, 100.0), scale="log"))

METHODS = (
    _maps_row("evonorm_b0", "EvoNorm-B0", r"\frac{\gamma x}{\max\bigl(\sqrt{s^2_{N,H,W} + \epsilon},\ v x +"
              r" \sqrt{s^2_{H,W} + \epsilon}\bigr)} + \beta", activations.evonorm_b0,
              variants=filled_by(b0_cells, naive=kernels.moments_naive, stable=kernels.moments_of),
              gradient=Gradient.by_name(evonorm_b0_gradients, "v", "gamma", "beta")),
    _maps_row("evonorm_s0", "EvoNorm-S0", r"\frac{\gamma x\,\sigma(v x)}{\sqrt{s^2_{H,W,C/G} + \epsilon}} + \beta",
              activations.evonorm_s0,
              variants=filled_by(s0_cells, naive=kernels.moments_naive, stable=kernels.moments_of),
              gradient=Gradient.by_name(evonorm_s0_gradients, "v", "gamma", "beta")),
    _bit("biper", "BiPer", r"\operatorname{sign} \sin(\omega x),\ \omega = 20", "vargas2024biper", (-0.4, 0.4), 20.0),
    _bit("biper_sine", "BiPer, first stage", r"\sin(\omega x),\ \omega = 20", "vargas2024biper", (-0.4, 0.4), 20.0,
         lipschitz=20.0),
    _bit("straight_through_sign", "Sign, straight-through", r"\operatorname{sign} x", "hubara2016binarized", (-2, 2),
         1.0),
    _bit("approximate_sign", "Sign, with the slope of parabolas", r"\operatorname{sign} x", "liu2018bireal", (-2, 2)),
    _weights_row("periodic_quantization_error", "Quantisation error of periodic bits",
                 r"\operatorname{mean} (\lvert \sin \omega x \rvert - \gamma)^2,\ \gamma = \operatorname{mean} \lvert"
                 r" \sin \omega x \rvert", activations.periodic_quantization_error,
                 variants=forms(stable=_of_frequency(spread_at)), y=Axis("error", (0, 0.16)),
                 gradient=Gradient(_periodic_errors.periodic_quantization_error_pull),
                 found="Error at a frequency of 20"),
    _weights_row("periodic_penalty", "Penalty of periodic bits", r"\tau \operatorname{mean} \sin^2 \omega x",
                 activations.periodic_penalty, variants=forms(stable=_of_frequency(penalty_at)),
                 y=Axis("penalty", (0, 1)), gradient=Gradient(_periodic_errors.periodic_penalty_pull),
                 found="Penalty at a frequency of 20"),
    Bound("laplace_quantization_error", "Quantisation error, expected", r"\frac{2 c^2}{1 + 4 c^2} - \gamma^2,\ \gamma ="
          r" \frac{c \coth(\pi / 2c)}{1 + c^2},\ c = \omega b", activations.laplace_quantization_error,
          "vargas2024biper", _CHAPTER, family="activation", variants=forms(stable=spread_of_frequency),
          plot_range=(1, 80), given=lambda omega: ((0.05,), {"omega": float(omega)}), coordinate="frequency ω",
          axis=Axis("error", (0, 0.12))),
    _network("spline_basis", "B-spline basis", r"B_i(x) \text{ of order } k,\ i = 0 \ldots g + k - 1",
             networks.spline_basis, "liu2025kan", variants=filled_by(basis_cells, stable=of_networks.spline_row),
             parameters=(("grid", 9),), numbers=(), gradient=Gradient(spline_pull)),
    _network("relu_kan_basis", "ReLU-KAN basis", r"R_i(x) = \bigl[\tfrac{4 (x - s_i)_+ (e_i - x)_+}{(e_i - s_i)^2}"
             r"\bigr]^2", networks.relu_kan_basis, "qiu2024relukan",
             variants=filled_by(basis_cells, stable=of_networks.relu_kan_row),
             parameters=(("grid", 9),), numbers=(), gradient=Gradient(relu_kan_pull)),
    _network("af_kan_basis", "AF-KAN basis", r"A_i(x) = \bigl[a(x - s_i)\,a(e_i - x)\bigr]^2,\ a = \operatorname{silu}",
             networks.af_kan_basis, "ta2025afkan", variants=filled_by(basis_cells, stable=of_networks.silu_row),
             parameters=(("grid", 9),), numbers=(), gradient=Gradient(af_kan_pull), high=0.01),
    _network("kan_layer", "KAN layer", r"y_o = b_o + \sum_d \sum_i w_{odi} B_i(x_d)", networks.kan_layer, "liu2025kan",
             given=_layer, variants=forms(stable=layer_cells),
             gradient=Gradient.by_name(kan_layer_gradients, "weight", "bias")),
)
