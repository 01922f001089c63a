"""Elementary functions as deterministic Numba scalars.

float32 in, float32 out; float64 in, float64 out; an integer counts as float64. No system library is called,
so a function has the same bits natively, in WebAssembly and in plain Python. Each is within 1 ulp (see its
docstring, and ``python -m benchmarks.elementary_ulp`` for the table).

>>> from toolkit.elementary import log1p
>>> log1p(1e-20)
1e-20
"""
from toolkit.elementary.error_function import erf
from toolkit.elementary.exponential import exp, exp2, expm1
from toolkit.elementary.logarithm import log, log1p
from toolkit.elementary.power import pow
from toolkit.elementary.sigmoidal import sigmoid, softplus, tanh
from toolkit.elementary.trigonometric import cos, sin

__all__ = ["cos", "erf", "exp", "exp2", "expm1", "log", "log1p", "pow", "sigmoid", "sin", "softplus", "tanh"]
