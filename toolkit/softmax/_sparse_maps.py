"""Public sparse maps: sparsemax, entmax-1.5 and α-entmax, with their gradients in z and in α."""
import numpy as np

from toolkit._core.arguments import check_number, chosen
from toolkit._core.arrays import Rows, map_rows, real_array, reduce_rows
from toolkit._core.kernel import kernel
from toolkit._core.numbers import in_format
from toolkit.softmax._entmax import entmax15_row, entmax_row, sparsemax_row
from toolkit.softmax._entmax_gradient import alpha_entmax_order_row, entmax_vjp_row
from toolkit.softmax._entmax_naive import entmax15_sorted, entmax_bisection, sparsemax_sorted
from toolkit.softmax._temperature import dimensions_of

__all__ = ["alpha_entmax", "entmax15", "sparsemax"]

_SPARSEMAX_ROWS = {"naive": sparsemax_sorted, "stable": sparsemax_row}
_ENTMAX15_ROWS = {"naive": entmax15_sorted, "stable": entmax15_row}
_ENTMAX_ROWS = {"common": entmax_bisection, "stable": entmax_row}
_MOST_ALPHA = 4.0  # beyond, rounding errors of logits are raised to powers below 1 / 3


@kernel
def map_rows_by_order(of, orders, z, parameters, out, fmt):
    """``of(row of z, order, row of out)``."""
    z, out = in_format(z, fmt), in_format(out, fmt)
    for i in range(z.shape[0]):
        of(z[i], orders[i], out[i])


@kernel
def map_row_pairs_by_order(of, orders, p, g, parameters, out, fmt):
    """``of(row of p, row of g, order, row of out)``."""
    p, g, out = in_format(p, fmt), in_format(g, fmt), in_format(out, fmt)
    for i in range(p.shape[0]):
        of(p[i], g[i], orders[i], out[i])


@kernel
def reduce_row_pairs_by_order(of, orders, p, g, parameters, out, fmt):
    """``out[i] = of(row of p, row of g, order + 1)``."""
    p, g, out = in_format(p, fmt), in_format(g, fmt), in_format(out, fmt)
    for i in range(p.shape[0]):
        out[i] = of(p[i], g[i], orders[i] + 1)


def rows_and_orders(arrays, alpha, fills, **options):
    """``(layout, [orders, rows ...])`` where each row has an α of its own; α - 1 is rounded to the dtype."""
    (name, first), *others = arrays.items()
    layout = Rows(first, name=name, beside=dict(others), **options)
    orders = layout.per_row(alpha, "alpha", np.float64) - 1
    rows = [layout.rows(x, name, fill) for (name, x), fill in zip(arrays.items(), fills, strict=True)]
    return layout, [orders.astype(layout.compute).astype(np.float64), *rows]


def far_from_one(rows, p):
    """Rows whose sum lost more than a quarter, or everything."""
    return ~(np.abs(p.sum(axis=1) - 1) < 0.25)


def _chosen(name, form, rows):
    """The row kernel of a form, and what to say when it lost the sum."""
    row = chosen("form", form, rows)
    return row, (far_from_one, f"{name}(form={form!r}) lost the sum") if form != "stable" else None


def _alpha(alpha):
    """`alpha` as a float, or as an array of them for each row."""
    if dimensions_of("alpha", alpha) == 0:
        return check_number("alpha", alpha[()] if isinstance(alpha, np.ndarray) else alpha, 0.0, _MOST_ALPHA)
    alpha = real_array(alpha, "alpha").astype(np.float64)
    bad = ~((alpha >= 0) & (alpha <= _MOST_ALPHA))
    if bad.any():
        raise ValueError(f"alpha contains {alpha[bad][0]:g}; allowed: numbers from 0 to {_MOST_ALPHA:g}")
    return alpha


