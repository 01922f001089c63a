"""Rules that move weights along gradients."""
from toolkit.optimizers import rules
from toolkit.optimizers.rules import *

__all__ = [*rules.__all__]
