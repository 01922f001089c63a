"""Targets that turn regression into classification: a number becomes probabilities for `cross_entropy`, and back."""
import numpy as np

from toolkit._core.arguments import check_finite, check_whole, chosen
from toolkit._core.array_likes import array_of
from toolkit._core.arrays import Rows, real_array
from toolkit._core.kernel import kernel
from toolkit._core.numbers import in_format
from toolkit.losses import _target_kernels as kernels

__all__ = ["categorical", "expected_value", "hl_gauss", "two_hot"]

_HL_GAUSS = {"naive": kernels.hl_gauss_naive, "stable": kernels.hl_gauss_row}
_CATEGORICAL = {"naive": kernels.categorical_naive, "stable": kernels.categorical_row}


@kernel
def target_rows(of, values, parameters, out, fmt):
    """``of(values[i], *parameters, row of out)``."""
    values, out = in_format(values, fmt), in_format(out, fmt)
    for i in range(out.shape[0]):
        of(*((values[i],) + parameters + (out[i],)))


@kernel
def moved_rows(of, q, rewards, discounts, parameters, out, fmt):
    """``of(row of q, rewards[i], discounts[i], *parameters, row of out)``."""
    q, rewards, discounts = in_format(q, fmt), in_format(rewards, fmt), in_format(discounts, fmt)
    out = in_format(out, fmt)
    for i in range(out.shape[0]):
        of(*((q[i], rewards[i], discounts[i]) + parameters + (out[i],)))


def _check_range(low, high):
    if not check_finite("low", low) < check_finite("high", high):
        raise ValueError(f"low is {low!r} and high is {high!r}; allowed: finite numbers, low < high")
    return float(low), float(high)


def _targets(of, values, bins, fewest, format, *parameters):
    bins = check_whole("bins", bins, fewest, 2**31)
    values = array_of(values, "values")
    layout = Rows(values[..., None], format=format, name="values")
    out = np.empty((layout.count, bins), layout.compute)
    with np.errstate(all="ignore"):
        target_rows(of, layout.per_row(values, "values"), parameters, out, layout.fmt)
        return out.reshape((*values.shape, bins)).astype(layout.dtype, copy=False)


def hl_gauss(values, *, low, high, bins, spread=0.75, form="stable", format=None):
    """HL-Gauss targets: the normal law around each value, cut to [low, high], as probabilities of equal bins.

    ``p_i = (Phi((e_{i+1} - v) / s) - Phi((e_i - v) / s)) / (Phi((high - v) / s) - Phi((low - v) / s))`` with edges
    e and ``s = spread * width``. Each mass is computed in float64 relative to that of the bin nearest to the value, by
    Mills' ratio or a series in its own tail; the naive form, differences of the error function, is 0/0 for a value six
    s outside in float32, and loses ``log10 spread`` digits for a wide hill.

    Parameters
    ----------
    values : array_like (...)
        A value outside [low, high] leans on the bin at that end.
    low, high : float
    bins : int >= 1
    spread : float > 0
        Standard deviation in bin widths. The mean of the bins is off by ``sin(2 pi t) / pi e^{-2 (pi spread)^2}``
        widths to first order, t the place within a bin: 9 % of a width at 0.25, 0.2 % at 0.5, 5e-6 at 0.75.
    form : {"stable", "naive"}
    format : Format or what `toolkit.formats.get_format` accepts, optional
        Emulate this format.

    Returns
    -------
    p : (..., bins)
        Rows sum to 1.

    Special values
    --------------
    NaN or ±inf gives a row of NaN. The limits are exact: a value far outside gives 1 at its end, a huge `spread` equal
    probabilities, a tiny one 1 at the bin of the value.

    Accuracy
    --------
    "stable", float32 and float64, tested: each probability p > 1e-300 within ``40 + 6 log(1 / p)`` epsilon (at most
    4000), for 1 to 1000 bins, spreads from 1e-6 to 1e300, values and ranges of any size. Below, one smallest
    subnormal is added; the sum of K probabilities is a plain one, which adds up to K epsilon.

    References
    ----------
    Farebrother et al., Stop Regressing, 2024, arXiv:2403.03950. The form in logarithms is derived here.

    Examples
    --------
    >>> p = hl_gauss(np.float32(15), low=0, high=8, bins=8, spread=0.75)
    >>> f"{p[-1]:.6f}", hl_gauss(np.float32(15), low=0, high=8, bins=8, form="naive")[-1].item()
    ('0.999999', nan)
    """
    low, high = _check_range(low, high)
    spread = check_finite("spread", spread, 0, above=True)
    return _targets(chosen("form", form, _HL_GAUSS), values, bins, 1, format, low, high, spread)


