"""What layers do to blocks of rows besides products: begin, clear, add up, transpose."""
from toolkit._core.kernel import kernel

__all__ = ["add_row", "add_rows", "clear", "start_from", "transpose"]


@kernel
def clear(block):
    for i in range(block.shape[0]):
        for j in range(block.shape[1]):
            block[i, j] = 0.0


@kernel
def start_from(block, row):
    """Set each row of a block."""
    for i in range(block.shape[0]):
        for j in range(row.size):
            block[i, j] = row[j]


@kernel
def add_row(row, out):
    for j in range(out.size):
        out[j] += row[j]


@kernel
def add_rows(block, out):
    for i in range(block.shape[0]):
        add_row(block[i], out)


@kernel
def transpose(w, columns, t):
    """The first `columns` of each row of `w` become columns of `t`."""
    for i in range(w.shape[0]):
        for j in range(columns):
            t[j, i] = w[i, j]
