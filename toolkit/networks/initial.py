"""Initial weights: PyTorch's defaults."""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit._core.random import seeded, uniform
from toolkit.elementary.normal import standard_normal
from toolkit.networks.plan import BIASED, DEPTH, bias_of, size_of, weights_of
from toolkit.networks.transformer_plan import (
    BETA1,
    BETA2,
    BIAS2,
    EMBEDDING,
    FFN,
    GAMMA1,
    GAMMA2,
    IN_BIAS,
    IN_WEIGHTS,
    LINEAR2,
    MODEL,
    OUT_BIAS,
    TENSORS,
    rows_in,
    tensor_numbers,
    tensor_of,
)

__all__ = ["fill_normal_weights", "fill_transformer", "fill_weights"]


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


@kernel
def fill_normal_weights(plan, parameters, seed, gain, state):
    """Weights normal with deviation ``gain sqrt(2 / fan_in)`` (He et al. 2015), all from one stream; biases 0."""
    seeded(state, seed, 2)
    for layer in range(1, np.int64(plan[DEPTH]) + 1):
        deviation = gain * np.sqrt(2.0 / np.float64(size_of(plan, layer - 1)))
        w = weights_of(parameters, plan, layer)
        for i in range(w.shape[0]):
            for j in range(size_of(plan, layer)):
                w[i, j] = deviation * standard_normal(state)


@kernel
def fill_transformer(plan, shape, parameters, seed, gain, state):
    """PyTorch's defaults: embedding N(0, 1), the in-projection Xavier's uniform law, its bias and the out-projection's
    0, norms 1 and 0, all others uniform in ±1 / sqrt(fan_in). `gain` scales what is random.
    """
    d = np.float64(shape[MODEL])
    for t in range(len(TENSORS)):
        fan_in = np.float64(shape[FFN]) if t == LINEAR2 or t == BIAS2 else d
        bound = np.sqrt(1.5 / d) if t == IN_WEIGHTS else 1.0 / np.sqrt(fan_in)
        numbers = tensor_numbers(plan, shape, t) // rows_in(plan, shape, t)
        w = tensor_of(parameters, plan, shape, t)
        seeded(state, seed, 2 + t)
        for i in range(w.shape[0]):
            for j in range(numbers):
                if t == EMBEDDING:
                    w[i, j] = gain * standard_normal(state)
                elif t == GAMMA1 or t == GAMMA2:
                    w[i, j] = 1.0
                elif t == IN_BIAS or t == OUT_BIAS or t == BETA1 or t == BETA2:
                    w[i, j] = 0.0
                else:
                    w[i, j] = gain * bound * (2.0 * uniform(state) - 1.0)
