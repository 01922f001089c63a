"""Each function as each library has it: ``make(name) -> (versions, functions, set_threads)``.

Functions map ``(z, labels, axis)`` to an array or several, in the library's own arrays, or are `inputs.Started`;
`ready` turns NumPy's arrays into them and `done` waits until a result is there. Libraries are imported when asked for:
none is needed here.
"""
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np

from benchmarks import entry_functions, extra_functions
from benchmarks.inputs import Started

__all__ = ["LIBRARIES", "Library"]


class Library(NamedTuple):
    """A library's functions, by the names of `inputs`; those it lacks are missing."""

    version: str
    functions: dict
    ready: Any = lambda array: array
    done: Any = lambda result: result
    set_threads: Any = lambda count: None


def ours():
    """This toolkit, through its public functions, but for the naive algorithm."""
    numba, losses, softmax, gradients, large_arrays = map(import_module, (
        "numba", "toolkit.losses", "toolkit.softmax", "toolkit.gradients", "toolkit.large_arrays"))
    functions = {name: (lambda z, y, axis, f=getattr(softmax, name): f(z, axis=axis))
                 for name in ("softmax", "log_softmax", "logsumexp", "stablemax", "log_stablemax")}
    functions["cross_entropy"] = lambda z, y, axis: losses.cross_entropy(z, y, axis=axis)
    functions |= {f"{f.__name__}_and_grad": (lambda z, y, axis, f=gradients.value_and_grad(f): f(z, y, axis=axis))
                  for f in (losses.cross_entropy, losses.stablemax_cross_entropy)}
    functions |= {f"softmax {name}": (lambda z, y, axis, name=name: softmax.softmax(z, axis=axis, algorithm=name))
                  for name in softmax.ALGORITHMS[1:]}
    # The public function runs the naive kernel of the figures; what is measured is the algorithm as fast as the others.
    functions["softmax naive"] = lambda z, y, axis: large_arrays.map_lines(large_arrays.Naive(), z, axis=axis)
    functions |= entry_functions.ours() | extra_functions.ours()
    return Library(f"with Numba {numba.__version__}", functions,
                   set_threads=lambda count: numba.set_num_threads(min(count, numba.config.NUMBA_NUM_THREADS)))


def written_out(xp, take, scatter):
    """The functions as people write them with arrays.

    `xp` has NumPy's names, and `scatter(g, y, axis, d)` adds d at the labels.
    """
    def softmax(z, y, axis):
        e = xp.exp(z - z.max(axis=axis, keepdims=True))
        return e / e.sum(axis=axis, keepdims=True)

    def log_softmax(z, y, axis):
        shifted = z - z.max(axis=axis, keepdims=True)
        return shifted - xp.log(xp.exp(shifted).sum(axis=axis, keepdims=True))

    def logsumexp(z, y, axis):
        m = z.max(axis=axis, keepdims=True)
        return (m + xp.log(xp.exp(z - m).sum(axis=axis, keepdims=True))).squeeze(axis)

    def sizes(z):
        return xp.where(z >= 0, z + 1, 1 / (1 - xp.minimum(z, xp.zeros_like(z))))

    def stablemax(z, y, axis):
        s = sizes(z)
        return s / s.sum(axis=axis, keepdims=True)

    def log_stablemax(z, y, axis):
        return xp.log(stablemax(z, y, axis))

    def cross_entropy(z, y, axis):
        return -take(log_softmax(z, y, axis), y, axis).mean()

    def cross_entropy_and_grad(z, y, axis):
        log_p = log_softmax(z, y, axis)
        loss = -take(log_p, y, axis).mean()
        return loss, scatter(xp.exp(log_p), y, axis, -1.0) / y.shape[0]

    def stablemax_cross_entropy_and_grad(z, y, axis):
        s = sizes(z)
        total, of_label = s.sum(axis=axis, keepdims=True), take(s, y, axis)
        slope = xp.where(z >= 0, xp.ones_like(s), s * s)
        loss = (xp.log(total) - xp.log(of_label)).mean()
        return loss, scatter(slope / total, y, axis, -take(slope, y, axis) / of_label) / y.shape[0]

    made = (softmax, log_softmax, logsumexp, stablemax, log_stablemax, cross_entropy, cross_entropy_and_grad,
            stablemax_cross_entropy_and_grad)
    return {function.__name__: function for function in made}


