"""Sparse codes: a signal as a sum of few columns of a dictionary, by proximal steps."""
from typing import NamedTuple

import numpy as np

from toolkit._core.arguments import check_finite, check_whole, shown
from toolkit._core.arrays import real_array
from toolkit._core.kernel import kernel
from toolkit.activations._sparsity_penalties import penalty_of

__all__ = ["SparseCodes", "sparse_code"]
KERNELS = ["code_objective", "code_path", "code_step", "fill_left", "fill_slopes"]


class SparseCodes(NamedTuple):
    """What `sparse_code` finds.

    Attributes
    ----------
    codes : (..., atoms)
    objective : (..., steps + 1)
        Before the first step and after each.
    step : float
        Length of the steps.
    """

    codes: np.ndarray
    objective: np.ndarray
    step: float


@kernel
def fill_left(signal, dictionary, code, left):
    """``left = signal - dictionary code``."""
    for i in range(signal.size):
        left[i] = signal[i]
    for j in range(code.size):
        if code[j] != 0.0:
            for i in range(left.size):
                left[i] -= dictionary[i, j] * code[j]


@kernel
def code_objective(penalty, lam, shape, signal, dictionary, code, left):
    """``|signal - dictionary code|**2 / 2`` and the penalties of the code; fills `left`."""
    fill_left(signal, dictionary, code, left)
    total, price = 0.0, 0.0
    for i in range(left.size):
        total += left[i] * left[i]
    for j in range(code.size):
        price += penalty(code[j], lam, shape[j])
    return 0.5 * total + price


@kernel
def fill_slopes(dictionary, left, slopes):
    """``slopes = dictionary' left``: how well each atom fits what is left."""
    for j in range(slopes.size):
        slopes[j] = 0.0
    for i in range(left.size):
        for j in range(slopes.size):
            slopes[j] += dictionary[i, j] * left[i]


@kernel
def code_step(prox, lam, shape, step, dictionary, left, code, slopes):
    """``code = prox(code + step dictionary' left)``, where `left` is that of the code before; fills `slopes`."""
    fill_slopes(dictionary, left, slopes)
    for j in range(code.size):
        code[j] = prox(code[j] + step * slopes[j], lam, shape[j], step)


@kernel
def code_path(penalty, prox, lam, shape, step, signals, dictionary, codes, objective, left, slopes):
    """So many steps for each signal as `objective` has columns beside the first one."""
    for b in range(signals.shape[0]):
        signal, code, path = signals[b], codes[b], objective[b]
        path[0] = code_objective(penalty, lam, shape, signal, dictionary, code, left)
        for t in range(1, path.size):
            code_step(prox, lam, shape, step, dictionary, left, code, slopes)
            path[t] = code_objective(penalty, lam, shape, signal, dictionary, code, left)


def checked_dictionary(dictionary):
    given = real_array(dictionary, "dictionary").astype(np.float64)
    if given.ndim != 2 or 0 in given.shape or not np.isfinite(given).all() or not given.any():
        raise ValueError(f"dictionary is {shown(given)}; allowed: an array (n, atoms) of finite numbers, not all 0")
    return given


def checked_signals(signals, n, name="signals"):
    given = real_array(signals, name).astype(np.float64)
    if given.ndim == 0 or given.shape[-1] != n or not np.isfinite(given).all():
        raise ValueError(f"{name} is {shown(given)}; allowed: an array (..., {n}) of finite numbers")
    return given


def checked_start(start, shape):
    """Codes to begin with, as an array of our own."""
    if start is None:
        return np.zeros(shape)
    given = checked_signals(start, shape[-1], "start")
    if given.shape != shape:
        raise ValueError(f"start has shape {given.shape}; allowed: {shape}")
    return given.copy()


def longest_safe_step(dictionary):
    """``1 / |dictionary dictionary'|``, a little less."""
    return (1 - 1e-9) / np.linalg.norm(dictionary, 2) ** 2


