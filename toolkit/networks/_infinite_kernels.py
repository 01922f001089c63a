"""Kernels of infinitely wide networks, layer by layer: NNGP and NTK, and the classifiers that they are."""
import numpy as np

from toolkit._core.arguments import check_choice, check_number, check_whole, chosen, shown
from toolkit._core.arrays import real_array
from toolkit._core.kernel import kernel
from toolkit.elementary import exp, log
from toolkit.networks._dual_activations import HERMITE, checked_dual, dual_layer, end_slopes, log_size

__all__ = ["kernel_classifier", "neural_tangent_kernel", "nngp_kernel"]
KERNELS = ["after_layers", "vote_of"]

_DEEPEST = 10**6


@kernel
def lowest_power(which, a):
    """``(power, factor)`` of the dual near 0, where it is small there."""
    if which == HERMITE:
        return a, 1.0
    return 1.0, end_slopes(which, a)[1]


@kernel
def after_layers(which, a, depth, input_rate, s, c):
    """``(Σ, log |Σ|, K)`` after `depth` layers, from the cosine s and its complement c.

    Σ is the NNGP and K the NTK, in which the weights behind the input learn `input_rate` times as fast as the others.
    A logarithm is taken once: of the last Σ, or of the last above 1e-100, below which a layer is a power of s.
    """
    power, factor = lowest_power(which, a)
    raised = log(factor)
    tiny, size, tangent = False, 0.0, input_rate * s
    for _ in range(depth):
        value, lost, slope = dual_layer(which, a, s, c)
        tangent = value + tangent * slope
        if abs(value) <= 1e-100 and abs(s) < 0.5:
            size = power * (size if tiny else log_size(s, c)) + raised
            tiny = True
        else:
            tiny = False
        s, c = value, lost
    return s, size if tiny else log_size(s, c), tangent


@kernel
def cosine_of(x, y):
    """``(s, 1 - s)`` of two unit vectors; near 1 the difference of the vectors says it, near -1 their sum does."""
    inner, apart, together = 0.0, 0.0, 0.0
    for k in range(x.size):
        inner += x[k] * y[k]
        apart += (x[k] - y[k]) * (x[k] - y[k])
        together += (x[k] + y[k]) * (x[k] + y[k])
    if abs(inner) < 0.5:
        return inner, 1.0 - inner
    if inner > 0.0:
        return 1.0 - 0.5 * apart, 0.5 * apart
    return 0.5 * together - 1.0, 2.0 - 0.5 * together


NNGP, LOG_NNGP, NTK = range(3)


@kernel
def fill_kernel(what, which, a, depth, input_rate, x, y, out):
    for i in range(x.shape[0]):
        for j in range(y.shape[0]):
            s, c = cosine_of(x[i], y[j])
            out[i, j] = after_layers(which, a, depth, input_rate, s, c)[what]


def unit_rows(x, name):
    """Rows of length 1 in float64."""
    x = real_array(x, name).astype(np.float64)
    if x.ndim != 2 or not x.shape[1]:
        raise ValueError(f"{name} has shape {x.shape}; allowed: (n, numbers)")
    with np.errstate(all="ignore"):
        x = x / np.abs(x).max(axis=1, keepdims=True)
        return x / np.sqrt((x * x).sum(axis=1, keepdims=True))


def kernel_between(what, x, y, activation, parameter, depth, input_rate=1.0):
    which, a = checked_dual(activation, parameter)
    depth = check_whole("depth", depth, 0, _DEEPEST)
    x = unit_rows(x, "x")
    y = x if y is None else unit_rows(y, "y")
    if y.shape[1] != x.shape[1]:
        raise ValueError(f"y has rows of {y.shape[1]}; allowed: {x.shape[1]}, as x")
    out = np.empty((len(x), len(y)))
    with np.errstate(all="ignore"):
        fill_kernel(what, which, a, depth, input_rate, x, y, out)
    return out


def nngp_kernel(x, y=None, *, activation="relu", parameter=None, depth=1, log=False):
    """Covariance of two outputs of an infinitely wide random network: its NNGP kernel, ``Σ_l = dual(Σ_(l-1))``.

    The function that the network computes at its start is a Gaussian process with this kernel. The same kernel says
    what it becomes if the last layer alone learns. The complement ``1 - Σ`` is carried along, so near inputs stay
    apart.

    Parameters
    ----------
    x, y : array_like (n, numbers), (m, numbers)
        Their rows are brought to length 1. Without y, x with itself.
    activation, parameter : as of `dual_activation`
    depth : int
        Hidden layers.
    log : bool
        The logarithm of the size instead: it stays a number where the kernel underflows.

    Returns
    -------
    array (n, m)
        float64.

    Special values
    --------------
    NaN for a row of zeros, or one with NaN or inf.

    Accuracy
    --------
    After 60 layers of each activation the logarithm is within 1e-11, relative, of 60 digits, also for inputs that are
    1e-7 apart, tested.

    References
    ----------
    J. Lee et al., Deep Neural Networks as Gaussian Processes, ICLR 2018, arXiv:1711.00165.

    Examples
    --------
    >>> nngp_kernel([[1.0, 0.0], [0.6, 0.8]], depth=2).round(6)
    array([[1.      , 0.733434],
           [0.733434, 1.      ]])
    >>> nngp_kernel([[1.0, 0.0]], [[0.6, 0.8]], activation="hermite", depth=14, log=True).round(2)
    array([[-8369.37]])
    """
    if not isinstance(log, bool):
        raise TypeError(f"log is {shown(log)}; allowed: True, False")
    return kernel_between(LOG_NNGP if log else NNGP, x, y, activation, parameter, depth)


