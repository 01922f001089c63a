"""Newton's steps on a smoothed maximum of linear functions, made as long as the gradient stays predictable.

``f(x) = tau log sum exp((A x - b) / tau)`` has the weights ``p = softmax((A x - b) / tau)``, the gradient ``g = A'p``
and the curvature ``(A' diag(p) A - g g') / tau``. Without the last term it is an approximate one, whose error vanishes
where g does. A step is ``d = -(H + lambda I)^-1 g`` with ``lambda = |g| / gamma``: it is no longer than gamma, which
doubles after each good step and is halved after each bad one.
"""
from typing import NamedTuple

import numpy as np

from toolkit._core.arguments import check_choice, check_finite, check_number, check_whole
from toolkit._core.arrays import behaved, common_dtype, real_array
from toolkit._core.kernel import kernel
from toolkit._core.public import warn
from toolkit.elementary import expm1, log1p
from toolkit.soft_operators._smoothed_extremes import smoothed_maximum_row
from toolkit.softmax.kernels import softmax_tempered

__all__ = ["NewtonRun", "regularized_newton"]
KERNELS = ["descent_attempt", "newton_attempt", "size_of", "smoothed_slope", "solve_shifted"]

_LEAST = 1e-9  # of gamma


@kernel
def size_of(x):
    """Euclidean length."""
    total = 0.0
    for i in range(x.size):
        total += x[i] * x[i]
    return np.sqrt(total)


@kernel
def smoothed_slope(a, b, tau, x, z, p, g):
    """The value f at x; fills ``z = A x - b``, the weights and the gradient."""
    for i in range(z.size):
        z[i] = -b[i]
        for j in range(x.size):
            z[i] += a[i, j] * x[j]
    softmax_tempered(z, tau, p)
    for j in range(x.size):
        g[j] = 0.0
        for i in range(z.size):
            g[j] += p[i] * a[i, j]
    return smoothed_maximum_row(z, tau)


@kernel
def fill_curvature(a, p, g, tau, exact, h):
    """``(A' diag(p) A - g g') / tau``, or without the last term."""
    for j in range(g.size):
        for k in range(j + 1):
            total = -g[j] * g[k] if exact else 0.0
            for i in range(p.size):
                total += p[i] * a[i, j] * a[i, k]
            h[j, k] = h[k, j] = total / tau


@kernel
def solve_shifted(h, shift, g, root, d):
    """Solve ``(H + shift I) d = g`` by Cholesky's roots; whether the matrix is positive definite."""
    n = g.size
    for j in range(n):
        for k in range(j + 1):
            total = h[j, k] + (shift if j == k else 0.0)
            for i in range(k):
                total -= root[j, i] * root[k, i]
            if j == k:
                if not total > 0.0:
                    return False
                root[j, j] = np.sqrt(total)
            else:
                root[j, k] = total / root[k, k]
    for j in range(n):
        d[j] = g[j]
        for i in range(j):
            d[j] -= root[j, i] * d[i]
        d[j] /= root[j, j]
    for j in range(n - 1, -1, -1):
        for i in range(j + 1, n):
            d[j] -= root[i, j] * d[i]
        d[j] /= root[j, j]
    return True


@kernel
def decrease(p, tau, value, after, before_z, after_z):
    """``f(x) - f(x + d)``, which keeps its digits where both are nearly equal.

    It is ``-tau log(1 + sum p (e^{t / tau} - 1))`` with t, by how much each z grew.
    """
    total, largest = 0.0, 0.0
    for i in range(p.size):
        t = (after_z[i] - before_z[i]) / tau
        largest = max(largest, abs(t))
        total += p[i] * expm1(t)
    return -tau * log1p(total) if largest < 1.0 else value - after


@kernel
def newton_attempt(a, b, tau, exact, gamma, x, vectors, rows, h, root):
    """Try one step from x: ``(the new gamma, whether x was moved)``.

    Of `vectors` (4, n) the first is the gradient at x, the others are to work in; of `rows` (4, m) the first two are z
    and the weights there. A step is taken if f falls by ``|g|² / (8 lambda)`` at least, with the gradient behind it.
    """
    g, d, new_x, new_g = vectors[0], vectors[1], vectors[2], vectors[3]
    z, p, new_z, new_p = rows[0], rows[1], rows[2], rows[3]
    value = smoothed_slope(a, b, tau, x, z, p, g)
    shift = size_of(g) / (gamma + 1e-8)
    if shift == 0.0:
        return gamma, False
    fill_curvature(a, p, g, tau, exact, h)
    if not solve_shifted(h, shift, g, root, d):
        return max(0.5 * gamma, _LEAST), False
    for j in range(x.size):
        new_x[j] = x[j] - d[j]
    after = smoothed_slope(a, b, tau, new_x, new_z, new_p, new_g)
    size = size_of(new_g)
    if decrease(p, tau, value, after, z, new_z) >= size * size / (8.0 * shift):
        for j in range(x.size):
            x[j], g[j] = new_x[j], new_g[j]
        return 2.0 * gamma, True
    return max(0.5 * gamma, _LEAST), False


