"""Initial weights: PyTorch's default of `torch.nn.Linear`."""
import numpy as np

from toolkit._kernel import kernel
from toolkit.grokking._plan import BIASED, DEPTH, bias_of, size_of, weights_of
from toolkit.grokking._random import seeded, uniform

__all__ = ["fill_weights"]


@kernel
def fill_weights(plan, parameters, seed, gain, state):
    """Weights and biases uniform in ±gain / sqrt(fan_in), each tensor from a random stream of its own.

    A layer of n inputs and m outputs then has norm ``gain sqrt(m / 3)`` on average. Padding is 0.
    """
    for layer in range(1, np.int64(plan[DEPTH]) + 1):
        fan_in = size_of(plan, layer - 1)
        bound = gain / np.sqrt(np.float64(fan_in))
        w = weights_of(parameters, plan, layer)
        seeded(state, seed, 2 * layer)
        for i in range(w.shape[0]):
            for j in range(size_of(plan, layer)):
                w[i, j] = bound * (2.0 * uniform(state) - 1.0)
        if plan[BIASED]:
            bias = bias_of(parameters, plan, layer)
            seeded(state, seed, 2 * layer + 1)
            for j in range(size_of(plan, layer)):
                bias[j] = bound * (2.0 * uniform(state) - 1.0)
