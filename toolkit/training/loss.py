"""The loss of a block of rows in a precision of its own, its gradient, and what the rows lost.

Logits leave the network in the training precision, are rounded to the loss's format, and every operation from there
to the gradient, the mean over N rows included, is done in that format. The gradient comes back in the training
precision, where numbers of 1e-20 live on.

The losses of `LOSSES` add up the classes in one of `toolkit.collapse.kernels.ORDERS`: the margin at which a row
collapses depends on it. They are chosen while running. Any other loss comes as a kernel ``of(z, y, *parameters,
grad)``, as those of `toolkit.losses.kernels` are. The engine is compiled for it, and for the mode of the format.
"""
from typing import NamedTuple

import numpy as np
from numba.extending import overload

from toolkit._core.branches import unless_none
from toolkit._core.kernel import kernel
from toolkit._core.numbers import in_format
from toolkit.collapse.kernels import sum_of_terms
from toolkit.formats import FLOAT32, FLOAT64
from toolkit.losses.kernels import shifted_exponentials
from toolkit.training.loss_lanes import block_in_lanes, suits_lanes
from toolkit.training.ordered_losses import loss_in_order

__all__ = ["BOOST", "Loss", "LossSettings", "TALLIES", "any_mode", "emulated", "lanes32", "larger",
           "loss_block", "mode_of", "native32", "native64"]

# The gradient of the logits travels back multiplied by this, and the sums over rows are divided by it again. Powers of
# two change no digit; without them, gradients of confident rows times weights are subnormal, at a hundred times the
# cost, and lose digits.
BOOST = 2.0**64

_FLOAT32, _FLOAT64 = FLOAT32.code, FLOAT64.code

# What `loss_block` adds up over rows; the largest logit is a maximum.
TALLIES = ("loss", "correct", "collapsed", "zero_loss", "zero_label_gradient", "zero_gradient", "row_sum", "largest")
(_LOSS, _CORRECT, _COLLAPSED, _ZERO_LOSS, _ZERO_LABEL_GRADIENT, _ZERO_GRADIENT, _ROW_SUM,
 _LARGEST) = range(len(TALLIES))


class LossSettings(NamedTuple):
    """What a loss is computed in, and from.

    Attributes
    ----------
    which : int
        One of `LOSSES` by its place, where no kernel is given.
    order : int
        A value of `toolkit.collapse.kernels.ORDERS`.
    code : int
        Of its format.
    scale, penalty : float
        The loss sees ``scale * logits``; ``penalty * mean ||logits||^2`` is added.
    """

    which: int
    order: int
    code: int
    scale: float
    penalty: float


class Loss(NamedTuple):
    """A loss as the engine takes it.

    Attributes
    ----------
    of : kernel, or None for one of `LOSSES`
    parameters : tuple of float
        Those of the kernel.
    mode : kernel
        How the format is computed in: `native32`, `native64` or `emulated`, for which alone the engine is then
        compiled, or `any_mode`, which chooses while running.
    settings : LossSettings
    """

    of: object
    parameters: tuple
    mode: object
    settings: LossSettings


@kernel
def ordered_loss(parameters, settings, z, y, terms, g):
    return loss_in_order(settings.which, z, y, terms, settings.order, g)


@kernel
def given_loss(of, parameters, settings, z, y, terms, g):
    return of(*((z, y) + parameters + (g,)))


# (of, parameters, settings, z, y, terms, g): loss of one row of logits; `g` becomes its gradient.
loss_of_row = unless_none(given_loss, ordered_loss)


@kernel
def is_collapsed(z, terms, order):
    """Whether the sum of shifted exponentials is 1: the published metric, which looks at neither label nor loss."""
    shifted_exponentials(z, terms)
    return sum_of_terms(order, terms) == 1


@kernel
def count_shares(shares, tally):
    """Add to the tally what a row's part of the gradient, the mean over rows included, is."""
    zeros = 0
    total = 0.0
    for k in range(shares.size):
        zeros += shares[k] == 0
        total += float(shares[k])
    tally[_ZERO_GRADIENT] += zeros == shares.size
    tally[_ROW_SUM] += abs(total)


@kernel
def counted_row(logits, y, inverse_n, z, g, terms, of, parameters, settings, counting, watching, tally, d):
    """Gradient of one row in the format of the rows z, g and terms into `d`; when `counting`, `tally` is added to."""
    if watching:
        for k in range(z.size):
            z[k] = float(logits[k])
        tally[_COLLAPSED] += is_collapsed(z, terms, settings.order)
    for k in range(z.size):
        z[k] = float(logits[k] * settings.scale)
    loss = loss_of_row(of, parameters, settings, z, y, terms, g)
    if counting:
        tally[_LOSS] += float(loss)
        tally[_ZERO_LOSS] += loss == 0
        tally[_ZERO_LABEL_GRADIENT] += g[y] == 0
    for k in range(z.size):
        g[k] *= inverse_n
        d[k] = float(g[k]) * (settings.scale * BOOST)
    if counting:
        count_shares(g, tally)


