"""Rows of targets that turn regression into classification."""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit.catalog._matrix import Matrix
from toolkit.catalog._method import forms
from toolkit.catalog._row_map import RowOfNumber
from toolkit.losses import _target_kernels as kernels
from toolkit.losses import targets

__all__ = ["METHODS"]

_SIDE = 11


def _moving(kernel_of_row):
    def fill(discount, work, cells):
        q, p = work[:_SIDE], work[_SIDE:2 * _SIDE]
        for j in range(_SIDE):
            for i in range(_SIDE):
                q[i] = 1.0 if i == j else 0.0
            kernel_of_row(q, 0.3, discount, -1.0, 1.0, p)
            for i in range(_SIDE):
                cells[i * _SIDE + j] = p[i]

    return kernel(fill)


def _probabilities(rng, rows, columns):
    p = rng.random((rows, max(columns, 2)))
    return p / p.sum(axis=1, keepdims=True), np.full(rows, 0.3), np.full(rows, 0.9)


METHODS = (
    RowOfNumber("hl_gauss", "HL-Gauss targets",
                r"p_i \propto \Phi\bigl(\tfrac{e_{i+1} - v}{s}\bigr) - \Phi\bigl(\tfrac{e_i - v}{s}\bigr),"
                r"\ s = \tfrac34 w",
                targets.hl_gauss, "farebrother2024stop", "regression_by_classification", family="target",
                parameters=(("low", 0.0), ("high", 3.0), ("bins", 3)), numbers=(0.0, 3.0, 0.75),
                variants=forms(naive=kernels.hl_gauss_naive, stable=kernels.hl_gauss_row), plot_range=(-3, 9)),
    RowOfNumber("two_hot", "Two-hot targets", r"p_k = 1 - t,\ p_{k+1} = t,\ v = (1 - t) a_k + t a_{k+1}",
                targets.two_hot, "farebrother2024stop", "regression_by_classification", family="target",
                parameters=(("low", 0.0), ("high", 3.0), ("bins", 3)), numbers=(0.0, 3.0),
                variants=forms(stable=kernels.two_hot_row), plot_range=(-1, 4)),
    Matrix("categorical", "Categorical projection (C51)",
           r"m_i = \sum_j p_j \bigl[1 - \lvert [r + \gamma z_j]_{\text{low}}^{\text{high}} - z_i \rvert / w\bigr]_+",
           targets.categorical, "bellemare2017distributional", "regression_by_classification", family="target",
           parameters=(("low", -1.0), ("high", 1.0)), numbers=(), given=_probabilities,
           variants=forms(naive=_moving(kernels.categorical_naive), stable=_moving(kernels.categorical_row)),
           knob=("discount γ", 0.05, 1.0, 0.9), side=_SIDE, work=2 * _SIDE, entry="share of atom j"),
)
