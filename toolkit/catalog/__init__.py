"""The register of methods: gallery, API table and the tests of invariants, gradients and parity read it.

To add a method, write one function and one row:

1. In the module of its family, a row kernel and its gradient kernel, and the public functions around them::

       @kernel
       def halfmax_row(z, p, fmt): ...                      # fill p from the logits z
       @kernel
       def halfmax_vjp_row(p, g, out, fmt): ...             # fill out from p and the gradient g
       def halfmax(z, *, axis=-1, where=None, format=None): ...
       def halfmax_vjp(p, g, *, axis=-1, where=None): ...

2. In this package, in its family's module, the row::

       Method("halfmax", "softmax", "Halfmax", r"p_i = \\ldots", halfmax, halfmax_vjp, "probabilities",
              (Variant("halfmax", kernels.halfmax_row, "stable"),), kernels.halfmax_vjp_row, "author2026key",
              "chapter_stem", plot_range=(-4, 4), gradient_at="output", holds=frozenset({"shift", "order"}))

The tests then hold it to what `result` implies and `holds` declares, in every variant. Its reference has to
be in ``book/references.bib`` and its chapter in ``_toc.yml``.
"""
from toolkit.catalog import _activations, _losses, _softmax
from toolkit.catalog._activations import ELEMENTWISE, activation_kernel
from toolkit.catalog._method import FAMILIES, INVARIANTS, KERNEL_ARGUMENTS, ROLES, Method, Variant

__all__ = ["ELEMENTWISE", "FAMILIES", "INVARIANTS", "KERNEL_ARGUMENTS", "METHODS", "ROLES", "Method", "Variant",
           "activation_kernel", "api_table", "get_method", "methods"]

METHODS = _softmax.METHODS + _activations.METHODS + _losses.METHODS


def methods(family=None):
    """The methods of a family, or all, in the order of `METHODS`.

    Examples
    --------
    >>> [method.name for method in methods("loss")][:2]
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
