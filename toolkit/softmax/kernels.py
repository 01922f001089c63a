"""Row kernels of the softmax family, for other kernels and for live figures.

1-D rows in, 1-D rows to fill, `fmt` last: None for the dtype of the row, or a format code with float64 rows
that hold values of the format. ``p`` and ``out`` of the softmax and log-softmax kernels may be ``z`` itself.
"""
from toolkit.softmax._algorithms import (online_normalizer, softmax_naive, softmax_online,
                                         softmax_three_pass_recompute, softmax_three_pass_reload)
from toolkit.softmax._log_softmax import (log_softmax_common, log_softmax_complement, log_softmax_naive,
                                          log_softmax_vjp_row)
from toolkit.softmax._log_stablemax import (log_stable_ratio, log_stablemax_common, log_stablemax_naive,
                                            log_stablemax_row, log_stablemax_vjp_row)
from toolkit.softmax._logsumexp import (logsumexp_row, logsumexp_vjp_row, logsumexp_weighted_row,
                                        logsumexp_weighted_vjp_row)
from toolkit.softmax._others import add_compensated, add_exactly, exp_gap, sum_of_others
from toolkit.softmax._shift import shifted, tempered, top_class
from toolkit.softmax._softmax import softmax_tempered, softmax_tempered_vjp_row, softmax_vjp_row
from toolkit.softmax._stablemax import (stable_ratio, stable_s, stable_weight, stablemax_naive, stablemax_row,
                                        stablemax_vjp_row, sum_of_stable_others)
from toolkit.softmax._two_pass import extended_exp, extended_sum, softmax_two_pass

__all__ = ["add_compensated", "add_exactly", "exp_gap", "extended_exp", "extended_sum", "log_softmax_common",
           "log_softmax_complement", "log_softmax_naive", "log_softmax_vjp_row", "log_stable_ratio",
           "log_stablemax_common", "log_stablemax_naive", "log_stablemax_row", "log_stablemax_vjp_row",
           "logsumexp_row", "logsumexp_vjp_row", "logsumexp_weighted_row", "logsumexp_weighted_vjp_row",
           "online_normalizer", "shifted", "softmax_naive", "softmax_online", "softmax_tempered",
           "softmax_tempered_vjp_row", "softmax_three_pass_recompute", "softmax_three_pass_reload",
           "softmax_two_pass", "softmax_vjp_row", "stable_ratio", "stable_s", "stable_weight",
           "stablemax_naive", "stablemax_row", "stablemax_vjp_row", "sum_of_others", "sum_of_stable_others",
           "tempered", "top_class"]
