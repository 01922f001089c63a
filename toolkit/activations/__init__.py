"""Activations of arrays, and the forms of them that fail; their kernels are in `toolkit.activations.kernels`."""
from toolkit.activations import kernels as kernels
from toolkit.activations._exponential import *
from toolkit.activations._gated import *
from toolkit.activations._gelu import *
from toolkit.activations._hard import *
from toolkit.activations._rectifiers import *
from toolkit.activations._sigmoids import *
from toolkit.activations._smooth import *
from toolkit.activations._sorting import *

__all__ = [name for name in dir() if not name.startswith("_")]
