"""exp of float32 lanes, with the bits of `exp`: the same operations in the same order, none of them fused."""
from toolkit._core.kernel import kernel
from toolkit._core.lane_arithmetic import choose, low_bits_as_exponent, narrowed, widened
from toolkit.elementary._exponential_core import INV_LN2, LN2_HI, LN2_LO, ROUNDER, exp_pair

__all__ = ["exp_lanes"]


@kernel(forceinline=True)
def exp_lanes(x):
    """exp of each lane, correctly rounded, as `toolkit.elementary.exp` has it."""
    wide = widened(x)
    wide = choose(wide < -700.0, -700.0, wide)
    wide = choose(700.0 < wide, 700.0, wide)
    rounded = wide * INV_LN2 + ROUNDER
    k = rounded - ROUNDER
    s, e = exp_pair(wide - k * LN2_HI, 0.0 - k * LN2_LO)
    return narrowed((s + e) * low_bits_as_exponent(rounded + 1023.0), x)