def sparse_code(signals, dictionary, *, penalty="l1", lam=0.1, shape=None, step=None, steps=400, start=None):
    """Codes with few entries that are not 0: ``|s - D r|**2 / 2 + sum_j penalty(r_j)`` is made smaller, step by step.

    Each step goes down the gradient of the square and takes the proximal operator of the penalty:
    ``r <- prox(r + step D' (s - D r))``. With "l1" that is iterative soft thresholding (ISTA), with "l0" iterative
    hard thresholding (IHT). For a step of at most ``1 / |D D'|``, no step makes the objective larger, whatever the
    penalty. "l1" goes to the least objective from everywhere. With the others it matters where the descent begins:
    `start` is well chosen as the code of "l1" with a small price.

    Parameters
    ----------
    signals : array_like (..., n)
    dictionary : array_like (n, atoms)
        Its columns are the atoms.
    penalty : {"l1", "l0", "half", "mcp", "scad", "cel0"}
        See `toolkit.activations.sparsity_penalty`.
    lam : float
        Price λ.
    shape : float or array_like (atoms,), optional
        γ of "mcp", a of "scad"; of "cel0" by default the length of each atom.
    step : float, optional
        Length of a step, by default ``1 / |D D'|``; for "scad" below a - 1.
    steps : int
    start : array_like (..., atoms), optional
        Codes to begin with, by default 0.

    Returns
    -------
    SparseCodes

    Notes
    -----
    Code for "Beyond l1 sparse coding in V1" has no 1/2 before the square, so that its λ is twice ours.

    References
    ----------
    I. Daubechies, M. Defrise, C. De Mol, An Iterative Thresholding Algorithm for Linear Inverse Problems with a
    Sparsity Constraint, Communications on Pure and Applied Mathematics 57, 2004, doi:10.1002/cpa.20042. T. Blumensath,
    M. E. Davies, Iterative Thresholding for Sparse Approximations, Journal of Fourier Analysis and Applications 14,
    2008, doi:10.1007/s00041-008-9035-z. I. Rentzeperis et al., Beyond l1 Sparse Coding in V1, PLoS Computational
    Biology 19, 2023, doi:10.1371/journal.pcbi.1011459.

    Examples
    --------
    >>> atoms = [[1.0, 0.0, 0.6], [0.0, 1.0, 0.8]]
    >>> soft = sparse_code([3.0, 4.0], atoms, lam=1.0).codes
    >>> hard = sparse_code([3.0, 4.0], atoms, penalty="l0", lam=1.0, start=soft).codes
    >>> soft.round(3), hard.round(3)
    (array([0., 0., 4.]), array([0., 0., 5.]))
    """
    d = checked_dictionary(dictionary)
    s = checked_signals(signals, len(d))
    if penalty == "cel0" and shape is None:
        shape = np.maximum(np.linalg.norm(d, axis=0), 1e-12)
    of, prox, values = penalty_of(penalty, shape)
    if values.ndim and values.shape != d.shape[1:]:
        raise ValueError(f"shape has shape {values.shape}; allowed: a number, or one for each of {d.shape[1]} atoms")
    shapes = np.broadcast_to(values, d.shape[1:]).astype(np.float64)
    lam, steps = check_finite("lam", lam, 0.0), check_whole("steps", steps, 0, 10**7)
    step = longest_safe_step(d) if step is None else check_finite("step", step, 0.0, above=True)
    if penalty == "scad" and step >= shapes.min() - 1:
        raise ValueError(f"step is {step:g}; allowed for 'scad': below a - 1 = {shapes.min() - 1:g}")
    codes = checked_start(start, s.shape[:-1] + d.shape[1:])
    objective = np.zeros((*codes.shape[:-1], steps + 1))
    with np.errstate(all="ignore"):
        code_path(of, prox, lam, shapes, step, s.reshape(-1, len(d)), d, codes.reshape(-1, d.shape[1]),
                  objective.reshape(-1, steps + 1), np.zeros(len(d)), np.zeros(d.shape[1]))
    return SparseCodes(codes, objective, float(step))