def two_hot(values, *, low, high, bins, format=None):
    """Two-hot targets: each value as probabilities of the two atoms beside it, so that their mean is the value.

    Atoms are ``linspace(low, high, bins)``; values outside count as `low` or `high`.

    Parameters
    ----------
    values : array_like (...)
    low, high : float
    bins : int >= 2
    format : Format or what `toolkit.formats.get_format` accepts, optional

    Returns
    -------
    p : (..., bins)

    Special values
    --------------
    NaN gives a row with NaN.

    Accuracy
    --------
    float32 and float64, tested: both probabilities within 1 ulp, for ranges of any size; also the small one of a value
    just beside an atom, for which the place of the value is computed with a pair of float64.

    References
    ----------
    Farebrother et al., Stop Regressing, 2024, arXiv:2403.03950.

    Examples
    --------
    >>> two_hot(1.25, low=0, high=4, bins=5).tolist()
    [0.0, 0.75, 0.25, 0.0, 0.0]
    """
    low, high = _check_range(low, high)
    return _targets(kernels.two_hot_row, values, bins, 2, format, low, high)


def categorical(p, rewards, discounts, *, low, high, form="stable", format=None):
    """The C51 projection: the law of ``reward + discount * Z`` for Z on atoms, brought back onto the atoms.

    ``m_i = sum_j p_j clip(1 - abs(clip(r + g z_j, low, high) - z_i) / step, 0, 1)``. The mean is kept, but for what
    leaves [low, high]. The naive form divides between floor and ceiling: where these are equal the weight is lost.

    Parameters
    ----------
    p : array_like (..., K)
        Probabilities of the atoms ``linspace(low, high, K)``, K >= 2.
    rewards, discounts : array_like (...)
        Broadcast with the rows of `p`: one law may move by many rewards. The result has the dtype of `p`.
    low, high : float
    form : {"stable", "naive"}
    format : Format or what `toolkit.formats.get_format` accepts, optional

    Returns
    -------
    m : (..., K)

    Special values
    --------------
    A NaN reward or discount gives a row with NaN; what is moved beyond an end, also to infinity, counts there.

    Accuracy
    --------
    "stable", float32 and float64, tested: probabilities within K epsilon, for ranges of any size: the place of each
    moved atom is computed with a pair of float64, and only weights are added up.

    References
    ----------
    Bellemare, Dabney, Munos, A Distributional Perspective on Reinforcement Learning, 2017, arXiv:1707.06887.

    Examples
    --------
    >>> p = [0.1, 0.2, 0.4, 0.2, 0.1]
    >>> categorical(p, 1.0, 1.0, low=-2, high=2).round(3).tolist()
    [0.0, 0.1, 0.2, 0.4, 0.3]
    >>> categorical(p, 1.0, 1.0, low=-2, high=2, form="naive").tolist()
    [0.0, 0.0, 0.0, 0.0, 0.0]
    """
    low, high = _check_range(low, high)
    given = {name: real_array(x, name) for name, x in (("p", p), ("rewards", rewards), ("discounts", discounts))}
    *batch, count = given["p"].shape or (1,)
    if count < 2:
        raise ValueError(f"p has shape {given['p'].shape}; allowed: at least 2 atoms")
    for name, x in given.items():
        if name != "p" and x.shape != (*batch, 1):
            try:
                batch = np.broadcast_shapes(tuple(batch), x.shape)
            except ValueError:
                raise ValueError(f"{name} has shape {x.shape}; allowed: what broadcasts with {tuple(batch)}, one for "
                                 "each row of p") from None
    layout = Rows(np.broadcast_to(array_of(p, "p"), (*batch, count)), format=format, name="p")
    of = chosen("form", form, _CATEGORICAL)
    if form == "stable" and format is None:  # rewards, and sums of many weights, are more than float32 has
        layout.compute = np.dtype(np.float64)
    out = layout.empty()
    moves = layout.per_row(rewards, "rewards"), layout.per_row(discounts, "discounts")
    with np.errstate(all="ignore"):
        q = layout.rows(np.broadcast_to(given["p"], layout.shape), "p")
        moved_rows(of, q, *moves, (low, high), out, layout.fmt)
    return layout.restore(out, 0.0)


def expected_value(p, *, low, high, places="bins"):
    """The inverse of the targets: the mean of probabilities, ``sum p_i c_i``, computed in float64.

    Parameters
    ----------
    p : array_like (..., K)
    low, high : float
    places : {"bins", "atoms"}
        c are the centres of K equal bins (`hl_gauss`) or ``linspace(low, high, K)`` (`two_hot`, `categorical`).

    Returns
    -------
    mean : (...)

    Examples
    --------
    >>> expected_value(two_hot(1.25, low=0, high=4, bins=5), low=0, high=4, places="atoms").item()
    1.25
    """
    low, high = _check_range(low, high)
    layout = Rows(p, name="p")
    count, scale = layout.classes, 0.25  # a quarter: high - low may be infinite
    low, high = low * scale, high * scale
    centres = chosen("places", places, {
        "bins": low + (high - low) * ((np.arange(count) + 0.5) / count), "atoms": np.linspace(low, high, count)})
    with np.errstate(over="ignore"):
        return layout.restore_reduced(np.matmul(layout.rows(p, "p", 0.0), centres, dtype=np.float64) / scale)
