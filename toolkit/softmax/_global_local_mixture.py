"""An expert for everybody and one for a single user, behind a gate."""
import numpy as np

from toolkit._core import loops
from toolkit._core.arguments import check_flag, check_number
from toolkit._core.arrays import Rows, real_array
from toolkit._core.kernel import kernel
from toolkit._core.sums import sum_like
from toolkit.elementary import exp, sigmoid
from toolkit.softmax._algorithms import softmax_three_pass_reload
from toolkit.softmax._shift import shifted
from toolkit.softmax._softmax import softmax_vjp_row
from toolkit.softmax._temperature import dimensions_of

__all__ = ["global_local_mixture"]
KERNELS = ["global_local_row", "global_local_vjp_row"]


@kernel
def share_of_local(s, hard):
    """How much the smaller part of the two experts counts: that of the local one where s <= 0, else of the other."""
    return sigmoid(-abs(s)) if not hard else 0 * s


@kernel
def top_and_sum(local, z):
    """``(m, sum exp(local - m))`` of a row or tuple of as many logits as z has."""
    m = local[0]
    for i in range(1, z.size):
        if local[i] > m or local[i] != local[i]:
            m = local[i]
    total = sum_like(z)
    for i in range(z.size):
        total += exp(shifted(local[i], m))
    return m, total.value


@kernel
def global_local_row(z, local, s, hard, p):
    """``(1 - g) softmax(z) + g softmax(local)``, from the expert that counts more: no digits are lost to 1 - g."""
    softmax_three_pass_reload(z, p)
    m, total = top_and_sum(local, z)
    share = share_of_local(s, hard)
    for i in range(z.size):
        q = exp(shifted(local[i], m)) / total
        p[i] = q + share * (p[i] - q) if s > 0 else p[i] + share * (q - p[i])


@kernel
def global_local_vjp_row(z, g, s, hard, out):
    """``(1 - gate)`` times `softmax_vjp_row`: of the global expert's logits, or, with -s, of the local one's."""
    softmax_three_pass_reload(z, out)
    softmax_vjp_row(out, g, out)
    if hard:
        share = 0 * s + (0.0 if s > 0 else 1.0)
    else:
        share = sigmoid(-s)
    for i in range(z.size):
        out[i] *= share


@kernel
def gate_vjp_row(z, local, g, out):
    """``<g, softmax(local) - softmax(z)>``, in the first entry."""
    softmax_three_pass_reload(z, out)
    m, total = top_and_sum(local, z)
    slope = sum_like(z)
    for i in range(z.size):
        slope += g[i] * (exp(shifted(local[i], m)) / total - out[i])
    out[0] = slope.value


def gate_of_rows(layout, gate):
    """A number for all rows, or an array of one for each."""
    if dimensions_of("gate", gate) == 0:
        return check_number("gate", gate.item() if isinstance(gate, np.ndarray) else gate, -np.inf, np.inf)
    return layout.per_row(gate, "gate")


def call_with_gate(layout, of, first, second, gate, hard, out):
    """A row kernel ``(first, second, gate, hard, out)``, whose gate is a number or one for each row."""
    if np.ndim(gate):
        layout.call(loops.map_row_triples, of, (first, second, gate), (hard,), out)
    else:
        layout.call(loops.map_row_pairs, of, (first, second), (gate, hard), out)


