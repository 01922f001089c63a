"""One recurrence for all layers that read a sequence: what a state forgets, what is written and what is read."""
import numpy as np

from toolkit._core.arguments import chosen
from toolkit._core.arrays import common_dtype, real_array
from toolkit._core.kernel import kernel
from toolkit._core.numbers import in_format
from toolkit._core.sums import sum_like
from toolkit.attention._batches import Batch

__all__ = ["recurrence"]
KERNELS = ["recurrence_naive", "recurrence_of_state", "recurrence_read", "recurrence_step"]


@kernel
def recurrence_step(decay, write, u, state):
    """``H = diag(decay) H + write u'``."""
    for a in range(write.size):
        for c in range(u.size):
            state[a, c] = decay[a] * state[a, c] + write[a] * u[c]


@kernel
def recurrence_read(read, state, out):
    """``y = H' read``."""
    for c in range(out.size):
        total = sum_like(out)
        for a in range(read.size):
            total += read[a] * state[a, c]
        out[c] = total.value


@kernel
def recurrence_of_state(read, write, u, decay, state, out):
    """A whole sequence, step by step; the state begins as 0."""
    for a in range(state.shape[0]):
        for c in range(state.shape[1]):
            state[a, c] = 0.0
    for i in range(read.shape[0]):
        recurrence_step(decay[i], write[i], u[i], state)
        recurrence_read(read[i], state, out[i])


@kernel
def recurrence_naive(read, write, u, decay, state, out):
    """All earlier steps at once, ``y_i = sum_j <read_i, (A_i / A_j) write_j> u_j``, by running products A of the decay.

    They underflow, and then nothing shrinks any more, or 0 is divided by 0.
    """
    n, size = read.shape
    for i in range(n):
        for c in range(u.shape[1]):
            out[i, c] = 0.0
    for a in range(size):
        now = 1.0
        for i in range(n):
            now = decay[i, a] * now
            then = 1.0
            for j in range(i + 1):
                then = decay[j, a] * then
                for c in range(u.shape[1]):
                    out[i, c] += read[i, a] * (now / then) * write[j, a] * u[j, c]


@kernel(nogil=True)
def in_sequences(of, read, write, u, decay, state, out, fmt):
    read, write, u, decay = in_format(read, fmt), in_format(write, fmt), in_format(u, fmt), in_format(decay, fmt)
    state, out = in_format(state, fmt), in_format(out, fmt)
    for b in range(read.shape[0]):
        of(read[b], write[b], u[b], decay[b], state, out[b])


@kernel(nogil=True)
def sequences_back(read, write, u, decay, g, states, later, dread, dwrite, du, ddecay):
    """Keeps all states forwards, and runs from the end with what later steps ask of the state."""
    for b in range(read.shape[0]):
        for i in range(read.shape[1]):
            states[i + 1] = states[i]
            recurrence_step(decay[b, i], write[b, i], u[b, i], states[i + 1])
        later[:] = 0.0
        for i in range(read.shape[1] - 1, -1, -1):
            for a in range(read.shape[2]):
                for c in range(u.shape[2]):
                    dread[b, i, a] += states[i + 1, a, c] * g[b, i, c]
                    later[a, c] += read[b, i, a] * g[b, i, c]
                    dwrite[b, i, a] += later[a, c] * u[b, i, c]
                    du[b, i, c] += later[a, c] * write[b, i, a]
                    ddecay[b, i, a] += later[a, c] * states[i, a, c]
                    later[a, c] *= decay[b, i, a]


_FORMS = {"naive": recurrence_naive, "stable": recurrence_of_state}
_NAMES = ("read", "write", "u", "decay")


