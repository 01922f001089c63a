"""Rows of the thresholds beyond the absolute value, and of sparse codes."""
from functools import partial

import numpy as np

from toolkit import networks
from toolkit._core.kernel import kernel
from toolkit.activations import kernels
from toolkit.catalog._activations import elementwise_row
from toolkit.catalog._iteration import Iteration
from toolkit.live import Axis
from toolkit.networks import kernels as of_networks

__all__ = ["METHODS"]

_CHAPTER = "thresholds_and_codes"
_N, _ATOMS, _SIGNALS = 8, 24, 30  # numbers of a signal, atoms of its dictionary, signals to learn from
_FEW = 6  # atoms to be learned
_RNG = np.random.default_rng(3)
_DICTIONARY = _RNG.normal(0, 1, (_N, _ATOMS))
_DICTIONARY /= np.linalg.norm(_DICTIONARY, axis=0)
_SIGNAL = _DICTIONARY[:, 2] - 0.8 * _DICTIONARY[:, 11] + _RNG.normal(0, 0.05, _N)
_STEP = 0.999 / np.linalg.norm(_DICTIONARY, 2) ** 2
_SEVERAL = np.sign(_RNG.normal(0, 1, (_SIGNALS, 1))) * _DICTIONARY[:, np.arange(_SIGNALS) % _FEW].T
_SEVERAL += _RNG.normal(0, 0.05, _SEVERAL.shape)
_ONES = np.ones(_ATOMS)


@kernel(inline=True)
def code_parts(state):
    """The code, what is left of the signal, room, and the price of the last step."""
    return state[:_ATOMS], state[_ATOMS:_ATOMS + _N], state[_ATOMS + _N:2 * _ATOMS + _N], state[2 * _ATOMS + _N:]


@kernel
def move_code(prox, lam, state):
    code, left, slopes, price = code_parts(state)
    price[0] = lam
    of_networks.fill_left(_SIGNAL, _DICTIONARY, code, left)
    of_networks.code_step(prox, lam, _ONES, _STEP, _DICTIONARY, left, code, slopes)


@kernel
def begin_code(state):
    code_parts(state)[3][0] = 0.1


@kernel
def soft_move(lam, state):
    move_code(kernels.l1_step, lam, state)


@kernel
def soft_objective(state):
    code, left, _, price = code_parts(state)
    return of_networks.code_objective(kernels.l1_penalty, price[0], _ONES, _SIGNAL, _DICTIONARY, code, left)


@kernel
def begin_hard_code(state):
    """With the code of soft thresholding at a small price."""
    for _ in range(100):
        soft_move(0.02, state)
    code_parts(state)[3][0] = 0.1


@kernel
def hard_move(lam, state):
    move_code(kernels.l0_step, lam, state)


@kernel
def hard_objective(state):
    code, left, _, price = code_parts(state)
    return of_networks.code_objective(kernels.l0_penalty, price[0], _ONES, _SIGNAL, _DICTIONARY, code, left)


@kernel(inline=True)
def dictionary_parts(state):
    """Dictionary, codes, two products, what is left of a signal, room, and the price."""
    a, b = _N * _FEW, _SIGNALS * _FEW
    rest = state[a + b:]
    return (state[:a].reshape((_N, _FEW)), state[a:a + b].reshape((_SIGNALS, _FEW)),
            rest[:_FEW * _FEW].reshape((_FEW, _FEW)), rest[_FEW * _FEW:_FEW * _FEW + a].reshape((_N, _FEW)),
            rest[_FEW * _FEW + a:_FEW * _FEW + a + _N], rest[_FEW * _FEW + a + _N:])


@kernel
def begin_dictionary(state):
    """The first signals are the atoms."""
    dictionary, _, _, _, _, room = dictionary_parts(state)
    room[_FEW] = 0.1
    for j in range(_FEW):
        length = 0.0
        for i in range(_N):
            dictionary[i, j] = _SEVERAL[j, i] + _SEVERAL[j + 1, i]
            length += dictionary[i, j] * dictionary[i, j]
        for i in range(_N):
            dictionary[i, j] /= np.sqrt(length)


@kernel
def learn_move(lam, state):
    dictionary, codes, of_codes, with_signals, left, room = dictionary_parts(state)
    room[_FEW] = lam
    step = of_networks.safe_step(dictionary)
    for b in range(_SIGNALS):
        for _ in range(5):
            of_networks.fill_left(_SEVERAL[b], dictionary, codes[b], left)
            of_networks.code_step(kernels.l1_step, lam, _ONES, step, dictionary, left, codes[b], room[:_FEW])
    of_networks.fill_products(_SEVERAL, codes, of_codes, with_signals)
    of_networks.atoms_step(of_codes, with_signals, dictionary)


