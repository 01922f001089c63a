"""First weights that keep the mean radius of interval bounds from layer to layer."""
import numpy as np

from toolkit._core.arguments import check_count
from toolkit._core.kernel import kernel
from toolkit._core.random import seeded
from toolkit.elementary.normal import standard_normal
from toolkit.networks.plan import DEPTH, bias_of, size_of, weights_of

__all__ = ["interval_deviation"]
KERNELS = ["deviation_of_interval_weights", "fill_interval_weights"]

_ROOT = 2.5066282746310002  # of 2 pi


@kernel
def deviation_of_interval_weights(fan_in):
    """``sqrt(2 pi) / n``: the mean size of a weight is then 2 / n, and half of the radius passes a ReLU."""
    return _ROOT / fan_in


@kernel
def fill_interval_weights(plan, parameters, seed, state):
    """Weights normal with `deviation_of_interval_weights`, those of the last layer with He's; biases 0."""
    seeded(state, seed, 2)
    depth = np.int64(plan[DEPTH])
    for layer in range(1, depth + 1):
        fan_in = np.float64(size_of(plan, layer - 1))
        deviation = deviation_of_interval_weights(fan_in) if layer < depth else np.sqrt(2.0 / fan_in)
        w, bias = weights_of(parameters, plan, layer), bias_of(parameters, plan, layer)
        for j in range(size_of(plan, layer)):
            bias[j] = 0.0
            for i in range(w.shape[0]):
                w[i, j] = deviation * standard_normal(state)


def interval_deviation(fan_in):
    """The standard deviation of normal weights that keeps the mean radius of interval bounds: ``sqrt(2 π) / n``.

    A radius goes through the *sizes* of the weights, which do not cancel: with He's ``sqrt(2 / n)`` it grows by a
    factor of ``sqrt(n / π)`` per layer. Here the mean size of a weight is 2 / n; its n terms double the radius, and a
    ReLU at a centre around 0 lets half of it through.

    Parameters
    ----------
    fan_in : int
        The inputs n of a unit.

    Returns
    -------
    float

    Accuracy
    --------
    Within 1 ulp of the exact number, tested by 50 digits.

    References
    ----------
    Shi, Wang, Zhang, Yi, Hsieh, Fast Certified Robust Training with Short Warmup, NeurIPS 2021, arXiv:2103.17268; not
    for the last layer.

    Examples
    --------
    >>> print(f"{interval_deviation(32):.6f}")
    0.078332
    """
    return deviation_of_interval_weights(float(check_count(fan_in, "fan_in")))