@kernel
def descent_attempt(a, b, tau, bound, x, vectors, rows):
    """One step of gradient descent of the size 1 / L with ``L = bound / tau``."""
    g = vectors[0]
    smoothed_slope(a, b, tau, x, rows[0], rows[1], g)
    for j in range(x.size):
        x[j] -= tau / bound * g[j]
    smoothed_slope(a, b, tau, x, rows[0], rows[1], g)


class NewtonRun(NamedTuple):
    """Where the steps led: x, f there, the length of its gradient, and how many steps were taken, of how many tried."""

    x: np.ndarray
    value: float
    slope: float
    steps: int
    solves: int


def regularized_newton(a, b, start, *, temperature=0.1, curvature="approximate", gamma=1.0, solves=500, tol=1e-9):
    """Minimise ``tau log sum exp((A x - b) / tau)`` by Newton's steps of a length that adapts itself.

    A constant step would have to suit the steepest place. Here ``lambda = |g| / gamma`` is added to the curvature, and
    gamma, the length over which the gradient is taken to be predictable, doubles after a step whose decrease is as
    large as promised, and is halved after another. gamma near 0 gives short steps along the gradient, a large one
    Newton's. The decrease is formed without subtracting two values of f, which would cancel near the minimum.

    Parameters
    ----------
    a : array_like (m, n)
    b : array_like (m,)
    start : array_like (n,)
    temperature : float from 2**-40 to 2**40
        tau: the smaller, the nearer to the largest of the linear functions, and the sharper its kinks.
    curvature : {"approximate", "exact"}
        ``A' diag(p) A / tau``, or this less ``g g' / tau``.
    gamma : float > 0
        To begin with.
    solves : int >= 0
        At most so many linear systems.
    tol : float >= 0
        The steps end when the gradient is no longer than this.

    Returns
    -------
    NewtonRun
        `x` (n,) in the common dtype of the arguments; computed in float64. Among points of equal value it is the one
        that the steps happened to reach.

    Special values
    --------------
    Numbers that are not finite are a ValueError. A RuntimeWarning says if the gradient is still longer than `tol`.

    Accuracy
    --------
    With ``tol=1e-13`` the value of the tests' problem is within 4 epsilon of that by 30 digits.

    References
    ----------
    A. Semenov, M. Jaggi, N. Doikov, Gradient-Normalized Smoothness for Optimization with Approximate Hessians, ICLR
    2026, arXiv:2506.13710.

    Examples
    --------
    The largest of x, -x and -2 is least at 0:

    >>> run = regularized_newton([[1.0], [-1.0], [0.0]], [0.0, 0.0, 2.0], [3.0], curvature="exact")
    >>> abs(float(run.x[0])) < 1e-9, round(run.value, 6), run.steps, run.solves
    (True, 0.069315, 3, 3)
    """
    exact = bool(check_choice("curvature", curvature, ("approximate", "exact")))
    tau = check_number("temperature", temperature, 2.0**-40, 2.0**40)
    gamma = check_finite("gamma", gamma, 0.0, above=True)
    solves, tol = check_whole("solves", solves, 0), check_finite("tol", tol, 0.0)
    dtype = common_dtype(a=a, b=b, start=start)
    a, b, x = (behaved(real_array(given, name), np.float64) for given, name in ((a, "a"), (b, "b"), (start, "start")))
    if a.ndim != 2 or 0 in a.shape:
        raise ValueError(f"a has shape {a.shape}; allowed: (m, n), at least one row and one column")
    m, n = a.shape
    for name, given, shape in (("b", b, (m,)), ("start", x, (n,))):
        if given.shape != shape:
            raise ValueError(f"{name} has shape {given.shape}; allowed: {shape}, as a has shape {a.shape}")
    for name, given in (("a", a), ("b", b), ("start", x)):
        if not np.isfinite(given).all():
            raise ValueError(f"{name} has {given[~np.isfinite(given)][0]}; allowed: finite numbers")
    x, vectors, rows, h, root = x.copy(), *map(np.zeros, ((4, n), (4, m), (n, n), (n, n)))
    taken, tried = 0, 0
    with np.errstate(all="ignore"):  # uncompiled kernels would warn on paths that are right
        value = smoothed_slope(a, b, tau, x, rows[0], rows[1], vectors[0])
        while tried < solves and size_of(vectors[0]) > tol:
            gamma, moved = newton_attempt(a, b, tau, exact, gamma, x, vectors, rows, h, root)
            taken, tried = taken + moved, tried + 1
        value = smoothed_slope(a, b, tau, x, rows[0], rows[1], vectors[0])
        slope = float(size_of(vectors[0]))
    if not slope <= tol:
        warn(f"regularized_newton(): after {tried} solves the gradient has the length {slope:.2g}, more than tol, "
             f"{tol:.2g}")
    return NewtonRun(x.astype(dtype, copy=False), float(value), slope, taken, tried)
