"""log-softmax in three forms, from log(softmax) to the one that keeps every digit, and its gradient."""
import numpy as np

from toolkit._core.arguments import check_temperature, chosen
from toolkit._core.kernel import kernel
from toolkit._core.sums import sum_like
from toolkit.elementary import exp, expm1, log, log1p
from toolkit.large_arrays import LogSoftmax, map_lines
from toolkit.softmax._algorithms import softmax_three_pass_reload
from toolkit.softmax._shift import shifted, top_class
from toolkit.softmax._sum_without_top import sum_without_top
from toolkit.softmax._temperature import dimensions_of, map_tempered, pull_tempered

__all__ = ["FORMS", "log_softmax"]
KERNELS = ["log_softmax_common", "log_softmax_naive", "log_softmax_stable", "log_softmax_vjp_row"]


@kernel
def log_softmax_naive(z, out):
    """``log(softmax(z))``: -inf where a probability underflows, 0 where one rounds to 1."""
    softmax_three_pass_reload(z, out)
    for i in range(z.size):
        out[i] = log(out[i])


@kernel
def log_softmax_common(z, out):
    """``(z - m) - log(sum exp(z - m))``, as libraries do: 0 for the top class once ``1 + r`` rounds to 1."""
    m = z[top_class(z)]
    total = 0.0
    for i in range(z.size):
        total += exp(shifted(z[i], m))
    log_total = log(total)
    for i in range(z.size):
        out[i] = shifted(shifted(z[i], m), log_total)


@kernel
def log_softmax_stable(z, out):
    """``(z - m) - log1p(r)``, r the sum of the others: both terms are <= 0, so nothing cancels."""
    top = top_class(z)
    m = z[top]
    log_total = log1p(sum_without_top(z, top))
    for i in range(z.size):
        out[i] = shifted(shifted(z[i], m), log_total)


_ROWS = {"naive": log_softmax_naive, "common": log_softmax_common, "stable": log_softmax_stable}
FORMS = tuple(_ROWS)
_STABLE = LogSoftmax()


@kernel
def log_softmax_vjp_row(log_p, g, out):
    """``g - p * sum(g)``; for the top class ``-expm1(log_p) g - p * (sum of the other g)``."""
    top = top_class(log_p)
    sum_of_others = sum_like(g)
    for i in range(g.size):
        if i != top:
            sum_of_others += g[i]
    others = sum_of_others.value
    total = others + g[top]
    for i in range(g.size):
        p = exp(log_p[i])
        if i == top:
            out[i] = -expm1(log_p[i]) * g[i] - p * others
        else:
            out[i] = g[i] - p * total


def lost_logs(rows, out):
    """Rows where a finite logit has no finite logarithm."""
    return (np.isfinite(rows) & ~np.isfinite(out)).any(axis=1)


