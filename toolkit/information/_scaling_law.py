"""A power law above a floor, fitted to losses: how much can be learnt away, and how sure one may be of that."""
from typing import NamedTuple

import numpy as np

from toolkit._core.arguments import check_finite, check_number, check_whole, chosen
from toolkit._core.arrays import map_rows, real_array
from toolkit._core.public import warn
from toolkit.information._scaling_kernels import (
    bootstrap_floors,
    descend,
    fill_profile,
    fit_line,
    fit_three,
    floor_interval,
    law_row,
    law_row_naive,
    line_above,
)
from toolkit.information._student import student_quantile

__all__ = ["ScalingLaw", "bootstrap_scaling_law", "fit_scaling_law", "scaling_law", "scaling_profile"]


class ScalingLaw(NamedTuple):
    """``L(x) = F + (x0 / x)^a``, as `fit_scaling_law` finds it.

    floor : float, F · log_scale : float, log x0 · exponent : float, a · residual : float, the root mean square of
    log L less the law's · interval : (low, high) of the floor, or None where it was given
    """

    floor: float
    log_scale: float
    exponent: float
    residual: float
    interval: tuple | None


def _data(x, loss):
    """``(centred log x, mean log x, log loss)``, or an error that names the argument."""
    x, loss = (real_array(each, name).astype(np.float64) for name, each in (("x", x), ("loss", loss)))
    if x.ndim != 1 or x.size < 4:
        raise ValueError(f"x has shape {x.shape}; allowed: (n,), at least four sizes")
    if loss.shape != x.shape:
        raise ValueError(f"loss has shape {loss.shape}; allowed: {x.shape}, one for each x")
    for name, each in (("x", x), ("loss", loss)):
        if not ((each > 0) & (each < np.inf)).all():
            raise ValueError(f"{name} has an entry that is not above 0 and finite; allowed: finite numbers above 0")
    if x.min() == x.max():
        raise ValueError("x has but one value; allowed: at least two")
    logs = np.log(x)
    return logs - logs.mean(), logs.mean(), np.log(loss)


def _law(e, b, a, middle):
    """``(F, log x0)`` of the kernels' numbers."""
    return float(np.exp(e)), float(middle + b / a) if a else np.inf


def _with_floor(logs, middle, losses, floor, form):
    if form == "naive":
        above = np.exp(losses) - floor
        if not (above > 0).all():
            warn("loss less floor is not above 0 everywhere: its logarithm is no number")
        with np.errstate(all="ignore"):
            above = np.log(above)
        b, a = map(float, fit_line(logs, above))
        return ScalingLaw(floor, float(middle + b / a), a, float(np.sqrt(np.mean((above - b + a * logs) ** 2))), None)
    work = np.empty(logs.size + 15)
    start = line_above(logs, losses, floor, work)
    e = np.log(floor) if floor > 0 else losses.min() - 745.0
    squares, _, b, a = map(float, descend(logs, losses, e, *start, 2, work))
    return ScalingLaw(floor, _law(e, b, a, middle)[1], a, float(np.sqrt(squares / logs.size)), None)


def fit_scaling_law(x, loss, *, floor=None, level=0.95, form="stable"):
    """Fit ``L(x) = F + (x0 / x)^a`` to losses at sizes x: a floor, and a power law above it.

    Cross-entropy is the entropy of the data and a divergence from them. The first cannot be learnt away, and F
    estimates it. The fit is least squares in log L, from a grid of floors to start with, as one start is not enough.
    With ``e = log F`` the law is ``logaddexp(e, a (log x0 - log x))``: no power can overflow, and no loss below the
    floor gives a NaN.

    Parameters
    ----------
    x : array_like (n,)
        Numbers of rows, weights or steps, above 0; at least four.
    loss : array_like (n,)
        Above 0.
    floor : float >= 0, optional
        Keep the floor, and fit the other two. 0 is a straight line in both logarithms.
    level : float from 0 to 0.999
        Of the interval of the floor: all floors with which the least squares grow by no more than
        ``t^2 / (n - 3)`` of what they are, t the quantile of Student's distribution. It takes errors of log L for
        independent and alike; losses along one run are neither, and their interval is too narrow.
    form : {"naive", "stable"}
        Naive subtracts the floor, which must then be given, and draws a line through the logarithms.

    Returns
    -------
    ScalingLaw

    Accuracy
    --------
    Data of a law without noise give back its floor and its exponent within 1e-6, relative, tested.

    References
    ----------
    Henighan, Kaplan, Katz et al., Scaling Laws for Autoregressive Generative Modeling, 2020, arXiv:2010.14701. The
    recipe of the fit is derived here.

    Examples
    --------
    >>> import numpy as np
    >>> x = 10.0 ** np.arange(1, 7)
    >>> found = fit_scaling_law(x, 2 + (50 / x) ** 0.35)
    >>> f"{found.floor:.4f}", f"{np.exp(found.log_scale):.3f}", f"{found.exponent:.4f}"
    ('2.0000', '50.000', '0.3500')
    >>> f"{fit_scaling_law(x, 2 + (50 / x) ** 0.35, floor=0).exponent:.4f}"
    '0.0503'
    """
    chosen("form", form, {"naive": 0, "stable": 1})
    level = check_number("level", level, 0, 0.999)
    logs, middle, losses = _data(x, loss)
    if floor is not None:
        return _with_floor(logs, middle, losses, check_finite("floor", floor, 0), form)
    if form == "naive":
        raise ValueError("floor is None, with form='naive'; allowed: a finite number >= 0")
    work = np.empty(logs.size + 15)
    squares, e, b, a = map(float, fit_three(logs, losses, work))
    quantile = student_quantile(level, float(logs.size - 3))
    interval = floor_interval(logs, losses, e, b, a, squares, quantile, work)
    found, log_scale = _law(e, b, a, middle)
    return ScalingLaw(found if e > losses.min() - 39 else 0.0, log_scale, a, float(np.sqrt(squares / logs.size)),
                      tuple(map(float, interval)))


