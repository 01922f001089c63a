"""What a row of the catalog says about a method; its kind, a subclass, answers everything else."""
import inspect
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from importlib import import_module
from typing import NamedTuple

import numpy as np

from toolkit._core.arguments import shown

__all__ = ["INVARIANTS", "ROLES", "Gradient", "Method", "Variant", "forms"]

ROLES = {"naive": "as the formula is written", "common": "as libraries compute it", "stable": "what to use"}

INVARIANTS = {
    "shift": "the same for z + c",
    "order": "a larger logit has a larger result",
    "weak_order": "a larger logit has no smaller result; classes far below the top are exactly 0",
    "zero_sum": "the gradient of a row sums to 0",
    "nonnegative": "no loss is below 0",
    "certain": "with one class the loss is 0",
    "margin": "from some lead of the label on the loss is exactly 0",
    "odd": "f(-x) = -f(x)",
    "monotone": "a larger x never has a smaller f(x)",
    "linear_gap": "f(x) - f(-x) = x",
    "isometry": "a row keeps its Euclidean length",
}


class Variant(NamedTuple):
    """An algorithm or form of a method: its name, its kernel, and its role, a key of `ROLES`."""

    name: str
    kernel: Callable
    role: str


def forms(**kernels):
    """Variants by name, from the most naive to the most stable one; a name that is no role is a stable one."""
    return tuple(Variant(name, kernel, name if name in ROLES else "stable") for name, kernel in kernels.items())


class Gradient(NamedTuple):
    """How a gradient with respect to a method's result becomes one with respect to its argument.

    Attributes
    ----------
    pull : callable
        ``pull(at, g, *, options)``, which `toolkit.vjp` calls with the options that it shares with the function.
    kernel : kernel or None
        ``(at, g, *numbers, out)`` of a row; None where `pull` says everything.
    at : {"input", "result"}
        Whether it takes the argument or the result.
    others : dict of str to callable
        Further arguments that have a gradient, each with its `pull`.
    """

    pull: Callable
    kernel: Callable | None = None
    at: str = "input"
    others: tuple = ()

    @classmethod
    def by_name(cls, gradients_of, *others):
        """Of the first argument and of `others`, which ``gradients_of(first, g, **given)`` all gives by name."""
        def pull_of(name):
            def pull(at, g, **given):
                return gradients_of(at, g, **given)[name]

            pull.__signature__ = inspect.signature(gradients_of)
            return pull

        first, *_ = inspect.signature(gradients_of).parameters
        return cls(pull_of(first), others=tuple((name, pull_of(name)) for name in others))


