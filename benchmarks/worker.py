"""One library in a process of its own: commands come in as lines of JSON, answers go out alike.

Run as a file, ``python benchmarks/worker.py PyTorch``, by any Python that has NumPy and that library.
"""
import json
import os
import sys
import time
import warnings
from pathlib import Path

import numpy as np

sys.path.insert(1, str(Path(__file__).parents[1]))  # as a file it is run by a Python that knows this folder alone

from benchmarks import implementations, inputs

__all__ = ["Worker", "serve"]

SAMPLED = 1024


def parts_of(result):
    """A function's results as NumPy arrays."""
    return [np.asarray(part) for part in (result if isinstance(result, (tuple, list)) else (result,))]


def call_of(function, z, labels, axis):
    """What is timed, without arguments."""
    if isinstance(function, inputs.Started):
        return function.make(z, labels, axis)
    return lambda: function(z, labels, axis)


class Worker:
    """Holds the calls of one array, ready to be timed."""

    def __init__(self, name):
        self.library = implementations.LIBRARIES[name]()
        self.key, self.data, self.calls = None, None, {}

    def hello(self):
        """Which version answers, with which Python."""
        return {"version": self.library.version, "functions": list(self.library.functions),
                "python": ".".join(map(str, sys.version_info[:3])), "numpy": np.__version__}

    def threads(self, count):
        self.library.set_threads(count)

    def prepare(self, function, dtype, shape, axis):
        """Make the data and the call, and warm it up; returns seconds of a call and entries spread over the results."""
        key = (dtype, tuple(shape), axis)
        if key != self.key:
            self.key, self.data, self.calls = None, None, {}
            made = inputs.logits_and_labels(tuple(shape), axis, dtype)
            self.key, self.data = key, [self.library.ready(array) for array in made]
        chosen, done = self.library.functions[function], self.library.done
        if isinstance(chosen, inputs.Started):  # what it prepares may be as large as the data
            self.calls.clear()
        started = call_of(chosen, *self.data, axis)
        call = self.calls[function] = lambda: done(started())
        result = parts_of(call())
        begun = time.perf_counter()
        call()
        seconds = time.perf_counter() - begun
        sample = [part.reshape(-1)[:: max(1, part.size // SAMPLED)].astype(float).tolist() for part in result]
        return {"seconds": seconds, "sample": sample, "entries": [part.size for part in result]}

    def time(self, function, calls):
        """Mean seconds of a prepared call over so many in a row."""
        call = self.calls[function]
        begun = time.perf_counter()
        for _ in range(calls):
            call()
        return (time.perf_counter() - begun) / calls

    def values(self, function, dtype):
        """The function at each of `inputs.accuracy_rows`, one row at a time: a list of results for each."""
        chosen, ready, answers = self.library.functions[function], self.library.ready, []
        for row, label in inputs.accuracy_rows(dtype):
            result = call_of(chosen, ready(row[None]), ready(np.array([label])), 1)()
            answers.append([part.reshape(-1).astype(float).tolist() for part in parts_of(result)])
        return answers

    def entries(self, function):
        """The function at each of `inputs.entry_numbers`."""
        x = self.library.ready(inputs.entry_numbers())
        return parts_of(call_of(self.library.functions[function], x, None, 0)())[0].astype(float).tolist()

    def row_sum(self, function, kind, size, dtype):
        """``sum(softmax(z)) - 1`` of one long row, added in a wider format."""
        z = self.library.ready(inputs.sum_row(kind, size, dtype))
        p = np.asarray(self.library.done(self.library.functions[function](z, None, 1)))
        return float(p.sum(dtype=np.longdouble) - 1)


def serve(name, source=sys.stdin, target=sys.stdout):
    """Answer each line ``{"do": method, ...}`` by ``{"answer": ...}`` or ``{"error": ...}``."""
    warnings.simplefilter("ignore")
    worker = None
    for line in source:
        command = json.loads(line)
        try:
            worker = worker or Worker(name)
            reply = {"answer": getattr(worker, command.pop("do"))(**command)}
        except Exception as error:  # whatever a library raises is a finding, and no end of the measurements
            reply = {"error": f"{type(error).__name__}: {error}".splitlines()[0]}
        print(json.dumps(reply), file=target, flush=True)


if __name__ == "__main__":
    # What a library prints must not be taken for an answer.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    serve(sys.argv[1], target=answers)
