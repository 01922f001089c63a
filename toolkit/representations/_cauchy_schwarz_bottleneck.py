"""The bottleneck of Cauchy-Schwarz: a regression whose representation keeps little of the input."""
import numpy as np

from toolkit._core.arguments import check_finite
from toolkit._core.kernel import kernel
from toolkit.elementary import exp, log
from toolkit.information.kernels import squared_distance
from toolkit.representations._given import checked_matrix, same_shape, upstream

__all__ = ["cauchy_schwarz_bottleneck", "cauchy_schwarz_information", "conditional_cauchy_schwarz"]
KERNELS = ["cauchy_schwarz_information_of", "cauchy_schwarz_information_vjp", "conditional_cauchy_schwarz_of",
           "conditional_cauchy_schwarz_vjp"]


@kernel
def near(a, b, sigma):
    return exp(-0.5 * squared_distance(a, b, sigma))


@kernel
def sums_of(x, t, sigma, rows_x, rows_t):
    """``(tr Kx Kt, sum Kx, sum Kt, 1' Kx Kt 1)``; fills the sums of both rows."""
    n, both, all_x, all_t, cross = x.shape[0], 0.0, 0.0, 0.0, 0.0
    for i in range(n):
        rows_x[i] = rows_t[i] = 0.0
        for j in range(n):
            a, b = near(x[i], x[j], sigma), near(t[i], t[j], sigma)
            rows_x[i] += a
            rows_t[i] += b
            both += a * b
        all_x += rows_x[i]
        all_t += rows_t[i]
        cross += rows_x[i] * rows_t[i]
    return both, all_x, all_t, cross


@kernel
def cauchy_schwarz_information_of(x, t, sigma, work):
    """``log tr(Kx Kt) + log(sum Kx sum Kt) - 2 log(1' Kx Kt 1)``; work is (2, N)."""
    both, all_x, all_t, cross = sums_of(x, t, sigma, work[0], work[1])
    return log(both / cross) + log(all_x / cross * all_t)


@kernel
def cauchy_schwarz_information_vjp(x, t, sigma, g, work, gt):
    """Add its gradient with respect to t, times g."""
    both, _, all_t, cross = sums_of(x, t, sigma, work[0], work[1])
    for i in range(x.shape[0]):
        for j in range(x.shape[0]):
            # an entry of Kt has the share Kx / tr, 1 / sum and -2 (row of Kx) / cross; twice, for both of its ends
            share = near(x[i], x[j], sigma) / both + 1.0 / all_t - (work[0, i] + work[0, j]) / cross
            weight = 2.0 * g * share * near(t[i], t[j], sigma)
            for k in range(t.shape[1]):
                gt[i, k] -= weight * ((t[i, k] - t[j, k]) / sigma) / sigma


@kernel
def conditional_part(x, a, b, sigma, g, ga, gb):
    """``log sum_i (sum_j K_ij L_ij) / sum_j K_ij²`` with L of a by b; adds g times its gradients."""
    n, total = x.shape[0], 0.0
    for twice in range(1 if g == 0.0 else 2):
        scale = g / total if twice else 0.0
        for i in range(n):
            mass = 0.0
            for j in range(n):
                mass += near(x[i], x[j], sigma) * near(x[i], x[j], sigma)
            for j in range(n):
                weight = near(x[i], x[j], sigma) * near(a[i], b[j], sigma) / mass
                if not twice:
                    total += weight
                    continue
                for k in range(a.shape[1]):
                    step = scale * weight * ((a[i, k] - b[j, k]) / sigma) / sigma
                    ga[i, k] -= step
                    gb[j, k] += step
    return log(total)


@kernel
def conditional_cauchy_schwarz_vjp(x, predicted, y, sigma, g, gp, gy):
    """The divergence; adds g times its gradients to both."""
    return (conditional_part(x, y, y, sigma, g, gy, gy) + conditional_part(x, predicted, predicted, sigma, g, gp, gp)
            - 2.0 * conditional_part(x, predicted, y, sigma, -2.0 * g, gp, gy))


@kernel
def conditional_cauchy_schwarz_of(x, predicted, y, sigma):
    """The divergence alone."""
    return conditional_cauchy_schwarz_vjp(x, predicted, y, sigma, 0.0, predicted, y)


def _sigma(sigma):
    return check_finite("sigma", sigma, 0, above=True)


def cauchy_schwarz_information(x, y, *, sigma=1.0):
    """Cauchy-Schwarz mutual information of paired samples: how far their joint law is from the product.

    ``log tr(Kx Ky) + log(sum Kx sum Ky) - 2 log(1' Kx Ky 1)``, the divergence of `cauchy_schwarz_divergence` between
    both, in nats. (The authors' code has binary logs.)

    Parameters
    ----------
    x, y : array_like (N, d), (N, e)
    sigma : float > 0
        Width of the bumps.

    Returns
    -------
    float
        At least 0, but for rounding; 0 where one of them is constant.

    Gradient
    --------
    With respect to x and y.

    Special values
    --------------
    NaN gives NaN.

    Accuracy
    --------
    float64, 12 pairs: within 1e-14 of the definition in 40 digits, tested.

    References
    ----------
    As of `cauchy_schwarz_divergence`.

    Examples
    --------
    >>> round(cauchy_schwarz_information([[0], [1]], [[0.5], [2]]), 12)
    0.117664695517
    """
    x = checked_matrix(x, "x")
    y, sigma = checked_matrix(y, "y", len(x)), _sigma(sigma)
    with np.errstate(all="ignore"):
        return float(cauchy_schwarz_information_of(x, y, sigma, np.empty((2, len(x)))))


