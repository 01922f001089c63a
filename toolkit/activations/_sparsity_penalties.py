"""Penalties of entries that are not 0, whose proximal operators are the thresholds of this package."""
import numpy as np

from toolkit._core.arguments import chosen, shown
from toolkit._core.arrays import Rows, real_array
from toolkit._core.kernel import kernel
from toolkit._core.loops import map_entry_triples
from toolkit.activations._elementwise import restored
from toolkit.activations._half_threshold import half_threshold_value
from toolkit.activations._hard_threshold import hard_threshold_value, root_of_twice
from toolkit.activations._ramps import cel0_threshold_value, mcp_threshold_value
from toolkit.activations._scad_threshold import scad_step_value
from toolkit.activations._shrinkage import soft_shrink_value

__all__ = ["sparsity_penalty"]
KERNELS = ["cel0_penalty", "cel0_step", "half_penalty", "half_step", "l0_penalty", "l0_step", "l1_penalty", "l1_step",
           "mcp_penalty", "mcp_step", "scad_penalty", "scad_step"]


@kernel
def l1_penalty(x, lam, shape):
    return lam * abs(x)


@kernel
def l0_penalty(x, lam, shape):
    if x == 0:
        return 0.0
    return lam if x == x else x


@kernel
def half_penalty(x, lam, shape):
    return lam * np.sqrt(abs(x))


@kernel
def mcp_penalty(x, lam, shape):
    """``lam t - t**2 / (2 shape)``, from t = shape lam on ``shape lam**2 / 2``."""
    t = abs(x)
    if t / shape >= lam:
        return shape * 0.5 * lam * lam
    return t * (lam - t / shape * 0.5)


@kernel
def scad_penalty(x, lam, shape):
    """The integral of the slope lam, then ``(shape lam - t) / (shape - 1)``, then 0."""
    t = abs(x)
    if t <= lam:
        return lam * t
    if t / shape >= lam:
        return lam * (lam * (shape + 1) * 0.5)
    beyond = t - lam
    return lam * t - beyond * (beyond * 0.5 / (shape - 1))


@kernel
def cel0_penalty(x, lam, shape):
    """``lam - (shape t - sqrt(2 lam))**2 / 2`` while shape t is below the root, then lam."""
    t, root = abs(x) * shape, root_of_twice(lam)
    if t >= root:
        return lam
    return t * (root - t * 0.5)


# The proximal operators of a step times a penalty, ``(x, lam, shape, step)``.

@kernel
def l1_step(x, lam, shape, step):
    return soft_shrink_value(x, step * lam)


@kernel
def l0_step(x, lam, shape, step):
    return hard_threshold_value(x, step * lam)


@kernel
def half_step(x, lam, shape, step):
    return half_threshold_value(x, step * lam)


@kernel
def mcp_step(x, lam, shape, step):
    return mcp_threshold_value(x, step * lam, shape / step)


@kernel
def scad_step(x, lam, shape, step):
    return scad_step_value(x, lam, shape, step)


@kernel
def cel0_step(x, lam, shape, step):
    return cel0_threshold_value(x, step * lam, np.sqrt(step) * shape)


# Name -> the penalty, its proximal operator, and the shape where none is given; None if it has none.
PENALTIES = {
    "l1": (l1_penalty, l1_step, None), "l0": (l0_penalty, l0_step, None), "half": (half_penalty, half_step, None),
    "mcp": (mcp_penalty, mcp_step, 3.0), "scad": (scad_penalty, scad_step, 3.7), "cel0": (cel0_penalty, cel0_step, 1.0),
}


def penalty_of(penalty, shape):
    """``(kernel, proximal kernel, shape)`` by name, checked; a penalty without a shape has 1."""
    of, prox, usual = chosen("penalty", penalty, PENALTIES)
    if usual is None and shape is not None:
        raise ValueError(f"shape is {shown(shape)}; allowed for {penalty!r}: None")
    values = real_array(1.0 if usual is None else usual if shape is None else shape, "shape")
    least = 1.0 if penalty == "scad" else 0.0
    if not ((values > least) & (values < np.inf)).all():
        raise ValueError(f"shape is {shown(shape)}; allowed for {penalty!r}: finite numbers > {least:g}")
    return of, prox, values


def sparsity_penalty(x, *, penalty="l1", lam=1.0, shape=None, format=None):
    """What an entry costs that is not 0, by six penalties; what they have in common is a kink or a jump at 0.

    With t = |x|:

    - "l1": ``lam t``
    - "l0": lam for t > 0
    - "half": ``lam sqrt t``
    - "mcp", minimax concave, shape γ: ``lam t - t**2 / (2 gamma)``, and ``gamma lam**2 / 2`` from ``t = gamma lam`` on
    - "scad", smoothly clipped absolute deviation, shape a: slope lam up to lam, then ``(a lam - t) / (a - 1)``, 0 from
      ``t = a lam`` on
    - "cel0", continuous exact l0, shape c: ``lam - (c t - sqrt(2 lam))**2 / 2``, and lam from ``t = sqrt(2 lam) / c``
      on

    Their proximal operators, the y that makes ``(y - x)**2 / 2`` and the penalty of y least, are `soft_shrink`,
    `hard_threshold`, `half_threshold`, `mcp_threshold`, `scad_threshold` and `cel0_threshold`.

    Parameters
    ----------
    x : array_like (...)
    penalty : {"l1", "l0", "half", "mcp", "scad", "cel0"}
    lam : float or array_like, broadcast to the shape of `x`
        Price λ, at least 0.
    shape : float or array_like, broadcast to the shape of `x`, optional
        γ, a or c; by default 3, 3.7 or 1.
    format : Format or str, optional
        Emulated number format.

    Returns
    -------
    (...), in the dtype of `x`

    Examples
    --------
    >>> sparsity_penalty([0.0, 0.5, 4.0], penalty="half").round(6)
    array([0.      , 0.707107, 2.      ])
    """
    of, _, values = penalty_of(penalty, shape)
    prices = real_array(lam, "lam")
    if not (prices >= 0).all():
        raise ValueError(f"lam is {shown(lam)}; allowed: numbers >= 0")
    layout = Rows(x, axis=None, where=None, format=format, name="x", allow_empty=True, beside={"lam": lam})
    given = [layout.rows(each, name)[0] for each, name in ((x, "x"), (prices, "lam"), (values, "shape"))]
    found = layout.empty()
    if found.size:
        with np.errstate(all="ignore"):
            map_entry_triples(of, *given, found[0], layout.fmt)
    return restored(layout, found)
