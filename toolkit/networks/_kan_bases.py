"""Functions with local support that edges of a Kolmogorov-Arnold network add up: B-splines, and products of ReLUs."""
from toolkit._core.kernel import kernel
from toolkit.networks._kan_grid import basis_rows, checked_grid, pulled, restored

__all__ = ["relu_kan_basis", "spline_basis"]
KERNELS = ["cardinal_spline", "relu_kan_row", "relu_kan_slope_row", "spline_row", "spline_slope_row"]


@kernel
def place_on_grid(x, grid, low, high):
    """x in cells of the grid, which begins at 0."""
    return (x - low) * grid / (high - low)


@kernel
def relu_kan_row(x, grid, order, low, high, out):
    """``[4 (t - s)_+ (e - t)_+ / (e - s)^2]^2`` with ``s = i - order`` and ``e = i + 1``, in cells of the grid."""
    t, width = place_on_grid(x, grid, low, high), order + 1.0
    for i in range(grid + order):
        up, down = t - (i - order), (i + 1) - t
        part = 0.0 if up <= 0 or down <= 0 else 4.0 * up * down / (width * width)
        out[i] = part * part


@kernel
def relu_kan_slope_row(x, grid, order, low, high, out):
    t, width = place_on_grid(x, grid, low, high), order + 1.0
    for i in range(grid + order):
        up, down = t - (i - order), (i + 1) - t
        part = 0.0 if up <= 0 or down <= 0 else 4.0 * up * down / (width * width)
        out[i] = 2.0 * part * 4.0 * (down - up) / (width * width) * grid / (high - low)


@kernel
def cardinal_spline(u, order):
    """The B-spline of an order on the knots 0, 1 ... order + 1, as the shorter of its two sums of powers."""
    if u != u:
        return u
    u = min(u, order + 1.0 - u)
    if u < 0.0:
        return 0.0
    total, chosen, scale = 0.0, 1.0, 1.0
    for j in range(order + 1):
        if j > u:
            break
        power = 1.0
        for _ in range(order):
            power *= u - j
        total += chosen * power
        chosen *= -(order + 1.0 - j) / (j + 1.0)
    for j in range(2, order + 1):
        scale *= j
    return total / scale


@kernel
def spline_row(x, grid, order, low, high, out):
    t = place_on_grid(x, grid, low, high)
    for i in range(grid + order):
        out[i] = cardinal_spline(t - (i - order), order)


@kernel
def spline_slope_row(x, grid, order, low, high, out):
    t = place_on_grid(x, grid, low, high)
    for i in range(grid + order):
        u = t - (i - order)
        if order > 1:
            slope = cardinal_spline(u, order - 1) - cardinal_spline(u - 1.0, order - 1)
        else:
            slope = u if u != u else (1.0 if 0.0 <= u < 1.0 else (-1.0 if 1.0 <= u < 2.0 else 0.0))
        out[i] = slope * grid / (high - low)


def relu_kan_basis(x, *, grid=5, order=3, low=0.0, high=1.0):
    """The basis of ReLU-KAN: ``R_i(x) = [r (x - s_i)_+ (e_i - x)_+]^2``, two ReLUs that face each other.

    Each function is a bump of height 1 on ``order + 1`` cells, with a continuous derivative. At an x between two knots
    ``order + 1`` of them are above 0. Their sum is not 1, as that of B-splines is.

    Parameters
    ----------
    x : array_like (...)
    grid : int
        Cells between `low` and `high`.
    order : int
        ``grid + order`` functions: i begins at ``s_i = low + (i - order) h`` and ends at ``e_i = s_i + (order + 1) h``,
        with cells of width h; r makes the height 1. The ends are fixed here; the papers train them, too.
    low, high : float

    Returns
    -------
    (..., grid + order), in the dtype of `x`; computed in float64.

    Gradient
    --------
    ``2 r^2 (x - s)(e - x)(s + e - 2 x)`` within a support; 0 outside and at its ends.

    Special values
    --------------
    Far off the grid all functions are 0, and so are their derivatives: such an input has no part in what is learned.
    NaN gives NaN.

    Accuracy
    --------
    float64, on the grid: within 1e-14 of the definition, the derivative within 1e-13 of a grid's cells, tested.

    References
    ----------
    Q. Qiu et al., ReLU-KAN, 2024, arXiv:2406.02075; the basis is that of its program.

    Examples
    --------
    >>> relu_kan_basis(0.3).round(4)
    array([0.    , 0.1914, 0.8789, 0.8789, 0.1914, 0.    , 0.    , 0.    ])
    """
    numbers = checked_grid(grid, order, low, high)
    return restored(basis_rows(relu_kan_row, x, numbers, numbers[0] + numbers[1]), x)


def relu_kan_pull(x, g, *, grid=5, order=3, low=0.0, high=1.0):
    numbers = checked_grid(grid, order, low, high)
    return pulled(basis_rows(relu_kan_slope_row, x, numbers, numbers[0] + numbers[1]), x, g)


def spline_basis(x, *, grid=5, order=3, low=0.0, high=1.0):
    """The basis of the first Kolmogorov-Arnold networks: B-splines on equal cells, also beyond the ends of the grid.

    On the grid they add up to 1. An edge of such a network is a sum of them, each with a weight that is learned; in
    the paper ``silu(x)`` with a weight is added, which is left to the caller.

    Parameters
    ----------
    x, grid, order, low, high : as in `relu_kan_basis`; so is the result

    Gradient
    --------
    Of order k the difference of two B-splines of order k - 1; at a knot, for order 1, that of the cell on the right.

    Special values
    --------------
    More than `order` cells off the grid all functions are 0. NaN gives NaN.

    Accuracy
    --------
    float64, orders 1 to 5: within 1e-14, the derivative within 1e-13 of a grid's cells, tested against SciPy's splines.

    References
    ----------
    Z. Liu et al., KAN: Kolmogorov-Arnold Networks, ICLR 2025, arXiv:2404.19756.

    Examples
    --------
    >>> spline_basis(0.3).round(4)
    array([0.    , 0.0208, 0.4792, 0.4792, 0.0208, 0.    , 0.    , 0.    ])
    """
    numbers = checked_grid(grid, order, low, high)
    return restored(basis_rows(spline_row, x, numbers, numbers[0] + numbers[1]), x)


def spline_pull(x, g, *, grid=5, order=3, low=0.0, high=1.0):
    numbers = checked_grid(grid, order, low, high)
    return pulled(basis_rows(spline_slope_row, x, numbers, numbers[0] + numbers[1]), x, g)
