"""Softmax, activations and losses in finite precision: accurate Numba kernels and live figures.

Submodules are imported on first use, so that ``import toolkit`` costs nothing:

>>> import toolkit
>>> toolkit.formats.FLOAT16.max
65504.0
"""
from importlib import import_module

__version__ = "0.1.0"

__all__ = ["activations", "catalog", "collapse", "course", "elementary", "formats", "grokking", "kernels", "large_arrays",
           "live", "losses", "networks", "optimizers", "sampling", "softmax", "training", "transport", "uncertainty"]


def __getattr__(name):
    if name in __all__:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *__all__])
