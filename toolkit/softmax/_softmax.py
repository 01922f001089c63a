"""softmax, its five algorithms behind one name, and its gradient."""
import numpy as np

from toolkit._core.arguments import check_choice, check_temperature
from toolkit._core.kernel import kernel
from toolkit._core.sums import sum_like
from toolkit.large_arrays import Online, Softmax, ThreePass, TwoPass, map_lines
from toolkit.softmax._algorithms import (
    softmax_naive,
    softmax_online,
    softmax_three_pass_recompute,
    softmax_three_pass_reload,
)
from toolkit.softmax._shift import top_class
from toolkit.softmax._temperature import (
    dimensions_of,
    map_tempered,
    over_temperature,
    pull_tempered,
    tempered_row,
    unshifted_row,
)
from toolkit.softmax._two_pass import TWO_PASS_LIMIT, softmax_two_pass

__all__ = ["ALGORITHMS", "softmax"]
KERNELS = ["softmax_tempered", "softmax_tempered_vjp_row", "softmax_vjp_row"]

_ROWS = {"naive": softmax_naive, "three_pass_recompute": softmax_three_pass_recompute,
         "three_pass_reload": softmax_three_pass_reload, "two_pass": softmax_two_pass, "online": softmax_online}
_TASKS = {None: Softmax(), "three_pass_recompute": ThreePass(keep=False),
          "three_pass_reload": ThreePass(keep=True), "two_pass": TwoPass(), "online": Online()}
ALGORITHMS = tuple(_ROWS)


@kernel
def softmax_vjp_row(p, g, out):
    """``p * (h - <p, h>)`` with ``h = g - g[top]``, so that the top class keeps its digits.

    Its own term of <p, h> is 0, which leaves the sum of the others, where ``g - <p, g>`` would cancel.
    """
    g_top = g[top_class(p)]
    mean = sum_like(p)
    for i in range(p.size):
        mean += p[i] * (g[i] - g_top)
    for i in range(p.size):
        out[i] = p[i] * ((g[i] - g_top) - mean.value)


@kernel
def softmax_tempered(z, tau, p):
    """``exp((z - max) / tau)`` over its sum, by three_pass_reload."""
    tempered_row(z, tau, p)
    softmax_three_pass_reload(p, p)


@kernel
def softmax_tempered_vjp_row(p, g, tau, out):
    """`softmax_vjp_row` over tau."""
    softmax_vjp_row(p, g, out)
    over_temperature(out, tau)


def no_distribution(rows, p):
    """Rows of NaN, or of zeros after the sum overflowed."""
    return ~(p.sum(axis=1) > 0)


def beyond_two_pass(rows, p):
    """Rows whose largest logit has an inexact n ln 2; those far below it are 0 in any case."""
    return np.abs(rows.max(axis=1)) > TWO_PASS_LIMIT[rows.dtype.itemsize]