@kernel
def native32(logits, y, inverse_n, narrow, wide, of, parameters, settings, counting, watching, tally, d):
    """`counted_row` in float32."""
    row = in_format(narrow, None)
    counted_row(in_format(logits, None), y, inverse_n, row[0], row[1], row[2], of, parameters, settings, counting,
                watching, tally, in_format(d, None))


@kernel
def native64(logits, y, inverse_n, narrow, wide, of, parameters, settings, counting, watching, tally, d):
    """`counted_row` in float64."""
    counted_row(in_format(logits, None), y, inverse_n, wide[0], wide[1], wide[2], of, parameters, settings, counting,
                watching, tally, in_format(d, None))


@kernel
def emulated(logits, y, inverse_n, narrow, wide, of, parameters, settings, counting, watching, tally, d):
    """`counted_row` in the format of the settings."""
    row = in_format(wide, settings.code)
    counted_row(in_format(logits, None), y, inverse_n, row[0], row[1], row[2], of, parameters, settings, counting,
                watching, tally, in_format(d, None))


@kernel
def any_mode(logits, y, inverse_n, narrow, wide, of, parameters, settings, counting, watching, tally, d):
    """The mode of the format of the settings, chosen while running."""
    if settings.code == _FLOAT32:
        native32(logits, y, inverse_n, narrow, wide, of, parameters, settings, counting, watching, tally, d)
    elif settings.code == _FLOAT64:
        native64(logits, y, inverse_n, narrow, wide, of, parameters, settings, counting, watching, tally, d)
    else:
        emulated(logits, y, inverse_n, narrow, wide, of, parameters, settings, counting, watching, tally, d)


@kernel
def lanes32(logits, y, inverse_n, narrow, wide, of, parameters, settings, counting, watching, tally, d):
    """`native32` of float32 logits, where `gradient_alone` is asked first."""
    native32(logits, y, inverse_n, narrow, wide, of, parameters, settings, counting, watching, tally, d)


def gradient_alone(mode, logits, labels, classes, settings, inverse_n, narrow, d):
    """How many rows of a block, from the first on, got their gradient on vectors: of `lanes32`, where they suit."""
    return 0


@overload(gradient_alone)
def _gradient_alone(mode, logits, labels, classes, settings, inverse_n, narrow, d):
    if getattr(mode.dispatcher, "py_func", None) is not lanes32.py_func:
        return lambda mode, logits, labels, classes, settings, inverse_n, narrow, d: 0

    def on_vectors(mode, logits, labels, classes, settings, inverse_n, narrow, d):
        if not suits_lanes(settings, logits.shape[1], classes):
            return 0
        return block_in_lanes(logits, labels, classes, settings, inverse_n, BOOST, narrow, d)

    return on_vectors


def mode_of(code, in_lanes=False):
    """The mode of a format's code; `in_lanes` where logits are float32, too, and the loss is one of `LOSSES`."""
    return {_FLOAT32: lanes32 if in_lanes else native32, _FLOAT64: native64}.get(code, emulated)


@kernel
def larger(a, b):
    """The larger of two numbers; NaN if one of them is."""
    return a if a >= b or a != a else b


@kernel
def largest_size(logits, n):
    """``max |z_k|`` of the first `n`, NaN if one of them is."""
    most = 0.0
    for k in range(n):
        most = larger(most, abs(float(logits[k])))
    return most


@kernel
def gap_of(logits, y, n):
    """``z_y - max of the others``: positive when the row is right, NaN where one of them is."""
    other = -np.inf
    for k in range(n):
        if logits[k] != logits[k]:
            return np.nan
        if k != y and float(logits[k]) > other:
            other = float(logits[k])
    return float(logits[y]) - other


@kernel
def loss_block(logits, labels, classes, of, parameters, mode, settings, inverse_n, narrow, wide, counting, watching,
               tally, gaps, d):
    """Loss and gradient of a block of rows.

    Parameters
    ----------
    logits : (rows, width) array in the training precision; the first `classes` columns count
    labels : (rows,) integers
    of, parameters, mode, settings : those of a `Loss`
    inverse_n : 1 / N, the mean over all training rows
    narrow, wide : (3, classes) work arrays, float32 and float64
    counting, watching : whether to count at all, and whether collapsed rows too
    tally : adds up `TALLIES` in float64
    gaps : receives each row's logit gap, when `counting`
    d : (rows, width) array, becomes `BOOST` times the gradient with respect to the logits
    """
    rows, slopes = in_format(logits, None), in_format(d, None)
    done = 0 if counting else gradient_alone(mode, logits, labels, classes, settings, inverse_n, narrow, d)
    for i in range(done, logits.shape[0]):
        z = rows[i]
        y = np.int64(labels[i])
        mode(logits[i], y, inverse_n, narrow, wide, of, parameters, settings, counting, watching, tally, d[i])
        if counting:
            gaps[i] = gap_of(z, y, classes)
            tally[_CORRECT] += gaps[i] > 0.0
            tally[_LARGEST] = larger(tally[_LARGEST], largest_size(z, classes))
        if settings.penalty != 0.0:
            for k in range(classes):
                slopes[i, k] += 2 * settings.penalty * inverse_n * BOOST * z[k]
        for k in range(classes, z.size):
            slopes[i, k] = 0.0
