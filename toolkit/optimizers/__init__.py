"""Rules that move weights along gradients: each is a row of `OPTIMIZERS`, and `update` takes a step by any of them."""
from toolkit._core.collect import collect
from toolkit._core.public import publish
from toolkit.optimizers import flatness, kernels, settings, step, table, wrappers
from toolkit.optimizers.flatness import *
from toolkit.optimizers.settings import *
from toolkit.optimizers.step import *
from toolkit.optimizers.table import *
from toolkit.optimizers.wrappers import *

__all__ = [*flatness.__all__, *settings.__all__, *step.__all__, *table.__all__, *wrappers.__all__, "kernels",
           *collect(__name__)]

publish(__name__)
