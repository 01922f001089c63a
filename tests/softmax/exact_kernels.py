"""The exact kernels without a format, by the name of their method.

The public functions run other kernels then, which keep more digits; these are what figures and formats run.
"""
import numpy as np

from toolkit._core.arrays import map_rows, reduce_rows
from toolkit.softmax import kernels

EXACT = {
    "softmax naive": kernels.softmax_naive, "softmax three_pass_recompute": kernels.softmax_three_pass_recompute,
    "softmax three_pass_reload": kernels.softmax_three_pass_reload, "softmax two_pass": kernels.softmax_two_pass,
    "softmax online": kernels.softmax_online, "log_softmax naive": kernels.log_softmax_naive,
    "log_softmax common": kernels.log_softmax_common, "log_softmax stable": kernels.log_softmax_stable,
    "log_stablemax naive": kernels.log_stablemax_naive, "log_stablemax common": kernels.log_stablemax_common,
    "log_stablemax stable": kernels.log_stablemax_row, "stablemax": kernels.stablemax_row,
    "stablemax naive": kernels.stablemax_naive}


def exact(name, z):
    """What the exact kernels give in the dtype of `z`."""
    return map_rows(EXACT[name], {"z": z})


def exact_logsumexp(z):
    return reduce_rows(kernels.logsumexp_row, {"z": z}, empty=-np.inf)