@kernel
def learned_objective(state):
    dictionary, codes, _, _, left, room = dictionary_parts(state)
    return of_networks.mean_objective(kernels.l1_penalty, room[_FEW], _ONES, _SEVERAL, dictionary, codes, left)


def _to_code(rng, rows, columns):
    return rng.normal(size=(rows, columns)), rng.normal(size=(columns, 2 * columns))


_row = partial(elementwise_row, chapter=_CHAPTER)
_code = partial(Iteration, function=networks.sparse_code, chapter=_CHAPTER, family="network", given=_to_code,
                numbers=(), size=2 * _ATOMS + _N + 1, knob=("price λ", 0.01, 0.5, 0.1), axis=Axis("objective", (0, 2)))

METHODS = (
    _row("hard_threshold", "Hard threshold", r"x\,[\lvert x \rvert > \sqrt{2 \lambda}],\ \lambda = \tfrac12",
         "blumensath2008iterative", (-3, 3), None, "monotone", "odd", value=0.5),
    _row("half_threshold", "Half threshold",
         r"\operatorname{argmin}_y \tfrac12 (y - x)^2 + \lambda \sqrt{\lvert y \rvert},\ \lambda = 1",
         "xu2012half", (-6, 6), None, "monotone", "odd", value=1.0),
    _row("firm_threshold", "Firm threshold",
         r"\operatorname{sign}(x) \min\bigl(\lvert x \rvert, \tfrac{b}{b - a} (\lvert x \rvert - a)_+\bigr),"
         r"\ a = \tfrac12,\ b = 3",
         "gao1997waveshrink", (-4, 4), 1.2, "monotone", "odd", value=(0.5, 3.0)),
    _row("mcp_threshold", "MCP threshold",
         r"\text{firm, } a = \lambda,\ b = \gamma \lambda,\ \lambda = \tfrac12,\ \gamma = 2",
         "zhang2010nearly", (-3, 3), 2.0, "monotone", "odd", value=(0.5, 2.0)),
    _row("scad_threshold", "SCAD threshold",
         r"\operatorname{sign}(x) \bigl(\lvert x \rvert - \tfrac{a \lambda - \lvert x \rvert}{a - 2}\bigr)"
         r" \text{ on } [2 \lambda, a \lambda],\ \lambda = \tfrac12,\ a = 4", "fan2001variable", (-4, 4), 1.5,
         "monotone", "odd", value=(0.5, 4.0)),
    _row("cel0_threshold", "CEL0 threshold",
         r"\text{firm, } a = \sqrt{2 \lambda}\, c,\ b = \sqrt{2 \lambda} / c,\ \lambda = c = \tfrac12",
         "soubies2015continuous", (-4, 4), 4 / 3, "monotone", "odd", value=(0.5, 0.5)),
    _code("sparse_code", "Sparse code by soft thresholds (ISTA)",
          r"\min_r \tfrac12 \lVert s - D r \rVert^2 + \lambda \lVert r \rVert_1", reference="daubechies2004iterative",
          init=begin_code, step=soft_move, measure=soft_objective),
    _code("sparse_code_l0", "Sparse code by hard thresholds (IHT)",
          r"\min_r \tfrac12 \lVert s - D r \rVert^2 + \lambda \lVert r \rVert_0", reference="blumensath2008iterative",
          init=begin_hard_code, step=hard_move, measure=hard_objective, parameters=(("penalty", "l0"),), steps=60),
    Iteration("learn_dictionary", "Dictionary for sparse codes",
              r"\min_{D, R} \tfrac12 \lVert S - D R \rVert^2 + \lambda \lVert R \rVert_1,\ \lVert d_j \rVert \leq 1",
              networks.learn_dictionary, "mairal2009online", _CHAPTER, family="network", init=begin_dictionary,
              step=learn_move, measure=learned_objective,
              size=2 * _N * _FEW + _SIGNALS * _FEW + _FEW * _FEW + _N + _FEW + 1, knob=("price λ", 0.01, 0.5, 0.1),
              given=lambda rng, rows, columns: _to_code(rng, max(rows, 4), columns), steps=60,
              axis=Axis("mean objective", (0, 0.6))),
)