def sparsemax(z, *, axis=-1, where=None, form="stable", format=None):
    """Sparsemax: the point of the simplex nearest to the logits, ``p_i = [z_i - tau]_+``.

    A class with a logit at least 1 below the largest is exactly 0. The stable form finds the last class that is still
    in, each step a mean over those above it (Michelot 1986), without sorting, and counts from its logit instead of tau.
    `form="naive"` sorts the logits and takes running sums, without a shift: an offset rounds them away.

    Parameters
    ----------
    z : array_like (..., K)
        Logits: booleans, integers, float16, float32 or float64.
    axis : int, tuple of ints or None
    where : array_like of booleans, broadcast to the shape of `z`, optional
        True keeps. A masked class gets 0, as a logit of -inf does.
    form : {"naive", "stable"}
    format : Format, name or pair (exponent_bits, fraction_bits), optional
        Emulated format: logits and the result of every operation are rounded to it.

    Returns
    -------
    Probabilities (..., K) -> (..., K), in the dtype that `softmax` would give.

    Special values
    --------------
    As `softmax`. The naive form warns when a sum is off by a quarter.

    Accuracy
    --------
    As `alpha_entmax`.

    Gradient
    --------
    From the result: on the support g less its mean there, elsewhere and where masked 0. Where a class joins the
    support the map has a kink; a class with probability exactly 0 counts as outside. A NaN in p or g gives NaN in
    the whole row, also where p is 0.

    References
    ----------
    A. Martins, R. Astudillo, From Softmax to Sparsemax, ICML 2016, arXiv:1602.02068.
    C. Michelot, J. Optim. Theory Appl. 50 (1986), doi:10.1007/BF00938486.

    Examples
    --------
    >>> sparsemax([1.0, 0.8, 0.1, -0.5])
    array([0.6, 0.4, 0. , 0. ])
    """
    row, broken = _chosen("sparsemax", form, _SPARSEMAX_ROWS)
    return map_rows(row, {"z": z}, axis=axis, where=where, format=format, broken=broken)


def sparsemax_pull(p, g, *, axis=-1, where=None):
    """Gradient with respect to the logits, from the probabilities `p` and the gradient `g` with respect to them.

    Examples
    --------
    >>> sparsemax_pull([0.6, 0.4, 0.0], [1.0, -1.0, 0.5])
    array([ 1., -1.,  0.])
    """
    return alpha_entmax_pull(p, g, alpha=2.0, axis=axis, where=where)


def entmax15(z, *, axis=-1, where=None, form="stable", format=None):
    """Entmax-1.5: half-way from softmax to sparsemax, ``p_i = [z_i / 2 - tau]_+^2``.

    A class at least 2 below the largest logit is exactly 0, and the map has a continuous gradient. The naive form
    sorts and solves a quadratic equation for tau, in which an offset of the logits cancels: at 1e4 in float32 the
    "probabilities" of four logits add up to 1.35.

    Parameters, Returns and Special values as `sparsemax`.

    Accuracy
    --------
    As `alpha_entmax`.

    Gradient
    --------
    ``s * (g - <s, g> / sum s)`` with ``s = sqrt(p)``, from the result; masked classes and NaN as `sparsemax`.

    References
    ----------
    B. Peters, V. Niculae, A. Martins, Sparse Sequence-to-Sequence Models, ACL 2019, arXiv:1905.05702.

    Examples
    --------
    >>> entmax15([1.0, 0.8, 0.1, -0.5]).round(6)
    array([0.529248, 0.393749, 0.077003, 0.      ])
    """
    row, broken = _chosen("entmax15", form, _ENTMAX15_ROWS)
    return map_rows(row, {"z": z}, axis=axis, where=where, format=format, broken=broken)


def entmax15_pull(p, g, *, axis=-1, where=None):
    """Gradient with respect to the logits, as `sparsemax_pull`.

    Examples
    --------
    >>> entmax15_pull([0.64, 0.36, 0.0], [1.0, 0.0, 1.0]).round(6)
    array([ 0.342857, -0.342857,  0.      ])
    """
    return alpha_entmax_pull(p, g, alpha=1.5, axis=axis, where=where)


