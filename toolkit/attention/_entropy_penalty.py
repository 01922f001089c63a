"""The entropy of an attention head, and a penalty that keeps it from both ends."""
import numpy as np

from toolkit._core import loops
from toolkit._core.arguments import check_flag, check_number, chosen
from toolkit._core.arrays import Rows, real_array, reduce_rows
from toolkit._core.kernel import kernel
from toolkit._core.sums import sum_like
from toolkit.elementary import exp, log
from toolkit.information import entropy
from toolkit.information.kernels import entropy_of_logits, entropy_of_logits_vjp

__all__ = ["entropy_penalty", "head_entropy"]
KERNELS = ["entropy_penalty_common", "entropy_penalty_row", "entropy_penalty_vjp_row", "entropy_with_floor",
           "largest_entropy"]


@kernel
def largest_entropy(z, seen):
    """log of the number of keys, or of those that are seen, in float64."""
    count = z.size
    if seen:
        count = 0
        for k in range(z.size):
            count += 1 if z[k] != -np.inf else 0
    return log(float(max(count, 1)))


@kernel
def entropy_with_floor(z):
    """``-sum p log(p + 1e-9)``."""
    top = z[0]
    for k in range(z.size):
        top = z[k] if z[k] > top else top
    total, value = sum_like(z), sum_like(z)
    for k in range(z.size):
        total += exp(z[k] - top)
    for k in range(z.size):
        p = exp(z[k] - top) / total.value
        value += p * log(p + 1e-9)
    return 0 - value.value


@kernel
def penalty_of(h, most, threshold, tolerance):
    deviation = h - threshold * most
    return deviation * deviation if not abs(deviation) <= tolerance * most else deviation - deviation


@kernel
def entropy_penalty_common(z, threshold, tolerance, seen):
    """As the paper's program has it; 1e-9 is 0 in float16, and 0 log 0 is NaN."""
    return penalty_of(entropy_with_floor(z), largest_entropy(z, seen), threshold, tolerance)


@kernel
def entropy_penalty_row(z, threshold, tolerance, seen):
    """``d^2`` if ``abs(d) > γ log T``, else 0, with ``d = H - θ log T``."""
    return penalty_of(entropy_of_logits(z), largest_entropy(z, seen), threshold, tolerance)


@kernel
def entropy_penalty_vjp_row(z, g, threshold, tolerance, seen, out):
    """``-2 d p (log p + H)``, 0 within the tolerance."""
    most = largest_entropy(z, seen)
    deviation = entropy_of_logits(z) - threshold * most
    if not abs(deviation) <= tolerance * most:
        entropy_of_logits_vjp(z, 2 * deviation * g, out)
    else:
        for k in range(z.size):
            out[k] = deviation - deviation


@kernel
def threshold_slope_row(z, threshold, tolerance, seen):
    most = largest_entropy(z, seen)
    deviation = entropy_of_logits(z) - threshold * most
    return -2 * deviation * most if not abs(deviation) <= tolerance * most else deviation - deviation


_FORMS = {"common": entropy_penalty_common, "stable": entropy_penalty_row}


def _numbers(threshold, tolerance, seen):
    return (check_number("threshold", threshold, 0.0, 1.0), check_number("tolerance", tolerance, 0.0, 1.0),
            float(check_flag("seen", seen)))