def softmax(z, *, axis=-1, where=None, algorithm=None, temperature=1.0, format=None, out=None):
    """Softmax: logits to probabilities, ``p_i = exp(z_i / tau) / sum_j exp(z_j / tau)``.

    The maximum is subtracted first, ``exp((z_i - max z) / tau)``: exp(89) overflows float32 and exp(-104) is
    0 there, while the shifted terms lie in [0, 1] and one of them is 1. Shifting also comes before the
    division by tau, which alone can overflow. `algorithm="two_pass"` needs no shift: it carries the exponent
    of each exponential in a float of its own. `algorithm="naive"` does neither and breaks.

    Parameters
    ----------
    z : array_like (..., K)
        Logits: booleans, integers, float16, float32 or float64, or of ml_dtypes bfloat16, float8_e4m3fn, float8_e5m2.
        The mask of a masked array counts as `where`.
    axis : int, tuple of ints or None
        The classes; None means all entries.
    where : array_like of booleans, broadcast to the shape of `z`, optional
        True keeps. A masked class gets 0, as a logit of -inf does.
    algorithm : {None, "naive", "three_pass_recompute", "three_pass_reload", "two_pass", "online"}
        Of the naive one it is the kernel of the figures, slow and with a plain sum; of the others, kernels for large
        arrays that keep more digits than those.
        None is what takes the shortest time: three_pass_reload, or, for single rows of more than 262144 logits, an
        online sum in blocks and the exponentials a second time, since memory is slower than exp.
    temperature : float >= 0, or array of one for each row, (...) or with the class axes at length 1
        tau. 0 is the limit: all weight on the largest logit, split evenly between ties. inf is uniform.
    format : Format, name or pair (exponent_bits, fraction_bits), optional
        Emulated format: logits and the result of every operation are rounded to it.
    out : array with the shape and dtype of the result, optional
        Where the result goes; it is what the call returns. It may be `z`.

    Returns
    -------
    Probabilities (..., K) -> (..., K) in the dtype of `z`: float16 is computed in float32, integers give
    float64. With a format that this dtype cannot hold, float64.

    Special values
    --------------
    A NaN or +inf logit, or a row of -inf alone, gives NaN in the whole row; a row masked completely gives 0.
    No classes at all is a ValueError. The naive algorithm gives NaN or 0 with a RuntimeWarning when
    exponentials overflow or all vanish.

    Accuracy
    --------
    In float32 and float64 at most 4 ulp of p_i, also where p_i is subnormal, tested for K <= 5000 and
    rows far from 0; two_pass for |z| < 2e4 in
    float32 and 1e12 in float64, beyond which it raises a RuntimeWarning. A row sums to 1 within 2 units
    of roundoff, tested to K = 2**20. The kernels for large arrays keep ``z - max z`` as a pair and the
    sum in more digits.

    With a temperature the gaps are rounded: at most 4 + |z_i - max z| / tau ulp. The naive algorithm is the row
    kernel of the figures, whose plain sum loses K/2 ulp more and in float32 stops at 2**24.

    With a format the exact kernels run, which round after every operation: at most 4 + K +
    |z_i - max z| ulp for the shifted algorithms and 4 + K for two_pass, tested for K <= 1000. The part of K
    is that of a plain sum: a confident row loses nearly that much when the other classes, absorbed one by
    one, leave the sum at 1.

    Gradient
    --------
    ``dz = p * (g - <p, g>) / tau``, computed from the result with ``g - g[top]`` in place of g, which changes
    nothing in exact arithmetic and keeps the digits of the top class when its probability rounds to 1. The
    Jacobian ``diag(p) - p p^T`` is symmetric, so this is the forward derivative too. A row of it sums to 0 up to
    rounding; a masked class gets 0. Relative to ``p_i * max|g - g_top|`` it is within 12 units in the last
    place for K <= 100, tested; <p, g> is a sum that keeps its digits for K up to 2**20. A NaN in g gives NaN in
    the whole row, also where p is 0; an infinite g, or
    temperature 0, where softmax jumps, gives NaN or ±inf there.

    References
    ----------
    M. Dukhan, A. Ablavatski, The Two-Pass Softmax Algorithm, arXiv:2001.04438.
    M. Milakov, N. Gimelshein, Online normalizer calculation for softmax, arXiv:1805.02867.

    Examples
    --------
    >>> import numpy as np
    >>> z = np.array([88, 89, 90], np.float32)
    >>> softmax(z).round(3)
    array([0.09 , 0.245, 0.665], dtype=float32)
    >>> np.exp(z[1]) / np.exp(z).sum()  # doctest: +SKIP
    nan
    """
    if algorithm is None and format is None and type(temperature) is float and temperature == 1.0:
        return map_lines(_TASKS[None], z, axis=axis, where=where, out=out)
    if algorithm is not None:
        check_choice("algorithm", algorithm, ALGORITHMS)
    broken = None
    if algorithm == "naive":
        broken = (no_distribution, "softmax(algorithm='naive') overflowed or divided 0 by 0")
    elif algorithm == "two_pass":
        broken = (beyond_two_pass, "softmax(algorithm='two_pass') cannot reduce such large logits exactly")
    task = _TASKS.get(algorithm)
    single = dimensions_of("temperature", temperature) == 0
    if format is None and task is not None and single and check_temperature(temperature) == 1.0:
        return map_lines(task, z, axis=axis, where=where, broken=broken, out=out)
    before = unshifted_row if algorithm == "naive" else tempered_row
    return map_tempered(_ROWS[algorithm or "three_pass_reload"], z, temperature, axis=axis, where=where, format=format,
                        broken=broken, before=before, task=task, out=out)


def softmax_pull(p, g, *, axis=-1, where=None, temperature=1.0):
    """Gradient with respect to the logits, from the probabilities `p` and the gradient `g` with respect to them.

    Examples
    --------
    >>> softmax_pull([0.25, 0.25, 0.5], [1.0, 0.0, 0.0])
    array([ 0.1875, -0.0625, -0.125 ])
    """
    return pull_tempered(softmax_vjp_row, {"p": p, "g": g}, temperature, axis=axis, where=where, fills=(0.0, 0.0))