def numpy():
    """NumPy, written out."""
    def take(z, y, axis):
        return np.take_along_axis(z, np.expand_dims(y, axis), axis)

    def scatter(g, y, axis, d):
        np.put_along_axis(g, np.expand_dims(y, axis), take(g, y, axis) + d, axis)
        return g

    return Library(np.__version__, written_out(np, take, scatter) | entry_functions.numpy())


def scipy():
    """SciPy's own three, and sigmoid."""
    special = import_module("scipy.special")
    functions = {name: (lambda z, y, axis, f=getattr(special, name): f(z, axis=axis))
                 for name in ("softmax", "log_softmax", "logsumexp")}
    return Library(import_module("scipy").__version__, functions | entry_functions.scipy())


def pytorch():
    """PyTorch's own functions, and StableMax written out; gradients by its automatic differentiation."""
    torch = import_module("torch")
    own = torch.nn.functional

    def classes_last(z, axis):
        return z if axis else z.T

    def stablemax(z, y, axis):
        s = torch.where(z >= 0, z + 1, 1 / (1 - torch.clamp(z, max=0)))
        return s / s.sum(axis, keepdim=True)

    def stable_loss(z, y, axis):
        return own.nll_loss(torch.log(classes_last(stablemax(z, y, axis), axis)), y)

    def with_grad(loss):
        def make(z, y, axis):
            z = z.detach().requires_grad_()

            def evaluate():
                value = loss(z, y, axis)
                return value.detach(), torch.autograd.grad(value, z)[0]
            return evaluate
        return Started(make)

    def loss(z, y, axis):
        return own.cross_entropy(classes_last(z, axis), y)

    functions = {
        "softmax": lambda z, y, axis: torch.softmax(z, axis),
        "log_softmax": lambda z, y, axis: torch.log_softmax(z, axis),
        "logsumexp": lambda z, y, axis: torch.logsumexp(z, axis),
        "stablemax": stablemax, "log_stablemax": lambda z, y, axis: torch.log(stablemax(z, y, axis)),
        "cross_entropy": loss, "cross_entropy_and_grad": with_grad(loss),
        "stablemax_cross_entropy_and_grad": with_grad(stable_loss),
    }
    functions |= entry_functions.pytorch() | extra_functions.pytorch(torch, with_grad)
    return Library(torch.__version__, functions, ready=torch.from_numpy, set_threads=torch.set_num_threads)


def jax():
    """JAX's own functions compiled by jit, and StableMax written out; gradients by value_and_grad.

    Its number of threads is fixed when it starts: `processes.py` sets the variables that XLA reads.
    """
    library = import_module("jax")
    library.config.update("jax_enable_x64", True)
    xp, own = library.numpy, library.nn

    def take(z, y, axis):
        return xp.take_along_axis(z, xp.expand_dims(y, axis), axis)

    made = written_out(xp, take, None)

    def loss(z, y, axis):
        return -take(own.log_softmax(z, axis=axis), y, axis).mean()

    def stable_loss(z, y, axis):
        return -take(made["log_stablemax"](z, y, axis), y, axis).mean()

    functions = {
        "softmax": lambda z, y, axis: own.softmax(z, axis=axis),
        "log_softmax": lambda z, y, axis: own.log_softmax(z, axis=axis),
        "logsumexp": lambda z, y, axis: own.logsumexp(z, axis=axis),
        "stablemax": made["stablemax"], "log_stablemax": made["log_stablemax"], "cross_entropy": loss,
        "cross_entropy_and_grad": library.value_and_grad(loss),
        "stablemax_cross_entropy_and_grad": library.value_and_grad(stable_loss),
    }
    functions |= entry_functions.jax()
    compiled = {name: library.jit(function, static_argnums=2) for name, function in functions.items()}
    return Library(library.__version__, compiled, ready=xp.asarray, done=library.block_until_ready)


def entmax():
    """The package of that name, in PyTorch."""
    torch, metadata = map(import_module, ("torch", "importlib.metadata"))
    return Library(metadata.version("entmax"), extra_functions.entmax(), ready=torch.from_numpy,
                   set_threads=torch.set_num_threads)


LIBRARIES = {"ours": ours, "NumPy": numpy, "SciPy": scipy, "PyTorch": pytorch, "JAX": jax, "entmax": entmax}
