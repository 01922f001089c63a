"""Rows of bases of equal angles, and of neural collapse."""
from functools import partial

import numpy as np

from toolkit import representations
from toolkit._core.kernel import kernel
from toolkit.catalog._bound import Bound
from toolkit.catalog._fit import Fit
from toolkit.catalog._iteration import Iteration
from toolkit.catalog._matrix import Matrix
from toolkit.catalog._method import Gradient, forms
from toolkit.live import Axis
from toolkit.losses.kernels import cross_entropy_stable
from toolkit.representations import kernels
from toolkit.representations._cosine_logits import cosine_logits_pull

__all__ = ["METHODS"]

_N, _VECTORS, _SPACE = 12, 6, 3
_RNG = np.random.default_rng(11)
_CORNERS = 1.5**0.5 * (np.eye(3) - 1 / 3)
_OFF = _RNG.normal(size=(_N, 3))
_KINDS = np.repeat([0, 1, 2], 4)
_BASIS = np.stack([np.cos(np.arange(12) * np.pi / 12), np.sin(np.arange(12) * np.pi / 12)], axis=1)
_START = _RNG.normal(size=(_VECTORS, _SPACE))
_FREE = _RNG.normal(0, 0.25, (3 + _N, 3))
_ROWS_OF = 3 * (3 + _N)  # numbers of the weights of three classes and of twelve features, of three dimensions


@kernel
def start_basis(state):
    v = state[:_VECTORS * _SPACE].reshape((_VECTORS, _SPACE))
    for i in range(_VECTORS):
        for k in range(_SPACE):
            v[i, k] = _START[i, k]
    kernels.normalize_rows(v)


@kernel
def step_basis(rate, state):
    size = _VECTORS * _SPACE
    kernels.basis_step(state[:size].reshape((_VECTORS, _SPACE)), kernels.welch_bound_of(6.0, 3.0), rate,
                       state[size:2 * size].reshape((_VECTORS, _SPACE)))


@kernel
def cosine_of_basis(state):
    return kernels.largest_cosine(state[:_VECTORS * _SPACE].reshape((_VECTORS, _SPACE)))


@kernel
def welch_at(count):
    return kernels.welch_bound_of(count, 10.0)


@kernel
def loss_floor_at(classes):
    return kernels.cosine_loss_floor_of(classes, 0.07)


@kernel
def logits_of_basis(temperature, work, cells):
    """Logits of the vectors themselves."""
    for i in range(_BASIS.shape[0]):
        kernels.cosine_logits_row(_BASIS[i], _BASIS, temperature, cells[_N * i:_N * i + _N])


@kernel
def simplex_cells(scale, work, cells):
    kernels.simplex_etf_of(scale, cells[:_N * _N].reshape((_N, _N)))


@kernel(inline=True)
def collapse_at(moved, spread, work):
    """Of three corners, one of which is moved away, with rows that are spread around them."""
    h, w, means = work[:3 * _N].reshape((_N, 3)), work[36:45].reshape((3, 3)), work[45:54].reshape((3, 3))
    for c in range(3):
        for k in range(3):
            w[c, k] = _CORNERS[c, k] * (1.0 + (moved if c == 0 else 0.0))
    for i in range(_N):
        for k in range(3):
            h[i, k] = w[_KINDS[i], k] + spread * _OFF[i, k]
    return kernels.neural_collapse_of(h, _KINDS, w, 1e-10, work[54:57], means, work[57:66].reshape((3, 3)),
                                      work[66:75].reshape((3, 3)), work[75:78])


@kernel
def collapse_over_spread(moved, x, work, y):
    for i in range(x.size):
        y[i] = collapse_at(moved, x[i], work)[0]
    return collapse_at(moved, 0.0, work)[1]


def _over_counts(factors):
    def over_counts(decay, x, work, y):
        for i in range(x.size):
            y[i] = kernels.class_strength(x[i], 100.0, decay, factors) / np.sqrt(x[i])
        return kernels.minority_threshold_of(100.0, decay, factors)

    over_counts.__name__ = over_counts.__qualname__ = f"over_counts_{int(factors)}"
    return kernel(over_counts)


@kernel
def threshold_at(total):
    return kernels.minority_threshold_of(total, 0.02, 2.0)


@kernel(inline=True)
def free_parts(state):
    """Weights and features, and gradients of both."""
    return (state[:9].reshape((3, 3)), state[9:_ROWS_OF].reshape((_N, 3)),
            state[_ROWS_OF:_ROWS_OF + 9].reshape((3, 3)), state[_ROWS_OF + 9:2 * _ROWS_OF].reshape((_N, 3)))