def scaling_profile(x, loss, floors):
    """Least squares of log L with each of some floors kept: how well the other two numbers can make it good.

    Parameters
    ----------
    x, loss : array_like (n,)
        As in `fit_scaling_law`.
    floors : array_like (m,)
        From 0 on.

    Returns
    -------
    (n,), (n,), (m,) -> (m,)
        Sums of squares. A flat profile says that the data do not know the floor.

    References
    ----------
    Henighan, Kaplan, Katz et al., Scaling Laws for Autoregressive Generative Modeling, 2020, arXiv:2010.14701. Derived
    here.

    Examples
    --------
    >>> import numpy as np
    >>> x = 10.0 ** np.arange(1, 7)
    >>> scaling_profile(x, 2 + (50 / x) ** 0.35, [1.5, 2.0]).round(4)
    array([0.0207, 0.    ])
    """
    logs, _, losses = _data(x, loss)
    floors = real_array(floors, "floors")
    if floors.ndim != 1 or not ((floors >= 0) & (floors < np.inf)).all():
        raise ValueError("floors have an entry below 0 or not finite, or no shape (m,); allowed: (m,), finite"
                         " numbers >= 0")
    squares = np.empty(floors.size)
    fill_profile(logs, losses, np.ascontiguousarray(floors, np.float64), *fit_line(logs, losses),
                 np.empty(logs.size + 15), squares)
    return squares


def bootstrap_scaling_law(x, loss, *, draws=200, seed=0):
    """Floors and exponents of laws fitted to the law that was found, with its residuals drawn anew.

    Parameters
    ----------
    x, loss : array_like (n,)
        As in `fit_scaling_law`.
    draws : int
    seed : int
        Of the draws; the same seed gives the same bits everywhere.

    Returns
    -------
    (n,), (n,) -> (draws, 2)
        Floor and exponent of each draw. ``np.quantile(result[:, 0], (0.025, 0.975))`` is an interval of the floor.

    References
    ----------
    Efron, Bootstrap Methods: Another Look at the Jackknife, 1979, doi:10.1214/aos/1176344552.

    Examples
    --------
    >>> import numpy as np
    >>> x = 10.0 ** np.arange(1, 7)
    >>> bootstrap_scaling_law(x, 2 + (50 / x) ** 0.35, draws=2).round(4)
    array([[2.  , 0.35],
           [2.  , 0.35]])
    """
    draws, seed = check_whole("draws", draws, 1, 10**6), check_whole("seed", seed, 0, 2**63 - 1)
    logs, _, losses = _data(x, loss)
    work, out = np.empty(logs.size + 15), np.empty((draws, 2))
    _, e, b, a = fit_three(logs, losses, work)
    bootstrap_floors(logs, losses, e, b, a, seed, np.empty(logs.size), work, np.empty(logs.size),
                     np.empty(1, np.uint64), out)
    return out


def scaling_law(x, *, floor, scale, exponent, form="stable"):
    """``L(x) = F + (x0 / x)^a``, by logarithms, so that neither power overflows.

    Parameters
    ----------
    x : array_like
        Above 0.
    floor : float >= 0
        F.
    scale : float > 0
        x0, where the law is one above its floor.
    exponent : float
        a.
    form : {"naive", "stable"}
        Naive is ``F + x0^a / x^a``.

    Returns
    -------
    (...) -> (...)

    Special values
    --------------
    At 0 it is inf, at inf the floor, for an exponent above 0. NaN or a number below 0 gives NaN.

    Accuracy
    --------
    float32 and float64, tested for x from 1e-25 to 1e25, scale 50 and exponents up to 3: within
    ``(4 + 4 a |log x0 - log x|)`` epsilon, relative.

    References
    ----------
    Henighan, Kaplan, Katz et al., Scaling Laws for Autoregressive Generative Modeling, 2020, arXiv:2010.14701.

    Examples
    --------
    >>> f"{scaling_law(1e3, floor=2, scale=50, exponent=0.35):.6f}"
    '2.350461'
    """
    of = chosen("form", form, {"naive": law_row_naive, "stable": law_row})
    return map_rows(of, {"x": x}, check_finite("floor", floor, 0), check_finite("scale", scale, 0, above=True),
                    check_finite("exponent", exponent), axis=None, fills=(1.0,))
