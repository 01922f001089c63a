"""The soft Hebbian step: neurons compete for a sample, and move towards it by their shares."""
import numpy as np

from toolkit._core.arguments import check_choice, check_finite, check_flag
from toolkit._core.arrays import behaved, common_dtype, real_array
from toolkit._core.kernel import kernel
from toolkit.elementary import pow
from toolkit.networks._hebbian_competition import check_tau, competition_of, linear_row

__all__ = ["soft_hebbian_update"]
KERNELS = ["add_hebbian", "drive_of", "hebbian_inputs", "length_of", "scale_hebbian", "soft_hebbian_step"]

_LEAST = 1e-30  # beside the largest entry
_OFF = 1e-10  # beside the distance of a norm from 1


@kernel
def drive_of(w, x, power):
    """``sum_i x_i sgn(w_i) |w_i|^(power - 1)``; of power 2 the product of w and x."""
    total = 0.0
    for i in range(w.size):
        weight = w[i] if power == 2.0 else (-pow(-w[i], power - 1.0) if w[i] < 0.0 else pow(w[i], power - 1.0))
        total += weight * x[i]
    return total


@kernel
def length_of(w, power):
    """The norm ``(sum |w_i|^power)^(1 / power)``."""
    total = 0.0
    for i in range(w.size):
        total += w[i] * w[i] if power == 2.0 else pow(abs(w[i]), power)
    return np.sqrt(total) if power == 2.0 else pow(total, 1.0 / power)


@kernel
def hebbian_inputs(weights, x, power, u):
    """What each neuron makes of a sample."""
    for k in range(u.size):
        u[k] = drive_of(weights[k], x, power)


@kernel
def add_hebbian(compete, weights, bias, x, tau, power, u, y, out):
    """Add ``y_k (x - u_k w_k)`` of one sample to out.

    `compete` is the kernel that makes shares y of the inputs u, to which the bias is added unless it is None.
    """
    hebbian_inputs(weights, x, power, u)
    if bias is not None:
        for k in range(u.size):
            u[k] += bias[k]
    compete(u, tau, y)
    for k in range(u.size):
        drive = u[k] if bias is None else drive_of(weights[k], x, power)
        for i in range(x.size):
            out[k, i] += y[k] * (x[i] - drive * weights[k, i])


@kernel
def scale_hebbian(weights, rate, count, power, vanishing, scaled, out):
    """Make a step of a sum over `count` samples."""
    divisor = 1.0 * count
    if scaled:
        divisor = _LEAST
        for k in range(out.shape[0]):
            for i in range(out.shape[1]):
                size = abs(out[k, i])
                divisor = size + _LEAST if size + _LEAST > divisor or size != size else divisor
    for k in range(out.shape[0]):
        here = rate
        if vanishing:
            here *= np.sqrt(abs(length_of(weights[k], power) - 1.0) + _OFF)
        for i in range(out.shape[1]):
            out[k, i] = here * (out[k, i] / divisor)


@kernel
def soft_hebbian_step(compete, weights, bias, inputs, order, first, count, tau, rate, power, vanishing, scaled, u, y,
                      shares, out):
    """One step of the weights, in place, by the mean of rows order[first], order[first + 1] ... of the inputs.

    Fills `shares` with the mean share of each neuron, and `out` with the step.
    """
    for k in range(out.shape[0]):
        shares[k] = 0.0
        for i in range(out.shape[1]):
            out[k, i] = 0.0
    for n in range(first, first + count):
        add_hebbian(compete, weights, bias, inputs[np.int64(order[n])], tau, power, u, y, out)
        for k in range(y.size):
            shares[k] += y[k] / count
    scale_hebbian(weights, rate, count, power, vanishing, scaled, out)
    for k in range(out.shape[0]):
        for i in range(out.shape[1]):
            weights[k, i] += out[k, i]


@kernel
def hebbian_update(compete, weights, bias, inputs, divisor, tau, rate, power, vanishing, scaled, u, y, out):
    for n in range(inputs.shape[0]):
        add_hebbian(compete, weights, bias, inputs[n], tau, power, u, y, out)
    scale_hebbian(weights, rate, divisor, power, vanishing, scaled, out)


def shares_of(rule, form="stable"):
    """The kernel that makes shares of inputs."""
    if isinstance(rule, str) and rule == "linear":
        check_choice("form", form, ("naive", "stable"))
        return linear_row
    check_choice("rule", rule, ("soft", "anti", "linear"))
    return competition_of(rule, form)


def checked_rows(weights, inputs):
    """Weights (K, d) and inputs (N, d) in float64."""
    w, x = (real_array(each, name) for each, name in ((weights, "weights"), (inputs, "inputs")))
    if w.ndim != 2 or 0 in w.shape:
        raise ValueError(f"weights has shape {w.shape}; allowed: (neurons, inputs), at least one of each")
    if x.ndim < 1 or x.shape[-1] != w.shape[1]:
        raise ValueError(f"inputs has shape {x.shape}; allowed: (..., {w.shape[1]}), as many as weights has columns")
    return behaved(w, np.float64), behaved(x.reshape(-1, w.shape[1]), np.float64)