@kernel
def start_free(state):
    for i in range(_ROWS_OF):
        state[i] = _FREE[i // 3, i % 3]
    state[2 * _ROWS_OF + 6] = 1.1


@kernel
def step_free(rate, state):
    w, h, gw, gh = free_parts(state)
    room = state[2 * _ROWS_OF:]
    room[6], _ = kernels.unconstrained_step(cross_entropy_stable, w, h, _KINDS, 0.0, 0.0, rate, False, room[:3],
                                            room[3:6], gw, gh)


@kernel
def free_loss(state):
    return state[2 * _ROWS_OF + 6]


def _counts(rng, rows, columns):
    return rng.integers(1, 50, columns), (5e-4, 0.01)


def _features(rng, rows, columns):
    return rng.normal(size=(2 * rows, 4)), np.repeat(np.arange(rows), 2), rng.normal(size=(rows, 4))


_ROW = {"chapter": "shapes_of_representations", "family": "representation"}
_imbalance = partial(Fit, function=representations.imbalanced_collapse, reference="dang2023neural", **_ROW, numbers=(),
                     x=Axis("rows of the class, of 100", (1.0, 61.0)), y=Axis("logit of the class", (0, 1)),
                     found="Rows below which a class is gone")

METHODS = (
    Iteration("equiangular_basis", "Equiangular basis vectors",
              r"\min \sum_{i \ne j} \max(0, |v_i^\top v_j| - t),\ |v_i| = 1".replace("|", r"\vert "),
              representations.equiangular_basis, "shen2023equiangular", **_ROW, init=start_basis, step=step_basis,
              measure=cosine_of_basis, size=2 * _VECTORS * _SPACE, numbers=(), parameters=(("steps", 5),),
              given=lambda rng, rows, columns: (rows + 2, columns), knob=("rate", 0.001, 1.0, 0.01), steps=200,
              axis=Axis("largest cosine", (0, 1))),
    Bound("welch_bound", "Welch bound", r"t \ge \sqrt{\tfrac{N - d}{d (N - 1)}},\ d = 10", representations.welch_bound,
          "welch1974lower", **_ROW, variants=forms(stable=welch_at), plot_range=(2, 102),
          given=lambda count: ((int(count), 10), {}), coordinate="vectors N",
          axis=Axis("least largest cosine", (0, 0.4))),
    Bound("cosine_loss_floor", "Floor of a loss of cosines", r"\log(1 + (N - 1) e^{-1/\tau}),\ \tau = 0.07",
          representations.cosine_loss_floor, "shen2023equiangular", **_ROW, variants=forms(stable=loss_floor_at),
          plot_range=(1, 1001), given=lambda classes: ((int(classes),), {}), coordinate="classes N",
          axis=Axis("least loss", (0, 0.0007))),
    Matrix("cosine_logits", "Logits of frozen vectors", r"z_k = \cos(f, v_k) / \tau", representations.cosine_logits,
           "shen2023equiangular", **_ROW, variants=forms(stable=logits_of_basis), numbers=(),
           given=lambda rng, rows, columns: (rng.normal(size=(rows, 2)), _BASIS[:columns].copy()),
           gradient=Gradient(cosine_logits_pull), knob=("temperature τ", 0.05, 10.0, 0.2), side=_N, entry="logit",
           high=5.0),
    Matrix("simplex_etf", "Simplex equiangular tight frame", r"M = s \sqrt{\tfrac{K}{K - 1}} (I - \tfrac1K 1 1^\top)",
           representations.simplex_etf, "papyan2020prevalence", **_ROW, variants=forms(stable=simplex_cells),
           numbers=(), given=lambda rng, rows, columns: (rows,),
           knob=("length s", 0.1, 3.0, 1.0), side=_N, entry="entry"),
    Fit("neural_collapse", "Measures of neural collapse", r"\operatorname{tr}(\Sigma_W \Sigma_B^+) / K,"
        r"\ \lVert WW^\top / \lVert WW^\top \rVert - S \rVert,\ \lVert WH / \lVert WH \rVert - S \rVert",
        representations.neural_collapse, "papyan2020prevalence", **_ROW,
        variants=forms(stable=collapse_over_spread), numbers=(), given=_features,
        knob=("how far a corner is moved", 0.0, 2.0, 0.5), x=Axis("spread within classes", (0.0, 1.0)),
        y=Axis("NC1", (0, 3)), work=78, found="NC2, of the corners alone", upright=False),
    _imbalance("imbalanced_collapse", "Collapse of classes of different sizes",
               r"s_k = \max(0, \sqrt{n_k} - N \sqrt{\lambda_W \lambda_H})", given=_counts,
               variants=forms(stable=_over_counts(2.0)),
               knob=("root of the product of both decays", 0.005, 0.05, 0.02)),
    _imbalance("deep_linear_collapse", "Collapse of deep linear layers",
               r"\min_s \tfrac{1}{2N} (s - \sqrt{n_k})^2 + \tfrac{L}{2} c\, s^{2 / L},\ L = 3",
               given=lambda rng, rows, columns: (rng.integers(1, 50, columns), (5e-4, 5e-4, 0.01)),
               variants=forms(stable=_over_counts(3.0)), knob=("geometric mean of all decays", 0.005, 0.05, 0.02)),
    Bound("minority_threshold", "Size at which a class survives", r"n_k > N^2 \lambda_W \lambda_H = 0.0004 N^2",
          representations.minority_threshold, "dang2023neural", **_ROW, variants=forms(stable=threshold_at),
          plot_range=(1, 201), given=lambda total: ((int(total), (0.02, 0.02)), {}), coordinate="rows in all N",
          axis=Axis("rows of the class", (0, 16))),
    Iteration("fit_unconstrained_features", "Unconstrained features",
              r"\min_{W, H} \overline{L(W h_i, y_i)} + \tfrac{\lambda_W}{2} \lVert W \rVert^2"
              r" + \tfrac{\lambda_H}{2} \lVert H \rVert^2", representations.fit_unconstrained_features,
              "mixon2020neural", **_ROW, init=start_free, step=step_free, measure=free_loss, size=2 * _ROWS_OF + 7,
              numbers=(), parameters=(("steps", 5),),
              given=lambda rng, rows, columns: (rng.integers(1, 5, columns), columns), knob=("rate", 0.1, 10.0, 1.0),
              steps=200, axis=Axis("mean loss", (0.001, 2.0), scale="log")),
)