def log_softmax(z, *, axis=-1, where=None, form="stable", temperature=1.0, format=None, out=None):
    """Logarithm of softmax: logits to log-probabilities, ``z_i - logsumexp(z)`` at temperature 1.

    Forms, with ``m = max z``:

    - "naive" ``log(softmax(z))``: -inf as soon as a probability underflows, at a gap of 104 in float32;
    - "common" ``(z_i - m) - log(sum_j exp(z_j - m))``, as in SciPy, JAX, Keras and optax: the sum contains
      the 1 of the top class, so its log-probability is exactly 0 from a gap of 16.64 in float32 (7.63 in
      float16, 36.74 in float64), and with it goes that row's loss;
    - "stable" ``(z_i - m) - log1p(r)`` with r the sum over the others: keeps all digits until exp
      underflows.

    Parameters
    ----------
    z : array_like (..., K)
        Logits: booleans, integers, float16, float32 or float64.
    axis : int, tuple of ints or None
    where : array_like of booleans, broadcast to the shape of `z`, optional
        True keeps. A masked class gets -inf, as a logit of -inf does.
    form : {"naive", "common", "stable"}
    temperature : float >= 0, or array of one for each row
        tau: the log-softmax of ``(z - m) / tau``. 0 is the limit: ``-log n`` for n tied largest logits, else
        -inf.
    format : Format, name or pair (exponent_bits, fraction_bits), optional
        Emulated format: logits and the result of every operation are rounded to it.
    out : array with the shape and dtype of the result, optional
        Where the result goes; it is what the call returns. It may be `z`.

    Returns
    -------
    Log-probabilities (..., K) -> (..., K) in the dtype of `z`: float16 is computed in float32, integers give
    float64. With a format that this dtype cannot hold, float64.

    Special values
    --------------
    A NaN or +inf logit, or a row of -inf alone, gives NaN in the whole row; a row masked completely gives
    -inf. No classes at all is a ValueError. The naive form raises a RuntimeWarning where a finite logit gives
    -inf.

    Accuracy
    --------
    Stable form: at most 3 ulp in float32 and float64 for every class, through the subnormals (to a
    gap of 104 in float32, 745 in float64; of many classes together 130 and 1060), tested for K <= 5000.
    With a temperature, of the rounded gaps. With a format the exact kernels run: at most 4 ulp while the top
    class's own value is normal (a gap of 87, 708), and then one subnormal spacing for each other
    class, tested for K <= 1000.

    Gradient
    --------
    ``dz = (g - p * sum(g)) / tau`` with ``p = exp(log_p)`` from the result. For the top class this is ``(1 - p) g``
    minus p times the sum of the other g, with ``1 - p = -expm1(log_p)``: for a confident row ``g - p * sum(g)``
    would round to 0, which is Softmax Collapse. A row of it sums to 0 up to rounding; a masked class gets 0. For
    one-hot g, in float32 and float64, given the result of the stable form: at most 4 ulp for the top class and
    4 + 2 |log_p_i| for class i, tested. A NaN in g gives NaN in the whole row; an infinite g, or temperature 0, NaN
    or ±inf there.

    References
    ----------
    P. Blanchard, D. J. Higham, N. J. Higham, Accurately computing the log-sum-exp and softmax functions, IMA
    J. Numer. Anal. 41 (2021), doi:10.1093/imanum/draa038 (log1p in log-sum-exp).

    Examples
    --------
    >>> import numpy as np
    >>> z = np.array([0, -17], np.float32)
    >>> [f"{log_softmax(z, form=form)[0]:.6g}" for form in ("common", "stable")]
    ['0', '-4.13994e-08']
    """
    if form == "stable" and format is None and type(temperature) is float and temperature == 1.0:
        return map_lines(_STABLE, z, axis=axis, where=where, masked=-np.inf, out=out)
    row, task = chosen("form", form, _ROWS), _STABLE if form == "stable" else None
    broken = (lost_logs, "log_softmax(form='naive') took the logarithm of 0") if form == "naive" else None
    single = dimensions_of("temperature", temperature) == 0
    if format is None and task is not None and single and check_temperature(temperature) == 1.0:
        return map_lines(task, z, axis=axis, where=where, masked=-np.inf, out=out)
    return map_tempered(row, z, temperature, axis=axis, where=where, format=format, masked=-np.inf, broken=broken,
                        task=task, out=out)


def log_softmax_pull(log_p, g, *, axis=-1, where=None, temperature=1.0):
    """Gradient with respect to the logits, from the result `log_p` and the gradient `g` with respect to it.

    Examples
    --------
    >>> import numpy as np
    >>> g = np.array([-1, 0], np.float32)
    >>> log_p = log_softmax(np.array([0, -20], np.float32))
    >>> log_softmax_pull(log_p, g)
    array([-2.0611537e-09,  2.0611537e-09], dtype=float32)
    >>> g - np.exp(log_p) * g.sum()
    array([0.0000000e+00, 2.0611537e-09], dtype=float32)
    """
    return pull_tempered(log_softmax_vjp_row, {"log_p": log_p, "g": g}, temperature, axis=axis, where=where,
                         fills=(-np.inf, 0.0))
