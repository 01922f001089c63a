"""Draws from a softmax: Gumbel noise, its relaxations and the subsets that it gives."""
from toolkit.sampling import _gumbel
from toolkit.sampling._gumbel import *

__all__ = [*_gumbel.__all__]
