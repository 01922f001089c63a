"""Wasserstein dependency: how far pairs must be moved to become independent."""
import numpy as np

from toolkit._core.arguments import check_whole
from toolkit._core.kernel import kernel
from toolkit.representations._given import checked_matrix, upstream

__all__ = ["wasserstein_critic", "wasserstein_dependency"]
KERNELS = ["critic_of", "match", "pair_distance", "wasserstein_dependency_of"]


@kernel
def pair_distance(x, y, i, j, k):
    """``|x_i - x_j| + |y_i - y_k|``, each a Euclidean distance: from pair (i, i) to pair (j, k)."""
    a, b = 0.0, 0.0
    for d in range(x.shape[1]):
        a += (x[i, d] - x[j, d]) * (x[i, d] - x[j, d])
    for d in range(y.shape[1]):
        b += (y[i, d] - y[k, d]) * (y[i, d] - y[k, d])
    return np.sqrt(a) + np.sqrt(b)


@kernel
def match(cost, u, v, owner, way, least, used):
    """The cheapest matching of rows and columns, one to one, by shortest augmenting paths: its total cost.

    All arrays but the costs (n, n) are room of n + 1. Column j then belongs to row ``owner[j + 1] - 1``, and the
    potentials ``u[i + 1] + v[j + 1]`` are at most the cost of i and j, and equal where they are matched.
    """
    n = cost.shape[0]
    for j in range(n + 1):
        u[j] = v[j] = owner[j] = way[j] = 0.0
    for i in range(1, n + 1):
        owner[0], column = i, 0
        for j in range(n + 1):
            least[j], used[j] = np.inf, 0.0
        while owner[column] != 0.0:
            used[column] = 1.0
            row, delta, following = int(owner[column]), np.inf, 0
            for j in range(1, n + 1):
                if used[j] == 0.0:
                    reduced = cost[row - 1, j - 1] - u[row] - v[j]
                    if reduced < least[j]:
                        least[j], way[j] = reduced, column
                    if least[j] < delta:
                        delta, following = least[j], j
            if not delta < np.inf:
                return np.nan
            for j in range(n + 1):
                if used[j] != 0.0:
                    u[int(owner[j])] += delta
                    v[j] -= delta
                else:
                    least[j] -= delta
            column = following
        while column != 0:
            before = int(way[column])
            owner[column] = owner[before]
            column = before
    total = 0.0
    for j in range(1, n + 1):
        total += cost[int(owner[j]) - 1, j - 1]
    return total


@kernel
def wasserstein_dependency_of(x, y, shift, cost, room):
    """Mean distance between the pairs ``(x_i, y_i)`` and those of ``(x_j, y_{j + shift})`` that they are matched to.

    `cost` is (n, n), `room` (6, n + 1): see `match`.
    """
    n = x.shape[0]
    for i in range(n):
        for j in range(n):
            cost[i, j] = pair_distance(x, y, i, j, (j + shift) % n)
    return match(cost, room[0], room[1], room[2], room[3], room[4], room[5]) / n


@kernel
def add_unit(a, i, j, weight, g):
    """Add `weight` times the gradient of ``|a_i - a_j|`` to both; 0 where they are equal."""
    total = 0.0
    for d in range(a.shape[1]):
        total += (a[i, d] - a[j, d]) * (a[i, d] - a[j, d])
    if total > 0.0:
        for d in range(a.shape[1]):
            step = weight * (a[i, d] - a[j, d]) / np.sqrt(total)
            g[i, d] += step
            g[j, d] -= step


@kernel
def wasserstein_dependency_vjp(x, y, shift, owner, g, gx, gy):
    """Add g times the gradients, with the matching as it is."""
    n = x.shape[0]
    for j in range(n):
        i = int(owner[j + 1]) - 1
        add_unit(x, i, j, g / n, gx)
        add_unit(y, i, (j + shift) % n, g / n, gy)


@kernel
def critic_of(x, y, shift, v, at_x, at_y):
    """``f(a) = min_j |a - b_j| - v_j`` of a pair a, over pairs b_j of the product: it is 1-Lipschitz, as each part."""
    n, best = x.shape[0], np.inf
    for j in range(n):
        a, b, k = 0.0, 0.0, (j + shift) % n
        for d in range(x.shape[1]):
            a += (at_x[d] - x[j, d]) * (at_x[d] - x[j, d])
        for d in range(y.shape[1]):
            b += (at_y[d] - y[k, d]) * (at_y[d] - y[k, d])
        best = min(best, np.sqrt(a) + np.sqrt(b) - v[j + 1])
    return best


