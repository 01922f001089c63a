"""Three public functions, loss, gradient and both, from one declaration of a loss with parameters."""
import inspect
from numbers import Real

from toolkit.losses._evaluate import evaluate_family
from toolkit.losses._public import cross_entropy

# What the losses of a family share with cross-entropy, word for word, and what they say instead.
_SHARED = ("reduction", "ignore_index", "axis", "where", "format")
_OWN_WORDS = {
    "logits": "logits : array_like (..., K)\n    float16 is computed in float32; integers become float64.",
    "labels": "labels : array_like of integers (...)\n    Classes 0 to K - 1.",
    "form": 'form : {"complement", "common", "naive"}\n    "complement" is the accurate one, built on the complement '
            'form of `cross_entropy`; "common"\n    builds on the form that libraries compute; "naive" follows the '
            "formula and breaks where it does.",
    "weight": "weight : array_like (K,), optional\n    Weights >= 0 of classes: a row counts as often as its "
              "label says.",
}
_ORDER = ("logits", "labels", None, "form", "reduction", "ignore_index", "weight", "axis", "where", "format")
_RETURNS = {
    "loss": "loss : (..., K), (...) -> () or, with ``reduction=\"none\"``, (...)\n    In the dtype of `logits`; with "
            "`format`, in float64 unless that dtype holds the format.",
    "grad": "grad : (..., K), the shape and dtype of `logits`\n    Of the reduced loss; with ``reduction=\"none\"``, "
            "of each row's own. Masked classes and ignored rows have 0.",
    "loss_and_grad": "loss, grad : as of the two functions",
}


def number(name, value, low, *, above=False):
    """`value` as a float; it may be `low` unless `above`."""
    if isinstance(value, Real) and (value > low if above else value >= low) and value < float("inf"):
        return float(value)
    raise ValueError(f"{name} is {value!r}; allowed: a finite number {'>' if above else '>='} {low:g}")


def functions_of(kind, declaration, slope):
    """``(loss, loss_grad, loss_and_grad)`` from a declaration.

    Parameters
    ----------
    kind : int
        Code in `toolkit.losses._family_driver`.
    declaration : callable
        ``_name(*, parameters)`` checks its parameters and returns them, up to three, for the kernels. Its
        docstring is that of the loss, with its own parameters alone in the section *Parameters*.
    slope : str
        The formula of the gradient, for the docstring of ``name_grad``.
    """
    name = declaration.__name__.removeprefix("_")
    own = inspect.signature(declaration).parameters

    def split(options):
        mine = {key: options.pop(key) for key in own if key in options}
        return declaration(**mine), options

    def loss(logits, labels, **options):
        parameters, options = split(options)
        return evaluate_family(kind, parameters, logits, labels, **options)[0]

    def grad(logits, labels, **options):
        parameters, options = split(options)
        return evaluate_family(kind, parameters, logits, labels, gradient=True, **options)[1]

    def loss_and_grad(logits, labels, **options):
        parameters, options = split(options)
        return evaluate_family(kind, parameters, logits, labels, gradient=True, **options)

    about = {
        "grad": f"Gradient of `{name}` with respect to the logits: {slope}.",
        "loss_and_grad": f"`{name}` and `{name}_grad` from one pass over the rows.",
    }
    document = inspect.getdoc(declaration) or ""
    functions = (loss, grad, loss_and_grad)
    names = (name, f"{name}_grad", f"{name}_and_grad")
    for function, public in zip(functions, names, strict=True):
        what = function.__name__
        function.__signature__ = _signature(own)
        function.__doc__ = _documented(document, about.get(what), _RETURNS[what])
        function.__name__ = function.__qualname__ = public
        function.__module__ = declaration.__module__
    return functions


def _signature(own):
    shared = inspect.signature(cross_entropy).parameters
    places = [[shared[name]] if name else list(own.values()) for name in _ORDER]
    return inspect.Signature([parameter for place in places for parameter in place])


def _documented(document, about, returns):
    """The docstring of one function: its parameters between what it is and what it returns."""
    before, _, rest = document.partition("Parameters\n----------\n")
    own, _, after = rest.partition("\n\n")
    words = _entries(own)
    known = _entries(_section(inspect.getdoc(cross_entropy) or "")) | _OWN_WORDS
    chosen = [words.pop(name, known[name]) for name in _ORDER if name]
    chosen[2:2] = words.values()
    parts = [before.strip() if about is None else about,
             "Parameters\n----------\n" + "\n".join(chosen), "Returns\n-------\n" + returns]
    return "\n\n".join(parts + ([after.strip()] if about is None else [])) + "\n"


def _section(document):
    return document.partition("Parameters\n----------\n")[2].partition("\n\n")[0]


def _entries(section):
    """Name -> text of the entries of a section *Parameters*."""
    entries, name = {}, ""
    for line in section.splitlines():
        if not line.startswith(" "):
            name = line.partition(" :")[0]
        entries[name] = f"{entries[name]}\n{line}" if name in entries else line
    return entries
