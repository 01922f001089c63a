"""The least energy and the largest logit, smoothed: a logarithm of a mean or a sum of exponentials, over its scale."""
import numpy as np

from toolkit._core import loops
from toolkit._core.arguments import check_finite, check_flag, check_number
from toolkit._core.arrays import Rows
from toolkit._core.kernel import kernel
from toolkit._core.sums import sum_like
from toolkit.elementary import exp, log1p
from toolkit.soft_operators._soft_value import (
    soft_value,
    soft_value_naive_row,
    soft_value_pull,
    soft_value_row,
    soft_value_vjp_row,
)
from toolkit.softmax.kernels import shifted, softmax_tempered, tempered_gap, top_class

__all__ = ["laplace_value", "smoothed_maximum"]
KERNELS = ["laplace_value_naive", "laplace_value_row", "laplace_value_vjp_row", "smoothed_maximum_row",
           "smoothed_maximum_vjp_row"]


@kernel
def laplace_value_naive(z, beta):
    """``-log(mean of e^{-beta z}) / beta`` as written: +inf once all exponentials underflow."""
    return soft_value_naive_row(z, -1 / beta)


@kernel
def laplace_value_row(z, beta):
    """The soft value at the temperature ``-1 / beta``."""
    return soft_value_row(z, -1 / beta)


@kernel
def laplace_value_vjp_row(z, g, beta, out):
    """``g softmax(-beta z)`` for the number `g`."""
    soft_value_vjp_row(z, g, -1 / beta, out)


@kernel
def smoothed_maximum_row(z, tau):
    """``m + tau log1p(sum of e^{(z - m) / tau} without the top)``, m the largest."""
    top = top_class(z)
    m = z[top]
    if np.isinf(m):
        return m
    rest = sum_like(z)
    for i in range(z.size):
        if i != top:
            rest += exp(tempered_gap(shifted(z[i], m), tau))
    return m + tau * log1p(rest.value)


@kernel
def smoothed_maximum_vjp_row(z, g, tau, out):
    """``g softmax(z / tau)`` for the number `g`."""
    softmax_tempered(z, tau, out)
    for i in range(z.size):
        out[i] *= g


def laplace_value(z, *, beta=1.0, axis=-1, keepdims=False, where=None, form="stable", format=None):
    """The least of some energies, smoothed: ``-log(mean of exp(-beta z)) / beta``, by the Laplace principle.

    It lies between the least and the mean, at most ``log(n) / beta`` above the least one: `soft_value` at the
    temperature -1 / beta. As written it is +inf as soon as all exponentials underflow.

    Parameters
    ----------
    z : array_like (..., K)
        Energies.
    beta : float from 2**-60 to 2**60
        Inverse temperature: the larger, the nearer to the least energy.
    axis : int, tuple of ints or None
    keepdims : bool
    where : array_like of booleans, broadcast to the shape of `z`, optional
        True keeps; what is masked does not count in the mean.
    form : {"naive", "stable"}
    format : Format, name or pair (exponent_bits, fraction_bits), optional

    Returns
    -------
    (..., K) -> (...), in the dtype of `z`.

    Special values
    --------------
    An energy of +inf counts in the mean and has no weight. All +inf: +inf. An energy of -inf gives -inf, a NaN NaN.
    No energies, or all masked: NaN.

    Accuracy
    --------
    In float32 and float64 within 5 ulp of the larger of |m| and |value - m|, m the least energy, tested for K <= 100.

    Gradient
    --------
    ``g softmax(-beta z)``, each entry within 6 + beta |z_i - m| ulp, tested.

    References
    ----------
    K. Riedl et al., Gradient is All You Need? 2023, arXiv:2306.09778, whose consensus rests on it.

    Examples
    --------
    >>> float(laplace_value([1.0, 0.25, 4.0], beta=10.0).round(6))
    0.359806
    >>> float(laplace_value([1000.0, 1001.0]).round(4))  # as written: inf
    1000.3799
    """
    return soft_value(z, temperature=_at(beta), axis=axis, keepdims=keepdims, where=where, form=form, format=format)


def _at(beta):
    """The temperature of a soft value: below 0, where it looks at the least."""
    return -1 / check_number("beta", beta, 2.0**-60, 2.0**60)


def laplace_value_pull(z, g, *, beta=1.0, axis=-1, where=None):
    """Gradient with respect to the energies, from the gradient `g` with respect to the value."""
    return soft_value_pull(z, g, temperature=_at(beta), axis=axis, where=where)


def pull_number(of, x, name, g, number, axis, where, fill):
    """The row kernel ``of(row of x, g, number, out)``; masked entries get 0."""
    layout = Rows(x, axis=axis, where=where, name=name, beside={"g": g})
    out = layout.empty()
    layout.call(loops.map_row_pairs, of, (layout.rows(x, name, fill), layout.per_row(g, "g")), (number,), out)
    return layout.restore(out, 0.0)


def smoothed_maximum(z, *, temperature=1.0, axis=-1, keepdims=False, where=None, format=None):
    """The largest of some logits, smoothed: ``tau log sum exp(z / tau)``, log-sum-exp with a temperature.

    A convex function, at most ``tau log K`` above the largest logit, whose slope is ``softmax(z / tau)`` and whose
    curvature grows as 1 / tau. Minimising it makes the largest of many linear functions small.

    Parameters
    ----------
    temperature : float >= 0
        tau; 0 gives the maximum itself.
    z, axis, keepdims, where, format
        As in `toolkit.softmax.logsumexp`.

    Returns
    -------
    (..., K) -> (...), in the dtype of `z`.

    Special values
    --------------
    A NaN gives NaN, a +inf logit +inf. No classes, all masked, or all -inf: -inf.

    Accuracy
    --------
    In float32 and float64 within 4 epsilon of ``|m| + tau H``, m the largest logit and H the entropy of the weights,
    tested for K <= 1000.

    Gradient
    --------
    ``g softmax(z / tau)``, from the logits; within ``6 + (m - z) / tau`` epsilon of each entry, tested.

    References
    ----------
    A. Semenov, M. Jaggi, N. Doikov, Gradient-Normalized Smoothness for Optimization with Approximate Hessians, ICLR
    2026, arXiv:2506.13710, one of whose problems it is.

    Examples
    --------
    >>> [round(float(smoothed_maximum([1.0, 0.9, -2.0], temperature=tau)), 4) for tau in (1.0, 0.1, 0.0)]
    [1.6702, 1.0313, 1.0]
    """
    tau, keepdims = check_finite("temperature", temperature, 0.0), check_flag("keepdims", keepdims)
    layout = Rows(z, axis=axis, where=where, format=format, allow_empty=True)
    out = np.full(layout.count, -np.inf, layout.compute)
    if layout.classes > 0:
        layout.call(loops.reduce_rows, smoothed_maximum_row, (layout.rows(z, "z"),), (abs(tau),), out)
    return layout.restore_reduced(out, keepdims)


def smoothed_maximum_pull(z, g, *, temperature=1.0, axis=-1, where=None):
    """Gradient with respect to the logits, from the gradient `g` with respect to the value."""
    return pull_number(smoothed_maximum_vjp_row, z, "z", g, float(temperature), axis, where, -np.inf)
