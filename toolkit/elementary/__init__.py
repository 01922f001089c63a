"""Elementary functions as deterministic Numba scalars.

float32 in, float32 out; float64 in, float64 out; an integer counts as float64. No system library is called,
so a function has the same bits natively, in WebAssembly and in plain Python. Each is within 1 ulp (see its
docstring, and ``python -m benchmarks.elementary_ulp`` for the table). In kernels they also take numbers of a format:
the result in float64 is then rounded to it once.

>>> from toolkit.elementary import log1p
>>> log1p(1e-20)
1e-20
"""
from toolkit._core.numbers import elementary_function
from toolkit._core.public import open_modules
from toolkit.elementary import error_function, exponential, logarithm, power, sigmoidal, trigonometric

__all__ = ["cos", "erf", "exp", "exp2", "expm1", "log", "log1p", "pow", "sigmoid", "sin", "softplus", "tanh"]

cos = elementary_function(trigonometric.cos)
erf = elementary_function(error_function.erf)
exp = elementary_function(exponential.exp)
exp2 = elementary_function(exponential.exp2)
expm1 = elementary_function(exponential.expm1)
log = elementary_function(logarithm.log)
log1p = elementary_function(logarithm.log1p)
pow = elementary_function(power.pow)
sigmoid = elementary_function(sigmoidal.sigmoid)
sin = elementary_function(trigonometric.sin)
softplus = elementary_function(sigmoidal.softplus)
tanh = elementary_function(sigmoidal.tanh)

open_modules(__name__)
