"""Compile every method, elementary function, trainer and parallel kernel once, so that nobody waits later.

Numba keeps the code.
"""
import os
import time
import warnings
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np

from toolkit import elementary, losses, softmax, value_and_grad
from toolkit.catalog import METHODS
from toolkit.formats import round_to
from toolkit.grokking import page
from toolkit.training import Experiment, fit, train

LABELS = np.array([0])


def warm_training(precision):
    train(Experiment(p=5, widths=(4,), train_fraction=0.9, steps=1, training_precision=precision), progress=False)


def warm_training_in_a_figure():
    types = {"i32": np.int32, "f64": np.float64, "f32": np.float32, "u64": np.uint64}
    arrays = [np.zeros(size, types[element]) for element, size in page.addition_sizes(5, 4).values()]
    page.start_addition(5, 4, 0.9, 1, 0, *arrays)


def warm_methods():
    for dtype in (np.float32, np.float64):
        for method in METHODS:
            method.warm(dtype)
        for name in elementary.__all__:
            getattr(elementary, name)(*[dtype(0.5)] * (2 if name == "pow" else 1))
    round_to(LABELS, "float16")


def warm_large_arrays():
    for dtype in (np.float32, np.float64):
        z = np.zeros((8192, 64), dtype)
        for function in (softmax.softmax, softmax.log_softmax, softmax.logsumexp, softmax.stablemax):
            function(z, axis=-1)
        for function in (softmax.softmax, softmax.log_softmax, softmax.logsumexp):  # a row for several threads
            function(np.zeros(2**19, dtype), axis=-1)
        value_and_grad(losses.cross_entropy)(z, np.zeros(8192, int))


def warm_fit():
    fit(np.zeros((1, 64)), LABELS, steps=1, widths=(16,)).logits(np.zeros((1, 64)))


def warm_float32_training():
    warm_training("float32")
    warm_training_in_a_figure()


def warm_float64_training():
    warm_training("float64")
    warm_fit()


def quietly(part):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # naive forms say where they break
        part()


if __name__ == "__main__":
    start = time.perf_counter()
    # Not by fork: GNU OpenMP's threads do not survive one.
    with ProcessPoolExecutor(min(3, os.cpu_count()), get_context("spawn")) as pool:
        for _ in pool.map(quietly, (warm_float32_training, warm_methods, warm_float64_training, warm_large_arrays)):
            pass
    print(f"Kernels ready after {time.perf_counter() - start:.0f} s.")
