"""Draws from a softmax: Gumbel noise, its relaxations, and estimators of a gradient from one draw."""
from toolkit.sampling import kernels as kernels
from toolkit.sampling._gradient_estimators import *
from toolkit.sampling._gumbel import *

__all__ = [name for name in dir() if not name.startswith("_")]