def alpha_entmax(z, *, alpha=1.5, axis=-1, where=None, form="stable", format=None):
    """α-entmax: ``p_i = [(α - 1) z_i - tau]_+^(1 / (α - 1))``, from softmax (α = 1) through sparsemax (α = 2) on.

    For α > 1 a class at least ``1 / (α - 1)`` below the largest logit is exactly 0; for α < 1 none is, and a
    class far below falls off as a power of its gap, ``p_i = [1 + (1 - α) (tau - z_i)]^(-1 / (1 - α))`` with
    another tau. The common form, bisection for tau, loses digits as α falls to 1, where the power 1 / (α - 1)
    multiplies each rounding error, and at 1 it is uniform. The stable form solves for the power of a
    probability instead, near α = 1 and below of the largest, elsewhere of the smallest that is not 0.

    Parameters
    ----------
    alpha : float from 0 to 4, or array of them (...)
        One for each row, broadcast to the shape without the classes, or with them at length 1.
    form : {"common", "stable"}
        The common one is for one α of at least 1.
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
    Within 1 unit of roundoff of the largest probability of the row in float32 and in emulated formats, within 8 in
    float64, for K <= 100 000 and α from 0 to 4, also where a class is next to the edge of the support; a row sums to 1
    within 2 units, before the rounding of NumPy's own sum. Tested. For that the threshold and the powers are float64
    whatever the rows are, with pairs of float64 where something cancels, and each result is rounded once. α - 1 is
    rounded to the dtype.

    Gradient
    --------
    ``s * (g - <s, g> / sum s)`` with ``s = p^(2 - α)`` on the support, 0 off it, from the result; g is taken
    relative to that of the class with the largest s. Within 8 units of roundoff of the largest entry, for
    K <= 100 000 and upstream gradients of one size, tested.

    With respect to α, which learns how sparse to be, it is ``<g, dp / dα>``. With ``q = p^(α - 1)`` each class has
    the slope ``p (1 - 1/q - log q) / (α - 1)²`` of its own, from which its share of the sum is taken, as s has it.
    Near α = 1 a series replaces the difference; at 1 it is -p log² p / 2.

    References
    ----------
    B. Peters, V. Niculae, A. Martins, Sparse Sequence-to-Sequence Models, ACL 2019, arXiv:1905.05702. The
    iterations are derived here.
    G. Correia, V. Niculae, A. Martins, Adaptively Sparse Transformers, EMNLP 2019, arXiv:1909.00015 (the gradient in
    α; the form that keeps its digits at α = 1 is derived here).

    Examples
    --------
    >>> alpha_entmax([1.0, 0.8, 0.1, -0.5], alpha=1.25).round(6)
    array([0.46552 , 0.362632, 0.130474, 0.041375])
    """
    row, broken = _chosen("alpha_entmax", form, _ENTMAX_ROWS)
    alpha = _alpha(alpha)
    if form != "stable" and (dimensions_of("alpha", alpha) or alpha < 1):
        raise ValueError(f"form is {form!r}; allowed for alpha below 1 and for an array: 'stable'")
    if dimensions_of("alpha", alpha) == 0:
        return map_rows(row, {"z": z}, alpha - 1.0, axis=axis, where=where, format=format, broken=broken)
    layout, arrays = rows_and_orders({"z": z}, alpha, (-np.inf,), axis=axis, where=where, format=format)
    out = layout.empty()
    layout.call(map_rows_by_order, row, arrays, (), out)
    return layout.restore(out, 0.0)


def alpha_entmax_pull(p, g, *, alpha=1.5, axis=-1, where=None):
    """Gradient with respect to the logits, as `sparsemax_pull`.

    Examples
    --------
    >>> alpha_entmax_pull([0.75, 0.25], [1.0, 0.0], alpha=1.0)
    array([ 0.1875, -0.1875])
    """
    alpha = _alpha(alpha)
    if dimensions_of("alpha", alpha) == 0:
        return map_rows(entmax_vjp_row, {"p": p, "g": g}, alpha - 1.0, axis=axis, where=where, fills=(0.0,))
    layout, arrays = rows_and_orders({"p": p, "g": g}, alpha, (0.0, 0.0), axis=axis, where=where)
    out = layout.empty()
    layout.call(map_row_pairs_by_order, entmax_vjp_row, arrays, (), out)
    return layout.restore(out, 0.0)


def alpha_entmax_order_pull(p, g, *, alpha=1.5, axis=-1, where=None):
    """Gradient with respect to α, (..., K) -> (...), from the probabilities and the gradient with respect to them.

    Examples
    --------
    >>> round(float(alpha_entmax_order_pull(alpha_entmax([0.5, 0.0, -1.0]), [1.0, 0.0, 0.0])), 6)
    0.231884
    """
    alpha = _alpha(alpha)
    if dimensions_of("alpha", alpha) == 0:
        return reduce_rows(alpha_entmax_order_row, {"p": p, "g": g}, alpha, axis=axis, where=where, fills=(0.0,),
                           empty=0.0)
    layout, arrays = rows_and_orders({"p": p, "g": g}, alpha, (0.0, 0.0), axis=axis, where=where)
    out = np.empty(layout.count, layout.compute)
    layout.call(reduce_row_pairs_by_order, alpha_entmax_order_row, arrays, (), out)
    return layout.restore_reduced(out)
