"""What the bases of Kolmogorov-Arnold networks share: a grid, inputs of any shape, and the way back."""
import numpy as np

from toolkit._core.arguments import check_finite, check_whole
from toolkit._core.arrays import behaved, common_dtype, real_array
from toolkit._core.kernel import kernel

__all__ = []
KERNELS = []

MOST = 2**16


def checked_grid(grid, order, low, high):
    """``(grid, order, low, high)``, of which kernels make ``grid + order`` functions."""
    grid, order = check_whole("grid", grid, 1, MOST), check_whole("order", order, 1, 20)
    low = check_finite("low", low)
    return grid, order, low, check_finite("high", high, low, above=True)


@kernel
def fill_basis(of, x, numbers, out):
    """Row i of `out` from ``x[i]``."""
    for i in range(x.size):
        of(*((x[i],) + numbers + (out[i],)))


def basis_rows(of, x, numbers, size):
    """The functions at each x in float64, (n, size)."""
    x = behaved(real_array(x, "x").reshape(-1), np.float64)
    out = np.zeros((x.size, size))
    with np.errstate(all="ignore"):
        fill_basis(of, x, numbers, out)
    return out


def restored(rows, x):
    """Rows of a basis in the shape of x, with the functions behind it, and in its dtype."""
    with np.errstate(all="ignore"):
        return rows.astype(common_dtype(x=x), copy=False).reshape(*np.shape(real_array(x, "x")), rows.shape[-1])


def pulled(slopes, x, g):
    """The gradient of x from the derivatives of its functions."""
    x, g = real_array(x, "x"), real_array(g, "g")
    shape = (*x.shape, slopes.shape[-1])
    try:
        g = np.broadcast_to(g, shape)
    except ValueError:
        raise ValueError(f"g has shape {g.shape}; allowed: {shape}") from None
    return (slopes.reshape(shape) * g).sum(axis=-1).astype(common_dtype(x=x))
