"""The gate of a single expert, which opens or shuts."""
import numpy as np

from toolkit._core import loops
from toolkit._core.arrays import Rows, real_array, reduce_rows
from toolkit._core.kernel import kernel
from toolkit._core.sums import sum_like
from toolkit.elementary import sigmoid

__all__ = ["sigmoid_gate"]
KERNELS = ["sigmoid_gate_row", "sigmoid_gate_vjp_row"]


@kernel
def dot(x, v):
    total = sum_like(x)
    for i in range(x.size):
        total += x[i] * v[i]
    return total.value


@kernel
def sigmoid_gate_row(x, v):
    """``σ(<v, x>)``."""
    return sigmoid(dot(x, v))


@kernel
def sigmoid_gate_vjp_row(x, v, g, out):
    """``g σ(s) σ(-s) v``, from the numbers x and v of one row and the number g; of v by x and v exchanged."""
    s = dot(x, v)
    slope = sigmoid(s) * sigmoid(-s) * g
    for i in range(x.size):
        out[i] = slope * v[i]


def sigmoid_gate(x, v, *, axis=-1, format=None):
    """Gate of one expert, ``σ(<v, x>)``: how far it is open for the input x.

    Trained alone, with everything else frozen, on the data of its expert; with v = 0, where training begins, it is half
    open for every input. `phatgoose_gate` then makes a router of the vectors v of many experts.

    Parameters
    ----------
    x : array_like (..., d)
    v : array_like, broadcast to the shape of `x`
        The gate's vector.
    axis, format
        As in `softmax`; the axis is that of the d numbers of an input.

    Returns
    -------
    From 0 to 1, (..., d), (d,) -> (...), in the common dtype of x and v.

    Special values
    --------------
    NaN gives NaN, and infinite products of two signs do. d = 0 gives 1/2.

    Accuracy
    --------
    Within ``4 + 2 S (1 - result)`` epsilon, with S the sum of all ``abs(v_i x_i)``, tested in float32 and float64.

    Gradient
    --------
    ``g σ(s) σ(-s) v`` with ``s = <v, x>``, and with respect to v the same times x: within ``6 + 2 S`` epsilon.

    References
    ----------
    M. Muqeeth, H. Liu, Y. Liu, C. Raffel, Learning to Route Among Specialized Experts for Zero-Shot Generalization,
    ICML 2024, arXiv:2402.05859.

    Examples
    --------
    >>> sigmoid_gate([[3.0, 1.0], [-3.0, 1.0]], [2.0, 0.0]).round(4)
    array([0.9975, 0.0025])
    """
    return reduce_rows(sigmoid_gate_row, {"x": x, "v": v}, axis=axis, format=format, empty=0.5)


def sigmoid_gate_pull(x, g, *, v, axis=-1):
    """Gradient with respect to the inputs `x`, from the gradient `g` with respect to the openings.

    Examples
    --------
    >>> sigmoid_gate_pull([1.0, 1.0], 1.0, v=[1.0, -1.0])
    array([ 0.25, -0.25])
    """
    layout = Rows(x, axis=axis, name="x", beside={"v": v})
    out = layout.empty()
    layout.call(loops.map_row_triples, sigmoid_gate_vjp_row,
                (layout.rows(x, "x"), layout.rows(v, "v"), layout.per_row(g, "g")), (), out)
    return layout.restore(out, 0.0)


def sigmoid_gate_vector_pull(x, g, *, v, axis=-1):
    """Gradient with respect to the vector `v`, for each input by itself: their sum is that of a shared v.

    Examples
    --------
    >>> sigmoid_gate_vector_pull([[1.0, 1.0], [2.0, 0.0]], [1.0, 1.0], v=[0.0, 0.0])
    array([[0.25, 0.25],
           [0.5 , 0.  ]])
    """
    x = real_array(x, "x")
    return sigmoid_gate_pull(np.broadcast_to(real_array(v, "v"), x.shape), g, v=x, axis=axis)