def _prepared(read, write, u, decay, format=None):
    dtype, given = common_dtype(read=read, write=write, u=u, decay=decay), real_array(decay, "decay")
    flat = given.astype(dtype, copy=False).reshape((1,) * (2 - given.ndim) + given.shape)
    batch = Batch({"read": read, "write": write, "u": u, "decay": flat}, format)
    sizes, (n, e) = batch.arrays["read"].shape[-2:], batch.arrays["u"].shape[-2:]
    if batch.arrays["write"].shape[-2:] != sizes:
        raise ValueError(f"write has shape {batch.arrays['write'].shape}; allowed: (..., {sizes[0]}, {sizes[1]}), "
                         "as read")
    if n != sizes[0]:
        raise ValueError(f"u has shape {batch.arrays['u'].shape}; allowed: (..., {sizes[0]}, e), as many as read")
    if any(size not in (1, full) for size, full in zip(flat.shape[-2:], sizes, strict=True)):
        raise ValueError(f"decay has shape {given.shape}; allowed: what broadcasts to (..., {sizes[0]}, {sizes[1]})")
    return batch, given.shape, sizes, e


def recurrence(read, write, u, *, decay=1.0, form="stable", format=None):
    """One step after the other: ``H_i = diag(decay_i) H_{i-1} + write_i u_i'``, ``y_i = H_i' read_i``, ``H_0 = 0``.

    Linear attention, state-space models and gated recurrent networks are of this kind, and softmax attention in the
    limit of an infinite state; `dynamical_system` says which `read`, `write` and `decay` they have. The naive form sums
    all earlier steps at once and divides running products of the decay: from where they underflow it is wrong or NaN.

    Parameters
    ----------
    read, write : array_like (..., n, N)
        What step i reads from the state and writes into it.
    u : array_like (..., n, e)
        What is written.
    decay : array_like, broadcast to (..., n, N), optional
        What the state keeps at step i, before it is written to.
    form : {"naive", "stable"}
    format : Format, name or pair (exponent_bits, fraction_bits), optional
        Emulated format of every operation, and of the state.

    Returns
    -------
    (..., n, e)

    Gradient
    --------
    From the end, ``D_i = diag(decay_{i+1}) D_{i+1} + read_i g_i'``: of `read` ``H_i g_i``, of `write` ``D_i u_i``, of
    `u` ``D_i' write_i``, of `decay` the sums of the rows of ``D_i H_{i-1}``, entry by entry. In float64, rounded to
    the dtype.

    Special values
    --------------
    A NaN stays in the state, also where the decay is 0.

    Accuracy
    --------
    The state is in the dtype of the result: float32 and float64, tested against 50 digits for 16 steps, 4 numbers of
    state and decays from 0 to 1: within 64 epsilon of the same sums of absolute values.

    References
    ----------
    Sieber et al., Understanding the differences in Foundation Models: Attention, State Space Models, and Recurrent
    Neural Networks, NeurIPS 2024, arXiv:2405.15731. We know its form of the recurrence from summaries; the choices for
    each layer are derived here.

    Examples
    --------
    >>> recurrence([[1.0], [1.0], [1.0]], [[1.0], [1.0], [1.0]], [[1.0], [0.0], [0.0]], decay=0.5).T
    array([[1.  , 0.5 , 0.25]])
    """
    of = chosen("form", form, _FORMS)
    batch, _, sizes, e = _prepared(read, write, u, decay, format)
    read, write, u, decay = _rows(batch, sizes)
    out = batch.empty(len(read), sizes[0], e)
    with np.errstate(all="ignore"):
        in_sequences(of, read, write, u, decay, batch.empty(sizes[1], e), out, batch.fmt)
    return batch.restore(out)


def _rows(batch, sizes, dtype=None):
    return [batch.rows(name, dtype, sizes if name == "decay" else None) for name in _NAMES]


def recurrence_gradients(read, g, *, write, u, decay=1.0):
    """Of `read`, `write`, `u` and `decay`, by name."""
    batch, shape, sizes, e = _prepared(read, write, u, decay)
    rows, g = _rows(batch, sizes, np.float64), batch.above(g, (sizes[0], e))
    gradients = [np.zeros_like(each) for each in rows]
    with np.errstate(all="ignore"):
        sequences_back(*rows, g, np.zeros((sizes[0] + 1, sizes[1], e)), np.empty((sizes[1], e)), *gradients)
    found = {name: batch.back(name, each) for name, each in zip(_NAMES, gradients, strict=True)}
    return found | {"decay": found["decay"].reshape(shape)}
