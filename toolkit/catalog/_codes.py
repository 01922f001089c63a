"""Rows of codes and couplings, on a few symbols, and of laws of losses, on sizes from 10 to 1e6."""
from functools import partial

import numpy as np

from toolkit import information
from toolkit._core.kernel import kernel
from toolkit.catalog._bound import Bound
from toolkit.catalog._fit import Fit
from toolkit.catalog._matrix import Matrix
from toolkit.catalog._method import forms
from toolkit.elementary import exp, log, pow
from toolkit.information import kernels
from toolkit.live import Axis, Bars

__all__ = ["METHODS"]

_N, _FEW, _LETTERS, _SIZES = 8, 4, 8, 20
_PHASE = 1.7
_TEN, _SCALE = 2.302585092994046, 3.912023005428146  # log 10 and log 50
_RNG = np.random.default_rng(3)
_NOISE, _DRAWN = _RNG.normal(size=_SIZES), _RNG.integers(0, _SIZES, (40, _SIZES))
_LOGS = np.linspace(1, 6, _SIZES) * _TEN
_MIDDLE = float(_LOGS.mean())
_CENTRED = _LOGS - _MIDDLE


@kernel
def fill_symbols(p, sharpness, shift):
    """Probabilities of symbols of which one is likely and the others less and less."""
    total = 0.0
    for i in range(p.size):
        p[i] = pow(i + 1.0 + shift, -sharpness)
        total += p[i]
    for i in range(p.size):
        p[i] /= total


def _coupling_of(of, n, name):
    """The kernel that couples n symbols with n others by one way of matching."""
    def fill(sharpness, work, cells):
        fill_symbols(work[:n], sharpness, 0.0)
        fill_symbols(work[n:2 * n], 0.5, _PHASE)
        of(work[:n], work[n:2 * n], work[2 * n:3 * n], work[3 * n:4 * n], cells[:n * n].reshape((n, n)))

    fill.__name__ = fill.__qualname__ = name
    return kernel(fill)


@kernel
def exact_cells(sharpness, work, cells):
    fill_symbols(work[:_FEW], sharpness, 0.0)
    fill_symbols(work[_FEW:2 * _FEW], 0.5, _PHASE)
    kernels.exact_coupling(work[:_FEW], work[_FEW:2 * _FEW], work[2 * _FEW:],
                           cells[:_FEW * _FEW].reshape((_FEW, _FEW)))


@kernel
def cells_through_code(rate, work, cells):
    """X, a code of at most `rate` bits, and Y."""
    p, q, places, mass = work[:_FEW], work[_FEW:2 * _FEW], work[2 * _FEW:3 * _FEW], work[3 * _FEW:4 * _FEW]
    rest = work[4 * _FEW:]
    code, rest = rest[:_FEW * (_FEW + 1)].reshape((_FEW, _FEW + 1)), rest[_FEW * (_FEW + 1):]
    joint, rest = rest[:_FEW * (_FEW + 1)].reshape((_FEW + 1, _FEW)), rest[_FEW * (_FEW + 1):]
    t, room = rest[:_FEW + 1], rest[_FEW + 1:]
    fill_symbols(p, 1.0, 0.0)
    fill_symbols(q, 0.5, _PHASE)
    whole = kernels.bits_of(p.reshape((1, _FEW)))
    _, symbol, share, up = kernels.best_move(p, min(rate, whole), room[:2 * _FEW].reshape((2, _FEW)), places)
    _, used = kernels.map_entropy(p, places, mass)
    kernels.fill_encoder(p, places, used, symbol, share, up, mass, code)
    for k in range(_FEW + 1):
        t[k] = 0.0
        for i in range(_FEW):
            t[k] += code[i, k]
    kernels.greedy_coupling(t, q, room[:_FEW + 1], room[_FEW + 1:2 * _FEW + 1], joint)
    kernels.through_code(code, joint, cells[:_FEW * _FEW].reshape((_FEW, _FEW)))


@kernel
def mean_word(sharpness, x, work, y):
    p, mass, alive, tree = work[:_LETTERS], work[8:16], work[16:24], work[24:32]
    fill_symbols(p, sharpness, 0.0)
    kernels.huffman_words(p, mass, alive, tree, y)
    total = 0.0
    for i in range(_LETTERS):
        total += p[i] * y[i]
    return total


