"""Names of a package's modules, taken without a list of the modules: a new one is there as soon as its file is."""
import pkgutil
import sys
from importlib import import_module

__all__ = ["collect"]


def collect(name, listed="__all__"):
    """Give a module what the modules beside it list under this name, and return their names for its ``__all__``.

    Modules whose names begin with an underscore count, in alphabetical order. `toolkit._core.stamp` reads the same from
    the files alone.
    """
    space, names = vars(sys.modules[name]), []
    for found in pkgutil.iter_modules(sys.modules[space["__package__"]].__path__):
        if found.name.startswith("_"):
            module = import_module(f"{space['__package__']}.{found.name}")
            here = getattr(module, listed, [])
            space.update({each: getattr(module, each) for each in here})
            names += here
    return names
