"""Draws from a softmax: Gumbel noise, its relaxations, and estimators of a gradient from one draw."""
from toolkit.sampling import _gradient_estimators, _gumbel, kernels
from toolkit.sampling._gradient_estimators import *
from toolkit.sampling._gumbel import *

__all__ = [*_gradient_estimators.__all__, *_gumbel.__all__, "kernels"]
