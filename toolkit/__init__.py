"""Softmax, activations and losses in finite precision: accurate Numba kernels and live figures.

Submodules are imported on first use, so that ``import toolkit`` costs nothing:

>>> import toolkit
>>> toolkit.formats.FLOAT16.max
65504.0

Gradients have one face: `vjp`, `grad` and `value_and_grad` of any differentiable function of the register.

>>> toolkit.grad(toolkit.losses.cross_entropy)([[0.0, 0.0]], [0])
array([[-0.5,  0.5]])

The first call of a function compiles it, and keeps the machine code on disk for all later ones. What takes longer than
two seconds says so on stderr; ``TOOLKIT_QUIET=1`` in the environment turns that off.
"""
from importlib import import_module

__version__ = "0.1.0"

_GRADIENTS = ("grad", "value_and_grad", "vjp")

__all__ = ["activations", "attention", "catalog", "collapse", "course", "decoding", "elementary", "formats",
           "gradients", "grokking", "information", "kernels", "large_arrays", "live", "losses", "networks",
           "optimizers", "preferences", "representations", "sampling", "soft_operators", "softmax", "training",
           "transport", "uncertainty", "unnormalized", *_GRADIENTS]


def __getattr__(name):
    if name in _GRADIENTS:
        return getattr(import_module(f"{__name__}.gradients"), name)
    if name in __all__:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})
