"""Kernels from one source for many callees: a copy of a template per callee, which Numba's disk cache keeps.

A kernel that gets another one as an argument, or holds it in a closure, is compiled anew in each process. A copy whose
callees are global names is not, as long as it has a name of its own and counts as code of a file that imports all it
calls, so that it is compiled anew when they change.
"""
from types import FunctionType

__all__ = ["copy_of"]


def copy_of(template, beside, name, **names):
    """`template` as a function `name` of the file of the kernel `beside`, in which `names` are global names."""
    home = getattr(beside, "py_func", beside)
    code = template.__code__.replace(co_filename=home.__code__.co_filename, co_name=name, co_qualname=name)
    function = FunctionType(code, template.__globals__ | names, name)
    function.__module__ = home.__module__
    return function