def neural_tangent_kernel(x, y=None, *, activation="relu", parameter=None, depth=1, input_rate=1.0):
    """Neural tangent kernel of an infinitely wide network: ``K_l = Σ_l + K_(l-1) dual'(Σ_(l-1))``.

    Gradient descent on all weights of the network moves its outputs as kernel regression with K does.

    Parameters
    ----------
    input_rate : float
        Learning rate of the weights behind the input, beside that of all others. With 0 they stay as they began: so
        it is in a wide network with PyTorch's or He's weights, whose other layers move so much more.
    x, y, activation, parameter, depth
        As of `nngp_kernel`.

    Returns
    -------
    array (n, m)
        float64; NaN as of `nngp_kernel`.

    Accuracy
    --------
    After 60 layers within 1e-11, relative, of 60 digits for each activation, tested.

    References
    ----------
    A. Jacot, F. Gabriel, C. Hongler, Neural Tangent Kernel: Convergence and Generalization in Neural Networks,
    NeurIPS 2018, arXiv:1806.07572.

    Examples
    --------
    >>> neural_tangent_kernel([[1.0, 0.0], [0.6, 0.8]], depth=3).round(4)
    array([[4.    , 1.9523],
           [1.9523, 4.    ]])
    """
    input_rate = check_number("input_rate", input_rate, 0.0, 1e6)
    return kernel_between(NTK, x, y, activation, parameter, depth, input_rate)


@kernel
def vote_of(sizes, labels):
    """Sum of labels, each weighted by the exponential of its size, over the sum of the weights."""
    top = -np.inf
    for i in range(sizes.size):
        top = max(top, sizes[i])
    up, total = 0.0, 0.0
    for i in range(sizes.size):
        weight = exp(sizes[i] - top)
        up += weight * labels[i]
        total += weight
    return up / total


def kernel_classifier(x, labels, test, *, kernel="nngp", machine="vote", activation="relu", parameter=None, depth=1):
    """What an infinitely wide network says of test rows: the sign is the class.

    "vote" is ``sum K(x, x_i) y_i / sum |K(x, x_i)|``, from logarithms for the NNGP, so that any depth will do;
    "regression" is ``K(x, X) K(X, X)^-1 y``, what training by gradient descent tends to. Where depth makes training
    points nearly uncorrelated, ``K(X, X)`` tends to a multiple of the unit matrix and both have one sign.

    Parameters
    ----------
    x, test : array_like (n, numbers), (m, numbers)
        Their rows are brought to length 1.
    labels : array_like (n,)
        Mostly 1 and -1.
    kernel : {"nngp", "ntk"}
    machine : {"vote", "regression"}
    activation, parameter, depth : as of `nngp_kernel`

    Returns
    -------
    array (m,)
        float64.

    Special values
    --------------
    A vote by the NNGP counts the sizes of the kernel, as if all cosines were above 0. Where even the logarithms
    overflow, as of ``hermite`` from 1000 layers on, it is NaN.

    References
    ----------
    As of `singularity_exponent`.

    Examples
    --------
    >>> kernel_classifier([[1.0, 0.0], [0.0, 1.0]], [1, -1], [[3.0, 2.0]], activation="hermite", depth=20)
    array([1.])
    """
    given = chosen("kernel", kernel, {"nngp": NNGP, "ntk": NTK})
    voting = check_choice("machine", machine, ("vote", "regression")) == 0
    labels = real_array(labels, "labels").astype(np.float64)
    if labels.ndim != 1 or labels.shape != unit_rows(x, "x").shape[:1] or not labels.size:
        raise ValueError(f"labels has shape {labels.shape}; allowed: (n,) for x of shape (n, numbers), at least one")
    what = LOG_NNGP if given == NNGP and voting else given
    values = kernel_between(what, test, x, activation, parameter, depth)
    if not voting:
        among = kernel_between(given, x, None, activation, parameter, depth)
        with np.errstate(all="ignore"):
            return values @ np.linalg.lstsq(among, labels, rcond=None)[0]
    with np.errstate(all="ignore"):
        if what == LOG_NNGP:
            return np.array([vote_of(row, labels) for row in values])
        return values @ labels / np.abs(values).sum(axis=1)
