"""Logits of any rows, and what hidden layers say of them, from the parameters of a run."""
import numpy as np

from toolkit._core.arguments import shown
from toolkit._core.arrays import real_array
from toolkit._core.kernel import kernel
from toolkit.networks.perceptron import block_floats, forward_block, layer_block
from toolkit.networks.plan import ARITY, BLOCK, DEPTH
from toolkit.training.models import activation_of, fused_of, network_of
from toolkit.training.workspace import aligned

__all__ = ["fill_activations", "layer_activations", "predicted_logits"]


@kernel
def fill_activations(plan, bend, fused, parameters, inputs, layer, block, out):
    """``out[i, k]``: what unit k of a layer from 1 on says of row i, behind the activation; of the last, the logits."""
    part = 1 if layer < plan[DEPTH] else 0
    for first in range(0, out.shape[0], BLOCK):
        count = min(BLOCK, out.shape[0] - first)
        forward_block(plan, bend, fused, parameters, inputs, first, count, block)
        h = layer_block(block, plan, layer, part)
        for i in range(count):
            for k in range(out.shape[1]):
                out[first + i, k] = h[i, k]


def predicted_logits(experiment, parameters, inputs):
    """Logits (n, classes) of rows of numbers (n, numbers) or of symbols (n, arity), in the training precision."""
    return layer_activations(experiment, parameters, inputs, len(experiment.widths) + 1)


def layer_activations(experiment, parameters, inputs, layer):
    """What a layer says (n, units) of rows of numbers (n, numbers) or of symbols (n, arity); the last, the logits."""
    plan, shape = network_of(experiment)
    if shape is not None:
        raise ValueError(f"model is {shown(experiment.model)}; allowed for logits of other rows: 'mlp'")
    arity, numbers = int(plan[ARITY]), experiment.n_inputs
    x = np.ascontiguousarray(real_array(inputs, "inputs"), np.int32 if arity else parameters.dtype)
    if x.ndim != 2 or x.shape[1] != (arity or numbers):
        raise ValueError(f"inputs has shape {x.shape}; allowed: (n, {arity or numbers})")
    if arity and x.size and not -1 <= x.min() <= x.max() < numbers:
        raise ValueError(f"inputs has symbols from {x.min()} to {x.max()}; allowed: -1, for none, to {numbers - 1}")
    out = np.zeros((len(x), (*experiment.widths, experiment.n_classes)[layer - 1]), parameters.dtype)
    block = aligned(int(block_floats(plan)), parameters.dtype)
    fill_activations(plan, activation_of(experiment)[0], fused_of(experiment), parameters,
                     x.reshape(-1) if arity else x, layer, block, out)
    return out
