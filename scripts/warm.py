"""Compile every method and elementary function once, so that nobody waits later; Numba keeps the code."""
import time
import warnings

import numpy as np

from toolkit import elementary
from toolkit.catalog import METHODS
from toolkit.formats import round_to

LABELS = np.array([0])


def warm_method(method, dtype):
    logits = np.array([[2.0, 1.0, 0.0]], dtype=dtype)
    arguments = (logits, LABELS) if method.result == "loss" else (logits,)
    for variant in method.variants:
        method(*arguments, variant=variant.name)
    result = method(*arguments, format="float16") if dtype == np.float64 else method(*arguments)
    if method.result != "loss":
        at = result if method.gradient_at == "output" else logits
        arguments = (at, np.ones_like(result))
    method.gradient(*arguments, **dict(method.parameters))


def warm():
    for dtype in (np.float32, np.float64):
        for method in METHODS:
            warm_method(method, dtype)
        for name in elementary.__all__:
            getattr(elementary, name)(*[dtype(0.5)] * (2 if name == "pow" else 1))
    round_to(LABELS, "float16")


if __name__ == "__main__":
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # naive forms say where they break
        warm()
    print(f"Kernels ready after {time.perf_counter() - start:.0f} s.")
