"""Long compilation says what takes so long, and where its result is kept.

``TOOLKIT_QUIET=1`` in the environment turns this off, and the warning that nothing can be kept.
"""
import os
import sys
import threading
import time
import warnings
from contextlib import contextmanager

from numba.core import event

__all__ = ["told_when_long", "warn_once", "watch"]

_PATIENCE = 2.0  # seconds
_warned = threading.Event()


def _quiet():
    return os.environ.get("TOOLKIT_QUIET", "0") not in ("", "0")


def _say(text):
    """A line on stderr, above a bar if one is there."""
    if not _quiet():
        bars = sys.modules.get("tqdm")
        (bars.tqdm.write if bars else print)(f"toolkit: {text}", file=sys.stderr)


class _Wait:
    """Begins now, and says so with `words()` once it is long; `end` says how long it was."""

    def __init__(self, words):
        self.words, self.said, self.begun = words, False, time.monotonic()
        self.timer = threading.Timer(_PATIENCE, self._speak)
        self.timer.daemon = True
        self.timer.start()

    def _speak(self):
        self.said = True
        _say(self.words())

    def end(self):
        self.timer.cancel()
        if self.said:
            _say(f"that took {time.monotonic() - self.begun:.0f} s")


@contextmanager
def told_when_long(words):
    """For work of which `words` say what is done."""
    wait = _Wait(lambda: words)
    try:
        yield
    finally:
        wait.end()


class _Watch(event.Listener):
    """Of what Numba compiles: the kernel with which it began."""

    def __init__(self, cache_class):
        self.cache_class, self.depth = cache_class, 0

    def on_start(self, event):
        kernel = event.data["dispatcher"]
        if self.depth == 0:
            if type(getattr(kernel, "_cache", None)) is not self.cache_class:  # of figures their page tells
                return
            self.wait = _Wait(lambda: _words_of(kernel))
        self.depth += 1

    def on_end(self, event):
        if self.depth:
            self.depth -= 1
            if self.depth == 0:
                self.wait.end()


def _words_of(kernel):
    function, folder = kernel.py_func, kernel._cache.cache_path
    kept = f"once: it is kept in {folder}" if folder else "in each process: nobody can say when it is out of date"
    return f"compiling {function.__module__}.{function.__qualname__}, {kept}"


def watch(cache_class):
    """From now on, for kernels whose caches are of this class."""
    event.register("numba:compile", _Watch(cache_class))


def warn_once(folder, reason):
    """Say that machine code cannot be kept, once in a process."""
    if not (_quiet() or _warned.is_set()):
        _warned.set()
        warnings.warn(f"machine code of kernels cannot be kept in {folder} ({reason}): each process compiles it anew. "
                      "Set NUMBA_CACHE_DIR to a folder that can be written", RuntimeWarning, stacklevel=2)
