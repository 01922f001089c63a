"""How much interval bounds lose on the way through a network: propagation tightness."""
import numpy as np

from toolkit._core.arrays import real_array
from toolkit._core.kernel import kernel
from toolkit.networks._given import network_of
from toolkit.networks._interval_bounds import widest
from toolkit.networks.plan import DEPTH, SIZES, bias_of, matrix, size_of, weights_of
from toolkit.networks.product import LINE

__all__ = ["propagation_tightness"]
KERNELS = ["tightness_row", "tightness_size", "units_at"]


@kernel
def tightness_size(plan):
    """Numbers that `tightness_row` works in."""
    return (2 * size_of(plan, 0) + 6) * widest(plan)


@kernel
def through_layer(w, units, product, after):
    """``after = product W`` for a product with a row for each input; `w` has a row for each unit below."""
    for m in range(product.shape[0]):
        for j in range(units):
            after[m, j] = 0.0
        for i in range(w.shape[0]):
            x = product[m, i]
            for j in range(units):
                after[m, j] += x * w[i, j]


@kernel
def sizes_through_layer(w, units, reach, after):
    """``after = abs(W) reach``."""
    for j in range(units):
        after[j] = 0.0
    for i in range(w.shape[0]):
        for j in range(units):
            after[j] += reach[i] * abs(w[i, j])


@kernel
def units_at(plan, parameters, layer, h, z):
    """Before the activation, at a point."""
    w, bias = weights_of(parameters, plan, layer), bias_of(parameters, plan, layer)
    for j in range(size_of(plan, layer)):
        z[j] = bias[j]
    for i in range(w.shape[0]):
        for j in range(size_of(plan, layer)):
            z[j] += h[i] * w[i, j]


@kernel
def tightness_row(plan, parameters, radius, point, work, out):
    """``(abs(W_L ... W_1) ε) / (abs(W_L) ... abs(W_1) ε)`` of each output.

    With a point of as many numbers as there are inputs, units that are not active there are left out of both products;
    with one of none they all count.
    """
    inputs, depth, columns = size_of(plan, 0), np.int64(plan[DEPTH]), widest(plan)
    part = inputs * columns
    product, after = matrix(work, 0, inputs, columns), matrix(work, part, inputs, columns)
    rows = matrix(work, 2 * part, 6, columns)
    reach, longer, h, z = rows[0], rows[1], rows[2], rows[3]
    for m in range(inputs):
        reach[m] = radius[m]
        if point.size > 0:
            h[m] = point[m]
        for i in range(inputs):
            product[m, i] = 1.0 if m == i else 0.0
    for layer in range(1, depth + 1):
        w, units = weights_of(parameters, plan, layer), size_of(plan, layer)
        through_layer(w, units, product, after)
        sizes_through_layer(w, units, reach, longer)
        if point.size > 0:
            units_at(plan, parameters, layer, h, z)
        for j in range(units):
            off = layer < depth and point.size > 0 and z[j] <= 0.0
            h[j] = 0.0 if off else z[j]
            reach[j] = 0.0 if off else longer[j]
            for m in range(inputs):
                product[m, j] = 0.0 if off else after[m, j]
    for j in range(out.size):
        total = 0.0
        for m in range(inputs):
            total += abs(product[m, j]) * radius[m]
        out[j] = total / reach[j] if reach[j] != 0.0 else 1.0


def propagation_tightness(weights, biases=None, at=None, *, radius=1.0):
    """The share of the interval bounds' width that is real: the true radius of each output over that of the intervals.

    Of a deep linear network, ``τ = (abs(W_L ... W_1) ε) / (abs(W_L) ... abs(W_1) ε)``. A matrix product lets terms of
    both signs cancel, absolute values do not. With a point `at`, that of the ReLU network around it: the units that are
    not active there are left out of both products. τ is 1 for a single layer, and where all weights have one sign.

    Parameters
    ----------
    weights, biases
        As of `toolkit.networks.interval_bounds`; biases count where a point is given.
    at : array_like (inputs,), optional
    radius : float or array_like (inputs,)
        Of the box of inputs, > 0.

    Returns
    -------
    array (outputs,)
        From 0 to 1, in float64.

    Special values
    --------------
    An output that no input reaches has τ = 1. NaN gives NaN.

    Accuracy
    --------
    Within 1e-12 of the definition in NumPy where the product does not cancel by more than 1e3, tested. Plain
    arithmetic: nothing is rounded outward.

    References
    ----------
    Mao, Müller, Fischer, Vechev, Understanding Certified Training with Interval Bound Propagation, ICLR 2024,
    arXiv:2306.10426.

    Examples
    --------
    >>> W1, W2 = [[1.0, -1.0], [2.0, 0.5]], [[1.0, -1.0], [0.5, 1.0], [-1.0, 0.25]]
    >>> propagation_tightness([W1, W2]).round(4)
    array([0.5556, 0.7143, 0.619 ])
    """
    plan, parameters = network_of(weights, biases)
    inputs = int(plan[SIZES])
    reach = real_array(radius, "radius").astype(np.float64)
    if reach.shape not in ((), (inputs,)) or not (reach > 0).all():
        raise ValueError(f"radius has shape {reach.shape} or a number that is not > 0; allowed: a number > 0, or one "
                         f"for each of {inputs} inputs")
    point = np.empty(0) if at is None else real_array(at, "at").astype(np.float64)
    if at is not None and point.shape != (inputs,):
        raise ValueError(f"at has shape {point.shape}; allowed: ({inputs},), one point")
    out = np.empty(len(weights[-1]))
    room = np.empty((2 * inputs + 6) * (int(plan[SIZES:].max()) + LINE))
    with np.errstate(all="ignore"):  # uncompiled kernels would warn on paths that are right
        tightness_row(plan, parameters, np.array(np.broadcast_to(reach, inputs)), point, room, out)
    return out
