"""Rows of gates and routers: of experts trained apart, of an expert for one user, and what is added to a router's loss.
"""
from functools import partial

import numpy as np

from toolkit import softmax
from toolkit._core.kernel import kernel
from toolkit.catalog._fit import Fit
from toolkit.catalog._matrix import Matrix
from toolkit.catalog._method import Gradient, forms
from toolkit.catalog._row_map import RowMap
from toolkit.catalog._scalar import Scalar
from toolkit.elementary import cos
from toolkit.live import Axis
from toolkit.softmax import kernels
from toolkit.softmax._global_local_mixture import (
    global_local_gate_pull,
    global_local_local_pull,
    global_local_pull,
)
from toolkit.softmax._load_balancing_loss import load_balancing_pull
from toolkit.softmax._phatgoose import phatgoose_pull, phatgoose_vectors_pull
from toolkit.softmax._router_z_loss import router_z_loss_pull
from toolkit.softmax._sigmoid_gate import sigmoid_gate_pull, sigmoid_gate_vector_pull

__all__ = ["METHODS"]

_N, _D = 12, 8  # experts and inputs of the matrix, and the numbers of each
_TOKENS, _EXPERTS = 24, 4  # of the curve


@kernel
def phatgoose_weights(noise, k, work, cells):
    """Weights of twelve experts for twelve inputs, each the vector of one of them and some noise."""
    size = _N * _D
    n, m = work[:size].reshape((_N, _D)), work[size:2 * size].reshape((_N, _D))
    roots, scores = work[2 * size:2 * size + _N], work[2 * size + _N:2 * size + _N + _N * _N].reshape((_N, _N))
    for i in range(_N):
        for j in range(_D):
            m[i, j] = cos(1.0 + 0.9 * i * j + i * i)
            n[i, j] = m[i, j] + noise * cos(3.0 + 1.7 * i * (j + 1) + j * j)
        roots[i] = kernels.standardized_row(n[i], 1e-5, n[i])
        kernels.standardized_row(m[i], 1e-5, m[i])
    kernels.phatgoose_scores(n, m, scores)
    p = cells[:_N * _N].reshape((_N, _N))
    for i in range(_N):
        kernels.top_k_softmax_row(scores[i], None, k, False, True, p[i])


@kernel
def term_of_head_start(sharpness, x, k, work, y):
    """The term as a head start is added to the scores of expert 1, and its least value."""
    size, least = _TOKENS * _EXPERTS, np.inf
    z, load = work[:size].reshape((_TOKENS, _EXPERTS)), work[size:size + _EXPERTS]
    p = work[size + _EXPERTS:size + 2 * _EXPERTS]
    for i in range(x.size):
        for t in range(_TOKENS):
            for j in range(_EXPERTS):
                z[t, j] = sharpness * cos(2.0 + t * (1.3 + j) + 2.1 * j * j) + (x[i] if j == 0 else 0.0)
        y[i] = kernels.load_balancing_term(z, k, load, p)
        least = min(least, y[i])
    return least


def _inputs_and_vectors(rng, rows, columns):
    return rng.normal(0, 1, (rows, columns)), rng.normal(0, 1, (columns + 1, columns))


def _scores(rng, rows, columns):
    return rng.normal(0, 3, (rows, columns)),


_number = partial(Scalar, family="softmax")

METHODS = (
    _number("sigmoid_gate", "Sigmoid gate", r"\sigma(\langle v, x \rangle)", softmax.sigmoid_gate,
            "muqeeth2024phatgoose", "experts_and_gates", plot_range=(-8, 8), arrays=2,
            beside=lambda x: (np.full_like(x, 0.5),), variants=forms(stable=kernels.sigmoid_gate_row),
            gradient=Gradient(sigmoid_gate_pull, others=(("v", sigmoid_gate_vector_pull),))),
    Matrix("phatgoose_gate", "PHATGOOSE router",
           r"p = \operatorname{softmax}_{k = 2}(s),\ s_i = \tfrac{1}{\sqrt d} \langle v'_i, x' \rangle,"
           r"\ x' = \tfrac{x - \bar x}{\sqrt{\operatorname{var} x + \epsilon}}", softmax.phatgoose_gate,
           "muqeeth2024phatgoose", "experts_and_gates", family="softmax", variants=forms(stable=phatgoose_weights),
           given=_inputs_and_vectors, parameters=(("k", 2),), side=_N, work=2 * _N * _D + _N + _N * _N,
           knob=("noise of the inputs", 0.01, 4.0, 0.5), entry="weight of expert j for input i",
           gradient=Gradient(phatgoose_pull, others=(("v", phatgoose_vectors_pull),))),
    RowMap("global_local_mixture", "Global and local expert",
           r"p = (1 - g) \operatorname{softmax} z + g \operatorname{softmax} z',\ g = \sigma(s) = \sigma(0.4)",
           softmax.global_local_mixture, "zhang2018mixture", "experts_and_gates", family="softmax",
           plot_range=(-16, 16), parameters=(("gate", 0.4),), numbers=(0.4, False), arrays=2,
           variants=forms(stable=kernels.global_local_row),
           beside=lambda z: (np.where(z == -np.inf, z, np.zeros_like(z)),),
           holds=frozenset({"shift", "order", "zero_sum"}),
           gradient=Gradient(global_local_pull, kernels.global_local_vjp_row,
                             others=(("local", global_local_local_pull), ("gate", global_local_gate_pull)))),
    Fit("load_balancing_loss", "Load-balancing loss",
        r"K \sum_i f_i P_i,\ f_i = \text{share of the choices},\ P_i = \text{mean weight}", softmax.load_balancing_loss,
        "fedus2022switch", "experts_and_gates", family="softmax", variants=forms(stable=term_of_head_start),
        given=_scores, parameters=(("k", 1),), knob=("sharpness of the scores", 0.2, 4.0, 1.0),
        x=Axis("head start of expert 1", (-4, 4)), y=Axis("load-balancing term", (0, 4)), upright=False,
        work=_TOKENS * _EXPERTS + 2 * _EXPERTS, found="Least value of the term",
        gradient=Gradient(load_balancing_pull)),
    _number("router_z_loss", "Router z-loss", r"\operatorname{lse}(z)^2", softmax.router_z_loss, "zoph2022stmoe",
            "experts_and_gates", plot_range=(-20, 20), of_one=0.25, parameters=(("reduction", "none"),), numbers=(1.0,),
            variants=forms(naive=kernels.router_z_loss_naive, stable=kernels.router_z_loss_row),
            gradient=Gradient(router_z_loss_pull, kernels.router_z_loss_vjp_row)),
)
