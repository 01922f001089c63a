"""Logarithms of what is left to 1: the logit of a probability, and log(1 - e^-x)."""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit.activations._elementwise import elementwise
from toolkit.elementary import exp, expm1, log, log1p

__all__ = ["log1mexp", "logit"]
KERNELS = ["log1mexp_naive", "log1mexp_slope", "log1mexp_value", "logit_naive", "logit_slope", "logit_value"]

_LOG_2 = 0.6931471805599453


@kernel
def logit_value(x):
    """Near 1/2 as log1p of ``±(2 x - 1)``, which is exact, over the smaller of x and 1 - x."""
    if x < 0.25:
        return log(x) - log1p(-x)
    if x < 0.5:
        return -log1p((1 - (x + x)) / x)
    return log1p(((x + x) - 1) / (1 - x))


@kernel
def logit_naive(x):
    return log(x / (1 - x))


@kernel
def logit_slope(x):
    return 1 / (abs(x) * (1 - x)) if 0 <= x <= 1 else np.nan


@kernel
def log1mexp_value(x):
    """By expm1 where e^-x is near 1, by log1p where it is near 0."""
    return log(-expm1(-x)) if x <= _LOG_2 else log1p(-exp(-x))


@kernel
def log1mexp_naive(x):
    return log(1 - exp(-x))


@kernel
def log1mexp_slope(x):
    if x < 0:
        return np.nan
    if x <= _LOG_2:
        return 1 / expm1(abs(x))
    t = exp(-x)
    return t / (1 - t)


@elementwise(logit_value, logit_naive, slope=logit_slope, ulp=3, slope_ulp=2, domain=(0.0, 1.0))
def logit(x, *, form="stable", format=None):
    """Log-odds ``log(x / (1 - x))`` of a probability, the inverse of `sigmoid`.

    "naive" loses the digits near 1/2, where the logarithm is near 0, since the quotient is rounded near 1.

    Parameters
    ----------
    x, form, format, out : as in `sigmoid`; so is the result

    Special values
    --------------
    -inf at 0, inf at 1, NaN outside.

    Accuracy
    --------
    "stable": at most 3 ulp, the derivative at most 2 ulp; tested as `sigmoid`.

    Gradient
    --------
    ``1 / (x (1 - x))``, inf at 0 and 1.

    References
    ----------
    J. Berkson, Application of the Logistic Function to Bio-Assay, Journal of the American Statistical Association 39,
    1944, doi:10.1080/01621459.1944.10500699.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.float32(0.50000006)
    >>> [float(logit(x, form=form)) for form in ("naive", "stable")]
    [2.3841855067985307e-07, 2.384185791015625e-07]
    """


@elementwise(log1mexp_value, log1mexp_naive, slope=log1mexp_slope, ulp=2, slope_ulp=4, domain=(0.0, np.inf))
def log1mexp(x, *, form="stable", format=None):
    """``log(1 - e^-x)`` for x > 0: with ``x = -log p``, the logarithm of ``1 - p``.

    "naive" is -inf for small x, where e^-x is rounded to 1, and 0 for large x, where ``1 - e^-x`` is.

    Parameters
    ----------
    x, form, format, out : as in `sigmoid`; so is the result

    Special values
    --------------
    -inf at 0, 0 at inf, NaN below 0.

    Accuracy
    --------
    "stable": at most 2 ulp, the derivative at most 4 ulp; tested as `sigmoid`.

    Gradient
    --------
    ``1 / (e^x - 1)``, inf at 0.

    References
    ----------
    M. Mächler, Accurately computing log(1 - exp(-|a|)) (2012), vignette of the R package Rmpfr.

    Examples
    --------
    >>> import numpy as np
    >>> [float(log1mexp(np.float32(20.0), form=form)) for form in ("naive", "stable")]
    [0.0, -2.06115369216775e-09]
    """
