"""Kernels of `diagnose`: what rows of logits lose in a format, and by how much their largest logit leads."""
import numba
import numpy as np

from toolkit._core.kernel import kernel
from toolkit._core.numbers import in_format
from toolkit._core.rounding import round_to_code
from toolkit.collapse.kernels import sum_of_terms
from toolkit.elementary import exp, log
from toolkit.losses.kernels import common_form, shifted_exponentials

__all__ = ["COUNTS", "MARGINS", "count_block", "count_blocks", "count_margins", "count_row", "margin_of"]

COUNTS = ("collapsed", "nan_rows", "zero_losses", "zero_label_gradients", "zero_gradient_rows",
          "overflowed_logits", "naive_overflows", "naive_underflows", "shifted_underflows")
(_COLLAPSED, _NAN_ROWS, _ZERO_LOSSES, _ZERO_LABEL_GRADIENTS, _ZERO_GRADIENT_ROWS,
 _OVERFLOWED_LOGITS, _NAIVE_OVERFLOWS, _NAIVE_UNDERFLOWS, _SHIFTED_UNDERFLOWS) = range(len(COUNTS))
MARGINS = 62  # bins of margins: below 0, from 0 to 60 in steps of 1, and the rest


@kernel
def count_row(z, label, order, safe, terms, sums, counts):
    """Add to `counts` what a row of the format's values loses; label -1 stands for the largest logit.

    Between the two numbers `safe`, exp neither overflows nor underflows in the format.
    """
    overflows, underflows, zeros = 0, 0, 0
    for k in range(z.size):
        x = float(z[k])
        if np.isfinite(x) and not (safe[0] < x and x < safe[1]):
            naive = exp(z[k])
            overflows += not np.isfinite(naive)
            underflows += naive == 0
    counts[_NAIVE_OVERFLOWS] += overflows
    counts[_NAIVE_UNDERFLOWS] += underflows
    top = shifted_exponentials(z, terms)
    for k in range(z.size):
        zeros += terms[k] == 0 and np.isfinite(z[k])
        sums[k] = terms[k]
    counts[_SHIFTED_UNDERFLOWS] += zeros
    total = sum_of_terms(order, sums)
    counts[_NAN_ROWS] += not np.isfinite(total)
    counts[_COLLAPSED] += total == 1
    y = top if label < 0 else label
    counts[_ZERO_LOSSES] += common_form(terms, y, z[top] - z[y]) == 0
    counts[_ZERO_LABEL_GRADIENTS] += terms[y] == 0
    zeros = 0
    for k in range(z.size):
        zeros += terms[k] == 0
    counts[_ZERO_GRADIENT_ROWS] += zeros == z.size


@kernel
def count_block(logits, labels, order, safe, work, counts, fmt):
    """Round each row of float64 `logits` to the format and count what it loses; `work` has three rows of space.

    -inf stays -inf in every format, as it marks a class that is left out.
    """
    row = work[0]
    for i in range(logits.shape[0]):
        beyond = 0
        for k in range(row.size):
            z = logits[i, k]
            row[k] = z if z == -np.inf else round_to_code(z, fmt)
            beyond += np.isfinite(z) and not np.isfinite(row[k])
        counts[_OVERFLOWED_LOGITS] += beyond
        count_row(in_format(row, fmt), labels[i], order, safe, in_format(work[1], fmt), in_format(work[2], fmt),
                  counts)


@kernel(parallel=True)
def count_blocks(logits, labels, order, safe, work, counts, fmt):
    """`count_block` of as many parts of the rows as `counts` has rows, on all threads."""
    blocks, rows = counts.shape[0], logits.shape[0]
    for block in numba.prange(blocks):
        begin, end = block * rows // blocks, (block + 1) * rows // blocks
        count_block(logits[begin:end], labels[begin:end], order, safe, work[block], counts[block], fmt)


@kernel
def margin_of(z):
    """``max z - log sum e^{z_k}`` over the other k, in float64: from `collapse_margin` on, the row collapses."""
    top, second = 0, -np.inf
    for k in range(1, z.size):
        if z[k] > z[top]:
            top, second = k, z[top]
        elif z[k] > second:
            second = z[k]
    if second == -np.inf:
        return z[top] - second
    total = 0.0
    for k in range(z.size):
        if k != top:
            total += exp(z[k] - second)
    return z[top] - second - log(total)


@kernel(parallel=True)
def count_margins(logits, counts):
    """Add the rows of `logits` to the bins of their margins, a row of `counts` for each part of them."""
    blocks, rows = counts.shape[0], logits.shape[0]
    for block in numba.prange(blocks):
        for i in range(block * rows // blocks, (block + 1) * rows // blocks):
            m = margin_of(logits[i])
            if m == m and m - m == 0 or m == np.inf:
                counts[block, int(max(0.0, min(np.floor(m) + 1, MARGINS - 1.0)))] += 1
