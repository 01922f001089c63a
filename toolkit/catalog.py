"""The register of methods: gallery, API table and the tests of invariants, gradients and parity read it.

To add a method, write one function and one row:

1. In the module of its family, a row kernel and its gradient kernel, and the public functions around them::

       @kernel
       def halfmax_row(z, p, fmt): ...                      # fill p from the logits z
       @kernel
       def halfmax_vjp_row(p, g, out, fmt): ...             # fill out from p and the gradient g
       def halfmax(z, *, axis=-1, where=None, format=None): ...
       def halfmax_vjp(p, g, *, axis=-1, where=None): ...

2. Here, the row::

       Method("halfmax", "softmax", "Halfmax", r"p_i = \\ldots", halfmax, halfmax_vjp, "probabilities",
              (Variant("halfmax", kernels.halfmax_row, "stable"),), kernels.halfmax_vjp_row, "author2026key",
              "chapter_stem", plot_range=(-4, 4), gradient_at="output", holds=frozenset({"shift", "order"}))

The tests then hold it to what `result` implies and `holds` declares, in every variant. Its reference has to
be in ``book/references.bib`` and its chapter in ``_toc.yml``.
"""
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from toolkit import losses, softmax
from toolkit._kernel import kernel, like
from toolkit.losses import kernels as loss_kernels
from toolkit.softmax import kernels as softmax_kernels

__all__ = ["FAMILIES", "INVARIANTS", "KERNEL_ARGUMENTS", "METHODS", "ROLES", "Method", "Variant", "api_table",
           "get_method", "methods"]

FAMILIES = {"softmax": "toolkit.softmax", "loss": "toolkit.losses", "activation": "toolkit.activations"}

ROLES = {"naive": "as the formula is written", "common": "as libraries compute it", "stable": "what to use"}

# What a row kernel takes: a row of logits, a label, a row to fill, a format code or None.
KERNEL_ARGUMENTS = {
    "probabilities": ("row", "out", "fmt"),
    "logs": ("row", "out", "fmt"),
    "number": ("row", "fmt"),                # returns the number
    "loss": ("row", "label", "out", "fmt"),  # returns the loss, fills out with its gradient
}

