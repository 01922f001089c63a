"""Public sparse maps: sparsemax, entmax-1.5 and α-entmax, with their gradients in z and in α."""
import numpy as np

from toolkit._core.arrays import map_rows, reduce_rows
from toolkit._core.kernel import kernel
from toolkit._core.numbers import like
from toolkit.softmax._entmax import alpha_entmax_order_row, entmax_row, entmax_vjp_row
from toolkit.softmax._entmax_naive import entmax15_sorted, entmax_bisection, sparsemax_sorted
from toolkit.softmax._softmax import check_choice

__all__ = ["BISECTIONS", "SORTINGS", "alpha_entmax", "alpha_entmax_alpha_vjp", "alpha_entmax_vjp", "check_number",
           "entmax15", "entmax15_vjp", "sparsemax", "sparsemax_vjp"]

SORTINGS = ("naive", "newton")
BISECTIONS = ("bisection", "newton")
_MOST_ALPHA = 4.0  # beyond, rounding errors of logits are raised to powers below 1 / 3


@kernel
def sparse_rows(z, algorithm, order, p, fmt):
    for i in range(z.shape[0]):
        if algorithm == 1:
            entmax_row(z[i], order, p[i], fmt)
        elif algorithm == 2:
            entmax_bisection(z[i], order, p[i], fmt)
        elif order == like(1.0, order):
            sparsemax_sorted(z[i], p[i], fmt)
        else:
            entmax15_sorted(z[i], p[i], fmt)


@kernel
def sparse_vjp_rows(p, g, order, out, fmt):
    for i in range(p.shape[0]):
        entmax_vjp_row(p[i], g[i], order, out[i], fmt)


@kernel
def alpha_vjp_rows(p, g, alpha, out, fmt):
    for i in range(p.shape[0]):
        out[i] = alpha_entmax_order_row(p[i], g[i], alpha, fmt)


def check_number(name, value, low, high):
    """`value` as a float from `low` to `high`, or an error that names the argument."""
    allowed = f"{name} is {value!r}; allowed: a number from {low:g} to {high:g}"
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(allowed)
    if not low <= value <= high:
        raise ValueError(allowed)
    return float(value)


def far_from_one(rows, p):
    """Rows whose sum lost more than a quarter, or everything."""
    return ~(np.abs(p.sum(axis=1) - 1) < 0.25)


def _how(name, alpha, algorithm):
    """Parameters of `sparse_rows`, and the test for a broken sum."""
    broken = (far_from_one, f"{name}(algorithm={algorithm!r}) lost the sum") if algorithm != "newton" else None
    return (2 if algorithm == "bisection" else int(algorithm == "newton"), alpha - 1.0), broken


def sparsemax(z, *, axis=-1, where=None, algorithm="newton", format=None):
    """Sparsemax: the point of the simplex nearest to the logits, ``p_i = [z_i - tau]_+``.

    A class with a logit at least 1 below the largest is exactly 0. The default finds tau as Newton's iteration
    from the largest logit down, each step a mean over the classes still in (Michelot 1986): no sorting.
    `algorithm="naive"` sorts the logits and takes running sums, without a shift: an offset rounds them away.

    Parameters
    ----------
    z : array_like (..., K)
        Logits: booleans, integers, float16, float32 or float64.
    axis : int, tuple of ints or None
    where : array_like of booleans, broadcast to the shape of `z`, optional
        True keeps. A masked class gets 0, as a logit of -inf does.
    algorithm : {"naive", "newton"}
    format : Format, name or pair (exponent_bits, fraction_bits), optional
        Emulated format: logits and the result of every operation are rounded to it.

    Returns
    -------
    Probabilities (..., K) -> (..., K), in the dtype that `softmax` would give.

    Special values
    --------------
    As `softmax`. The naive algorithm warns when a sum is off by a quarter.

    Accuracy
    --------
    Within 3 units of roundoff of the largest probability of the row, in float32 and float64 for K <= 2000, tested;
    a row sums to 1 within 2 units of roundoff. In emulated float16 as `alpha_entmax`.

    References
    ----------
    A. Martins, R. Astudillo, From Softmax to Sparsemax, ICML 2016, arXiv:1602.02068.
    C. Michelot, J. Optim. Theory Appl. 50 (1986), doi:10.1007/BF00938486.

    Examples
    --------
    >>> sparsemax([1.0, 0.8, 0.1, -0.5])
    array([0.6, 0.4, 0. , 0. ])
    """
    check_choice("algorithm", algorithm, SORTINGS)
    parameters, broken = _how("sparsemax", 2.0, algorithm)
    return map_rows(sparse_rows, {"z": z}, *parameters, axis=axis, where=where, format=format, broken=broken)


