"""What a row of the catalog says about a method."""
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

__all__ = ["FAMILIES", "INVARIANTS", "KERNEL_ARGUMENTS", "ROLES", "Method", "Variant", "forms"]

FAMILIES = {"softmax": "toolkit.softmax", "loss": "toolkit.losses", "activation": "toolkit.activations"}

ROLES = {"naive": "as the formula is written", "common": "as libraries compute it", "stable": "what to use"}

# What a kernel takes: a row of logits or one number, a label, a row to fill, a format code or None.
KERNEL_ARGUMENTS = {
    "probabilities": ("row", "out", "fmt"),
    "weights": ("row", "out", "fmt"),        # from 0 to 1, with a sum of at most 1
    "logs": ("row", "out", "fmt"),
    "number": ("row", "fmt"),                # returns the number
    "loss": ("row", "label", "out", "fmt"),  # returns the loss, fills out with its gradient
    "map": ("row", "out", "fmt"),
    "activation": ("entry", "fmt"),          # returns the number that one entry becomes
}

INVARIANTS = {
    "shift": "the same for z + c",
    "order": "a larger logit has a larger result",
    "weak_order": "a larger logit has no smaller result; classes far below the top are exactly 0",
    "zero_sum": "the gradient of a row sums to 0",
    "nonnegative": "no loss is below 0",
    "certain": "with one class the loss is 0",
    "odd": "f(-x) = -f(x)",
    "monotone": "a larger x never has a smaller f(x)",
    "linear_gap": "f(x) - f(-x) = x",
    "isometry": "a row keeps its Euclidean length",
}


class Variant(NamedTuple):
    """An algorithm or form of a method: its name, its row kernel, and its role, a key of `ROLES`."""

    name: str
    kernel: Callable
    role: str


@dataclass(frozen=True)
class Method:
    """One row of the register.

    Attributes
    ----------
    name : str
        Unique; by default the name of the function.
    family : str
        A key of `FAMILIES`, whose value is the module with the public functions.
    title : str
    formula : str
        LaTeX without dollars, free of the bar that separates the cells of a table.
    function, gradient : callable
        Public: ``function(z)`` and ``gradient(at, g)``; of a loss, both take ``(z, labels)``; of an activation, both
        take ``(x)``.
    result : str
        A key of `KERNEL_ARGUMENTS`: what the function returns, and what its kernels take.
    variants : tuple of Variant
        From the most naive to the most stable one.
    row_gradient : kernel or None
        ``(at, g, out, fmt)``; g is a scalar for a number. None for losses, whose kernels fill it. Of an activation the
        scalar kernel ``(x, fmt)`` of its derivative.
    reference : str
        Key in ``book/references.bib``.
    chapter : str
        Stem of the notebook that teaches it.
    plot_range : (low, high)
        Logits between which a figure shows it.
    selector : str or None
        Keyword of the function that chooses the variant.
    gradient_at : {"input", "output"}
        Whether the gradient takes the logits or the result.
    parameters : tuple of (name, value)
        Scalar keywords of function and gradient, and the values that are bound in the kernels of this row.
    domain : (low, high)
        Logits for which it is defined.
    holds : frozenset of str
        Keys of `INVARIANTS` that hold besides what `result` implies.
    lipschitz : float or None
        Of an activation: the largest size of the derivative, inf if there is none.
    naive_gradient : kernel or None
        As `row_gradient`: the derivative as it is often written, where that fails.
    """

    name: str
    family: str
    title: str
    formula: str
    function: Callable
    gradient: Callable
    result: str
    variants: tuple[Variant, ...]
    row_gradient: Callable | None
    reference: str
    chapter: str
    plot_range: tuple[float, float]
    selector: str | None = None
    gradient_at: str = "input"
    parameters: tuple[tuple[str, float], ...] = ()
    domain: tuple[float, float] = (-np.inf, np.inf)
    holds: frozenset[str] = frozenset()
    lipschitz: float | None = None
    naive_gradient: Callable | None = None

    def __call__(self, *arguments, variant=None, **options):
        """The public function, with the parameters of this row and in the named variant."""
        if variant is not None and self.selector is not None:
            options[self.selector] = variant
        return self.function(*arguments, **dict(self.parameters), **options)

    @property
    def path(self):
        """Dotted path of the public function."""
        return f"{FAMILIES[self.family]}.{self.function.__name__}"

    @property
    def summary(self):
        """First line of the function's docstring."""
        return inspect.getdoc(self.function).partition("\n")[0]

    @property
    def default(self):
        """The variant that the function uses when not told; the last one if that depends."""
        if self.selector is None:
            return self.variants[-1]
        chosen = inspect.signature(self.function).parameters[self.selector].default
        return next((v for v in self.variants if v.name == chosen), self.variants[-1])

    def role(self, role):
        """The variants with this role."""
        return tuple(v for v in self.variants if v.role == role)


def forms(prefix, module):
    """The three forms of a logarithm or loss."""
    roles = {"naive": "naive", "common": "common", "complement": "stable"}
    return tuple(Variant(form, getattr(module, f"{prefix}_{form}"), role) for form, role in roles.items())
