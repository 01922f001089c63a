"""Softmax attention, linear attention, state-space model and gated network as one dynamical system."""
import itertools
import math
from typing import NamedTuple

import numpy as np

from toolkit._core.arguments import check_whole, chosen
from toolkit._core.arrays import real_array
from toolkit.attention._batches import Batch

__all__ = ["DynamicalSystem", "dynamical_system", "taylor_features"]

MOST_FEATURES = 2**20


class DynamicalSystem(NamedTuple):
    """What a layer reads, writes and keeps: ``recurrence(read, write, v, decay=decay)`` is the layer."""

    read: np.ndarray
    write: np.ndarray
    decay: np.ndarray


def taylor_features(x, *, degree):
    """Features with ``<φ(q), φ(k)> = sum of <q, k>^j / j!`` for j up to a degree: exp(<q, k>), cut off.

    They are the monomials ``x^α / sqrt(α!)``. Of d numbers they are binomial(d + J, J), and for the whole exponential
    infinitely many: softmax attention is linear attention with a state that large. A sum to an odd degree can be below
    0, one to an even degree cannot.

    Parameters
    ----------
    x : array_like (..., n, d)
    degree : int >= 0
        J.

    Returns
    -------
    (..., n, binomial(d + J, J))

    Accuracy
    --------
    Computed in float64 and rounded to the dtype: within ``2 (J + 2)`` epsilon of each feature.

    Examples
    --------
    >>> taylor_features([[0.5, 2.0]], degree=2).round(4)
    array([[1.    , 0.5   , 2.    , 0.1768, 1.    , 2.8284]])
    """
    batch = Batch({"x": x})
    rows = batch.rows("x", np.float64)
    sizes, degree = rows.shape[-1], check_whole("degree", degree, 0, 64)
    if math.comb(sizes + degree, degree) > MOST_FEATURES:
        raise ValueError(f"degree is {degree}, which makes {math.comb(sizes + degree, degree)} features of {sizes} "
                         f"numbers; allowed: at most {MOST_FEATURES}")
    columns = []
    for j in range(degree + 1):
        for chosen_ones in itertools.combinations_with_replacement(range(sizes), j):
            times = math.prod(math.factorial(chosen_ones.count(a)) for a in set(chosen_ones))
            with np.errstate(all="ignore"):
                columns.append(np.prod(rows[..., list(chosen_ones)], axis=-1) / math.sqrt(times))
    return batch.restore(np.stack(columns, axis=-1))


def _checked(q, k):
    batch = Batch({"q": q, "k": k})
    if batch.arrays["q"].shape[-2:] != batch.arrays["k"].shape[-2:]:
        n, d = batch.arrays["q"].shape[-2:]
        raise ValueError(f"k has shape {batch.arrays['k'].shape}; allowed: (..., {n}, {d}), as q")
    return tuple(batch.restore(batch.rows(name, np.float64)) for name in "qk")


def _number_per_step(name, given, q):
    """``(..., n, 1)`` numbers > 0, one for each step."""
    given = real_array(given, name)
    try:
        spread = np.broadcast_to(given, q.shape[:-1])
    except ValueError:
        raise ValueError(f"{name} has shape {given.shape}; allowed: what broadcasts to {q.shape[:-1]}") from None
    if not (spread > 0).all():
        raise ValueError(f"{name} has {spread[~(spread > 0)].flat[0]}; allowed: numbers > 0")
    return spread[..., None].astype(q.dtype)


def _normalised(read, write, normaliser):
    """Written with the weight ``1 / η_i``; what was there before is scaled from ``1 / η_{i-1}`` to it."""
    before = np.concatenate([normaliser[..., :1, :], normaliser[..., :-1, :]], axis=-2)
    with np.errstate(all="ignore"):
        return DynamicalSystem(read, write / normaliser, before / normaliser)


def _over_sums(read, write):
    """Normalised by ``<read_i, sum of write_j>``, so that the weights of each step add up to 1."""
    return _normalised(read, write, (read * np.cumsum(write, axis=-2)).sum(axis=-1, keepdims=True))