def sparsemax_vjp(p, g, *, axis=-1, where=None):
    """Gradient of sparsemax: on the support g less its mean there, elsewhere 0.

    Where a class joins the support the map has a kink; a class with probability exactly 0 counts as outside.

    Parameters
    ----------
    p : array_like (..., K)
        Probabilities, as `sparsemax` returns them.
    g : array_like, broadcast to the shape of `p`
        Gradient with respect to the probabilities.
    axis, where
        As in `sparsemax`.

    Returns
    -------
    Gradient with respect to the logits (..., K) -> (..., K). Masked: 0.

    Special values
    --------------
    A NaN in `p` or `g` gives NaN in the whole row, also where ``p`` is 0.

    Examples
    --------
    >>> sparsemax_vjp([0.6, 0.4, 0.0], [1.0, -1.0, 0.5])
    array([ 1., -1.,  0.])
    """
    return alpha_entmax_vjp(p, g, alpha=2.0, axis=axis, where=where)


def entmax15(z, *, axis=-1, where=None, algorithm="newton", format=None):
    """Entmax-1.5: half-way from softmax to sparsemax, ``p_i = [z_i / 2 - tau]_+^2``.

    A class at least 2 below the largest logit is exactly 0, and the map has a continuous gradient. The naive
    algorithm sorts and solves a quadratic equation for tau, in which an offset of the logits cancels: at 1e4 in
    float32 the "probabilities" of four logits add up to 1.35.

    Parameters, Returns and Special values as `sparsemax`.

    Accuracy
    --------
    Within 3 units of roundoff of the largest probability of the row, in float32 and float64 for K <= 2000, tested.
    In emulated float16 as `alpha_entmax`.

    References
    ----------
    B. Peters, V. Niculae, A. Martins, Sparse Sequence-to-Sequence Models, ACL 2019, arXiv:1905.05702.

    Examples
    --------
    >>> entmax15([1.0, 0.8, 0.1, -0.5]).round(6)
    array([0.529248, 0.393749, 0.077003, 0.      ])
    """
    check_choice("algorithm", algorithm, SORTINGS)
    parameters, broken = _how("entmax15", 1.5, algorithm)
    return map_rows(sparse_rows, {"z": z}, *parameters, axis=axis, where=where, format=format, broken=broken)


def entmax15_vjp(p, g, *, axis=-1, where=None):
    """Gradient of entmax-1.5: ``s * (g - <s, g> / sum s)`` with ``s = sqrt(p)``.

    Parameters and Returns as `sparsemax_vjp`.

    Examples
    --------
    >>> entmax15_vjp([0.64, 0.36, 0.0], [1.0, 0.0, 1.0]).round(6)
    array([ 0.342857, -0.342857,  0.      ])
    """
    return alpha_entmax_vjp(p, g, alpha=1.5, axis=axis, where=where)