@kernel
def critic_rows(x, y, shift, v, at_x, at_y, out):
    for i in range(out.size):
        out[i] = critic_of(x, y, shift, v, at_x[i], at_y[i])


def _matched(x, y, shift):
    """Both batches, the value, and the room in which potentials and owners are."""
    x = checked_matrix(x, "x", least=2)
    y = checked_matrix(y, "y", len(x))
    shift = check_whole("shift", shift, 1, len(x) - 1)
    room = np.empty((6, len(x) + 1))
    with np.errstate(all="ignore"):
        value = float(wasserstein_dependency_of(x, y, shift, np.empty((len(x), len(x))), room))
    return x, y, shift, room, value


def wasserstein_dependency(x, y, *, shift=1):
    """Wasserstein dependency of a batch: how far its pairs are from pairs of strangers, on average.

    ``W1`` between the pairs ``(x_i, y_i)`` and the pairs ``(x_i, y_{i + shift})``, with the distance
    ``|x - x'| + |y - y'|``: the cheapest matching, exactly. It is no divergence of densities: it has no limit at log N,
    and no other but what the distances are; times 10, both batches are ten times as dependent. Of a few pairs it is
    too large, also where there is no dependency at all: compare it with that of a shuffled y.

    Parameters
    ----------
    x, y : array_like (N, d), (N, e)
        N pairs, at least 2. Time grows as N³.
    shift : int
        Which strangers: 1 to N - 1 places away.

    Returns
    -------
    float

    Gradient
    --------
    With respect to x and y, the matching held: where two matchings cost the same it jumps. It has length 1 / N in each
    pair, whatever the value: nothing saturates.

    Special values
    --------------
    NaN or an infinity gives NaN.

    Accuracy
    --------
    float64, 12 pairs: within 1e-13 of SciPy's linear program and assignment, relative, tested.

    References
    ----------
    Ozair et al., Wasserstein Dependency Measure for Representation Learning, NeurIPS 2019, arXiv:1903.11780. Its
    definition; that it is estimated by a matching and not by a trained critic is our choice.

    Examples
    --------
    >>> x = [[0.0], [1.0], [2.0], [3.0]]
    >>> wasserstein_dependency(x, x), wasserstein_dependency(x, [[0.0]] * 4)
    (1.5, 0.0)
    """
    return _matched(x, y, shift)[-1]


def wasserstein_dependency_gradients(x, g, *, y, shift=1):
    x, y, shift, room, value = _matched(x, y, shift)
    g, gx, gy = upstream(g), np.zeros_like(x), np.zeros_like(y)
    if value != value:
        return {"x": gx + np.nan, "y": gy + np.nan}
    wasserstein_dependency_vjp(x, y, shift, room[2], g, gx, gy)
    return {"x": gx, "y": gy}


def wasserstein_critic(x, y, at_x=None, at_y=None, *, shift=1):
    """The best critic of a batch: a 1-Lipschitz function whose mean over pairs less that over strangers is W1.

    Parameters
    ----------
    x, y, shift
        As in `wasserstein_dependency`.
    at_x, at_y : array_like (M, d), (M, e), optional
        Pairs at which it is asked; by default those of the batch.

    Returns
    -------
    (M,) float64

    Special values
    --------------
    NaN or an infinity gives NaN.

    References
    ----------
    As of `wasserstein_dependency`. The function is made of the dual of the matching.

    Examples
    --------
    >>> x = [[0.0], [1.0], [2.0], [3.0]]
    >>> pairs, strangers = wasserstein_critic(x, x), wasserstein_critic(x, x, x, x[1:] + x[:1])
    >>> float(pairs.mean() - strangers.mean())
    1.5
    """
    at_x = checked_matrix(x if at_x is None else at_x, "x" if at_x is None else "at_x")
    at_y = checked_matrix(y if at_y is None else at_y, "y" if at_y is None else "at_y", len(at_x))
    x, y, shift, room, value = _matched(x, y, shift)
    for name, given, own in (("at_x", at_x, x), ("at_y", at_y, y)):
        if given.shape[1] != own.shape[1]:
            raise ValueError(f"{name} has shape {given.shape}; allowed: (rows, {own.shape[1]})")
    out = np.full(len(at_x), np.nan)
    if value == value:
        with np.errstate(all="ignore"):
            critic_rows(x, y, shift, room[1], at_x, at_y, out)
    return out
