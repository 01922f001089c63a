"""What the filters of decoding share: temperature first, then the choice, then softmax or the logits themselves.

A filter is a row kernel that fills a row of its own with the logits that it keeps, and -inf in the place of the others.
"""
import numpy as np

from toolkit._core import loops
from toolkit._core.arguments import check_choice, check_count
from toolkit._core.arrays import Rows
from toolkit._core.kernel import kernel
from toolkit._core.row_threads import over_rows
from toolkit.large_arrays import Softmax, map_rows_of_lines
from toolkit.softmax._algorithms import softmax_three_pass_reload
from toolkit.softmax._softmax import softmax_vjp_row
from toolkit.softmax._temperature import divided_row, pull_tempered, temper, temperature_of_rows, tempered_row

__all__ = ["RESULTS"]

RESULTS = ("probabilities", "logits")


def check_fewest(min_tokens_to_keep):
    return check_count(min_tokens_to_keep, "min_tokens_to_keep")


def map_filtered(keep, z, parameters, *, temperature, result, **options):
    """Rows of logits through the filter ``keep(z, *parameters, out)``, as probabilities or as logits.

    Parameters reach the filter as they are, not rounded to the dtype.
    """
    logits_wanted = check_choice("result", result, RESULTS) == 1
    layout = Rows(z, **options)
    tau = temperature_of_rows(layout, temperature)
    logits, kept = layout.rows(z, "z"), layout.empty()
    gaps = logits
    plain = not np.ndim(tau) and tau == 1.0
    if not plain:
        gaps = layout.empty()
        temper(layout, logits, tau, tempered_row, gaps)
    with np.errstate(all="ignore"):  # as `Rows.call`
        over_rows(loops.map_rows, keep, (gaps,), parameters, kept, layout.fmt)
    if logits_wanted:
        return layout.restore(scaled_by(layout, np.where(kept == -np.inf, kept, logits), tau), -np.inf)
    return layout.restore(probabilities_of(layout, kept), 0.0)


def scaled_by(layout, kept, tau):
    """``kept / tau``; at tau = 0 the largest ones become 0 and the others -inf."""
    if not np.ndim(tau) and tau == 1.0:
        return kept
    scaled, gaps = layout.empty(), layout.empty()
    temper(layout, kept, tau, divided_row, scaled)
    temper(layout, kept, tau, tempered_row, gaps)
    return np.where((kept == -np.inf) | (np.reshape(tau, (-1, 1)) == 0), gaps, scaled)


def probabilities_of(layout, rows):
    """Softmax of rows that are in the format of a layout."""
    if layout.fmt is None:
        map_rows_of_lines(Softmax(), rows, rows)
    else:
        layout.call(loops.map_rows, softmax_three_pass_reload, (rows,), (), rows)
    return rows


@kernel
def kept_row(logits, g, out):
    """`g` where the logits are kept."""
    for i in range(g.size):
        out[i] = 0 * g[i] if logits[i] == -np.inf else g[i]


def filtered_pull(p, g, *, axis=-1, where=None, temperature=1.0, result="probabilities"):
    """Gradient with respect to the logits, from what a filter gave and the gradient `g` with respect to it.

    Examples
    --------
    >>> filtered_pull([2.0, -np.inf], [1.0, 5.0], temperature=0.5, result="logits")
    array([2., 0.])
    """
    of_logits = check_choice("result", result, RESULTS) == 1
    return pull_tempered(kept_row if of_logits else softmax_vjp_row, {"p": p, "g": g}, temperature, axis=axis,
                         where=where, fills=(-np.inf if of_logits else 0.0, 0.0))
