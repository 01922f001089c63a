"""PRESTO: a proportional-odds model whose slopes may differ, at the price of a lasso on their differences.

``P(y <= k) = sigma(alpha_k + x' beta_k)``, with ``psi_1 = beta_1`` and ``psi_k = beta_k - beta_{k-1}``: the penalty is
a plain lasso on psi. Each step is one of proximal gradient in the metric of the Fisher information (proximal Newton):
the quadratic model and the lasso are solved together by coordinates, and the step is halved while it crosses curves.
"""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit.elementary import expm1, log, sigmoid
from toolkit.losses._ordinal_kernels import cumulative_loss_stable

__all__ = []
KERNELS = ["cumulative_information", "presto_eta", "presto_loss", "presto_objective_of", "presto_solve",
           "presto_start", "presto_work_size"]

_SWEEPS, _HALVINGS = 200, 40
_NEAREST = 1e-8  # curves that are nearer at a row may cross once slopes are those of x as given


@kernel
def presto_eta(alpha, psi, x, eta):
    """``alpha_k + x' (psi_1 + ... + psi_k)`` of one row."""
    total = 0.0
    for k in range(alpha.size):
        for a in range(x.size):
            total += psi[k, a] * x[a]
        eta[k] = alpha[k] + total


@kernel
def cumulative_information(eta, diagonal, beside):
    """Fisher information of eta in a row, a matrix with three bands: ``f_k^2 (1/p_k + 1/p_{k+1})``, ``-f f / p``."""
    n = eta.size
    below = sigmoid(eta[0])
    for k in range(n):
        f = sigmoid(eta[k]) * sigmoid(-eta[k])
        if k + 1 < n:
            above = sigmoid(eta[k + 1]) * sigmoid(-eta[k]) * (0.0 - expm1(eta[k] - eta[k + 1]))
            beside[k] = 0.0 - f / above * (sigmoid(eta[k + 1]) * sigmoid(-eta[k + 1]))
        else:
            above = sigmoid(-eta[k])
        diagonal[k] = f * (f / below) + f * (f / above)
        below = above


@kernel
def presto_loss(x, y, alpha, psi, eta, slopes):
    """The mean loss; inf where curves cross at a row. `eta` and `slopes` are room."""
    total = 0.0
    for i in range(y.size):
        presto_eta(alpha, psi, x[i], eta)
        for k in range(1, eta.size):
            if not eta[k] - eta[k - 1] > _NEAREST:
                return np.inf
        total += cumulative_loss_stable(eta, y[i], slopes)
    return total / y.size


@kernel
def presto_price(psi, penalty, first):
    """``penalty |psi|_1``, the first row only if `first`."""
    total = 0.0
    for k in range(psi.shape[0]):
        if k > 0 or first:
            for a in range(psi.shape[1]):
                total += abs(psi[k, a])
    return penalty * total


@kernel
def presto_objective_of(x, y, alpha, psi, penalty, first, of_alpha, of_psi, eta, slopes):
    """Mean loss and penalty; fills the gradient of the loss in alpha and psi, sums over j >= k of that in beta_j."""
    m, p, total = alpha.size, psi.shape[1], 0.0
    for k in range(m):
        of_alpha[k] = 0.0
        for a in range(p):
            of_psi[k, a] = 0.0
    for i in range(y.size):
        presto_eta(alpha, psi, x[i], eta)
        total += cumulative_loss_stable(eta, y[i], slopes) / y.size
        beyond = 0.0
        for k in range(m - 1, -1, -1):
            of_alpha[k] += slopes[k] / y.size
            beyond += slopes[k] / y.size
            for a in range(p):
                of_psi[k, a] += beyond * x[i, a]
    return total + presto_price(psi, penalty, first)


@kernel
def add_information(x, alpha, psi, eta, diagonal, beside, tails, hessian, weight):
    """Add that of one row to the matrix of all parameters, alpha before psi."""
    m, p = alpha.size, psi.shape[1]
    presto_eta(alpha, psi, x, eta)
    cumulative_information(eta, diagonal, beside)
    for k in range(m):  # tails[k, l]: sum over l' >= l of the information between k and l'
        total = 0.0
        for j in range(m - 1, -1, -1):
            total += diagonal[k] if j == k else beside[min(j, k)] if abs(j - k) == 1 else 0.0
            tails[k, j] = total
    for k in range(m):
        hessian[k, k] += weight * diagonal[k]
        if k + 1 < m:
            hessian[k, k + 1] += weight * beside[k]
            hessian[k + 1, k] += weight * beside[k]
        for j in range(m):
            for a in range(p):
                hessian[k, m + j * p + a] += weight * tails[k, j] * x[a]
                hessian[m + j * p + a, k] += weight * tails[k, j] * x[a]
    for j in range(m):
        total = 0.0
        for k in range(m - 1, -1, -1):
            total += tails[k, j]
            for a in range(p):
                for b in range(p):
                    hessian[m + k * p + a, m + j * p + b] += weight * total * x[a] * x[b]