def cauchy_schwarz_information_gradients(x, g, *, y, sigma=1.0):
    x = checked_matrix(x, "x")
    y, sigma = checked_matrix(y, "y", len(x)), _sigma(sigma)
    gx, gy, work, g = np.zeros_like(x), np.zeros_like(y), np.empty((2, len(x))), upstream(g)
    with np.errstate(all="ignore"):
        cauchy_schwarz_information_vjp(x, y, sigma, g, work, gy)
        cauchy_schwarz_information_vjp(y, x, sigma, g, work, gx)
    return {"x": gx, "y": gy}


def conditional_cauchy_schwarz(predicted, y, x, *, sigma=1.0):
    """Conditional Cauchy-Schwarz divergence of targets and predictions, given the inputs.

    Three parts ``log sum_i (sum_j K_ij L_ij) / sum_j K_ij²``, with K of the inputs and L of (y, y), of (ŷ, ŷ), and,
    times -2, of ŷ by y. Of a finite sample it is not symmetric in y and ŷ. (The sum of squares is what the authors'
    code has; from the definition we would get the square of the sum.)

    Parameters
    ----------
    predicted, y : array_like (N, e)
        ŷ and y.
    x : array_like (N, d)
        Inputs.
    sigma : float > 0
        Width of the bumps, the same for all.

    Returns
    -------
    float
        0 where the predictions are the targets; of a finite sample it may also be below.

    Gradient
    --------
    With respect to the predictions and y.

    Special values
    --------------
    Where every prediction is 39 σ away from all targets, its overlaps underflow and the result is inf: a number of
    inputs shares them. NaN gives NaN.

    Accuracy
    --------
    float64, 8 rows: within 1e-14 of the definition in 40 digits, tested.

    References
    ----------
    As of `cauchy_schwarz_divergence`.

    Examples
    --------
    >>> y, predicted, x = [[0], [1], [4]], [[0.5], [1], [3]], [[0], [1], [2]]
    >>> round(conditional_cauchy_schwarz(predicted, y, x), 10), round(conditional_cauchy_schwarz(y, predicted, x), 10)
    (0.2811642495, 0.3118942998)
    """
    predicted, y = same_shape(predicted, y, names=("predicted", "y"))
    x, sigma = checked_matrix(x, "x", len(y)), _sigma(sigma)
    with np.errstate(all="ignore"):
        return float(conditional_cauchy_schwarz_of(x, predicted, y, sigma))


def conditional_cauchy_schwarz_gradients(predicted, g, *, y, x, sigma=1.0):
    predicted, y = same_shape(predicted, y, names=("predicted", "y"))
    x, sigma = checked_matrix(x, "x", len(y)), _sigma(sigma)
    gp, gy = np.zeros_like(predicted), np.zeros_like(y)
    with np.errstate(all="ignore"):
        conditional_cauchy_schwarz_vjp(x, predicted, y, sigma, upstream(g), gp, gy)
    return {"predicted": gp, "y": gy}


def _parts(x, representation, sigma):
    """Mutual information of input and representation, and of each with itself."""
    return (cauchy_schwarz_information(x, representation, sigma=sigma),
            cauchy_schwarz_information(x, x, sigma=sigma),
            cauchy_schwarz_information(representation, representation, sigma=sigma))


def cauchy_schwarz_bottleneck(predicted, y, x, representation, *, beta=0.01, sigma=1.0):
    """The objective of the Cauchy-Schwarz bottleneck: predict well, and keep little of the input.

    ``D(y; ŷ given x) + β I(x; t) / sqrt(I(x; x) I(t; t))``, by `conditional_cauchy_schwarz` and
    `cauchy_schwarz_information`.

    Parameters
    ----------
    predicted, y : array_like (N, e)
    x : array_like (N, d)
        Inputs.
    representation : array_like (N, f)
        t.
    beta : float >= 0
        Weight of what is kept: the authors sweep 0 to 1.
    sigma : float > 0
        Width of all bumps.

    Returns
    -------
    float

    Gradient
    --------
    With respect to predicted and representation.

    Special values
    --------------
    A constant representation keeps nothing: its ratio is 0.

    References
    ----------
    As of `cauchy_schwarz_divergence`.

    Examples
    --------
    >>> y, predicted, x = [[0], [1], [4]], [[0.5], [1], [3]], [[0], [1], [2]]
    >>> round(cauchy_schwarz_bottleneck(predicted, y, x, x, beta=0.5), 10)
    0.7811642495
    """
    beta = check_finite("beta", beta, 0)
    x = checked_matrix(x, "x")
    t = checked_matrix(representation, "representation", len(x))
    fits = conditional_cauchy_schwarz(predicted, y, x, sigma=sigma)
    shared, of_x, of_t = _parts(x, t, sigma)
    return float(fits + (beta * shared / np.sqrt(of_x * of_t) if of_x * of_t > 0 else 0.0 * shared))


def cauchy_schwarz_bottleneck_gradients(predicted, g, *, y, x, representation, beta=0.01, sigma=1.0):
    g, x = upstream(g), checked_matrix(x, "x")
    t = checked_matrix(representation, "representation", len(x))
    predicted = conditional_cauchy_schwarz_gradients(predicted, g, y=y, x=x, sigma=sigma)["predicted"]
    shared, of_x, of_t = _parts(x, t, sigma)
    if not of_x * of_t > 0:
        return {"predicted": predicted, "representation": np.zeros_like(t)}
    scale = beta * g / np.sqrt(of_x * of_t)
    by_shared = cauchy_schwarz_information_gradients(x, scale, y=t, sigma=sigma)["y"]
    by_own = cauchy_schwarz_information_gradients(t, scale * shared / of_t, y=t, sigma=sigma)["y"]
    return {"predicted": predicted, "representation": by_shared - by_own}  # half of both sides of I(t; t)
