"""Steps in the space of the logits, which the weights of a linear model then catch up with.

The gradient of the loss with respect to the logits is computed once, at ``z_t``. The surrogate
``<g, z - z_t> + |z - z_t|² / (2 rate)`` says what to do with it: as a function of the logits it is least at
``z_t - rate g``, and many cheap steps on the weights bring their logits near to that.
"""
import numpy as np

from toolkit._core.arguments import check_finite, check_whole
from toolkit._core.arrays import common_dtype, real_array
from toolkit._core.kernel import kernel

__all__ = ["target_surrogate_step"]
KERNELS = ["catch_up"]


@kernel
def catch_up(gram, pushed, size, rate, inner, moved, slope):
    """``inner`` steps of gradient descent on ``|X D + rate g|² / 2`` from ``D = 0``, for ``X'X`` and ``X'g``."""
    d, k = moved.shape
    for i in range(d):
        for j in range(k):
            moved[i, j] = 0.0
    for _ in range(inner):
        for i in range(d):
            for j in range(k):
                total = rate * pushed[i, j]
                for h in range(d):
                    total += gram[i, h] * moved[h, j]
                slope[i, j] = total
        for i in range(d):
            for j in range(k):
                moved[i, j] -= size * slope[i, j]


def target_surrogate_step(features, weights, g, *, rate=2.0, inner=10):
    """A step on the surrogate of targets: move the logits by ``-rate g``, as far as the weights can follow.

    For a linear model ``z = X W``. The surrogate is a bound of the loss from above where `rate` is at most 1 / L, with
    L how fast the gradient with respect to one row of logits changes: so `rate` is at most 2 for cross-entropy, 4 for
    the logistic loss. The loss (of the whole batch) then never rises, however many inner steps there are. With one
    inner step this is gradient descent; without a limit the new logits are the projection of the targets on what the
    model can say.

    Parameters
    ----------
    features : array_like (n, d)
        X.
    weights : array_like (d,) or (d, K)
        W.
    g : array_like (n,) or (n, K)
        Gradient of the sum of the losses with respect to the logits, as ``p - onehot(y)``.
    rate : float >= 0
    inner : int >= 0 or None
        Steps of gradient descent on the weights, each of the size 1 / (the largest eigenvalue of ``X'X``); None for the
        least squares themselves, by the smallest change of the weights.

    Returns
    -------
    New weights, (n, d), (d, K), (n, K) -> (d, K), in the common dtype of the arguments; computed in float64.

    Special values
    --------------
    Numbers that are not finite are a ValueError. Features of 0 leave the weights as they are.

    Accuracy
    --------
    float64, tested: within 1e-13 of the steps of the definition, relative to the largest weight; without a limit
    within 1e-10, for features of a condition of up to 1000.

    References
    ----------
    J. Lavington et al., Target-based Surrogates for Stochastic Optimization, ICML 2023, arXiv:2302.02607. Their code
    counts ``1 / (2 rate)``.

    Examples
    --------
    >>> target_surrogate_step([[1.0, 0.0], [0.0, 0.5]], [0.0, 0.0], [1.0, -1.0], rate=4.0, inner=1)
    array([-4.,  2.])
    >>> target_surrogate_step([[1.0, 0.0], [0.0, 0.5]], [0.0, 0.0], [1.0, -1.0], rate=4.0, inner=None)
    array([-4.,  8.])
    """
    rate = check_finite("rate", rate, 0.0)
    inner = None if inner is None else check_whole("inner", inner, 0)
    dtype = common_dtype(features=features, weights=weights, g=g)
    x, w, g = (real_array(given, name).astype(np.float64)
               for given, name in ((features, "features"), (weights, "weights"), (g, "g")))
    if x.ndim != 2 or 0 in x.shape:
        raise ValueError(f"features has shape {x.shape}; allowed: (n, d), at least one row and one column")
    if w.ndim not in (1, 2) or len(w) != x.shape[1]:
        raise ValueError(f"weights has shape {w.shape}; allowed: ({x.shape[1]},) or ({x.shape[1]}, K)")
    if g.shape != (len(x), *w.shape[1:]):
        raise ValueError(f"g has shape {g.shape}; allowed: {(len(x), *w.shape[1:])}, one for each logit")
    for name, given in (("features", x), ("weights", w), ("g", g)):
        if not np.isfinite(given).all():
            raise ValueError(f"{name} has {given[~np.isfinite(given)][0]}; allowed: finite numbers")
    if inner is None:
        moved = -rate * np.linalg.lstsq(x, g, rcond=None)[0]
    else:
        gram, pushed = x.T @ x, np.ascontiguousarray((x.T @ g).reshape(len(w), -1))
        largest, moved = np.linalg.eigvalsh(gram)[-1], np.zeros(pushed.shape)
        catch_up(gram, pushed, 1 / largest if largest > 0 else 0.0, rate, inner, moved, np.empty(pushed.shape))
        moved = moved.reshape(w.shape)
    return (w + moved).astype(dtype, copy=False)
