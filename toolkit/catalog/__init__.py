"""The register of methods: gallery, API table, gradients and the tests of invariants and parity read it.

A row says what a method is. Its *kind*, the class of the row, answers everything else: an example input, how its
function and its kernels are called and exported to WebAssembly, its gradient, its figure in the gallery.

==============  ==============================================  ==========================================
kind            kernels                                         figure
==============  ==============================================  ==========================================
`Elementwise`   ``f(x)``                                        value and derivative in a format
`Surrogate`     ``f(x)``                                        the same, with another function's derivative
`RowMap`        ``row(z, *numbers, out)``                       first entry in a format, against float64
`Scalar`        ``row(z, *numbers) -> number``                  the number in a format, against float64
`Loss`          ``row(z, y, *numbers, grad) -> loss``           the loss in a format, against float64
`EntryLoss`     ``f(x, targets, *numbers) -> (loss, slope)``    loss and derivative in a format
`Matrix`        ``fill(knob, *numbers, work, cells)``           heat map
`Iteration`     ``init(state)``, ``step(knob, state)``          simulation
`Set`           ``row(scores, *numbers, chosen)``               bars
`BoxSet`        ``of(boxes, scores, *numbers, left, rank)``     boxes
`Fit`           ``fit(knob, x, *numbers, work, y)``             curve or bars, and what was found
`Bound`         ``bound(x, *numbers) -> number``                line and rule
==============  ==============================================  ==========================================

To add a method, write its module and one row. Here a module ``toolkit/softmax/_halfmax.py``::

    from toolkit._core.arrays import map_rows
    from toolkit._core.kernel import kernel
    from toolkit.softmax._algorithms import softmax_three_pass_reload

    __all__ = ["halfmax"]
    KERNELS = ["halfmax_row", "halfmax_vjp_row"]           # for figures and other rooms, in toolkit.softmax.kernels

    @kernel
    def halfmax_row(z, out):                               # fill out from a row of logits: the formula
        softmax_three_pass_reload(z, out)
        for i in range(z.size):
            out[i] = out[i] / 2

    @kernel
    def halfmax_vjp_row(p, g, out):                        # fill out from the result p and the gradient g above
        dot = 0.0
        for i in range(p.size):
            dot += p[i] * g[i]
        for i in range(p.size):
            out[i] = p[i] * (g[i] - 2 * dot)

    def halfmax(z, *, axis=-1, where=None, format=None):
        \"""Half of the softmax.\"""
        return map_rows(halfmax_row, {"z": z}, axis=axis, where=where, format=format)

    def halfmax_pull(at, g, *, axis=-1, where=None):       # at is the result
        return map_rows(halfmax_vjp_row, {"at": at, "g": g}, axis=axis, where=where, fills=(0.0, 0.0))

and its row, in the family's module of this package::

    RowMap("halfmax", "Halfmax", r"p_i = \\tfrac12 e^{z_i} / \\sum_j e^{z_j}", softmax.halfmax, "author2026key",
           "chapter_stem", family="softmax", variants=forms(stable=kernels.halfmax_row), result=WEIGHTS,
           gradient=Gradient(halfmax_pull, kernels.halfmax_vjp_row, at="result"),
           plot_range=(-4, 4), holds=frozenset({"shift", "order", "zero_sum"}))

The tests then hold it to what its kind implies and the row declares, in every variant. Its reference has to be in
``book/references.bib`` and its chapter in ``_toc.yml``; its docstring, here cut short, promises an accuracy, which the
tests measure by a line of ``tests/row_map_oracle.py``; ``tests/test_measured.py`` knows which test measures which kind.
"""
from toolkit._core.arguments import check_choice, shown
from toolkit._core.public import publish
from toolkit.catalog import (
    _activations,
    _attention,
    _bound,
    _box_set,
    _codes,
    _collapse,
    _conformal,
    _correctness,
    _decoding,
    _dependencies,
    _early_exits,
    _early_stopping,
    _elementwise,
    _entry_loss,
    _entry_losses,
    _estimators,
    _evolved,
    _experts,
    _export,
    _fit,
    _hebbian,
    _infinite_width,
    _information,
    _iteration,
    _knowing,
    _loss,
    _losses,
    _matrix,
    _method,
    _network_bounds,
    _neural_collapse,
    _optimizers,
    _ordinal,
    _preferences,
    _proper,
    _representations,
    _row_map,
    _sampling,
    _scalar,
    _set,
    _soft_choices,
    _softmax,
    _targets,
    _teachers,
    _thresholds,
    _transport,
    _uncertainty,
    _unnormalized,
    _walking,
)
from toolkit.catalog._bound import *
from toolkit.catalog._box_set import *
from toolkit.catalog._elementwise import *
from toolkit.catalog._entry_loss import *
from toolkit.catalog._export import *
from toolkit.catalog._fit import *
from toolkit.catalog._iteration import *
from toolkit.catalog._loss import *
from toolkit.catalog._matrix import *
from toolkit.catalog._method import *
from toolkit.catalog._row_map import *
from toolkit.catalog._scalar import *
from toolkit.catalog._set import *

