"""Information of a layer with a little noise: bounds by the pairwise distances of its rows, and their gradient."""
import numpy as np

from toolkit._core.arguments import check_choice, check_finite
from toolkit._core.kernel import kernel
from toolkit._core.numbers import in_format, like, over_exactly
from toolkit.elementary import exp, expm1, log, log1p
from toolkit.information._symbols import BIT, rows_and_labels

__all__ = ["kde_information"]
KERNELS = ["kde_naive", "kde_stable", "kde_vjp", "squared_distance", "squared_distance_naive"]

SCALES, BOUNDS = ("fixed", "max", "max_squared"), ("upper", "lower")


@kernel
def squared_distance_naive(x, y):
    """``|x|² + |y|² - 2 <x, y>``, which cancels where x and y are close."""
    a, b, product = 0.0, 0.0, 0.0
    for k in range(x.size):
        a += x[k] * x[k]
        b += y[k] * y[k]
        product += x[k] * y[k]
    return a + b - 2 * product


@kernel
def squared_distance(x, y, unit):
    """In units: differences in the format of the rows, and their squares as plain float64 numbers."""
    total = 0.0
    for k in range(x.size):
        d = float(x[k] - y[k])
        if d != 0.0:
            d /= unit
            total += d * d
    return total


@kernel
def largest_size(t):
    """``(largest, i, k)``: the largest |t|, and where it is for the first time; a NaN comes through."""
    largest, row, unit = 0.0, 0, 0
    for i in range(t.shape[0]):
        for k in range(t.shape[1]):
            size = abs(float(t[i, k]))
            if not size <= largest and largest == largest:
                largest, row, unit = size, i, k
    return largest, row, unit


@kernel
def unit_of(scale, largest):
    """The length that the variance is in units of: 1, the root of the largest activation, or that itself."""
    return 1.0 if scale == 0 else np.sqrt(largest) if scale == 1 else largest


@kernel
def kde_naive(t, labels, of_labels, variance, lower, scale):
    """The bound in bits by the formula, each operation in the format of the rows."""
    largest, n = largest_size(t)[0], t.shape[0]
    unit = unit_of(scale, largest)
    double = like((8.0 if lower else 2.0) * variance * unit * unit, t)
    total = 0.0
    for i in range(n):
        every, own, same = 0.0, 0.0, 0
        for j in range(n):
            near = exp(0 - squared_distance_naive(t[i], t[j]) / double)
            every += near
            if labels[j] == labels[i]:
                own += near
                same += 1
        total -= log(over_exactly(every, n))
        if of_labels:
            total += log(over_exactly(own, same))
    return float(over_exactly(total, n)) / BIT


@kernel
def nearness(squared, double):
    """``(e^-a, 1 - e^-a)`` with ``a = squared / double``, both with all their digits; (1, 0) for equal rows."""
    a = squared / double if squared > 0.0 else squared
    if a <= 0.5:
        apart = 0.0 - expm1(0.0 - a)
        return 1.0 - apart, apart
    near = exp(0.0 - a)
    return near, 1.0 - near


@kernel
def surprise(near, apart, n):
    """Minus the log of a mean of n numbers ``e^-a``, of which one is 1: by the sum of the others, or of 1 - e^-a."""
    if near < apart:
        return log(float(n)) - log1p(near)
    return 0.0 - log1p(0.0 - apart / n)


@kernel
def fill_sums(t, labels, double, unit, room):
    """Rows of room: sums over the other rows of `nearness`, both; the same over those of its label; and how many."""
    n = t.shape[0]
    for i in range(n):
        room[0, i] = room[1, i] = room[2, i] = room[3, i] = 0.0
        room[4, i] = 1.0
    for i in range(n):
        for j in range(i):
            near, apart = nearness(squared_distance(t[i], t[j], unit), double)
            room[0, i] += near
            room[0, j] += near
            room[1, i] += apart
            room[1, j] += apart
            if labels[i] == labels[j]:
                room[2, i] += near
                room[2, j] += near
                room[3, i] += apart
                room[3, j] += apart
                room[4, i] += 1.0
                room[4, j] += 1.0


@kernel
def kde_stable(t, labels, variance, lower, scale, room):
    """``(I(X; T), I(T; Y))`` in bits: the bound for noise of a variance in units of `unit_of`; room is (5, n)."""
    n = t.shape[0]
    fill_sums(t, labels, (8.0 if lower else 2.0) * variance, unit_of(scale, largest_size(t)[0]), room)
    input, label = 0.0, 0.0
    for i in range(n):
        every = surprise(room[0, i], room[1, i], n)
        input += every
        label += every - surprise(room[2, i], room[3, i], room[4, i])
    return input / (n * BIT), label / (n * BIT)


