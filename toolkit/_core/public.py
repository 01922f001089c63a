"""How public names speak: their errors name them in one line, and their warnings point at the caller's line.

A package ends with ``publish(__name__)``. Its functions and classes then say who was called, and its public modules
are there without a further import. Who writes a public function only says what is wrong: ``"k is 0; allowed: ..."``.
"""
import difflib
import functools
import inspect
import pkgutil
import sys
import warnings
from importlib import import_module
from types import FunctionType, ModuleType

import numpy as np
from numba.core.errors import TypingError
from numba.extending import typeof_impl

__all__ = ["open_modules", "public", "publish", "warn"]

LONGEST = 299  # characters of a message


def public(function, name=None):
    """`function`, whose TypeErrors and ValueErrors begin with its name, or that of a public function around it."""
    name, said = name or function.__name__, said_by

    def checked(*arguments, **options):
        try:
            return function(*arguments, **options)
        except (TypeError, ValueError) as error:
            if renamed := said(name, error, function, arguments, options):
                raise renamed from None
            raise

    # With the names of the function's own module, so that doctest, too, takes it for one of them.
    own = FunctionType(checked.__code__, function.__globals__, name, None, checked.__closure__)
    own = functools.wraps(function)(own)
    for attribute, value in vars(function).items():
        if isinstance(value, FunctionType) and attribute != "__wrapped__":
            setattr(own, attribute, public(value, name))
    return own


_PUBLISHED = {}  # a function or `__init__` of a module, or what `public` made of it -> what `public` made of it


def _published(function, name=None):
    if function not in _PUBLISHED:
        own = public(function, name)
        _PUBLISHED[function] = _PUBLISHED[own] = own
    return _PUBLISHED[function]


@typeof_impl.register(FunctionType)
def _of_a_function(function, context):
    """What Numba learns of a Python function that compiled code names: nothing, as before, or of ours a sentence."""
    if _PUBLISHED.get(function) is function:
        package = function.__module__.rpartition(".")[0]
        raise TypingError(f"{package}.{function.__name__} is a Python function, which compiled code cannot call; "
                          f"allowed in it: the kernels of {package}.kernels, which work on one row or number")


def said_by(name, error, function, arguments, options):
    """Another error in the place of `error`, or None after a word about `name` has been put into it."""
    misuse = isinstance(error, TypeError) and misused(name, function, arguments, options)
    if misuse:
        return TypeError(shortened(misuse))
    text = " ".join(getattr(error, "unnamed", str(error)).split())
    error.unnamed = text
    text = shortened(text if text.startswith(f"{name}(") else f"{name}(): {text}")
    error.args = (text,)
    if str(error) == text:
        return None
    kinds = (np.exceptions.AxisError, TypeError, ValueError)  # NumPy's own keep their text elsewhere
    renamed = next(kind for kind in kinds if isinstance(error, kind))(text)
    renamed.unnamed = error.unnamed
    return renamed


def shortened(text):
    """What is left of a long message, on one line."""
    return text if len(text) <= LONGEST else text[:LONGEST - 4] + " ..."


def misused(name, function, arguments, options):
    """What is wrong with a call that does not fit the signature; None if it fits."""
    signature = inspect.signature(function)
    try:
        signature.bind(*arguments, **options)
    except TypeError as error:
        reason = str(error)
    else:
        return None
    parameters = list(signature.parameters.values())
    if function.__name__ == "__init__":  # what is made comes first
        parameters, arguments = parameters[1:], arguments[1:]
    named = [each.name for each in parameters if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)]
    places = [each.name for each in parameters if each.kind in (each.POSITIONAL_OR_KEYWORD, each.POSITIONAL_ONLY)]
    kinds = {each.kind for each in parameters}
    unknown = [each for each in options if each not in named]
    if unknown and inspect.Parameter.VAR_KEYWORD not in kinds:
        close = difflib.get_close_matches(unknown[0], named, 1)
        return (f"{name}() has no keyword {shortened(repr(unknown[0]))[:80]}"
                f"{f', is it {close[0]!r}?' if close else ''}; allowed: {', '.join(named) or 'none'}")
    if len(arguments) > len(places) and inspect.Parameter.VAR_POSITIONAL not in kinds:
        others = [each for each in named if each not in places]
        return (f"{name}() takes {len(places)} argument(s) without a keyword{': ' * bool(places)}{', '.join(places)}; "
                f"{len(arguments)} were given{'; keywords: ' * bool(others)}{', '.join(others)}")
    missing = [each.name for each in parameters if each.default is each.empty and each.name not in options
               and each.name not in places[:len(arguments)] and each.kind not in (each.VAR_POSITIONAL,
                                                                                 each.VAR_KEYWORD)]
    return f"{name}() needs {', '.join(missing)}" if missing else f"{name}(): {reason}"


def publish(name):
    """Let the public functions and classes of a module name themselves in errors, and find its public modules.

    These are the names in its ``__all__`` that are made in this project, and of the modules among them but for
    `kernels`, whose functions the compiler knows as they are. See `open_modules` for the rest.
    """
    space = vars(sys.modules[name])
    for each in space["__all__"]:
        given = space[each]
        if isinstance(given, ModuleType) and not hasattr(given, "__path__") and each != "kernels":
            publish(given.__name__)
        elif isinstance(given, FunctionType) and _is_ours(given):
            space[each] = _published(given)
            home = vars(sys.modules[given.__module__])
            if home.get(given.__name__) is given:  # where pickle looks for it
                home[given.__name__] = space[each]
        elif isinstance(given, type) and _is_ours(given) and "__init__" in vars(given):
            if isinstance(given.__init__, FunctionType):
                given.__init__ = _published(given.__init__, given.__name__)
    open_modules(name)


def open_modules(name):
    """Let ``dir`` of a module list what is public and nothing else, and a package find its modules.

    They are imported when they are asked for, unless their names begin with an underscore.
    """
    space = vars(sys.modules[name])
    path = space.get("__path__", ())

    def modules():
        return [found.name for found in pkgutil.iter_modules(path) if not found.name.startswith("_")]

    def find(each):
        if not each.startswith("_") and each in modules():
            return import_module(f"{name}.{each}")
        raise AttributeError(f"module {name!r} has no attribute {each!r}")

    special = [each for each in space if each.startswith("__")]
    space["__dir__"] = lambda: sorted({*special, *space["__all__"], *modules()})
    if path:
        space.setdefault("__getattr__", find)


def _is_ours(given):
    if hasattr(getattr(given, "__wrapped__", None), "py_func"):  # an elementary function, which the compiler knows
        return False
    return (given.__module__ or "").partition(".")[0] == __name__.partition(".")[0]


def warn(message, category=RuntimeWarning):
    """A warning at the line that called the project, however many of its functions lie between."""
    frame, level = sys._getframe(1), 2
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] == __name__.partition(".")[0]:
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)
