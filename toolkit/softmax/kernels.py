"""Row kernels of the softmax family, for other kernels and for live figures: rows in, rows to fill.

``p`` and ``out`` of the softmax and log-softmax kernels may be ``z`` itself; the kernels that sort need a row of their
own.
"""
# ruff: noqa: F401
from toolkit._core.exact_sums import add_compensated, add_exactly
from toolkit._core.sorting import sort_descending
from toolkit.softmax._algorithms import (
    online_normalizer,
    softmax_naive,
    softmax_online,
    softmax_three_pass_recompute,
    softmax_three_pass_reload,
)
from toolkit.softmax._dense_to_sparse_gate import (
    activated,
    activated_slope,
    dense_to_sparse_gate_row,
    dense_to_sparse_gate_vjp_row,
)
from toolkit.softmax._entmax import (
    alpha_entmax_order_row,
    alpha_entmax_row,
    alpha_entmax_vjp_row,
    entmax15_row,
    entmax15_vjp_row,
    power_exp,
    sparsemax_row,
    sparsemax_vjp_row,
)
from toolkit.softmax._entmax_naive import alpha_entmax_bisection, entmax15_sorted, sparsemax_sorted
from toolkit.softmax._filters import k_sparsemax_row, min_p_softmax_row, top_p_softmax_row
from toolkit.softmax._log_softmax import log_softmax_common, log_softmax_naive, log_softmax_stable, log_softmax_vjp_row
from toolkit.softmax._log_stablemax import (
    log_stable_ratio,
    log_stablemax_common,
    log_stablemax_naive,
    log_stablemax_row,
    log_stablemax_vjp_row,
)
from toolkit.softmax._logsumexp import (
    logsumexp_row,
    logsumexp_vjp_row,
    logsumexp_weighted_row,
    logsumexp_weighted_vjp_row,
)
from toolkit.softmax._quiet_softmax import quiet_softmax_naive, quiet_softmax_row, quiet_softmax_vjp_row
from toolkit.softmax._shift import shifted, top_class
from toolkit.softmax._soft_capping import (
    capped,
    capped_slope,
    capped_softmax_naive,
    capped_softmax_row,
    capped_softmax_vjp_row,
    sech_squared,
)
from toolkit.softmax._softmax import softmax_tempered, softmax_tempered_vjp_row, softmax_vjp_row
from toolkit.softmax._stablemax import (
    stable_ratio,
    stable_s,
    stable_sum_without_top,
    stable_weight,
    stablemax_naive,
    stablemax_row,
    stablemax_vjp_row,
)
from toolkit.softmax._sum_without_top import exp_gap, sum_without_top
from toolkit.softmax._taylor_softmax import taylor_softmax_naive, taylor_softmax_row, taylor_softmax_vjp_row
from toolkit.softmax._temperature import tempered
from toolkit.softmax._top_k import keep_largest, top_k_logits, top_k_softmax_row, top_k_softmax_vjp_row
from toolkit.softmax._two_pass import extended_exp, extended_sum, softmax_two_pass

__all__ = [name for name in dir() if not name.startswith("_")]
