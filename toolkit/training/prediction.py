"""Logits of any rows from the parameters of a run."""
import numpy as np

from toolkit._core.arguments import shown
from toolkit._core.arrays import real_array
from toolkit._core.kernel import kernel
from toolkit.networks.perceptron import block_floats, forward_block, layer_block
from toolkit.networks.plan import ARITY, BLOCK, DEPTH, n_classes
from toolkit.training.models import activation_of, fused_of, network_of
from toolkit.training.workspace import aligned

__all__ = ["fill_logits", "predicted_logits"]


@kernel
def fill_logits(plan, bend, fused, parameters, inputs, block, out):
    """``out[i, k]``: the logits of rows of numbers, or of rows of symbols in a flat array, through a perceptron."""
    for first in range(0, out.shape[0], BLOCK):
        count = min(BLOCK, out.shape[0] - first)
        forward_block(plan, bend, fused, parameters, inputs, first, count, block)
        z = layer_block(block, plan, np.int64(plan[DEPTH]), 0)
        for i in range(count):
            for k in range(n_classes(plan)):
                out[first + i, k] = z[i, k]


def predicted_logits(experiment, parameters, inputs):
    """Logits (n, classes) of rows of numbers (n, numbers) or of symbols (n, arity), in the training precision."""
    plan, shape = network_of(experiment)
    if shape is not None:
        raise ValueError(f"model is {shown(experiment.model)}; allowed for logits of other rows: 'mlp'")
    arity, numbers = int(plan[ARITY]), experiment.n_inputs
    x = np.ascontiguousarray(real_array(inputs, "inputs"), np.int32 if arity else parameters.dtype)
    if x.ndim != 2 or x.shape[1] != (arity or numbers):
        raise ValueError(f"inputs has shape {x.shape}; allowed: (n, {arity or numbers})")
    if arity and x.size and not -1 <= x.min() <= x.max() < numbers:
        raise ValueError(f"inputs has symbols from {x.min()} to {x.max()}; allowed: -1, for none, to {numbers - 1}")
    out = np.zeros((len(x), experiment.n_classes), parameters.dtype)
    block = aligned(int(block_floats(plan)), parameters.dtype)
    fill_logits(plan, activation_of(experiment)[0], fused_of(experiment), parameters, x.reshape(-1) if arity else x,
                block, out)
    return out