ELEMENTWISE, activation_kernel = _activations.ELEMENTWISE, _activations.activation_kernel

__all__ = ["ELEMENTWISE", "FAMILIES", "METHODS", "activation_kernel", "api_table", "get_method", "method_of", "methods",
           *_bound.__all__, *_box_set.__all__, *_elementwise.__all__, *_entry_loss.__all__, *_export.__all__,
           *_fit.__all__, *_iteration.__all__, *_loss.__all__, *_matrix.__all__, *_method.__all__, *_row_map.__all__,
           *_scalar.__all__, *_set.__all__]

FAMILIES = {"softmax": "Softmax maps", "sampling": "Sampling", "transport": "Transport", "attention": "Attention",
            "decoding": "Decoding", "soft_operator": "Soft operators", "activation": "Activations", "loss": "Losses",
            "preference": "Preferences", "target": "Targets", "representation": "Representations",
            "information": "Information", "uncertainty": "Uncertainty", "collapse": "Softmax Collapse",
            "optimizer": "Optimizers", "network": "Networks"}

METHODS = (_softmax.METHODS + _experts.METHODS + _sampling.METHODS + _transport.METHODS + _attention.METHODS
           + _decoding.METHODS + _soft_choices.METHODS + _walking.METHODS + _activations.METHODS + _losses.METHODS
           + _proper.RULES + _entry_losses.METHODS + _targets.METHODS + _information.METHODS + _estimators.METHODS
           + _codes.METHODS + _uncertainty.METHODS + _proper.METHODS + _conformal.METHODS + _collapse.METHODS
           + _optimizers.METHODS + _ordinal.METHODS + _early_stopping.METHODS + _evolved.METHODS + _thresholds.METHODS
           + _hebbian.METHODS + _infinite_width.METHODS + _network_bounds.METHODS + _representations.METHODS
           + _dependencies.METHODS + _neural_collapse.METHODS + _unnormalized.METHODS + _knowing.METHODS
           + _early_exits.METHODS + _correctness.RULES + _correctness.METHODS + _teachers.METHODS
           + _preferences.METHODS)


def methods(family=None, kind=Method):
    """The methods of a family, or all, in the order of `METHODS`; `kind` is a class, as `RowMap`.

    Examples
    --------
    >>> [method.name for method in methods("loss")][:2]
    ['cross_entropy', 'stablemax_cross_entropy']
    """
    check_choice("family", family, (None, *FAMILIES))
    if not isinstance(kind, type):
        raise TypeError(f"kind is {shown(kind)}; allowed: a class of this module, as RowMap")
    return tuple(method for method in METHODS if family in (None, method.family) and isinstance(method, kind))


def get_method(name):
    """The method of this name.

    Examples
    --------
    >>> get_method("softmax").path
    'toolkit.softmax.softmax'
    """
    for method in METHODS:
        if isinstance(name, str) and method.name == name:
            return method
    raise ValueError(f"name is {shown(name)}; allowed: {', '.join(repr(method.name) for method in METHODS)}")


def method_of(function):
    """The first method with this public function.

    Examples
    --------
    >>> from toolkit.softmax import softmax
    >>> method_of(softmax).name
    'softmax'
    """
    for method in METHODS:
        if method.function is function:
            return method
    named = getattr(function, "__name__", function)
    raise TypeError(f"function is {shown(named)}; allowed: a method of toolkit.catalog")


class _Markdown(str):
    def _repr_markdown_(self):
        return str(self)


def api_table(family=None):
    """The methods of a family, or all, as a Markdown table for a page in ``book/`` and for JupyterLab.

    Returns
    -------
    str
        One line per method: name, linked to its documentation; kind; what it does; formula; reference; chapter.
    """
    lines = ["| Method | Kind | What it computes | Formula | Reference | Chapter |", "|---|---|---|---|---|---|"]
    for m in methods(family):
        cells = (f"[`{m.name}`](#{m.path})", m.kind, m.summary.replace("|", r"\|"), f"${m.formula}$",
                 f"{{cite:t}}`{m.reference}`",
                 f"[{m.chapter.replace('_', ' ')}](../notebooks/{m.chapter}.ipynb)")
        lines.append("| " + " | ".join(cells) + " |")
    return _Markdown("\n".join(lines))

publish(__name__)
