"""Where the time of a small call goes, part by part: python -m benchmarks.small_calls"""
import timeit

import numpy as np

from toolkit.large_arrays import Softmax, is_plain, map_lines
from toolkit.large_arrays._small import small_kernel
from toolkit.losses import cross_entropy
from toolkit.softmax import log_softmax, logsumexp, softmax

CALLS, REPEATS = 5000, 15


def microseconds(call):
    call()
    return 1e6 * min(timeit.repeat(call, number=CALLS, repeat=REPEATS)) / CALLS


def main():
    rng = np.random.default_rng(0)
    z, rows = rng.standard_normal(10, np.float32), rng.standard_normal((64, 10), np.float32)
    labels, task, out = rng.integers(0, 10, 64), Softmax(), np.empty_like(z)
    compiled = small_kernel(task, Softmax, True)
    for name, call in (
            ("softmax of 10 numbers", lambda: softmax(z)),
            ("  without the public function around it", lambda: map_lines(task, z)),
            ("  checks of the array", lambda: is_plain(z, -1, None)),
            ("  a new array", lambda: np.empty_like(z)),
            ("  the compiled kernel, with Numba's look at its arguments", lambda: compiled(z, 10, out)),
            ("softmax of 64x10", lambda: softmax(rows)),
            ("log_softmax of 64x10", lambda: log_softmax(rows)),
            ("logsumexp of 64x10", lambda: logsumexp(rows)),
            ("cross_entropy of 64x10", lambda: cross_entropy(rows, labels)),
            ("cross_entropy and gradient of 64x10", lambda: cross_entropy.value_and_gradient(rows, labels))):
        print(f"{name:62} {microseconds(call):6.2f} us")


if __name__ == "__main__":
    main()
