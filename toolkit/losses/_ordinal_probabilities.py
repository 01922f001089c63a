"""Probabilities of ordered classes by the three models of `toolkit.losses._ordinal`."""
import numpy as np

from toolkit._core import loops
from toolkit._core.arguments import chosen
from toolkit._core.arrays import Rows
from toolkit._core.kernel import kernel
from toolkit._core.public import warn
from toolkit._core.row_threads import over_rows
from toolkit.elementary import expm1, sigmoid
from toolkit.softmax.kernels import softmax_three_pass_reload

__all__ = ["ordinal_probabilities"]
KERNELS = ["adjacent_probabilities_row", "cumulative_probabilities_row", "stopping_ratio_probabilities_row"]


@kernel
def cumulative_probabilities_row(eta, out):
    """``sigma(a) sigma(-b) (1 - e^{b - a})``: below 0 where the curves cross."""
    n = eta.size
    out[0], out[n] = sigmoid(eta[0]), sigmoid(-eta[n - 1])
    for k in range(1, n):
        out[k] = sigmoid(eta[k]) * sigmoid(-eta[k - 1]) * (0 - expm1(eta[k - 1] - eta[k]))


@kernel
def stopping_ratio_probabilities_row(eta, out):
    left = 1.0
    for k in range(eta.size):
        out[k] = left * sigmoid(eta[k])
        left = left * sigmoid(-eta[k])
    out[eta.size] = left


@kernel
def adjacent_probabilities_row(eta, out):
    out[0] = 0.0
    for k in range(eta.size):
        out[k + 1] = out[k] + eta[k]
    softmax_three_pass_reload(out, out)


_MODELS = {"cumulative": cumulative_probabilities_row, "stopping ratio": stopping_ratio_probabilities_row,
           "adjacent": adjacent_probabilities_row}


def ordinal_probabilities(eta, *, model="cumulative", axis=-1, format=None):
    """Probabilities of K ordered classes from K - 1 numbers, by one of three models.

    The rare last class is ``sigma(-eta)``, and not ``1 - sigma(eta)``. In the cumulative model numbers that do not rise
    give a class less than nothing; it is returned as it comes out, with a RuntimeWarning.

    Parameters
    ----------
    eta : array_like (..., K - 1)
    model : {"cumulative", "stopping ratio", "adjacent"}
        Those of `cumulative_loss`, `stopping_ratio_loss` and `adjacent_loss`.
    axis : int
        Where the K - 1 numbers are.
    format : Format or what `toolkit.formats.get_format` accepts, optional

    Returns
    -------
    (..., K - 1) -> (..., K), in the dtype of `eta`.

    Accuracy
    --------
    Within ``4 + K`` epsilon, of the adjacent model ``8 + K + S`` with S the sum of abs(eta), tested in float32 and
    float64 for K <= 20 where the results are normal numbers.

    References
    ----------
    Faletto, Bien, Predicting Rare Events by Shrinking Towards Proportional Odds, ICML 2023, arXiv:2305.18700.

    Examples
    --------
    >>> ordinal_probabilities([-0.3, 1.2, 2.7]).round(4)
    array([0.4256, 0.343 , 0.1685, 0.063 ])
    """
    of = chosen("model", model, _MODELS)
    layout = Rows(eta, axis=axis, format=format, name="eta")
    if len(layout.axes) != 1:
        raise ValueError(f"axis is {axis!r}; allowed: one axis")
    rows = layout.rows(eta, "eta")
    out = np.empty((layout.count, layout.classes + 1), layout.compute)
    with np.errstate(all="ignore"):
        over_rows(loops.map_rows, of, (rows,), (), out, layout.fmt)
    crossed = int((out < 0).any(axis=1).sum())
    if crossed:
        warn(f"ordinal_probabilities: the curves cross in {crossed} of {len(out)} rows, where a class has a probability"
             " below 0")
    return np.moveaxis(out.astype(layout.dtype, copy=False).reshape(*layout.batch, -1), -1, layout.axes[0])
