"""Rows of draws from a softmax, relaxed draws and estimators of a gradient."""
from functools import partial

import numpy as np

from toolkit import sampling
from toolkit.catalog._method import Gradient, forms
from toolkit.catalog._row_map import ENTRIES, PROBABILITIES, RowMap
from toolkit.sampling import kernels
from toolkit.sampling._gumbel import gumbel_softmax_pull

__all__ = ["METHODS", "noise_beside"]


def noise_beside(z):
    """Numbers as Gumbel noise has them, a row of them for each row of z."""
    return np.broadcast_to(np.resize(np.array([0.3, -0.8, 1.1]), z.shape[-1]), z.shape).astype(z.dtype),


def _slope(z):
    """A slope of each class."""
    return np.broadcast_to(np.resize(np.array([1.0, -0.5, 2.0]), z.shape[-1]), z.shape).astype(z.dtype),


def _drawn(z):
    """The first class as the one that was drawn, and a slope or value of each."""
    first = np.zeros_like(z)
    first[..., 0] = 1
    return first, *_slope(z)


_row = partial(RowMap, chapter="sampling", family="sampling", plot_range=(-8, 8))
_draw = partial(_row, arrays=2, beside=noise_beside, result=PROBABILITIES)
_estimate = partial(_row, result=ENTRIES)

METHODS = (
    _draw("gumbel_max", "Gumbel-max draw", r"D = e_k,\ k = \operatorname{argmax}_i (z_i + G_i)", sampling.gumbel_max,
          "maddison2014astar", variants=forms(stable=kernels.gumbel_max_row)),
    _draw("gumbel_softmax", "Gumbel-softmax", r"y_i = \frac{e^{(z_i + G_i) / \tau}}{\sum_j e^{(z_j + G_j) / \tau}},"
          r"\ \tau = \tfrac12", sampling.gumbel_softmax, "jang2017categorical", parameters=(("temperature", 0.5),),
          variants=forms(stable=kernels.gumbel_softmax_row), gradient=Gradient(gumbel_softmax_pull)),
    _estimate("score_function", "Score-function estimator", r"\hat g = f(D)\,(D - p)", sampling.score_function,
              "williams1992simple", arrays=3, beside=_drawn, variants=forms(stable=kernels.score_function_row)),
    _estimate("straight_through", "Straight-through estimator",
              r"\hat g = \tfrac1\tau J_q f'(D),\ q = \operatorname{softmax}(z / \tau),\ \tau = 2",
              sampling.straight_through, "bengio2013estimating", arrays=2, beside=_slope,
              parameters=(("temperature", 2.0),), variants=forms(stable=kernels.straight_through_row)),
    _estimate("reinmax", "ReinMax estimator",
              r"\hat g = 2 J_r f'(D) - \tfrac12 J_p f'(D),\ r = \tfrac12 (q + D),\ \tau = 2",
              sampling.reinmax,
              "liu2023bridging", arrays=3, beside=_drawn, parameters=(("temperature", 2.0),),
              variants=forms(stable=kernels.reinmax_row)),
)
