"""Activations of arrays, and the forms of them that fail; their kernels are in `toolkit.activations.kernels`."""
from toolkit.activations import _exponential, _gated, _gelu, _hard, _rectifiers, _sigmoids, _smooth, _sorting, kernels
from toolkit.activations._exponential import *
from toolkit.activations._gated import *
from toolkit.activations._gelu import *
from toolkit.activations._hard import *
from toolkit.activations._rectifiers import *
from toolkit.activations._sigmoids import *
from toolkit.activations._smooth import *
from toolkit.activations._sorting import *

__all__ = ["kernels", *_exponential.__all__, *_gated.__all__, *_gelu.__all__, *_hard.__all__, *_rectifiers.__all__,
           *_sigmoids.__all__, *_smooth.__all__, *_sorting.__all__]
