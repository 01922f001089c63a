"""Compile what figures and notebooks use first, so that nobody waits for it later; Numba keeps the machine code."""
import time
import warnings

import numpy as np

from toolkit import elementary, losses, softmax
from toolkit.formats import FORMATS, round_to


def warm():
    labels = np.array([0])
    for dtype in (np.float32, np.float64):
        logits = np.array([[2.0, 1.0, 0.0]], dtype=dtype)
        for algorithm in softmax.ALGORITHMS:
            softmax.softmax(logits, algorithm=algorithm)
        for form in softmax.FORMS:
            softmax.log_softmax(logits, form=form)
            losses.cross_entropy_and_grad(logits, labels, form=form)
        for function in (softmax.logsumexp, softmax.stablemax, softmax.log_stablemax):
            function(logits)
        losses.stablemax_cross_entropy_and_grad(logits, labels)
        for name in elementary.__all__:
            arguments = [dtype(0.5)] * (2 if name == "pow" else 1)
            getattr(elementary, name)(*arguments)
    for format in FORMATS:
        round_to(logits, format)
        softmax.softmax(logits, format=format)
        losses.cross_entropy_and_grad(logits, labels, format=format)


if __name__ == "__main__":
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        warm()
    print(f"Kernels compiled in {time.perf_counter() - start:.0f} s; Numba keeps them.")