@kernel
def kde_vjp(t, labels, of_labels, variance, lower, scale, g, room, out):
    """The gradient of the stable form times g, in float64; that of the largest activation has the part of the scale."""
    n, units = t.shape
    largest, row, column = largest_size(t)
    unit, double = unit_of(scale, largest), (8.0 if lower else 2.0) * variance
    fill_sums(t, labels, double, unit, room)
    for i in range(n):
        for k in range(units):
            out[i, k] = 0.0
    by_scale = 0.0
    for i in range(n):
        for j in range(i):
            squared = squared_distance(t[i], t[j], unit)
            near, _ = nearness(squared, double)
            weight = near / (1.0 + room[0, i]) + near / (1.0 + room[0, j])
            if of_labels and labels[i] == labels[j]:
                weight -= near / (1.0 + room[2, i]) + near / (1.0 + room[2, j])
            weight *= g / (n * BIT)
            if weight == 0.0 or squared == 0.0:
                continue
            by_scale -= scale * weight * squared / double
            for k in range(units):
                d = float(t[i, k] - t[j, k])
                if d != 0.0:
                    step = 2.0 * weight * (d / unit) / (double * unit)
                    out[i, k] += step
                    out[j, k] -= step
    if by_scale != 0.0:
        out[row, column] += by_scale / t[row, column]


def _settings(variance, scale, bound):
    return (check_finite("variance", variance, 0), check_choice("bound", bound, BOUNDS) == 1,
            check_choice("scale", scale, SCALES))


def kde_information(activations, labels=None, *, variance=1e-3, scale="max_squared", bound="upper", form="stable",
                    format=None):
    """Information of a layer with a little normal noise, in bits: about the input, or with `labels` about the label.

    Noise of variance σ² makes of the rows t_i a mixture of normal densities, whose entropy lies between two sums over
    pairs of rows: ``I(X; T) <= -1/n sum_i ln 1/n sum_j exp(-|t_i - t_j|² / (2 σ²))``, and with ``8 σ²`` instead it is
    ``>=``. With labels, the same sums over the rows of each label are subtracted. The difference of two bounds of a
    kind is no bound itself.

    The stable form takes differences before squares, and adds what a pair lacks to 1 where rows are nearly one. The
    naive form multiplies out, ``|x|² + |y|² - 2 <x, y>``: in float32 two numbers 3000.0 and 3000.1 have the distance 0.

    Parameters
    ----------
    activations : array_like (n, units)
        Of n different inputs.
    labels : array_like of integers (n,), optional
    variance : float >= 0
        κ.
    scale : {"max_squared", "max", "fixed"}
        ``σ² = κ max|T|²``, which alone does not see the scale of T, ``κ max|T|``, or κ. (The second one is reported of
        the paper by others; its power and the κ of 1e-3 are not checked against it.)
    bound : {"upper", "lower"}
    form : {"naive", "stable"}
    format : Format or what `toolkit.formats.get_format` accepts, optional
        Emulate this format: in the naive form for all, in the stable one for activations and their differences.

    Returns
    -------
    float
        ``I(X; T)`` from 0 to ``log2 n``, or an estimate of ``I(T; Y)``.

    Gradient
    --------
    With respect to the activations, the scale's part included; where several are largest, the first has it.

    Special values
    --------------
    Variance 0 gives the information of distinct rows. NaN gives NaN. All rows the same: 0.

    Accuracy
    --------
    float64, of 40 rows: within 1e-13 of the sums in 40 digits, relative also where the information is next to nothing,
    tested. The sums are float64 in each format.

    References
    ----------
    Kolchinsky, Tracey, Estimating Mixture Entropy with Pairwise Distances, Entropy 19, 2017, arXiv:1706.02419;
    Chelombiev, Houghton, O'Donnell, Adaptive Estimators Show Information Compression in Deep Neural Networks, ICLR
    2019, arXiv:1902.09037.

    Examples
    --------
    >>> import numpy as np
    >>> t = np.float32([[3000.0], [3000.1]])
    >>> [round(kde_information(t, variance=1e-3, scale="fixed", form=form), 6) for form in ("naive", "stable")]
    [0.0, 0.990406]
    """
    variance, lower, scale = _settings(variance, scale, bound)
    stable = check_choice("form", form, ("naive", "stable"))
    layout, rows, places, _ = rows_and_labels(activations, labels, format)
    with np.errstate(all="ignore"):
        rows = in_format(rows, layout.fmt)
        if stable:
            found = kde_stable(rows, places, variance, lower, scale, np.empty((5, len(places))))
            return float(found[labels is not None])
        return float(kde_naive(rows, places, labels is not None, variance, lower, scale))


def kde_pull(at, g, *, labels=None, variance=1e-3, scale="max_squared", bound="upper"):
    variance, lower, scale = _settings(variance, scale, bound)
    layout, rows, places, _ = rows_and_labels(at, labels)
    out = np.empty(rows.shape)
    g = check_finite("g", float(g)) if np.ndim(g) == 0 else g
    with np.errstate(all="ignore"):
        kde_vjp(rows, places, labels is not None, variance, lower, scale, g, np.empty((5, len(places))), out)
    return layout.restore(out, 0.0)