def _said_by(of, name):
    """The kernel of I over rates, for the best move, the best map or the greedy one; at half the entropy at last."""
    def curve(sharpness, x, work, y):
        p, places, room = work[:_FEW], work[_FEW:2 * _FEW], work[2 * _FEW:4 * _FEW].reshape((2, _FEW))
        fill_symbols(p, sharpness, 0.0)
        whole = kernels.bits_of(p.reshape((1, _FEW)))
        for i in range(x.size):
            y[i] = of(p, min(x[i], whole), room, places)
        return of(p, 0.5 * whole, room, places)

    curve.__name__ = curve.__qualname__ = name
    return kernel(curve)


@kernel
def said_by_move(p, rate, room, places):
    return kernels.best_move(p, rate, room, places)[0]


@kernel
def fill_losses(noise, losses):
    """Logarithms of losses above a floor of 2, at the sizes of `_LOGS`."""
    for i in range(_SIZES):
        losses[i] = log(2.0 + exp(0.35 * (_SCALE - _LOGS[i]))) + noise * _NOISE[i]


@kernel
def fitted_law(noise, x, work, y):
    """The law fitted to all losses."""
    losses = work[:_SIZES]
    fill_losses(noise, losses)
    _, e, b, a = kernels.fit_three(_CENTRED, losses, work[_SIZES:])
    for i in range(x.size):
        y[i] = exp(kernels.log_of_law(e, b, a, log(x[i]) - _MIDDLE)[0])
    return exp(e)


@kernel
def profile_of_floor(noise, x, work, y):
    """Root mean squares with each floor kept; the place of the least."""
    losses = work[:_SIZES]
    fill_losses(noise, losses)
    b, a = kernels.fit_line(_CENTRED, losses)
    kernels.fill_profile(_CENTRED, losses, x, b, a, work[_SIZES:], y)
    at = 0
    for i in range(x.size):
        at = i if y[i] < y[at] else at
    for i in range(x.size):
        y[i] = np.sqrt(y[i] / _SIZES)
    return x[at]


@kernel
def drawn_floors(noise, x, work, y):
    """Shares of the floors of draws that are nearest to each x; their mean."""
    losses, drawn, rest = work[:_SIZES], work[_SIZES:2 * _SIZES], work[2 * _SIZES:]
    fill_losses(noise, losses)
    _, e, b, a = kernels.fit_three(_CENTRED, losses, rest)
    for i in range(x.size):
        y[i] = 0.0
    mean = 0.0
    for k in range(_DRAWN.shape[0]):
        floor = exp(kernels.refit_floor(_CENTRED, losses, e, b, a, _DRAWN[k], rest, drawn)[0])
        mean += floor / _DRAWN.shape[0]
        at = 0
        for i in range(x.size):
            at = i if abs(x[i] - floor) < abs(x[at] - floor) else at
        y[at] += 1.0 / _DRAWN.shape[0]
    return mean


@kernel
def law_at(decades):
    """The law at a power of ten, in the stable form."""
    return 2.0 + exp(0.35 * (_SCALE - decades * _TEN))


@kernel
def law_at_naive(decades):
    return 2.0 + pow(50.0, 0.35) / pow(exp(decades * _TEN), 0.35)


@kernel
def cross_entropy_of_model(truth, x, work, y):
    """Of two classes, for a model that gives x to the first; the entropy of the truth."""
    p, q = work[:2], work[2:4]
    p[0], p[1] = truth, 1.0 - truth
    floor = kernels.entropy_row(p)
    for i in range(x.size):
        q[0], q[1] = x[i], 1.0 - x[i]
        y[i] = floor + kernels.kl_row(p, q)
    return floor


