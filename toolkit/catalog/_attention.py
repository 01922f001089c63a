"""Rows of attention, on an example of twelve queries and keys in the plane."""

from toolkit import attention
from toolkit._core.kernel import kernel
from toolkit.attention import kernels
from toolkit.attention._entropy_penalty import entropy_penalty_pull, threshold_pull
from toolkit.attention._linear_attention import linear_attention_gradients
from toolkit.attention._random_features import random_features_gradients
from toolkit.attention._recurrence import recurrence_gradients
from toolkit.attention._sigmoid_attention import sigmoid_attention_gradients
from toolkit.attention._softmax_attention import softmax_attention_gradients
from toolkit.catalog._matrix import Matrix, filled_by
from toolkit.catalog._method import Gradient, forms
from toolkit.catalog._scalar import Scalar
from toolkit.elementary import cos, exp2, log, sin

__all__ = ["METHODS"]

_N = 12
_SIZE = 3 * _N * _N + 12 * _N


@kernel(inline=True)
def points(work, place):
    """Twelve points of the plane: queries, and keys behind them."""
    return work[place * 2 * _N:(place + 1) * 2 * _N].reshape((_N, 2))


@kernel(inline=True)
def vector(work, place):
    """Twelve numbers behind the points."""
    return work[(4 + place) * _N:(5 + place) * _N]


@kernel(inline=True)
def square(work, place):
    """Twelve times twelve numbers behind the vectors."""
    return work[12 * _N + place * _N * _N:12 * _N + (place + 1) * _N * _N].reshape((_N, _N))


@kernel
def fill_example(length, work):
    """Queries on a circle, keys on a spiral, each key seen, and the unit matrix for values: the result is weights."""
    q, k, keep, v = points(work, 0), points(work, 1), vector(work, 0), square(work, 0)
    for i in range(_N):
        turn = 6.283185307179586 * i / _N
        q[i, 0], q[i, 1] = length * cos(turn), length * sin(turn)
        k[i, 0], k[i, 1] = (0.4 + i / _N) * cos(turn), (0.4 + i / _N) * sin(turn)
        keep[i] = 1.0
        for j in range(_N):
            v[i, j] = 1.0 if i == j else 0.0


@kernel
def softmax_cells(of, length, work, cells):
    fill_example(length, work)
    q, out = points(work, 0), cells[:_N * _N].reshape((_N, _N))
    for i in range(_N):
        of(q[i], points(work, 1), square(work, 0), vector(work, 0), 1.0, vector(work, 1), out[i])


@kernel
def sigmoid_cells(of, keys, work, cells):
    fill_example(4.0, work)
    q, out = points(work, 0), cells[:_N * _N].reshape((_N, _N))
    for i in range(_N):
        of(q[i], points(work, 1), square(work, 0), vector(work, 0), 1.0, -log(keys), vector(work, 1), out[i])


@kernel
def linear_cells(of, length, work, cells):
    fill_example(length, work)
    state = square(work, 1)[:2]
    of(0, points(work, 0), points(work, 1), square(work, 0), vector(work, 0), True, state, vector(work, 1)[:2],
       vector(work, 2)[:2], vector(work, 3), cells[:_N * _N].reshape((_N, _N)))


@kernel
def recurrence_cells(of, half_life, work, cells):
    fill_example(1.0, work)
    decay = square(work, 2)[:2].reshape((_N, 2))
    for i in range(_N):
        decay[i, 0] = decay[i, 1] = exp2(-1.0 / half_life)
    of(points(work, 0), points(work, 1), square(work, 0), decay, square(work, 1)[:2],
       cells[:_N * _N].reshape((_N, _N)))


@kernel
def feature_cells(mean, work, cells):
    """Twelve matrices, waves and `mean` times the unit matrix, and twelve tokens of twelve numbers."""
    tokens, weight, out = square(work, 0), square(work, 1), cells[:_N * _N].reshape((_N, _N))
    query = vector(work, 0)
    for i in range(_N):
        query[i] = cos(1.7 * i)
        for a in range(_N):
            tokens[i, a] = sin(1.3 * i + 2.1 * a * (1 + i))
    for m in range(_N):
        for a in range(_N):
            for b in range(_N):
                weight[a, b] = 0.4 * sin(3.1 * m + 2.3 * a * b + 1.1 * a - b * m) + (mean if a == b else 0.0)
        kernels.random_features_row(query, tokens, weight, vector(work, 1), out[m])


