"""The loss of a block of rows in a precision of its own, its gradient, and what the rows lost.

Logits leave the network in the training precision, are rounded to the loss's format, and every operation from there
to the gradient, the mean over N rows included, is done in that format. The gradient comes back in the training
precision, where numbers of 1e-20 live on. The sum over classes has an order (`toolkit.collapse.kernels.ORDERS`):
the margin at which a row collapses depends on it.
"""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit._core.numbers import like
from toolkit._core.rounding import rnd
from toolkit.collapse.kernels import sum_of_terms
from toolkit.elementary import log, log1p
from toolkit.losses._exponential import shifted_exponentials
from toolkit.losses._forms import divide_by
from toolkit.losses._stablemax import chain_through_score, scaled_scores
from toolkit.softmax.kernels import log_stable_ratio

__all__ = ["BOOST", "FORMS", "LOSSES", "SWITCHES", "TALLIES", "loss_block", "loss_row"]

LOSSES = {"cross_entropy": 0, "stablemax": 1, "mse": 2}
FORMS = {"common": 0, "complement": 1}

# The gradient of the logits travels back multiplied by this, and the sums over rows are divided by it again. Powers of
# two change no digit; without them, gradients of confident rows times weights are subnormal, at a hundred times the
# cost, and lose digits.
BOOST = 2.0**64

# The integers of a loss, in this order.
SWITCHES = ("loss", "form", "order", "mode", "code")
NATIVE32, NATIVE64, EMULATED = range(3)  # mode

# What `loss_block` adds up over rows, in this order; "largest" is a maximum.
TALLIES = ("loss", "correct", "collapsed", "zero_loss", "zero_label_gradient", "zero_gradient", "row_sum", "largest")


@kernel
def squared_error_row(z, y, g, fmt):
    """``mean_k (z_k - [k = y])^2`` and its gradient."""
    loss = like(0.0, z[0])
    inverse = rnd(like(1.0, z[0]) / like(z.size, z[0]), fmt)
    for k in range(z.size):
        error = rnd(z[k] - like(1.0, z[0]), fmt) if k == y else z[k]
        loss = rnd(loss + rnd(error * error, fmt), fmt)
        g[k] = rnd(rnd(error + error, fmt) * inverse, fmt)
    return rnd(loss * inverse, fmt)


@kernel
def common_row(g, y, gap, terms, order, fmt):
    """``log S + gap``; scores `g`, the largest of them 1, become p - onehot(y)."""
    for k in range(g.size):
        terms[k] = g[k]
    total = sum_of_terms(terms, order, fmt)
    divide_by(g, total, fmt)
    g[y] = rnd(g[y] - like(1.0, total), fmt)
    return rnd(rnd(log(total), fmt) + gap, fmt)


@kernel
def complement_row(g, y, gap, top, terms, order, fmt):
    """``log1p(rest) + gap``, where rest leaves out the top class; g_y is minus the sum of the others."""
    for k in range(g.size):
        terms[k] = g[k]
    terms[top] = rnd(g[top] - like(1.0, g[0]), fmt)  # 0, or NaN when the top logit is infinite
    rest = sum_of_terms(terms, order, fmt)
    divide_by(g, rnd(like(1.0, rest) + rest, fmt), fmt)
    for k in range(g.size):
        terms[k] = g[k]
    terms[y] = like(0.0, g[0])
    g[y] = -sum_of_terms(terms, order, fmt)
    return rnd(rnd(log1p(rest), fmt) + gap, fmt)


@kernel
def loss_row(z, y, g, terms, loss, form, order, fmt):
    """Loss of one row of logits; `g` becomes its gradient, `terms` is work space."""
    if loss == 2:
        return squared_error_row(z, y, g, fmt)
    if loss == 0:
        top = shifted_exponentials(z, g, fmt)
        gap = rnd(z[top] - z[y], fmt)
    else:
        top = scaled_scores(z, g, fmt)
        gap = -log_stable_ratio(z[y], z[top], fmt)
    if form == 0:
        value = common_row(g, y, gap, terms, order, fmt)
    else:
        value = complement_row(g, y, gap, top, terms, order, fmt)
    if loss == 1:
        chain_through_score(z, g, fmt)
    return value


