"""Temperature: gaps to the largest logit over tau, and maps of them."""
import numpy as np

from toolkit._core import loops
from toolkit._core.arrays import Rows, warn_about_rows
from toolkit._core.kernel import kernel
from toolkit.softmax._shift import shifted, top_class

__all__ = []
KERNELS = ["tempered"]


@kernel
def tempered(z, m, tau, out):
    """``(z - m) / tau`` for a row, with the limits tau = 0 (only z == m stays finite) and tau = inf."""
    for i in range(z.size):
        gap = shifted(z[i], m)
        out[i] = gap if gap == 0 or gap == -np.inf else gap / tau


@kernel
def tempered_row(z, tau, out):
    """`tempered` from the largest logit."""
    tempered(z, z[top_class(z)], tau, out)


@kernel
def unshifted_row(z, tau, out):
    """``z / tau``, as it is written."""
    tempered(z, 0.0, tau, out)


@kernel
def over_temperature(out, tau):
    """Divide a row by tau: the last step of a gradient with respect to logits."""
    for i in range(out.size):
        out[i] /= tau


def map_tempered(of, z, tau, *, masked=0.0, broken=None, before=tempered_row, **options):
    """`toolkit._core.arrays.map_rows` of the row kernel `of`, for logits that the row kernel `before` has tempered."""
    layout = Rows(z, **options)
    logits, out = layout.rows(z, "z"), layout.empty()
    (tau,) = layout.parameters((tau,))
    rows = logits
    if tau != 1.0:
        layout.call(loops.map_rows, before, (logits,), (tau,), out)
        rows = out
    layout.call(loops.map_rows, of, (rows,), (), out)
    if broken is not None:
        warn_about_rows(logits, broken[0](logits, out), broken[1])
    return layout.restore(out, masked)
