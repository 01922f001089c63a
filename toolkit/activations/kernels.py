"""Entry and row kernels of the activations, for other kernels and for live figures.

Entry kernels are ``f(x)``, with a parameter ``f(x, a)``, of numbers that know their format. ``_value`` is the stable
form, ``_naive`` the one that fails, ``_slope`` the derivative; row kernels are ``row(z, parameter, out)``, their
gradients ``vjp_row(z, g, parameter, out)``.
"""
from toolkit._core.collect import collect

__all__ = [*collect(__name__, "KERNELS")]
