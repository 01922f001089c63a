"""Utilities and probabilities: a step of learning that raises what was chosen, and Luce's rule, which turns back.

These stand in the place of the equation of a paper on utility-probability duality, which could not be had.
"""
import numpy as np

from toolkit._core import loops
from toolkit._core.arguments import check_finite, check_number
from toolkit._core.arrays import Rows, map_rows, real_array
from toolkit._core.kernel import kernel
from toolkit.softmax._softmax import softmax_pull, softmax_vjp_row
from toolkit.softmax.kernels import shifted, softmax_three_pass_reload, top_class

__all__ = ["luce_choice", "utility_step"]
KERNELS = ["luce_choice_row", "utility_step_row"]


@kernel
def luce_choice_row(z, beta, p):
    """``exp(beta (z - max z))`` over its sum."""
    m = z[top_class(z)]
    for i in range(z.size):
        gap = shifted(z[i], m)
        p[i] = gap if gap == 0 or gap == -np.inf else beta * gap
    softmax_three_pass_reload(p, p)


@kernel
def luce_choice_vjp_row(p, g, beta, out):
    softmax_vjp_row(p, g, out)
    for i in range(p.size):
        out[i] = beta * out[i]


@kernel
def utility_step_row(z, q, eta, out):
    """``z + eta (q - softmax(z))``."""
    softmax_three_pass_reload(z, out)
    for i in range(z.size):
        out[i] = z[i] + eta * (q[i] - out[i])


def luce_choice(z, *, beta=1.0, axis=-1, where=None, format=None):
    """Probabilities of choice from utilities, by Luce's rule: ``p_i = exp(beta z_i) / sum_j exp(beta z_j)``.

    beta = 0 is a choice at random, beta = inf the best one. Which utility is largest does not change under any rising
    map of the utilities, and so does no decision by it; these probabilities do, and so does each decision by an
    expectation. In the spirit of utility-probability duality: the paper's own equation could not be had, and this rule
    is derived here in its place.

    Parameters
    ----------
    z : array_like (..., K)
        Utilities, as log-probabilities of sequences, of a few hundreds below 0.
    beta : float >= 0
        How sharp the choice is: one over the temperature of `toolkit.softmax.softmax`.
    axis, where, format
        As in `toolkit.softmax.softmax`.

    Returns
    -------
    Probabilities (..., K) -> (..., K) in the dtype that `toolkit.softmax.softmax` would give.

    Special values
    --------------
    As `toolkit.softmax.softmax`; -inf is what cannot be chosen, at beta = 0 too.

    Accuracy
    --------
    In float32 and float64 at most 5 + beta |z_i - max z| ulp of p_i, tested for beta = 2.

    Gradient
    --------
    ``beta p (g - <p, g>)``; with respect to beta ``sum g p (z - <p, z>)``, summed over the rows.

    References
    ----------
    R. D. Luce, Individual Choice Behavior, 1959. B. Huang, F. Yuan, Utility-Probability Duality of Neural Networks,
    arXiv:2305.14859, of which only the abstract was read.

    Examples
    --------
    >>> import numpy as np
    >>> luce_choice(np.log([0.5, 0.3, 0.2]), beta=2.0).round(4)
    array([0.6579, 0.2368, 0.1053])
    >>> luce_choice([-800.0, -801.0]).round(4)
    array([0.7311, 0.2689])
    """
    beta = check_number("beta", beta, 0.0, np.inf)
    return map_rows(luce_choice_row, {"z": z}, beta, axis=axis, where=where, format=format)


def luce_choice_pull(z, g, *, beta=1.0, axis=-1, where=None):
    p = luce_choice(z, beta=beta, axis=axis, where=where)
    return map_rows(luce_choice_vjp_row, {"z": p, "g": g}, check_number("beta", beta, 0.0, np.inf), axis=axis,
                    where=where, fills=(0.0, 0.0))


def beta_pull(z, g, *, beta=1.0, axis=-1, where=None):
    """``sum g p (z - <p, z>)``."""
    p = luce_choice(z, beta=beta, axis=axis, where=where)
    moved = softmax_pull(p, g, axis=axis, where=where)
    kept = np.where(p > 0, real_array(z, "z"), 0.0)
    return np.sum(moved.astype(np.float64) * kept)


def utility_step(z, y, *, eta=1.0):
    """A step of learning from a choice: ``z + eta (onehot(y) - softmax(z))``.

    It is a step of gradient descent on the cross-entropy of z. The choice y is revealed, so its utility rises, and that
    of each other one falls by eta times its share. For choices with the frequencies f it ends where softmax(z) = f; for
    one and the same choice it goes on without end, and only the order of the utilities has a meaning. In the spirit of
    utility-probability duality, derived here: the paper's own equation could not be had.

    Parameters
    ----------
    z : array_like (..., K)
        Utilities.
    y : array_like (...) of integers, or (..., K) of probabilities
        What was chosen, or how often each was.
    eta : float >= 0
        Up to 2 the cross-entropy falls.

    Returns
    -------
    (..., K)

    Special values
    --------------
    As `toolkit.softmax.softmax`; a utility of -inf stays.

    Accuracy
    --------
    In float32 and float64 within 3 epsilon of ``|z_i| + eta`` for an eta up to 2, tested for K <= 100.

    Gradient
    --------
    With respect to z: ``g - eta p (g - <p, g>)``.

    References
    ----------
    B. Huang, F. Yuan, Utility-Probability Duality of Neural Networks, arXiv:2305.14859, of which only the abstract was
    read.

    Examples
    --------
    >>> z = utility_step([2.0, 1.0, 0.0], 2, eta=0.5)
    >>> z.round(4), utility_step(z, 2, eta=0.5).round(4)
    (array([1.6674, 0.8776, 0.455 ]), array([1.3819, 0.748 , 0.8701]))
    """
    layout = Rows(z, beside=_floating(y))
    chosen, out = chosen_rows(layout, y), layout.empty()
    layout.call(loops.map_row_pairs, utility_step_row, (layout.rows(z, "z"), chosen),
                (check_finite("eta", eta, 0.0),), out)
    return layout.restore(out, 0.0)


def _floating(y):
    """Probabilities take part in the choice of the dtype, labels do not."""
    return {"y": y} if real_array(y, "y").dtype.kind == "f" else None


def chosen_rows(layout, y):
    """Rows of probabilities: those given, or one-hot ones of labels."""
    labels = real_array(y, "y")
    if labels.dtype.kind == "f":
        if labels.shape[-1:] != layout.shape[-1:] or (labels < 0).any():
            raise ValueError(f"y has shape {labels.shape}; allowed: labels, or {layout.shape} of numbers >= 0")
        return layout.rows(y, "y", 0.0)
    index = layout.per_row(y, "y", np.int64)
    if ((index < 0) | (index >= layout.classes)).any():
        wrong = index[(index < 0) | (index >= layout.classes)][0]
        raise ValueError(f"y has {wrong}; allowed: labels from 0 to {layout.classes - 1}")
    return (np.arange(layout.classes) == index[:, None]).astype(layout.compute)


def utility_step_pull(z, g, *, eta=1.0):
    p = luce_choice(z)
    return (real_array(g, "g") - eta * softmax_pull(p, g)).astype(p.dtype)
