"""Run a kernel that a person has just written: a wrong index and an endless loop end in a sentence.

A kernel of the user's gets a twin with checks (`passes`). It runs in a thread of its own while the caller waits, so
that *Interrupt* arrives, and stops after `limit` seconds. Kernels of the package, and of cells that stand in the book
as they are, run as they are. ``TOOLKIT_GUARD=0`` in the environment lets all of them do so.
"""
import operator
import os
import threading

from numba.core.registry import CPUDispatcher

from toolkit._core.compile_notice import told_when_long
from toolkit._core.kernel import Kernel
from toolkit.live.guard.passes import SITES, STOP, OutOfBounds, Stopped, place_of, twin_of
from toolkit.live.kernel_errors import Interrupted, KernelError
from toolkit.live.user_code import notebook_shell

__all__ = ["guard_calls", "guarded_run", "is_wanted", "limit"]

_GRACE = 1.0  # seconds that a loop has to see that it should stop


def guarded_run(kernel, arguments, name=None):
    """Call ``kernel(*arguments)``, guarded where it is of the user's making; `name` is for errors."""
    twin = twin_of(kernel) if is_wanted() else kernel
    if twin is kernel or threading.current_thread() is not threading.main_thread():
        return (CPUDispatcher.__call__ if isinstance(kernel, Kernel) else operator.call)(kernel, *arguments)
    signature = tuple(map(twin.typeof_pyval, arguments))
    if signature not in twin.overloads:
        with told_when_long(f"compiling {name}, with checks of its indices and loops"):
            twin.compile(signature)

    def place(site):
        return place_of(SITES[site], twin, kernel)

    try:
        return _apart(twin, arguments)
    except OutOfBounds as error:
        site, index, axis, size, axes = error.args
        along = f" along axis {axis}" if axes > 1 else ""
        said = f"index {index} is out of bounds: {SITES[site].name} has {size}{along}."
        raise KernelError(said, place(site), name) from None
    except Stopped as error:
        raise KernelError(f"stopped after {limit():g} s: this loop had not come to its end. TOOLKIT_LIMIT=60 in the "
                          "environment allows 60 s.", place(error.args[0]).loop, name) from None
    except Interrupted as error:
        raise Interrupted(*(place(site).loop for site in error.args)) from None


def guard_calls():
    """From now on also kernels that a notebook's cell calls are guarded."""
    if is_wanted():
        Kernel.__call__ = _called


def _called(kernel, *arguments, **named):
    whole = not named and len(arguments) == kernel.py_func.__code__.co_argcount
    if whole and twin_of(kernel) is not kernel:
        return guarded_run(kernel, arguments, kernel.py_func.__name__)
    return CPUDispatcher.__call__(kernel, *arguments, **named)


def limit():
    """Seconds after which a guarded kernel is stopped."""
    text = os.environ.get("TOOLKIT_LIMIT", "30")
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not seconds > 0:
        raise ValueError(f"TOOLKIT_LIMIT in the environment is {text!r}; allowed: a positive number of seconds")
    return min(seconds, threading.TIMEOUT_MAX)


def is_wanted():
    """Whether a person is there to write kernels: in a notebook, but not while the book is built."""
    asked = os.environ.get("TOOLKIT_GUARD")
    if asked is not None:
        return asked not in ("", "0")
    return getattr(notebook_shell(), "kernel", None) is not None and os.environ.get("BOOK_BUILD") != "1"


class _Worker:
    """One call of a compiled kernel in a thread of its own."""

    def __init__(self, kernel, arguments):
        self.kernel, self.arguments = kernel, arguments
        self.error, self.result, self.over = None, None, threading.Event()
        threading.Thread(target=self.work, name="guarded kernel", daemon=True).start()

    def work(self):
        try:
            self.result = self.kernel(*self.arguments)
        except BaseException as error:  # to be raised where somebody waits
            self.error = error
        self.over.set()

    def stop(self):
        """Let its loops end."""
        STOP.value = 1
        if not self.over.wait(_GRACE):
            raise RuntimeError("a kernel does not stop: restart the notebook's kernel")


def _apart(kernel, arguments):
    """Run a compiled kernel in a thread, which Ctrl-C, *Interrupt* or the limit stop."""
    seconds, STOP.value = limit(), 0
    worker = _Worker(kernel, arguments)
    try:
        if not worker.over.wait(seconds):
            worker.stop()
    except KeyboardInterrupt:
        worker.stop()
        raise Interrupted(*worker.error.args if isinstance(worker.error, Stopped) else ()) from None
    if worker.error is not None:
        raise worker.error
    return worker.result