@kernel
def is_collapsed(z, terms, order, fmt):
    """Whether the sum of shifted exponentials is 1: the published metric, which looks at neither label nor loss."""
    shifted_exponentials(z, terms, fmt)
    return sum_of_terms(terms, order, fmt) == like(1.0, z[0])


@kernel
def measured_row(logits, y, scale, inverse_n, row, switches, watching, tally, d, fmt):
    """Loss of one row in the precision of `row` (z, g, terms): `d` receives the gradient, `tally` is added to."""
    z, g, terms = row[0], row[1], row[2]
    order = np.int64(switches[2])
    if watching:
        for k in range(z.size):
            z[k] = rnd(like(logits[k], z[0]), fmt)
        tally[2] += is_collapsed(z, terms, order, fmt)
    for k in range(z.size):
        z[k] = rnd(like(logits[k] * like(scale, logits[k]), z[0]), fmt)
    loss = loss_row(z, y, g, terms, np.int64(switches[0]), np.int64(switches[1]), order, fmt)
    tally[0] += np.float64(loss)
    tally[3] += loss == like(0.0, loss)
    mean = rnd(like(inverse_n, z[0]), fmt)
    zeros = 0
    total = 0.0
    for k in range(z.size):
        share = rnd(g[k] * mean, fmt)
        zeros += share == like(0.0, share)
        total += np.float64(share)
        d[k] = np.float64(share) * (scale * BOOST)
    tally[4] += g[y] == like(0.0, g[y])
    tally[5] += zeros == z.size
    tally[6] += abs(total)


@kernel
def gap_of(logits, y, n):
    """``z_y - max of the others``: positive when the row is right."""
    other = -np.inf
    for k in range(n):
        if k != y and np.float64(logits[k]) > other:
            other = np.float64(logits[k])
    return np.float64(logits[y]) - other


@kernel
def loss_block(logits, labels, classes, switches, scale, penalty, inverse_n, row32, row64, watching, tally, gaps, d):
    """Loss and gradient of a block of rows.

    Parameters
    ----------
    logits : (rows, width) array in the training precision; the first `classes` columns count
    labels : (rows,) integers
    switches : integers in the order of `SWITCHES`
    scale, penalty : the loss sees ``scale * logits``; ``penalty * mean ||logits||^2`` is added
    inverse_n : 1 / N, the mean over all training rows
    row32, row64 : (3, classes) work arrays, float32 and float64
    watching : whether to count collapsed rows too
    tally : adds up `TALLIES` in float64
    gaps : receives each row's logit gap
    d : (rows, width) array, becomes `BOOST` times the gradient with respect to the logits
    """
    mode = np.int64(switches[3])
    code = np.int64(switches[4])
    for i in range(logits.shape[0]):
        z = logits[i]
        y = np.int64(labels[i])
        if mode == 0:
            measured_row(z, y, scale, inverse_n, row32, switches, watching, tally, d[i], None)
        elif mode == 1:
            measured_row(z, y, scale, inverse_n, row64, switches, watching, tally, d[i], None)
        else:
            measured_row(z, y, scale, inverse_n, row64, switches, watching, tally, d[i], code)
        gaps[i] = gap_of(z, y, classes)
        tally[1] += gaps[i] > 0.0
        for k in range(classes):
            tally[7] = max(tally[7], abs(np.float64(z[k])))
            if penalty != 0.0:
                d[i, k] += like(2.0 * penalty * inverse_n * BOOST, z[k]) * z[k]
        for k in range(classes, z.size):
            d[i, k] = like(0.0, z[0])
