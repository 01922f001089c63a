"""A learned link: gradients of convex functions, which map scores one to one."""
import numpy as np

from toolkit._core.array_likes import array_of
from toolkit._core.arrays import common_dtype, real_array
from toolkit._core.kernel import kernel
from toolkit.elementary import sigmoid

__all__ = ["monotone_link"]
KERNELS = ["monotone_link_row", "monotone_link_vjp_row"]


@kernel
def monotone_link_row(x, scale, weights, biases, gains, gates, out):
    """``scale x + U' (s sigma(U x + b))``: the gradient of ``scale |x|^2 / 2 + sum_j s_j softplus(U_j x + b_j)``."""
    for k in range(x.size):
        out[k] = scale * x[k]
    for j in range(biases.size):
        total = biases[j]
        for k in range(x.size):
            total += weights[j, k] * x[k]
        gates[j] = sigmoid(total)
        for k in range(x.size):
            out[k] += weights[j, k] * (gains[j] * gates[j])


@kernel
def monotone_link_vjp_row(x, scale, weights, biases, gains, gates, g, of_x, of_weights, of_biases, of_gains):
    """From the gates of `monotone_link_row` and a gradient g: fills that in x, adds those in the parameters.

    The Jacobian is symmetric, ``scale I + U' diag(s sigma') U``. Returns that in `scale`.
    """
    of_scale = 0.0
    for k in range(x.size):
        of_x[k] = scale * g[k]
        of_scale += x[k] * g[k]
    for j in range(biases.size):
        along = 0.0
        for k in range(x.size):
            along += weights[j, k] * g[k]
        bend = gains[j] * (gates[j] * (1.0 - gates[j])) * along
        of_gains[j] += gates[j] * along
        of_biases[j] += bend
        for k in range(x.size):
            of_x[k] += weights[j, k] * bend
            of_weights[j, k] += gains[j] * gates[j] * g[k] + bend * x[k]
    return of_scale


@kernel
def link_rows(x, scale, weights, biases, gains, gates, out):
    for i in range(x.shape[0]):
        monotone_link_row(x[i], scale, weights, biases, gains, gates, out[i])


@kernel
def pull_link_rows(x, scale, weights, biases, gains, gates, g, out, of_x, of_weights, of_biases, of_gains):
    total = 0.0
    for i in range(x.shape[0]):
        monotone_link_row(x[i], scale, weights, biases, gains, gates, out)
        total += monotone_link_vjp_row(x[i], scale, weights, biases, gains, gates, g[i], of_x[i], of_weights,
                                       of_biases, of_gains)
    return total


def _given(x, weights, biases, gains, scale):
    x, w, b, s = (real_array(each, name).astype(np.float64) for each, name in (
        (x, "x"), (weights, "weights"), (biases, "biases"), (gains, "gains")))
    if x.ndim == 0 or x.shape[-1] == 0:
        raise ValueError(f"x has shape {x.shape}; allowed: (..., n) with n >= 1")
    if w.ndim != 2 or w.shape[1] != x.shape[-1]:
        raise ValueError(f"weights has shape {w.shape}; allowed: (units, {x.shape[-1]})")
    for name, each in (("biases", b), ("gains", s)):
        if each.shape != w.shape[:1]:
            raise ValueError(f"{name} has shape {each.shape}; allowed: {w.shape[:1]}, one for each unit")
    if (s < 0).any():
        raise ValueError("gains contains a number below 0; allowed: numbers >= 0")
    scale = real_array(scale, "scale").astype(np.float64)
    if scale.ndim != 0 or not scale >= 0:
        raise ValueError("scale is no number >= 0; allowed: a number >= 0")
    rows = np.ascontiguousarray(x.reshape(-1, x.shape[-1]))
    return x.shape, rows, float(scale), *map(np.ascontiguousarray, (w, b, s))


def monotone_link(x, weights, biases, gains, *, scale=1.0):
    """A link between scores that is the gradient of a convex function: ``scale x + U' (s sigma(U x + b))``.

    In front of `toolkit.losses.log_softmax_plus` it turns scores into probabilities one to one, whatever its parameters
    are, so that they may be learned: the loss that comes out is proper still. With no units it is multinomial logistic
    regression. Two such links behind each other are invertible, but no gradient in general.

    The convex function is ``scale |x|^2 / 2 + sum_j s_j softplus(U_j x + b_j)``, a network with one hidden layer; the
    paper takes deeper ones.

    Parameters
    ----------
    x : array_like (..., n)
        Scores.
    weights : array_like (units, n)
        U.
    biases : array_like (units,)
    gains : array_like (units,)
        s >= 0.
    scale : float >= 0

    Returns
    -------
    (..., n) -> (..., n)
        Computed in float64, in the dtype of `x`.

    Gradient
    --------
    ``scale g + U' (s sigma' (U g))``: the Jacobian is symmetric, and positive definite for scale > 0. Also that in
    `weights`, `biases` and `gains`.

    Accuracy
    --------
    Within ``units + n`` float64 epsilon of the sum of the sizes of all terms, tested.

    References
    ----------
    Lam, Walder, Penev, Nock, LegendreTron: Uprising Proper Multiclass Loss Learning, ICML 2023, arXiv:2301.11695.

    Examples
    --------
    >>> monotone_link([-2.0, 0.0, 2.0], [[1.0, 1.0, 1.0]], [0.0], [4.0])
    array([0., 2., 4.])
    """
    dtype = common_dtype(x=x)
    shape, rows, scale, w, b, s = _given(x, weights, biases, gains, scale)
    out, gates = np.empty_like(rows), np.empty(b.size)
    with np.errstate(all="ignore"):
        link_rows(rows, scale, w, b, s, gates, out)
    return out.reshape(shape).astype(dtype)


def _pulled(x, g, weights, biases, gains, scale):
    shape, rows, scale, w, b, s = _given(x, weights, biases, gains, scale)
    g = np.ascontiguousarray(np.broadcast_to(array_of(g, "g"), shape).reshape(rows.shape).astype(np.float64))
    found = np.empty_like(rows), np.zeros_like(w), np.zeros_like(b), np.zeros_like(s)
    with np.errstate(all="ignore"):
        pull_link_rows(rows, scale, w, b, s, np.empty(b.size), g, np.empty(rows.shape[1]), *found)
    return found[0].reshape(shape), *found[1:]


def monotone_link_pull(x, g, *, weights, biases, gains, scale=1.0):
    return _pulled(x, g, weights, biases, gains, scale)[0].astype(common_dtype(x=x))


def monotone_link_pull_weights(x, g, *, weights, biases, gains, scale=1.0):
    return _pulled(x, g, weights, biases, gains, scale)[1]


def monotone_link_pull_biases(x, g, *, weights, biases, gains, scale=1.0):
    return _pulled(x, g, weights, biases, gains, scale)[2]


def monotone_link_pull_gains(x, g, *, weights, biases, gains, scale=1.0):
    return _pulled(x, g, weights, biases, gains, scale)[3]
