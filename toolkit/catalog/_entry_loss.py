"""Losses of each entry by itself: a prediction beside its target."""
from dataclasses import dataclass

import numpy as np

from toolkit._core.kernel import kernel
from toolkit._core.numbers import as_numbers
from toolkit.catalog._elementwise import Elementwise
from toolkit.catalog._method import Variant

__all__ = ["EntryLoss"]


def at_target(of, targets, numbers, place):
    """The kernel ``f(x)`` of a kernel ``(x, targets, *numbers) -> (loss, slope)`` at one target: its loss or slope."""
    def at(x):
        return of(*((x, as_numbers(targets, x)) + numbers))[place]

    return kernel(at)


@dataclass(frozen=True, kw_only=True)
class EntryLoss(Elementwise):
    """A loss, ``function(x, targets) -> ()``, by kernels ``(x, targets, *numbers) -> (loss, slope)``.

    `variants`, `slope` and `naive_slope` are such kernels; `parameters` say at which target the row shows it. The
    function has an attribute `value_and_gradient` with the same arguments, which gives both from one pass.

    Attributes
    ----------
    targets : tuple of float
        What the kernels see beside x at this target.
    """

    targets: tuple = ()

    @classmethod
    def of_forms(cls, *arguments, targets, numbers=(), forms, **options):
        """A row from ``form -> kernel``."""
        made = {name: [at_target(of, targets, numbers, place) for place in (0, 1)] for name, of in forms.items()}
        variants = tuple(Variant(name, value, name) for name, (value, _) in made.items())
        return cls(*arguments, targets=targets, numbers=numbers, variants=variants, slope=made["stable"][1],
                   naive_slope=made["naive"][1] if "naive" in made else None, **options)

    def slope_at(self, x, **options):
        return self.function.value_and_gradient(x, **dict(self.parameters) | options)[1]

    def vjp(self, arguments, options, of=None):
        if of is not None:
            raise ValueError(f"of is {of!r}; allowed for {self.function.__name__}: None")
        value, gradient = self.function.value_and_gradient(*arguments, **options)
        return value, lambda g: gradient * np.asarray(g, gradient.dtype)