@kernel
def lasso_direction(hessian, gradient, at, prices, move, pulled):
    """``argmin <g, d> + d'Hd / 2 + sum price |at + d|`` by coordinates, into `move`."""
    n = at.size
    for i in range(n):
        move[i], pulled[i] = 0.0, 0.0
    for _ in range(_SWEEPS):
        largest = 0.0
        for i in range(n):
            curve = hessian[i, i]
            if not curve > 0.0:
                continue
            now = at[i] + move[i]
            best = now - (gradient[i] + pulled[i]) / curve
            shrink = prices[i] / curve
            best = best - shrink if best > shrink else best + shrink if best < -shrink else 0.0
            change = best - now
            if change != 0.0:
                move[i] += change
                for j in range(n):
                    pulled[j] += hessian[j, i] * change
                largest = max(largest, curve * change * change)
        if largest < 1e-18:
            return


@kernel
def presto_work_size(cuts, inputs):
    """Numbers that `presto_solve` works in."""
    n = cuts * (1 + inputs)
    return n * n + 6 * n + 5 * cuts + cuts * cuts


@kernel
def presto_start(y, alpha, psi):
    """Cut points by the shares of the classes, half a row added to each; slopes of 0."""
    m, below = alpha.size, 0.0
    for k in range(m):
        below += 0.5
        for i in range(y.size):
            below += y[i] == k
        share = below / (y.size + 0.5 * (m + 1))
        alpha[k] = log(share / (1.0 - share))
        for a in range(psi.shape[1]):
            psi[k, a] = 0.0


@kernel
def presto_solve(x, y, penalty, first, steps, tolerance, alpha, psi, work):
    """Moves alpha and psi to the least objective; ``(objective, steps taken)``.

    It ends when a step promises less than `tolerance`.
    """
    m, p = psi.shape
    n = m * (1 + p)
    hessian = work[:n * n].reshape((n, n))
    rooms = work[n * n:n * n + 6 * n].reshape((6, n))
    gradient, at, prices, move, pulled, tried = rooms[0], rooms[1], rooms[2], rooms[3], rooms[4], rooms[5]
    rest = work[n * n + 6 * n:n * n + 6 * n + 5 * m].reshape((5, m))
    eta, slopes, diagonal, beside = rest[0], rest[1], rest[2], rest[3]
    tails = work[n * n + 6 * n + 5 * m:n * n + 6 * n + 5 * m + m * m].reshape((m, m))
    for i in range(n):
        prices[i] = penalty if i >= m + p or i >= m and first else 0.0
    value, taken = np.inf, 0
    for step in range(steps):
        value = presto_objective_of(x, y, alpha, psi, penalty, first, gradient[:m], gradient[m:].reshape((m, p)), eta,
                                    slopes)
        for i in range(n):
            at[i] = alpha[i] if i < m else psi[(i - m) // p, (i - m) % p]
            for j in range(n):
                hessian[i, j] = 0.0
        for i in range(y.size):
            add_information(x[i], alpha, psi, eta, diagonal, beside, tails, hessian, 1.0 / y.size)
        for i in range(n):
            hessian[i, i] *= 1.0 + 1e-10
        lasso_direction(hessian, gradient, at, prices, move, pulled)
        promised = 0.0
        for i in range(n):
            promised += gradient[i] * move[i] + prices[i] * (abs(at[i] + move[i]) - abs(at[i]))
        taken = step
        if not promised < -tolerance:
            break
        share = 1.0
        for _ in range(_HALVINGS):
            for i in range(n):
                tried[i] = at[i] + share * move[i]
            slopes_tried = tried[m:].reshape((m, p))
            found = presto_loss(x, y, tried[:m], slopes_tried, eta, slopes) + presto_price(slopes_tried, penalty, first)
            if found <= value + 1e-4 * share * promised:
                break
            share *= 0.5
        else:
            break
        for i in range(n):
            if i < m:
                alpha[i] = tried[i]
            else:
                psi[(i - m) // p, (i - m) % p] = tried[i]
        value = found
        taken = step + 1
    return value, taken
