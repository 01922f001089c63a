"""A network and boxes of inputs as arguments: lists of weights and biases, checked, and as kernels read them."""
import numpy as np

from toolkit._core.arguments import shown
from toolkit._core.arrays import real_array
from toolkit.networks.plan import plan_of
from toolkit.networks.product import LINE

__all__ = []
KERNELS = ["network_of"]


def _layers(name, given, allowed, dimensions):
    if not isinstance(given, (list, tuple)) or not given:
        raise TypeError(f"{name} is {shown(given)}; allowed: {allowed}")
    layers = [real_array(each, f"{name}[{k}]").astype(np.float64) for k, each in enumerate(given)]
    for k, each in enumerate(layers):
        if each.ndim != dimensions or 0 in each.shape:
            raise ValueError(f"{name}[{k}] has shape {each.shape}; allowed: {allowed}")
    return layers


def network_of(weights, biases=None):
    """``(plan, parameters)`` of a dense network, in float64.

    Parameters
    ----------
    weights : list of array_like (units, units below)
        Of the first layer first.
    biases : list of array_like (units,), or None
    """
    weights = _layers("weights", weights, "a list of matrices (units, units below), each with as many columns as the"
                      " one before has rows", 2)
    for k in range(1, len(weights)):
        if weights[k].shape[1] != weights[k - 1].shape[0]:
            raise ValueError(f"weights[{k}] has shape {weights[k].shape}; allowed behind {weights[k - 1].shape}: "
                             f"(units, {weights[k - 1].shape[0]})")
    units = [len(each) for each in weights]
    if biases is not None:
        biases = _layers("biases", biases, f"None, or a list of vectors of lengths {units}", 1)
        if [len(each) for each in biases] != units:
            raise ValueError(f"biases have lengths {[len(each) for each in biases]}; allowed: {units}")
    plan = plan_of(n_train=1, n_all=1, arity=0, sizes=(weights[0].shape[1], *units), biased=True, activation="relu")
    parts = []
    for k, w in enumerate(weights):
        room = np.zeros((w.shape[1] + 1, -(-len(w) // LINE) * LINE))
        room[:-1, :len(w)] = w.T
        if biases is not None:
            room[-1, :len(w)] = biases[k]
        parts.append(room.ravel())
    return plan, np.concatenate(parts)


def layers_from(parameters, sizes):
    """The lists of weights and of biases in the numbers of a network of these sizes: what `network_of` took."""
    weights, biases, start = [], [], 0
    for below, units in zip(sizes, sizes[1:]):
        width = -(-units // LINE) * LINE
        room = parameters[start:start + (below + 1) * width].reshape(below + 1, width)
        weights.append(room[:-1, :units].T.copy())
        biases.append(room[-1, :units].copy())
        start += room.size
    return weights, biases


def logit_boxes(lower, upper):
    """The ends of boxes as float64 arrays of one shape (..., n) with n >= 1."""
    ends = [real_array(each, name).astype(np.float64) for each, name in ((lower, "lower"), (upper, "upper"))]
    try:
        low, high = np.broadcast_arrays(*ends)
    except ValueError:
        raise ValueError(f"upper has shape {ends[1].shape}; allowed beside lower of shape {ends[0].shape}: the same, "
                         "or one that broadcasts") from None
    if low.ndim == 0 or low.shape[-1] == 0:
        raise ValueError(f"lower has shape {low.shape}; allowed: (..., n) with n >= 1")
    if (low > high).any():
        raise ValueError("lower is above upper somewhere; allowed: lower <= upper")
    unknown = np.isnan(low) | np.isnan(high)
    return np.where(unknown, np.nan, low), np.where(unknown, np.nan, high)


def boxes_of(lower, upper, inputs):
    """``(shape, low, high)``: the shape of the batch, and the ends of its boxes as float64 rows of so many inputs."""
    low, high = logit_boxes(lower, upper)
    if low.shape[-1] != inputs:
        raise ValueError(f"lower has shape {low.shape}; allowed: (..., {inputs}), the inputs of the network")
    return low.shape[:-1], low.reshape(-1, inputs), high.reshape(-1, inputs)


def labels_of(labels, shape, classes):
    """Labels of a batch as int64, one for each row."""
    given = real_array(labels, "labels")
    if given.dtype.kind not in "iu":
        raise TypeError(f"labels is {shown(labels)}; allowed: integers")
    if given.shape != shape:
        raise ValueError(f"labels has shape {given.shape}; allowed: {shape}, one for each box")
    if ((given < 0) | (given >= classes)).any():
        raise ValueError(f"labels has a number below 0 or above {classes - 1}; allowed: 0 to {classes - 1}")
    return given.astype(np.int64).reshape(-1)