def alpha_entmax(z, *, alpha=1.5, axis=-1, where=None, algorithm="newton", format=None):
    """α-entmax: ``p_i = [(α - 1) z_i - tau]_+^(1 / (α - 1))``, from softmax (α = 1) through sparsemax (α = 2) on.

    A class at least ``1 / (α - 1)`` below the largest logit is exactly 0. The usual bisection for tau loses digits
    as α falls to 1, where the power 1 / (α - 1) multiplies each rounding error, and at 1 it is uniform. The
    default solves for the power of the largest probability instead, in which α = 1 is an ordinary value.

    Parameters
    ----------
    alpha : float from 1 to 4
    algorithm : {"bisection", "newton"}
    z, axis, where, format
        As in `sparsemax`.

    Returns
    -------
    Probabilities (..., K) -> (..., K), in the dtype that `softmax` would give.

    Special values
    --------------
    As `sparsemax`. At α = 1 the bisection has forgotten the logits: it is uniform, without a warning.

    Accuracy
    --------
    Within 4 units of roundoff of the largest probability of the row, for K <= 300 and each α of 1, 1 + 1e-6,
    1.001, 1.01, 1.1, 1.25, 1.5, 1.75 and 2, in float32; within 16 in emulated float16. Tested. For α > 2 the slope is
    infinite where a class joins: an error of e in its logit is one of order ``e^(1 / (α - 1))`` there. The rows of
    the tests, none of them near such an edge, are within 24 units for α = 3 and 4 in float32.

    References
    ----------
    B. Peters, V. Niculae, A. Martins, Sparse Sequence-to-Sequence Models, ACL 2019, arXiv:1905.05702. The
    iteration for ``p_max^(α - 1)`` is derived here.

    Examples
    --------
    >>> alpha_entmax([1.0, 0.8, 0.1, -0.5], alpha=1.25).round(6)
    array([0.46552 , 0.362632, 0.130474, 0.041375])
    """
    check_choice("algorithm", algorithm, BISECTIONS)
    alpha = check_number("alpha", alpha, 1.0, _MOST_ALPHA)
    parameters, broken = _how("alpha_entmax", alpha, algorithm)
    return map_rows(sparse_rows, {"z": z}, *parameters, axis=axis, where=where, format=format, broken=broken)


def alpha_entmax_vjp(p, g, *, alpha=1.5, axis=-1, where=None):
    """Gradient of α-entmax: ``s * (g - <s, g> / sum s)`` with ``s = p^(2 - α)`` on the support, 0 off it.

    `g` is taken relative to that of the likeliest class, as in `softmax_vjp`. Parameters and Returns as
    `sparsemax_vjp`.

    Examples
    --------
    >>> alpha_entmax_vjp([0.75, 0.25], [1.0, 0.0], alpha=1.0)
    array([ 0.1875, -0.1875])
    """
    alpha = check_number("alpha", alpha, 1.0, _MOST_ALPHA)
    return map_rows(sparse_vjp_rows, {"p": p, "g": g}, alpha - 1.0, axis=axis, where=where, fills=(0.0,))


def alpha_entmax_alpha_vjp(p, g, *, alpha=1.5, axis=-1, where=None):
    """Gradient of α-entmax with respect to α, ``<g, dp / dα>``: what learns how sparse to be.

    With ``q = p^(α - 1)`` each class has the slope ``p (1 - 1/q - log q) / (α - 1)²`` of its own, from which its
    share of the sum is taken, as s has it. Near α = 1 a series replaces the difference; at 1 it is -p log² p / 2.

    Parameters as `alpha_entmax_vjp`.

    Returns
    -------
    (..., K) -> (...)

    References
    ----------
    G. Correia, V. Niculae, A. Martins, Adaptively Sparse Transformers, EMNLP 2019, arXiv:1909.00015. The form that
    keeps its digits at α = 1 is derived here.

    Examples
    --------
    >>> round(float(alpha_entmax_alpha_vjp(alpha_entmax([0.5, 0.0, -1.0]), [1.0, 0.0, 0.0])), 6)
    0.231884
    """
    alpha = check_number("alpha", alpha, 1.0, _MOST_ALPHA)
    return reduce_rows(alpha_vjp_rows, {"p": p, "g": g}, alpha, axis=axis, where=where, fills=(0.0,), empty=0.0)
