"""The loops over rows in all threads: each row is the work of one, so that threads change no bit."""
from concurrent.futures import ThreadPoolExecutor
from numbers import Number

import numba

from toolkit._core.kernel import frees_other_threads

__all__ = ["over_rows"]

THREADS_FROM = 2**17  # entries: below, starting threads takes longer than they save


def over_rows(loop, of, arrays, parameters, out, fmt):
    """A loop of `toolkit._core.loops` for all rows; in as many threads as Numba has, if that is worth it."""
    count = len(out)
    shared = (arrays[0].size >= THREADS_FROM and frees_other_threads(loop)
              and all(isinstance(each, Number) for each in parameters))
    threads = min(numba.get_num_threads(), count - 1) if shared else 1
    if threads <= 1:
        loop(of, *arrays, parameters, out, fmt)
        return

    def between(first, last):
        loop(of, *(rows[first:last] for rows in arrays), parameters, out[first:last], fmt)

    between(0, 1)  # compiles
    ends = [1 + (count - 1) * k // threads for k in range(threads + 1)]
    left, waited = list(zip(ends[:-1], ends[1:], strict=True)), []
    with ThreadPoolExecutor(threads - 1) as others:
        try:
            while len(left) > 1:
                waited.append(others.submit(between, *left[-1]))
                left.pop()
        except RuntimeError:  # no thread can be started, as when the program ends
            pass
        for each in left:
            between(*each)
        for each in waited:
            each.result()
