"""Feature maps (N, C, ...) as blocks for kernels and back, and the moments of a block."""
import numpy as np

from toolkit._core.arrays import behaved, common_dtype, real_array
from toolkit._core.format import get_format
from toolkit._core.kernel import kernel
from toolkit._core.numbers import over_exactly
from toolkit._core.public import warn
from toolkit._core.rounded_arrays import round_each, round_to
from toolkit._core.sums import sum_like

__all__ = []
KERNELS = ["moments_naive", "moments_of"]


@kernel
def moments_of(x, first, last):
    """Mean and biased variance of rows first ... last - 1: the squares are those of what is left of the mean."""
    count, total = (last - first) * x.shape[1], sum_like(x[first, 0])
    for i in range(first, last):
        for j in range(x.shape[1]):
            total += x[i, j]
    mean, squares = over_exactly(total.value, count), sum_like(x[first, 0])
    for i in range(first, last):
        for j in range(x.shape[1]):
            d = x[i, j] - mean
            squares += d * d
    return mean, over_exactly(squares.value, count)


@kernel
def moments_naive(x, first, last):
    """``E[x]`` and ``E[x^2] - E[x]^2``, in one pass."""
    count, total, squares = (last - first) * x.shape[1], 0.0, 0.0
    for i in range(first, last):
        for j in range(x.shape[1]):
            total += x[i, j]
            squares += x[i, j] * x[i, j]
    mean = over_exactly(total, count)
    return mean, over_exactly(squares, count) - mean * mean


MOMENTS = {"naive": moments_naive, "stable": moments_of}


class Maps:
    """Feature maps (N, C, ...) as blocks for kernels, and the way back; what a channel has, as (C,)."""

    def __init__(self, x, format=None):
        self.array = real_array(x, "x")
        if self.array.ndim < 3 or 0 in self.array.shape:
            raise ValueError(f"x has shape {self.array.shape}; allowed: (N, C, H, W), at least one number each")
        self.samples, self.channels = self.array.shape[:2]
        self.dtype, self.fmt = common_dtype(x=x), None
        self.compute = np.dtype(np.float64 if self.dtype == np.float64 else np.float32)
        if format is not None:
            self.fmt, self.compute = np.int64(get_format(format).code), np.dtype(np.float64)
            self.dtype = round_to(np.zeros(0, self.dtype), format).dtype

    def of_channels(self, name, given, least=-np.inf):
        """A number of each channel, in float64 and for kernels."""
        given = real_array(given, name).astype(np.float64)
        if given.shape not in ((), (1,), (self.channels,)):
            raise ValueError(f"{name} has shape {given.shape}; allowed: a number, or ({self.channels},), one a channel")
        if not (given >= least).all() and least > -np.inf:
            raise ValueError(f"{name} has {given[~(given >= least)].flat[0]}; allowed: numbers >= {least:g}")
        return self.rounded(np.broadcast_to(given, self.channels))

    def rounded(self, x):
        x = behaved(x, self.compute)
        if self.fmt is not None:
            x = x.copy()
            round_each(x.reshape(-1), self.fmt)
        return x

    def by_channel(self, x, dtype=None):
        """(C, N, places)."""
        x = np.moveaxis(x.reshape(self.samples, self.channels, -1), 1, 0)
        return self.rounded(x) if dtype is None else behaved(x, dtype)

    def by_group(self, x, groups, dtype=None):
        """(N * groups, channels of a group, places)."""
        x = x.reshape(self.samples * groups, self.channels // groups, -1)
        return self.rounded(x) if dtype is None else behaved(x, dtype)

    def restore(self, out):
        with np.errstate(all="ignore"):
            return out.astype(self.dtype, copy=False).reshape(self.array.shape)

    def restore_channels(self, out):
        return self.restore(np.moveaxis(out, 0, 1))

    def above(self, g):
        """The gradient with respect to the result."""
        g = real_array(g, "g").astype(np.float64)
        try:
            return np.broadcast_to(g, self.array.shape)
        except ValueError:
            raise ValueError(f"g has shape {g.shape}; allowed: {self.array.shape}") from None

    def narrow(self, slope, like_):
        """The gradient of what a channel has, in the shape that it was given in."""
        slope = slope.reshape(self.channels)
        slope = slope if np.shape(like_) == slope.shape else slope.sum().reshape(np.shape(like_))
        return slope.astype(self.dtype)


def warned(name, form, maps, result):
    """The result; a RuntimeWarning where the naive form is not finite for finite numbers."""
    broken = np.count_nonzero(~np.isfinite(result))
    if form == "naive" and broken and np.isfinite(maps.array).all():
        warn(f"{name}(form='naive') is not finite for {broken} of {result.size} finite numbers")
    return result