INVARIANTS = {
    "shift": "the same for z + c",
    "order": "a larger logit has a larger result",
    "zero_sum": "the gradient of a row sums to 0",
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
        Public: ``function(z)`` and ``gradient(at, g)``; of a loss, both take ``(z, labels)``.
    result : str
        A key of `KERNEL_ARGUMENTS`: what the function returns, and what its kernels take.
    variants : tuple of Variant
        From the most naive to the most stable one.
    row_gradient : kernel or None
        ``(at, g, out, fmt)``; g is a scalar for a number. None for losses, whose kernels fill it.
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
        """The variant that the function uses when not told."""
        if self.selector is None:
            return self.variants[-1]
        chosen = inspect.signature(self.function).parameters[self.selector].default
        return next(v for v in self.variants if v.name == chosen)

    def role(self, role):
        """The variants with this role."""
        return tuple(v for v in self.variants if v.role == role)


def _forms(prefix, module):
    """The three forms of a logarithm or loss."""
    roles = {"naive": "naive", "common": "common", "complement": "stable"}
    return tuple(Variant(form, getattr(module, f"{prefix}_{form}"), role) for form, role in roles.items())


@kernel
def softmax_at_2(z, p, fmt):
    softmax_kernels.softmax_tempered(z, like(2.0, z[0]), p, fmt)


@kernel
def softmax_at_2_vjp_row(p, g, out, fmt):
    softmax_kernels.softmax_tempered_vjp_row(p, g, like(2.0, g[0]), out, fmt)


_ALGORITHMS = (
    Variant("naive", softmax_kernels.softmax_naive, "naive"),
    Variant("three_pass_recompute", softmax_kernels.softmax_three_pass_recompute, "stable"),
    Variant("three_pass_reload", softmax_kernels.softmax_three_pass_reload, "stable"),
    Variant("two_pass", softmax_kernels.softmax_two_pass, "stable"),
    Variant("online", softmax_kernels.softmax_online, "stable"),
)

METHODS = (
    Method(
        "softmax", "softmax", "Softmax", r"p_i = \frac{e^{z_i}}{\sum_j e^{z_j}}",
        softmax.softmax, softmax.softmax_vjp, "probabilities", _ALGORITHMS, softmax_kernels.softmax_vjp_row,
        "dukhan2020twopass", "softmax_five_ways", (-20, 20), selector="algorithm", gradient_at="output",
        holds=frozenset({"shift", "order", "zero_sum"})),
    Method(
        "softmax_temperature", "softmax", "Softmax with temperature",
        r"p_i = \frac{e^{z_i / \tau}}{\sum_j e^{z_j / \tau}},\ \tau = 2",
        softmax.softmax, softmax.softmax_vjp, "probabilities",
        (Variant("three_pass_reload", softmax_at_2, "stable"),), softmax_at_2_vjp_row,
        "hinton2015distilling", "softmax_five_ways", (-16, 16), gradient_at="output",
        parameters=(("temperature", 2.0),), holds=frozenset({"shift", "order", "zero_sum"})),
    Method(
        "log_softmax", "softmax", "Log-softmax", r"\log p_i = z_i - \log \sum_j e^{z_j}",
        softmax.log_softmax, softmax.log_softmax_vjp, "logs", _forms("log_softmax", softmax_kernels),
        softmax_kernels.log_softmax_vjp_row, "blanchard2021accurately", "vanishing_loss", (-30, 30),
        selector="form", gradient_at="output", holds=frozenset({"shift", "order", "zero_sum"})),
    Method(
        "logsumexp", "softmax", "Log-sum-exp", r"\operatorname{lse} z = \log \sum_j e^{z_j}",
        softmax.logsumexp, softmax.logsumexp_vjp, "number",
        (Variant("complement", softmax_kernels.logsumexp_row, "stable"),), softmax_kernels.logsumexp_vjp_row,
        "blanchard2021accurately", "vanishing_loss", (-30, 30)),
    Method(
        "stablemax", "softmax", "StableMax",
        r"p_i = \frac{s(z_i)}{\sum_j s(z_j)},\ s(x) = (1 + \lvert x \rvert)^{\operatorname{sign} x}",
        softmax.stablemax, softmax.stablemax_vjp, "probabilities",
        (Variant("naive", softmax_kernels.stablemax_naive, "naive"),
         Variant("scaled", softmax_kernels.stablemax_row, "stable")),
        softmax_kernels.stablemax_vjp_row, "prieto2025grokking", "vanishing_loss", (-100, 100),
        selector="algorithm", holds=frozenset({"order"})),
    Method(
        "log_stablemax", "softmax", "Log-StableMax", r"\log p_i = \log s(z_i) - \log \sum_j s(z_j)",
        softmax.log_stablemax, softmax.log_stablemax_vjp, "logs",
        (Variant("naive", softmax_kernels.log_stablemax_naive, "naive"),
         Variant("common", softmax_kernels.log_stablemax_common, "common"),
         Variant("complement", softmax_kernels.log_stablemax_row, "stable")),
        softmax_kernels.log_stablemax_vjp_row, "prieto2025grokking", "vanishing_loss", (-100, 100),
        selector="form", holds=frozenset({"order"})),
    Method(
        "cross_entropy", "loss", "Cross-entropy",
        r"\ell = -\log p_y = \log \Bigl(1 + \sum_{k \ne y} e^{z_k - z_y}\Bigr)",
        losses.cross_entropy, losses.cross_entropy_grad, "loss", _forms("cross_entropy", loss_kernels), None,
        "prieto2025grokking", "vanishing_loss", (-30, 30), selector="form",
        holds=frozenset({"shift", "zero_sum"})),
    Method(
        "stablemax_cross_entropy", "loss", "StableMax cross-entropy",
        r"\ell = \log \Bigl(1 + \sum_{k \ne y} \frac{s(z_k)}{s(z_y)}\Bigr)",
        losses.stablemax_cross_entropy, losses.stablemax_cross_entropy_grad, "loss",
        _forms("stablemax_cross_entropy", loss_kernels), None, "prieto2025grokking", "vanishing_loss",
        (-100, 100), selector="form"),
)


def methods(family=None):
    """The methods of a family, or all, in the order of `METHODS`.

    Examples
    --------
    >>> [method.name for method in methods("loss")]
    ['cross_entropy', 'stablemax_cross_entropy']
    """
    if family is not None and family not in FAMILIES:
        raise ValueError(f"family is {family!r}; allowed: None, {', '.join(map(repr, FAMILIES))}")
    return tuple(method for method in METHODS if family in (None, method.family))


def get_method(name):
    """The method of this name.

    Examples
    --------
    >>> get_method("softmax").path
    'toolkit.softmax.softmax'
    """
    for method in METHODS:
        if method.name == name:
            return method
    raise ValueError(f"name is {name!r}; allowed: {', '.join(repr(method.name) for method in METHODS)}")


class _Markdown(str):
    def _repr_markdown_(self):
        return str(self)


def api_table(family=None):
    """The methods of a family, or all, as a Markdown table for a page in ``book/`` and for JupyterLab.

    Returns
    -------
    str
        One line per method: name, linked to its documentation; what it does; formula; reference; chapter.
    """
    lines = ["| Method | What it computes | Formula | Reference | Chapter |", "|---|---|---|---|---|"]
    for m in methods(family):
        cells = (f"[`{m.name}`](#{m.path})", m.summary.replace("|", r"\|"), f"${m.formula}$",
                 f"{{cite:t}}`{m.reference}`",
                 f"[{m.chapter.replace('_', ' ')}](../notebooks/{m.chapter}.ipynb)")
        lines.append("| " + " | ".join(cells) + " |")
    return _Markdown("\n".join(lines))