def _softmax(q, k, degree):
    root = q.dtype.type(q.shape[-1] ** -0.25)
    return _over_sums(taylor_features(q * root, degree=degree), taylor_features(k * root, degree=degree))


def _linear(q, k):
    of = [np.where(x > 0, x + 1, np.exp(np.minimum(x, 0))) for x in (q, k)]
    return _over_sums(*of)


def _normalised_attention(q, k, normaliser):
    return _normalised(q, k, _number_per_step("normaliser", normaliser, q))


def _state_space(q, k, step):
    step = _number_per_step("step", step, q)
    return DynamicalSystem(q, step * k, np.exp(-step))


def _gated(q, k, gate):
    gate = _number_per_step("gate", gate, q)
    if (gate > 1).any():
        raise ValueError(f"gate has {gate[gate > 1].flat[0]}; allowed: numbers > 0, at most 1")
    return DynamicalSystem(q, gate * k, 1 - gate)


# What each layer takes besides queries and keys.
LAYERS = {"softmax": (_softmax, "degree"), "linear": (_linear, None),
          "normalised": (_normalised_attention, "normaliser"), "state space": (_state_space, "step"),
          "gated": (_gated, "gate")}


def dynamical_system(q, k, *, layer="linear", degree=None, normaliser=None, step=None, gate=None):
    """A causal layer as the recurrence ``H_i = diag(A_i) H_{i-1} + B_i v_i'``, ``y_i = H_i' C_i``.

    ============= ============================= ================================= =====================
    layer         read C_i                      write B_i                         decay A_i
    ============= ============================= ================================= =====================
    softmax       ``φ(q_i)``, Taylor features   ``φ(k_i) / η_i``                  ``η_{i-1} / η_i``
    linear        ``φ(q_i)``, elu(x) + 1        ``φ(k_i) / η_i``                  ``η_{i-1} / η_i``
    normalised    ``q_i``                       ``k_i / η_i``, any η_i > 0        ``η_{i-1} / η_i``
    state space   ``q_i``                       ``Δ_i k_i``                       ``exp(-Δ_i)``
    gated         ``q_i``                       ``g_i k_i``                       ``1 - g_i``
    ============= ============================= ================================= =====================

    For the first two ``η_i = φ(q_i)' sum_{j <= i} φ(k_j)``. The softmax is cut off: with features up to the degree J it
    is attention by ``sum_{l <= J} s^l / l!`` in place of ``exp(s)``.

    Parameters
    ----------
    q, k : array_like (..., n, d)
    layer : {"softmax", "linear", "normalised", "state space", "gated"}
    degree : int, for softmax
        J. With an odd one weights may be below 0, and so may their sum.
    normaliser, step, gate : array_like, broadcast to (..., n), for the layer that is named beside it
        η, Δ and g, all above 0; a gate is at most 1.

    Returns
    -------
    DynamicalSystem
        `read` and `write` (..., n, N) and `decay`, which broadcasts to that, as `recurrence` takes them.

    References
    ----------
    Sieber et al., NeurIPS 2024, arXiv:2405.15731, for the form, which we know from summaries; the entries of the table
    are derived here.

    Examples
    --------
    >>> from toolkit.attention import linear_attention, recurrence
    >>> q, k, v = [[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.5], [-0.5, 1.0]], [[1.0], [3.0]]
    >>> read, write, decay = dynamical_system(q, k)
    >>> recurrence(read, write, v, decay=decay).round(6).T, linear_attention(q, k, v, causal=True).round(6).T
    (array([[1.      , 1.959041]]), array([[1.      , 1.959041]]))
    """
    of, needed = chosen("layer", layer, LAYERS)
    given = {"degree": degree, "normaliser": normaliser, "step": step, "gate": gate}
    for name, value in given.items():
        if (value is None) == (name == needed):
            allowed = f"a value with layer={layer!r}" if name == needed else f"None with layer={layer!r}"
            raise ValueError(f"{name} is {'missing' if value is None else 'given'}; allowed: {allowed}")
    q, k = _checked(q, k)
    return of(q, k) if needed is None else of(q, k, given[needed])