def entropy_penalty(z, *, threshold=0.5, tolerance=0.2, seen=False, axis=-1, where=None, form="stable", format=None):
    """Penalty of an attention row whose entropy H is far from a share of the largest: ``d^2``, ``d = H - θ log T``.

    Within ``abs(d) <= γ log T`` it is 0, and at the edge it jumps to ``(γ log T)^2``. A head all of whose rows have
    nearly ``log T`` is *overloaded*, one with nearly 0 has *collapsed*. The paper's program sums over rows, takes means
    over heads and layers, and multiplies by 1e-5; each head learns its own θ.

    Parameters
    ----------
    z : array_like (..., T)
        Attention scores, logits.
    threshold : float from 0 to 1
        θ.
    tolerance : float from 0 to 1
        γ.
    seen : bool
        False, as in the paper: T is the length of the row, also of a masked one, so that an early row of a causal
        sequence, which sees i keys, cannot have more than ``log i``, and is pulled at for ever if ``log i < (θ - γ) log
        T``. True: T is the number of keys that are not masked.
    axis : int, tuple of ints or None
    where : array_like of booleans, optional
        True keeps.
    form : {"common", "stable"}
        The common form is that of the paper's program, ``H = -sum p log(p + 1e-9)``. In float16 1e-9 is 0, and a
        probability of 0 gives NaN.
    format : Format, name or pair (exponent_bits, fraction_bits), optional

    Returns
    -------
    (...)

    Gradient
    --------
    ``-2 d p_k (log p_k + H)`` outside of the tolerance, 0 within; at the jump that of the inside. It vanishes with the
    probabilities of all classes but one: what has collapsed is hardly pulled back. Of `threshold` ``-2 d log T``.

    Special values
    --------------
    A logit of -inf is masked. NaN or +inf gives NaN. One key alone has no entropy and no penalty.

    Accuracy
    --------
    float32 and float64, tested: within 32 epsilon of ``max(H, θ log T)^2`` for K <= 300; the gradient within 32 epsilon
    of ``max(H, θ log T) p_k max(abs(log p_k), H)``, for K <= 100.

    References
    ----------
    Jha, Reagen, Entropy-Guided Attention for Private LLMs, 2025, arXiv:2501.03489.

    Examples
    --------
    >>> import numpy as np
    >>> entropy_penalty(np.log([[0.97, 0.01, 0.01, 0.01], [0.25] * 4, [0.7, 0.1, 0.1, 0.1]])).round(6)
    array([0.276094, 0.480453, 0.      ])
    """
    of, numbers = chosen("form", form, _FORMS), _numbers(threshold, tolerance, seen)
    return reduce_rows(of, {"z": z}, *numbers, axis=axis, where=where, format=format, empty=0.0)


def entropy_penalty_pull(z, g, *, threshold=0.5, tolerance=0.2, seen=False, axis=-1, where=None):
    layout = Rows(z, axis=axis, where=where)
    out = layout.empty()
    layout.call(loops.map_row_pairs, entropy_penalty_vjp_row, (layout.rows(z, "z"), layout.per_row(g, "g")),
                _numbers(threshold, tolerance, seen), out)
    return layout.restore(out, 0.0)


def threshold_pull(z, g, *, threshold=0.5, tolerance=0.2, seen=False, axis=-1, where=None):
    """The gradient with respect to the threshold, one number."""
    slopes = reduce_rows(threshold_slope_row, {"z": z}, *_numbers(threshold, tolerance, seen), axis=axis, where=where,
                         empty=0.0)
    return (slopes * real_array(g, "g")).sum()


def head_entropy(z, *, where=None):
    """Mean over the rows of a head of ``H / log m``, m the number of keys that a row sees: from 0 to 1.

    Near 1 a head is overloaded: each query looks everywhere. Near 0 it has collapsed: each query looks at one key. Rows
    that see one key do not count.

    Parameters
    ----------
    z : array_like (..., n, m)
        Attention scores of heads; -inf is masked.
    where : array_like of booleans, broadcast to that, optional
        True keeps.

    Returns
    -------
    (...)
        NaN where no row sees two keys.

    Examples
    --------
    >>> head_entropy([[[0.0, 0.0], [0.0, 0.0]], [[90.0, 0.0], [0.0, 90.0]]]).round(6)
    array([1., 0.])
    """
    z = real_array(z, "z")
    if z.ndim < 2:
        raise ValueError(f"z has shape {z.shape}; allowed: (..., n, m)")
    layout = Rows(z, where=where)
    rows = layout.rows(z, "z")
    count = (rows != -np.inf).sum(axis=1).reshape(z.shape[:-1])
    with np.errstate(all="ignore"):
        share = np.where(count > 1, entropy(z, from_logits=True, where=where) / np.log(count), 0.0)
        return (share.sum(axis=-1) / (count > 1).sum(axis=-1)).astype(layout.dtype)[()]