def _pairs(rng, rows, columns):
    return rng.normal(size=(rows, 4)), rng.normal(size=(columns, 4)), rng.normal(size=(columns, 3))


def _steps(rng, rows, columns):
    return rng.normal(size=(rows, 4)), rng.normal(size=(rows, 4)), rng.normal(size=(rows, columns))


def _tokens(rng, rows, columns):
    return rng.normal(size=columns), rng.normal(size=(rows, columns)), rng.normal(size=(5, columns, columns))


_PLACES = {"family": "attention", "side": _N, "work": _SIZE, "numbers": ()}
_CHAPTER = "attention_without_softmax"

METHODS = (
    Matrix("softmax_attention", "Softmax attention", r"y_i = \sum_j p_{ij} v_j,\ p_i = \operatorname{softmax}_j"
           r"\, \langle q_i, k_j \rangle / \sqrt d", attention.softmax_attention, "vaswani2017attention", _CHAPTER,
           variants=filled_by(softmax_cells, naive=kernels.softmax_attention_naive,
                              stable=kernels.softmax_attention_row), given=_pairs,
           gradient=Gradient.by_name(softmax_attention_gradients, "k", "v"),
           knob=("length of the queries", 0.1, 100, 6), entry="weight", **_PLACES),
    Matrix("sigmoid_attention", "Sigmoid attention", r"y_i = \sum_j w_{ij} v_j,\ w_{ij} = \sigma(\langle q_i, k_j"
           r" \rangle / \sqrt d - \log m)", attention.sigmoid_attention, "ramapuram2025sigmoid", _CHAPTER,
           variants=filled_by(sigmoid_cells, naive=kernels.sigmoid_attention_naive,
                              stable=kernels.sigmoid_attention_row), given=_pairs,
           gradient=Gradient.by_name(sigmoid_attention_gradients, "k", "v"),
           knob=("keys m in the bias −log m", 1, 1000, 12), entry="weight", **_PLACES),
    Matrix("linear_attention", "Linear attention", r"y_i = \frac{\phi(q_i)^\top S_i}{\phi(q_i)^\top s_i},\ S_i ="
           r" S_{i-1} + \phi(k_i) v_i^\top,\ s_i = s_{i-1} + \phi(k_i)", attention.linear_attention,
           "katharopoulos2020transformers", _CHAPTER,
           variants=filled_by(linear_cells, naive=kernels.linear_attention_naive,
                              stable=kernels.linear_attention_of_state), given=_pairs,
           gradient=Gradient.by_name(linear_attention_gradients, "k", "v"), knob=("length of the queries", 0.1, 100, 6),
           entry="weight", **_PLACES),
    Matrix("recurrence", "Recurrence", r"H_i = \operatorname{diag}(a_i) H_{i-1} + b_i u_i^\top,\ y_i = H_i^\top c_i",
           attention.recurrence, "sieber2024understanding", _CHAPTER,
           variants=filled_by(recurrence_cells, naive=kernels.recurrence_naive,
                              stable=kernels.recurrence_of_state), given=_steps,
           gradient=Gradient.by_name(recurrence_gradients, "write", "u", "decay"),
           knob=("half-life of the state", 0.1, 100, 3), entry="weight", **_PLACES),
    Matrix("random_features", "Random-feature attention", r"\Phi_m = \frac1N \sum_i \operatorname{relu}(\langle x_0,"
           r" W_m x_i \rangle)\, x_i", attention.random_features, "fu2023single", _CHAPTER,
           variants=forms(stable=feature_cells), given=_tokens,
           gradient=Gradient.by_name(random_features_gradients, "tokens"), knob=("mean of the matrices", 0.01, 10, 1),
           entry="feature", **_PLACES),
    Scalar("entropy_penalty", "Entropy penalty of attention", r"d^2 \text{ if } \lvert d \rvert > \gamma \log T,"
           r"\ d = H(p) - \theta \log T", attention.entropy_penalty, "jha2025entropy", _CHAPTER, family="attention",
           parameters=(("threshold", 0.5), ("tolerance", 0.2), ("seen", False)), numbers=(0.5, 0.2, 0.0),
           plot_range=(-20, 20),
           variants=forms(common=kernels.entropy_penalty_common, stable=kernels.entropy_penalty_row),
           gradient=Gradient(entropy_penalty_pull, kernels.entropy_penalty_vjp_row,
                             others=(("threshold", threshold_pull),))),
)