@kernel
def rate_of_chain(stay, x, work, y):
    """Of a chain of two states, one left with 1 - x and the other one with 1 - stay; at x = 1/2."""
    chain, room, shares = work[:4].reshape((2, 2)), work[4:8].reshape((2, 2)), work[8:10]
    found = 0.0
    for i in range(x.size + 1):
        here = x[i] if i < x.size else 0.5
        chain[0, 0], chain[0, 1], chain[1, 0], chain[1, 1] = here, 1.0 - here, 1.0 - stay, stay
        kernels.stationary(chain, room, shares)
        found = kernels.cross_rate(chain, shares, chain)
        if i < x.size:
            y[i] = found
    return found


def _two(rng, rows, columns):
    return rng.dirichlet(np.ones(columns)), rng.dirichlet(np.ones(columns))


def _losses(rng, rows, columns):
    x = 10.0 ** np.linspace(1, 6, 9)
    return x, 2 + (50 / x) ** 0.35


_LAW = (("floor", 2.0), ("scale", 50.0), ("exponent", 0.35))
_CHAPTER = "codes_and_laws"
_ROW = {"chapter": _CHAPTER, "family": "information"}
_coupling = partial(Matrix, function=information.minimum_entropy_coupling, given=_two, entry="probability",
                    knob=("steepness of the first distribution", 0.2, 3.0, 1.0), numbers=(), **_ROW)
_bottleneck = partial(Fit, function=information.entropy_bottleneck, reference="ebrahimi2024minimum", numbers=(),
                      given=lambda rng, rows, columns: (rng.dirichlet(np.ones(columns)), 0.5),
                      knob=("how unlike the symbols are", 0.2, 3.0, 1.0), x=Axis("rate R in bits", (0.0, 2.0)),
                      y=Axis("I(X; T) in bits", (0, 2)), points=81, work=4 * _FEW, upright=False,
                      found="At half of the entropy T says, in bits", **_ROW)
_law = partial(Fit, reference="henighan2020scaling", given=_losses, knob=("noise of the losses", 0.001, 0.05, 0.01),
               numbers=(), work=3 * _SIZES + 15, **_ROW)

