"""The exact kernels without a format, by the name of their method.

The public functions run other kernels then, which keep more digits; these are what figures and formats run.
"""
import numpy as np

from toolkit._core.arrays import map_rows, reduce_rows
from toolkit.softmax import ALGORITHMS, FORMS
from toolkit.softmax._log_softmax import log_softmax_rows
from toolkit.softmax._log_stablemax import log_stablemax_rows
from toolkit.softmax._logsumexp import logsumexp_rows
from toolkit.softmax._softmax import softmax_rows
from toolkit.softmax._stablemax import stablemax_rows

EXACT = {f"softmax {a}": (softmax_rows, i, 1.0) for i, a in enumerate(ALGORITHMS)}
EXACT |= {f"log_softmax {f}": (log_softmax_rows, i, 1.0) for i, f in enumerate(FORMS)}
EXACT |= {f"log_stablemax {f}": (log_stablemax_rows, i) for i, f in enumerate(FORMS)}
EXACT |= {"stablemax": (stablemax_rows, 1), "stablemax naive": (stablemax_rows, 0)}


def exact(name, z):
    """What the exact kernels give in the dtype of `z`."""
    driver, *parameters = EXACT[name]
    return map_rows(driver, {"z": z}, *parameters)


def exact_logsumexp(z):
    return reduce_rows(logsumexp_rows, {"z": z}, empty=-np.inf)
