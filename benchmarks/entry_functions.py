"""The elementwise activations and their slopes as each library has them, and a plain copy: as `implementations.py`.

A slope is the derivative at each entry. PyTorch's is its backward pass alone, through an output that is there.
"""
import time
from importlib import import_module

import numpy as np

from benchmarks.inputs import ACTIVATIONS, Started

__all__ = ["jax", "numpy", "ours", "pytorch", "scipy"]


def of_entries(functions):
    """Functions of an array as those of logits, labels and an axis."""
    return {name: (lambda z, y, axis, f=f: f(z)) for name, f in functions.items()}


def ours():
    activations = import_module("toolkit.activations")
    slope = import_module("toolkit.activations._elementwise").slope
    functions = {name: getattr(activations, name) for name in ACTIVATIONS}
    return of_entries(functions | {f"{name} slope": (lambda x, f=f: slope(f, x)) for name, f in functions.items()})


def numpy():
    """Those it has a function for, and the copy into memory that is there."""
    def copied(z, y, axis):
        out = np.zeros_like(z)
        return lambda: np.copyto(out, z) or out

    functions = {"relu": lambda x: np.maximum(x, 0), "tanh": np.tanh,
                 "softplus": lambda x: np.logaddexp(x, x.dtype.type(0))}
    return of_entries(functions) | {"copy": Started(copied)}


def scipy():
    return of_entries({"sigmoid": import_module("scipy.special").expit})


def quickest(calls):
    """The call that takes least time."""
    def seconds(call):
        call()
        begun = time.perf_counter()
        for _ in range(3):
            call()
        return time.perf_counter() - begun

    return min(calls, key=seconds)


def pytorch():
    torch = import_module("torch")
    own = torch.nn.functional
    functions = {name: getattr(torch if name in ("sigmoid", "tanh") else own, name) for name in ACTIVATIONS}

    def backward(function):
        def make(z, y, axis):
            """Through the sum, or from ones that are there: which is faster differs."""
            z = z.detach().requires_grad_()
            out = function(z)
            total, ones = out.sum(), torch.ones_like(out)
            return quickest([lambda: torch.autograd.grad(total, z, retain_graph=True)[0],
                             lambda: torch.autograd.grad(out, z, ones, retain_graph=True)[0]])
        return Started(make)

    def copied(z, y, axis):
        out = torch.zeros_like(z)
        return lambda: out.copy_(z)

    slopes = {f"{name} slope": backward(function) for name, function in functions.items()}
    return of_entries(functions) | slopes | {"copy": Started(copied)}


def jax():
    """Before `jit`."""
    library = import_module("jax")

    def exact_gelu(x):
        return library.nn.gelu(x, approximate=False)

    functions = {name: getattr(library.nn, name) for name in ACTIVATIONS} | {"gelu": exact_gelu}
    slopes = {f"{name} slope": library.grad(lambda x, f=f: f(x).sum()) for name, f in functions.items()}
    return of_entries(functions | slopes)
