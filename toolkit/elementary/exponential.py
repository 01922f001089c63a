"""exp, exp2 and expm1."""
from toolkit._core.kernel import kernel
from toolkit._core.numbers import through_float64
from toolkit.elementary._exponential_core import exp2_64, exp_by_type, expm1_64
from toolkit.elementary._hard_cases import exp2_beside, rounded_once

__all__ = ["exp", "exp2", "expm1"]


@kernel
def exp(x):
    """Exponential function.

    ``exp(x) = 2**k * exp(r)`` with ``k = round(x / ln 2)`` and a polynomial for ``exp(r)``. It calls no
    system library, so it has the same bits natively, in WebAssembly and in plain Python.

    Parameters
    ----------
    x : float32 or float64 scalar
        An integer counts as float64.

    Returns
    -------
    Scalar of the type of `x`.

    Notes
    -----
    *Special values*: ``exp(±0) = 1``, ``exp(-inf) = 0``, ``exp(inf) = inf``, ``exp(nan) = nan``;
    overflow to inf above 709.78 (float32: 88.72), subnormal below -708.40 (-87.34), 0 below -745.13
    (-103.97).

    *Accuracy*: float64 at most 0.65 ulp, subnormal results included (tested with mpmath); float32 is correctly
    rounded, at all 2**32 patterns of bits (``python -m benchmarks.correctly_rounded``).

    References
    ----------
    P. T. P. Tang (1989), doi:10.1145/63522.214389; W. J. Cody and W. Waite, Software
    Manual for the Elementary Functions (1980), for the split ln 2.

    Examples
    --------
    The bare product ``x * log2(e)`` loses the digits of a large x; the split ln 2 keeps them.

    >>> from toolkit.elementary import exp
    >>> exp(700.5), 2.0 ** (700.5 * 1.4426950408889634)
    (1.6721859620674984e+304, 1.6721859620674802e+304)
    """
    return exp_by_type(x)


@kernel
def exp2(x):
    """Base-2 exponential ``2**x``, exact at integers.

    ``2**x = 2**k * exp(f ln 2)`` with ``k = round(x)`` and ``f = x - k`` exact, and the product ``f ln 2`` is
    a pair of numbers: ``exp(x * ln 2)`` would lose ten bits of a large x.

    Parameters
    ----------
    x : float32 or float64 scalar
        An integer counts as float64.

    Returns
    -------
    Scalar of the type of `x`.

    Notes
    -----
    *Special values*: ``exp2(±0) = 1``, ``exp2(-inf) = 0``, ``exp2(inf) = inf``, ``exp2(nan) =
    nan``; overflow to inf from 1024 on (float32: 128), 0 from -1075 (-150) down.

    *Accuracy*: float64 at most 0.65 ulp, subnormal results included (tested with mpmath); float32 is correctly
    rounded, at all 2**32 patterns of bits (``python -m benchmarks.correctly_rounded``).

    References
    ----------
    P. T. P. Tang (1989), doi:10.1145/63522.214389.

    Examples
    --------
    >>> from toolkit.elementary import exp, exp2
    >>> exp2(-1074.0), exp2(1000.0) == 2.0**1000, exp(1000 * 0.6931471805599453) == 2.0**1000
    (5e-324, True, False)
    """
    return rounded_once(exp2_64, exp2_beside, x)


@kernel
def expm1(x):
    """``exp(x) - 1`` without the cancellation near 0.

    The 1 is subtracted from ``2**k (1 + r + r**2/2 + ...)`` by exact sums before anything is rounded.

    Parameters
    ----------
    x : float32 or float64 scalar
        An integer counts as float64.

    Returns
    -------
    Scalar of the type of `x`.

    Notes
    -----
    *Special values*: ``expm1(±0) = ±0``, ``expm1(-inf) = -1``, ``expm1(inf) = inf``, ``expm1(nan)
    = nan``; overflow to inf above 709.78 (float32: 88.72).

    *Accuracy*: float64 at most 0.65 ulp (tested with mpmath); float32 is correctly rounded, at all 2**32
    patterns of bits (``python -m benchmarks.correctly_rounded``).

    References
    ----------
    P. T. P. Tang (1992), doi:10.1145/146847.146928.

    Examples
    --------
    >>> from toolkit.elementary import exp, expm1
    >>> exp(1e-10) - 1, expm1(1e-10)
    (1.000000082740371e-10, 1.00000000005e-10)
    """
    return through_float64(expm1_64, x)
