"""Inner products of rows in float64, in a fixed order that vectorises."""
from toolkit._core.kernel import kernel
from toolkit._core.numbers import in_format

__all__ = ["inner", "norm_squared"]


@kernel
def inner(a, b):
    """``<a, b>`` in float64, over four lanes in a fixed order."""
    a, b = in_format(a, None), in_format(b, None)
    s0 = 0.0
    s1 = 0.0
    s2 = 0.0
    s3 = 0.0
    whole = a.size - a.size % 4
    for i in range(0, whole, 4):
        s0 += float(a[i]) * float(b[i])
        s1 += float(a[i + 1]) * float(b[i + 1])
        s2 += float(a[i + 2]) * float(b[i + 2])
        s3 += float(a[i + 3]) * float(b[i + 3])
    for i in range(whole, a.size):
        s0 += float(a[i]) * float(b[i])
    return (s0 + s2) + (s1 + s3)


@kernel
def norm_squared(a):
    """``||a||^2`` in float64."""
    return inner(a, a)