def checked_bias(bias, neurons):
    """The bias in float64, or None."""
    if bias is None:
        return None
    b = real_array(bias, "bias")
    if b.shape != (neurons,):
        raise ValueError(f"bias has shape {b.shape}; allowed: ({neurons},), one for each neuron")
    return behaved(b, np.float64)


def soft_hebbian_update(weights, inputs, *, bias=None, tau=1.0, rate=1.0, rule="soft", power=2.0, vanishing=False,
                        scaled=False, reduction="mean", form="stable"):
    """The soft Hebbian step of a layer: ``dw_k = rate mean y_k (x - u_k w_k)``, with ``y = softmax(u / tau)``.

    Each neuron has an input ``u_k = <w_k, x>`` and a share y_k of the sample, by `hebbian_competition`. It moves
    towards the sample by its share, and shrinks by as much as brings its norm to 1: ``<w_k, dw_k>`` is the mean of
    ``rate y_k u_k (1 - |w_k|^2)``. Nothing is differentiated, and no label is needed. Nothing holds a norm above 1
    where the mean of ``y_k u_k`` is below 0: it may grow without an end.

    One neuron has a share of 1, and learns the direction of the mean. Oja's rule, the step with ``y = u``, finds the
    leading eigenvector of ``mean x x^T`` instead, and always holds its norm.

    Parameters
    ----------
    weights : array_like (K, d)
    inputs : array_like (..., d)
    bias : array_like (K,), optional
        Added to u in the competition, not in the shrinking (decided here; the paper's bias is ``tau log prior``).
    tau : float >= 0
        Temperature, 1 / T of the papers. 0 is hard winner-take-all, inf gives all neurons the same share.
    rate : float
    rule : {"soft", "anti", "linear"}
        As of `hebbian_competition`; "linear" is Oja's rule, where each share is the neuron's input itself.
    power : float > 1
        p of the norm that is brought to 1: then ``u_k = sum_i x_i sgn(w_ki) |w_ki|^(p - 1)``.
    vanishing : bool
        Multiply the rate of a neuron by ``(| |w_k| - 1 | + 1e-10)^0.5``, which is small once its norm is 1.
    scaled : bool
        Divide the step of all neurons by its largest entry before the rate, as the released code does; the step is then
        as long far from a fixed point as near to it.
    reduction : {"mean", "sum"}
        Over the samples.
    form : {"naive", "stable"}
        Of the competition.

    Returns
    -------
    (K, d), in the common dtype of weights and inputs; computed in float64. Add it to the weights.

    Special values
    --------------
    NaN in a sample makes all of the step NaN. No samples: the mean is NaN, the sum 0.

    Accuracy
    --------
    float64, tested by 40 digits: within ``4 (N + d + K) (1 + S / tau)`` units of roundoff of the sum of the sizes
    ``y_k (|x_i| + |u_k w_ki|)``, with S the largest ``sum |w_ki x_i|``, for a power of 2
    and shares that do not underflow.

    References
    ----------
    T. Moraitis et al., SoftHebb, 2022, arXiv:2107.05747. A. Journé, H. Garcia Rodriguez, Q. Guo, T. Moraitis, Hebbian
    Deep Learning Without Feedback, ICLR 2023, arXiv:2209.11883. E. Oja, A simplified neuron model as a principal
    component analyzer, Journal of Mathematical Biology 15 (1982), doi:10.1007/BF00275687.

    Examples
    --------
    >>> weights, samples = [[0.5, 0.2], [-0.3, 0.8]], [[1.0, 0.5], [-1.0, 2.0]]
    >>> soft_hebbian_update(weights, samples, tau=0.5, reduction="sum").round(6)
    array([[ 0.494654,  0.314134],
           [-0.145256,  0.584322]])
    """
    w, x = checked_rows(weights, inputs)
    b, compete = checked_bias(bias, len(w)), shares_of(rule, form)
    tau, rate, power = check_tau(tau), check_finite("rate", rate), check_finite("power", power, 1.0, above=True)
    vanishing, scaled = check_flag("vanishing", vanishing), check_flag("scaled", scaled)
    divisor = (len(x), 1)[check_choice("reduction", reduction, ("mean", "sum"))]
    out, (u, y) = np.zeros_like(w), np.empty((2, len(w)))
    with np.errstate(all="ignore"):  # uncompiled kernels would warn on paths that are right
        hebbian_update(compete, w, b, x, divisor, tau, rate, power, vanishing, scaled, u, y, out)
        return out.astype(common_dtype(weights=weights, inputs=inputs), copy=False)
