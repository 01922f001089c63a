"""Kernels from one source for many callees: a copy of a template per callee, which Numba's disk cache keeps.

A kernel that gets another one as an argument, or holds it in a closure, is compiled anew in each process. A copy whose
callees are global names is not, as long as it has a name of its own and counts as code of a file that imports all it
calls, so that it is compiled anew when they change.
"""
from types import FunctionType

from toolkit._core.kernel import kernel

__all__ = ["copy_of", "one_of"]


def copy_of(template, beside, name, **names):
    """`template` as a function `name` of the file of the kernel `beside`, in which `names` are global names."""
    home = getattr(beside, "py_func", beside)
    code = template.__code__.replace(co_filename=home.__code__.co_filename, co_name=name, co_qualname=name)
    function = FunctionType(code, template.__globals__ | names, name)
    function.__module__ = home.__module__
    return function


def _leaf(kind, x, fmt):
    return only(x, fmt)


def _branch(kind, x, fmt):
    return low(kind, x, fmt) if kind < middle else high(kind, x, fmt)


def one_of(kernels, beside, name):
    """A kernel ``(kind, x, fmt)`` that calls ``kernels[kind](x, fmt)``; a tree of few steps, as in a switch.

    The file of `beside` has to import all of them.
    """
    def tree(first, last):
        label = f"{name}_{first}_{last}"
        middle = (first + last) // 2
        if middle == first:
            node = copy_of(_leaf, beside, label, only=kernels[first])
        else:
            node = copy_of(_branch, beside, label, low=tree(first, middle), high=tree(middle, last), middle=middle)
        return kernel(node)

    return tree(0, len(kernels))
