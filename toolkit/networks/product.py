"""Matrix products that skip zeros; strict, they have the same bits on every machine and in WebAssembly.

Half of what a ReLU layer hands on is exactly 0. The products add up rows of B with the other coefficients, in their
order. Columns come in multiples of `LINE`, which keeps rows aligned to cache lines: that alone doubles the speed.
"""

from toolkit._core.kernel import kernel
from toolkit._core.lanes import lane, width_of
from toolkit.networks.tiles import BITS, add_tile, nonzero_in_columns, nonzero_in_row, widest_tile

__all__ = ["LINE", "add_product", "add_transposed_product", "padded"]

LINE = 16  # columns come in multiples of this: a cache line of float32


@kernel
def padded(n):
    """`n` rounded up to whole cache lines."""
    return (n + LINE - 1) // LINE * LINE


@kernel
def add_product(fused, a, b, c):
    """``c += a @ b``, terms in the order of b's rows, those with a zero coefficient left out.

    Parameters
    ----------
    fused : None, or True for products and sums that are rounded at once, where the machine can
    a : (m, k) array with its rows C-contiguous
    b : (k, n) array with its rows C-contiguous
    c : (m, n) array with its rows C-contiguous, n a multiple of `LINE`
    """
    lines = c.shape[1] // width_of(c)
    tiles = (lines + widest_tile() - 1) // widest_tile()
    for start in range(0, b.shape[0], BITS):
        stop = min(start + BITS, b.shape[0])
        for tile in range(tiles):
            first, last = lines * tile // tiles, lines * (tile + 1) // tiles
            for i in range(c.shape[0]):
                bits = nonzero_in_row(a, i, start, stop)
                add_tile(fused, bits, a[i, start:stop], b[start:stop], first, last - first, c[i])


@kernel
def add_transposed_product(fused, a, b, c):
    """``c += a.T @ b`` as `add_product` does it; `a` is (k, m)."""
    lines = c.shape[1] // width_of(c)
    tiles = (lines + widest_tile() - 1) // widest_tile()
    for start in range(0, b.shape[0], BITS):
        stop = min(start + BITS, b.shape[0])
        for tile in range(tiles):
            first, last = lines * tile // tiles, lines * (tile + 1) // tiles
            for column in range(0, c.shape[0], width_of(c)):
                bits = nonzero_in_columns(a, column, start, stop)
                for i in range(min(width_of(c), c.shape[0] - column)):
                    add_tile(fused, lane(bits, i), a[start:stop, column + i], b[start:stop], first, last - first,
                             c[column + i])