def global_local_mixture(z, local, gate=0.0, *, hard=False, axis=-1, where=None, format=None):
    """Two experts behind a gate: ``p = (1 - g) softmax(z) + g softmax(local)``, ``g = σ(gate)``.

    z are the logits of an expert for everybody, which stays as it is; local are those of a small one trained for one
    user. The probabilities are mixed: a mean of the logits would be a geometric mean, in which either expert alone can
    veto a class.

    Parameters
    ----------
    z : array_like (..., K)
    local : array_like, broadcast to the shape of `z`
    gate : float, or array of one for each row
        The logit of the gate.
    hard : bool
        The local expert alone where ``gate > 0``, else the global one alone.
    axis, where, format
        As in `softmax`.

    Returns
    -------
    Probabilities (..., K) -> (..., K), in the dtype that `softmax` would give.

    Special values
    --------------
    A NaN in either row gives NaN in the whole row, whatever the gate. A gate of -inf is z alone, one of inf local
    alone.

    Accuracy
    --------
    Within ``16 + 2 gap`` epsilon of p_i, with gap the larger distance of z_i and local_i from the tops of their rows,
    tested in float32 and float64; nearer 0 than the smallest normal number, 2 subnormals.

    Gradient
    --------
    That of softmax times ``1 - g`` in z, times g in local; ``g (1 - g) <upstream, softmax(local) - softmax(z)>`` in the
    gate, and 0 there if `hard`.

    References
    ----------
    B. Zhang, A. Davoodi, Y. H. Hu, A Mixture of Expert Approach for Low-Cost Customization of Deep Neural Networks,
    2018, arXiv:1811.00056. Its formula is our derivation from what the paper describes.

    Examples
    --------
    >>> import numpy as np
    >>> global_local_mixture(np.log([0.7, 0.2, 0.1]), np.log([0.1, 0.8, 0.1]), 0.4).round(6)
    array([0.340787, 0.559213, 0.1     ])
    """
    hard = check_flag("hard", hard)
    layout = Rows(z, axis=axis, where=where, format=format, beside={"local": local})
    gate, out = gate_of_rows(layout, gate), layout.empty()
    call_with_gate(layout, global_local_row, layout.rows(z, "z"), layout.rows(local, "local"), gate, hard, out)
    return layout.restore(out, 0.0)


def global_local_pull(z, g, *, gate=0.0, hard=False, axis=-1, where=None):
    """Gradient with respect to the logits `z` of the global expert.

    Examples
    --------
    >>> global_local_pull([0.0, 0.0], [1.0, 0.0])
    array([ 0.125, -0.125])
    """
    hard, layout = check_flag("hard", hard), Rows(z, axis=axis, where=where, beside={"g": g})
    gate, out = gate_of_rows(layout, gate), layout.empty()
    call_with_gate(layout, global_local_vjp_row, layout.rows(z, "z"), layout.rows(g, "g", 0.0), gate, hard, out)
    return layout.restore(out, 0.0)


def global_local_local_pull(z, g, *, local, gate=0.0, hard=False, axis=-1, where=None):
    """Gradient with respect to the logits `local`: as that of the global expert with the gate turned round.

    Examples
    --------
    >>> global_local_local_pull([0.0, 0.0], [1.0, 0.0], local=[0.0, 0.0])
    array([ 0.125, -0.125])
    """
    local = np.broadcast_to(real_array(local, "local"), np.shape(z))
    turned = np.where(np.asarray(gate) > 0, -1.0, 1.0) if hard else np.negative(gate)  # at 0 the global one answers
    return global_local_pull(local, g, gate=turned, hard=hard, axis=axis, where=where)


def global_local_gate_pull(z, g, *, local, gate=0.0, hard=False, axis=-1, where=None):
    """Gradient with respect to the gate, one number for each row.

    Examples
    --------
    >>> global_local_gate_pull([800.0, 0.0], [1.0, 0.0], local=[0.0, 800.0])
    np.float64(-0.25)
    """
    layout = Rows(z, axis=axis, where=where, beside={"local": local, "g": g})
    out, slopes = layout.empty(), np.zeros(())
    layout.call(loops.map_row_triples, gate_vjp_row,
                (layout.rows(z, "z"), layout.rows(local, "local"), layout.rows(g, "g", 0.0)), (), out)
    with np.errstate(all="ignore"):
        if not check_flag("hard", hard):
            fallen = np.exp(-np.abs(gate_of_rows(layout, gate)))
            slopes = fallen / (1 + fallen) / (1 + fallen)
        return layout.restore_reduced((out[:, 0] * slopes).astype(layout.compute))