METHODS = (
    _coupling("minimum_entropy_coupling", "Greedy coupling, largest first",
              r"P_{ij} \mathrel{+}= \min(p_i, q_j),\ i = \operatorname{argmax} p,\ j = \operatorname{argmax} q",
              reference="kocaoglu2017entropic", side=_N, work=4 * _N, high=0.4,
              variants=forms(stable=_coupling_of(kernels.greedy_coupling, _N, "largest_first"))),
    _coupling("zero_seeking_coupling", "Greedy coupling, nearest first",
              r"P_{ij} \mathrel{+}= \min(p_i, q_j) \text{ where } \lvert p_i - q_j \rvert \text{ is least}",
              reference="ebrahimi2024minimum", side=_N, work=4 * _N, high=0.4,
              variants=forms(stable=_coupling_of(kernels.zero_seeking_coupling, _N, "nearest_first")),
              parameters=(("method", "zero_seeking"),)),
    _coupling("exact_coupling", "Minimum-entropy coupling", r"\min_P H(P),\ P 1 = p,\ P^\top 1 = q",
              reference="kocaoglu2017entropic", side=_FEW, work=2 * _FEW + (2 * _FEW + 1) * (2 * _FEW + 3), high=0.5,
              variants=forms(stable=exact_cells), parameters=(("method", "exact"),)),
    Fit("huffman_lengths", "Huffman's code", r"\min \sum_i p_i \ell_i,\ \sum_i 2^{-\ell_i} \le 1",
        information.huffman_lengths, "huffman1952method", variants=forms(stable=mean_word), numbers=(),
        given=lambda rng, rows, columns: (rng.dirichlet(np.ones(columns)),), points=_LETTERS, work=4 * _LETTERS,
        knob=("how unlike the letters are", 0.2, 3.0, 1.0), x=Axis("letter", (1.0, float(_LETTERS))), mark=Bars,
        y=Axis("bits of its word", (0, 8)), found="Mean bits of a letter", upright=False, **_ROW),
    _bottleneck("entropy_bottleneck", "Entropy-bounded information, single moves",
                r"\max I(X; T),\ H(T) \le R", variants=forms(stable=_said_by(said_by_move, "best_moves"))),
    _bottleneck("best_map", "Entropy-bounded information, maps",
                r"\max H(g(X)),\ H(g(X)) \le R", variants=forms(stable=_said_by(kernels.best_map, "best_maps")),
                parameters=(("method", "map"),)),
    _bottleneck("greedy_map", "Entropy-bounded information, merging",
                r"g \leftarrow \text{merge the two symbols that lose least, while } H(g(X)) > R",
                variants=forms(stable=_said_by(kernels.greedy_map, "greedy_maps")), parameters=(("method", "greedy"),)),
    Matrix("bottleneck_coupling", "Minimum-entropy coupling with a bottleneck",
           r"\max I(X; Y),\ X - T - Y,\ H(T) \le R", information.bottleneck_coupling, "ebrahimi2024minimum",
           variants=forms(stable=cells_through_code), given=lambda rng, rows, columns: (*_two(rng, rows, columns), 0.8),
           knob=("rate R in bits", 0.05, 2.0, 1.0), numbers=(), side=_FEW, work=15 * _FEW + 30, entry="probability",
           high=0.5, **_ROW),
    Bound("scaling_law", "Scaling law", r"L(x) = F + (x_0 / x)^a,\ F = 2, x_0 = 50, a = 0.35",
          information.scaling_law, "henighan2020scaling", variants=forms(naive=law_at_naive, stable=law_at),
          given=lambda decades: ((10.0 ** int(decades),), dict(_LAW)), parameters=_LAW, numbers=(),
          coordinate="decades, log10 x", plot_range=(0, 12), axis=Axis("loss", (0, 6)), **_ROW),
    _law("fit_scaling_law", "Fit of a scaling law",
         r"\min_{F, x_0, a} \sum_i \bigl(\log L_i - \log(F + (x_0 / x_i)^a)\bigr)^2",
         function=information.fit_scaling_law, variants=forms(stable=fitted_law), points=41, upright=False,
         x=Axis("size x", (10.0, 1e9), scale="log"), y=Axis("loss", (1.5, 4)), found="Floor of the law, of a true 2"),
    _law("scaling_profile", "Profile of the floor", r"F \mapsto \min_{x_0, a} \sum_i r_i(F, x_0, a)^2",
         function=information.scaling_profile, variants=forms(stable=profile_of_floor), points=41,
         given=lambda rng, rows, columns: (*_losses(rng, rows, columns), np.array([1.5, 2.0])),
         x=Axis("floor F", (1.8, 2.2)), y=Axis("root mean square error of log L", (0, 0.1)),
         found="Floor with the least error, of a true 2"),
    _law("bootstrap_scaling_law", "Bootstrap of the floor",
         r"L^*_i = \hat L(x_i)\, e^{r_j},\ j \text{ drawn anew}", function=information.bootstrap_scaling_law,
         variants=forms(stable=drawn_floors), points=41, mark=Bars, parameters=(("draws", 3),),
         x=Axis("floor F", (1.8, 2.2)), y=Axis("share of 40 draws", (0, 1)), found="Mean floor, of a true 2"),
    Fit("cross_entropy_parts", "Entropy and divergence", r"H(p, q) = H(p) + \operatorname{KL}(p, q)",
        information.cross_entropy_parts, "henighan2020scaling", variants=forms(stable=cross_entropy_of_model),
        given=_two, numbers=(), knob=("true probability of the first class", 0.02, 0.98, 0.3), points=99, work=4,
        x=Axis("probability that the model says", (0.01, 0.99)), y=Axis("cross-entropy", (0, 3)), upright=False,
        found="Entropy, which no model gets below", **_ROW),
    Fit("entropy_rate", "Entropy rate of a Markov chain", r"-\sum_i s_i \sum_j P_{ij} \log P_{ij},\ s P = s",
        information.entropy_rate, "shannon1948mathematical", variants=forms(stable=rate_of_chain), numbers=(),
        given=lambda rng, rows, columns: (rng.dirichlet(np.ones(columns), columns),), points=99, work=10,
        knob=("probability that the second state stays", 0.02, 0.98, 0.9), y=Axis("nats for each step", (0, 0.8)),
        x=Axis("probability that the first state stays", (0.01, 0.99)), found="Nats for each step where it is one half",
        upright=False, **_ROW),
)