@dataclass(frozen=True)
class Method:
    """One row of the register; see its kinds, which say how the function is called.

    Attributes
    ----------
    name : str
        Unique; by default the name of the function.
    title : str
    formula : str
        LaTeX without dollars, free of the bar that separates the cells of a table.
    function : callable
        Public.
    reference : str
        Key in ``book/references.bib``.
    chapter : str
        Stem of the notebook that teaches it.
    family : str
        A key of `toolkit.catalog.FAMILIES`.
    variants : tuple of Variant
        From the most naive to the most stable one; see `forms`.
    gradient : Gradient or None
    plot_range : (low, high)
        Between which a figure shows it.
    domain : (low, high)
        Where it is defined.
    parameters : tuple of (name, value)
        Keywords of the function with which this row calls it.
    numbers : tuple or None
        These parameters as kernels take them; by default the values of `parameters`.
    holds : frozenset of str
        Keys of `INVARIANTS` that hold besides what the kind implies.
    lipschitz : float or None
        The largest size of the derivative, inf if there is none; None if nobody asks.
    """

    name: str
    title: str
    formula: str
    function: Callable
    reference: str
    chapter: str
    _: KW_ONLY
    family: str
    variants: tuple[Variant, ...] = ()
    gradient: Gradient | None = None
    plot_range: tuple[float, float] = (-4.0, 4.0)
    domain: tuple[float, float] = (-np.inf, np.inf)
    parameters: tuple[tuple[str, object], ...] = ()
    numbers: tuple | None = None
    holds: frozenset[str] = frozenset()
    lipschitz: float | None = None

    promises = frozenset()  # the keys of INVARIANTS that rows of this kind may declare

    def __post_init__(self):
        if self.numbers is None:
            object.__setattr__(self, "numbers", tuple(value for _, value in self.parameters))

    def __call__(self, *arguments, variant=None, **options):
        """The public function, with the parameters of this row and in the named variant."""
        if variant is not None and self.selector is not None:
            options[self.selector] = variant
        return self.function(*arguments, **dict(self.parameters) | options)

    @property
    def kind(self):
        """The name of its kind."""
        return type(self).__name__

    @property
    def path(self):
        """Dotted path of the public function: the shortest that has it."""
        parts = self.function.__module__.split(".")
        for length in range(2, len(parts) + 1):
            module = ".".join(parts[:length])
            if getattr(import_module(module), self.function.__name__, None) is self.function:
                return f"{module}.{self.function.__name__}"
        raise ValueError(f"{self.name!r} has a function that {parts} does not have under its name")

    @property
    def summary(self):
        """First line of the function's docstring."""
        return inspect.getdoc(self.function).partition("\n")[0]

    @property
    def selector(self):
        """Keyword of the function that chooses the variant, or None."""
        keywords = inspect.signature(self.function).parameters
        return next((name for name in ("form", "algorithm") if name in keywords), None)

    @property
    def default(self):
        """The variant that the function uses when not told; the last one if that depends."""
        if self.selector is None:
            return self.variants[-1]
        chosen = inspect.signature(self.function).parameters[self.selector].default
        return next((v for v in self.variants if v.name == chosen), self.variants[-1])

    def takes(self, option):
        """Whether the function has this keyword."""
        return option in inspect.signature(self.function).parameters

    def role(self, role):
        """The variants with this role."""
        return tuple(v for v in self.variants if v.role == role)

    # What a kind answers.

    def example(self, rows=1, classes=3, dtype=np.float64, seed=0):
        """Arguments for the public function; of a kind without rows, of about that size."""
        raise NotImplementedError

    def exports(self):
        """Name -> `toolkit.catalog.Export` of each kernel, its gradient's too."""
        return {}

    def largest_errors(self, formats):
        """Format -> largest error in it over the range of the figure, in ulp; {} where no format is emulated."""
        return {}

    def figure(self):
        """Its figure in the gallery."""
        raise NotImplementedError

    def vjp(self, arguments, options, of=None):
        """``(value, pull)``, as `toolkit.vjp` gives it."""
        if self.gradient is None:
            raise TypeError(f"function is {self.function.__name__}, which has no gradient")
        signature = inspect.signature(self.function)
        arguments, options = self._with_mask(arguments, options)
        value = self.function(*arguments, **options)
        first, *given = signature.bind(*arguments, **options).arguments.items()
        pull = self.gradient.pull if of in (None, first[0]) else dict(self.gradient.others).get(of)
        if pull is None:
            allowed = ", ".join(map(repr, (first[0], *dict(self.gradient.others))))
            raise ValueError(f"of is {shown(of)}; allowed for {self.function.__name__}: {allowed}")
        kept = value if self.gradient.at == "result" else first[1]
        shared = {name: given for name, given in given if name in inspect.signature(pull).parameters}
        return value, lambda g: pull(kept, g, **shared)

    def _with_mask(self, arguments, options):
        """A masked array's mask as `where`, for gradients that see the result alone."""
        if not (arguments and isinstance(arguments[0], np.ma.MaskedArray) and self.takes("where")):
            return arguments, options
        keep, where = ~np.ma.getmaskarray(arguments[0]), options.get("where")
        return (arguments[0].data, *arguments[1:]), {**options, "where": keep if where is None else keep & where}

    def warm(self, dtype):
        """Compile what the public function runs on this dtype, and its gradient."""
        arguments = self.example(dtype=dtype)
        for variant in self.variants or (None,):
            self(*arguments, variant=variant and variant.name)
        if self.gradient is not None:
            value, pull = self.vjp(arguments, dict(self.parameters))
            pull(np.ones_like(value))
