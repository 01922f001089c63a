"""The loops over rows and entries: arrays and a kernel in, the kernel's results out.

The kernel is an argument: each loop is compiled for it, and kept on disk as kernels are. Arrays become rows in the
format `fmt`, a code or None; `parameters` is a tuple of numbers.
"""
from toolkit._core.kernel import kernel
from toolkit._core.numbers import in_format

__all__ = ["map_entries", "map_entry_pairs", "map_entry_triples", "map_row_pairs", "map_row_triples", "map_rows",
           "reduce_row_pairs", "reduce_rows"]


@kernel(nogil=True)
def map_rows(of, z, parameters, out, fmt):
    """``of(row of z, *parameters, row of out)``."""
    z, out = in_format(z, fmt), in_format(out, fmt)
    for i in range(z.shape[0]):
        of(*((z[i],) + parameters + (out[i],)))


@kernel(nogil=True)
def map_row_pairs(of, z, g, parameters, out, fmt):
    """``of(row of z, row of g, *parameters, row of out)``."""
    z, g, out = in_format(z, fmt), in_format(g, fmt), in_format(out, fmt)
    for i in range(z.shape[0]):
        of(*((z[i], g[i],) + parameters + (out[i],)))


@kernel(nogil=True)
def map_row_triples(of, z, g, b, parameters, out, fmt):
    """``of(row of z, row of g, row of b, *parameters, row of out)``."""
    z, g, b, out = in_format(z, fmt), in_format(g, fmt), in_format(b, fmt), in_format(out, fmt)
    for i in range(z.shape[0]):
        of(*((z[i], g[i], b[i],) + parameters + (out[i],)))


@kernel(nogil=True)
def reduce_rows(of, z, parameters, out, fmt):
    """``out[i] = of(row of z, *parameters)``."""
    z, out = in_format(z, fmt), in_format(out, fmt)
    for i in range(z.shape[0]):
        out[i] = of(*((z[i],) + parameters))


@kernel(nogil=True)
def reduce_row_pairs(of, z, b, parameters, out, fmt):
    """``out[i] = of(row of z, row of b, *parameters)``."""
    z, b, out = in_format(z, fmt), in_format(b, fmt), in_format(out, fmt)
    for i in range(z.shape[0]):
        out[i] = of(*((z[i], b[i],) + parameters))


@kernel
def map_entries(of, x, out, fmt):
    """``out[i] = of(x[i])``."""
    x, out = in_format(x, fmt), in_format(out, fmt)
    for i in range(x.size):
        out[i] = of(x[i])


@kernel
def map_entry_pairs(of, x, a, out, fmt):
    """``out[i] = of(x[i], a[i])``."""
    x, a, out = in_format(x, fmt), in_format(a, fmt), in_format(out, fmt)
    for i in range(x.size):
        out[i] = of(x[i], a[i])


@kernel
def map_entry_triples(of, x, a, b, out, fmt):
    """``out[i] = of(x[i], a[i], b[i])``."""
    x, a, b, out = in_format(x, fmt), in_format(a, fmt), in_format(b, fmt), in_format(out, fmt)
    for i in range(x.size):
        out[i] = of(x[i], a[i], b[i])
