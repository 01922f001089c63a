"""The normal distribution in lanes: its bell, and Mills' ratio, whose product is the tail."""
from toolkit._core.kernel import kernel
from toolkit._core.lane_arithmetic import fused, inverse_of, low_bits_as_exponent, size
from toolkit._core.lanes import by_dtype
from toolkit.large_arrays.exponentials import at_most, exp_parts, far_parts

__all__ = ["bell", "far_bell", "is_central", "mills_ratio"]


@kernel(forceinline=True)
def mills_32(t):
    inverse = inverse_of(t + 4.0)
    w = fused(t + t, inverse, -1.0)
    w2 = w * w
    w4 = w2 * w2
    low = fused(fused(-0.18652128140252128, w, 0.3871373679985599), w2,
                fused(-0.6078966590908522, w, 0.7552851306230107))
    high = fused(fused(0.001645219297359636, w, -0.003489317276115056), w2,
                 fused(-0.00754526826571505, w, 0.06039753308782922))
    top = fused(-5.1556593298561416e-05, w2, fused(-0.0002317986783423407, w, 0.00017105461158686258))
    return fused(fused(top, w4, high), w4, low) * inverse


@kernel(forceinline=True)
def mills_64(t):
    inverse = inverse_of(t + 5.0)
    w = fused(t + t, inverse, -1.0)
    w2 = w * w
    w4 = w2 * w2
    first = fused(fused(-0.31353315667128745, w, 0.4953056159699761), w2,
                  fused(-0.6653825028900568, w, 0.769193049750063))
    second = fused(fused(-0.002993376761868743, w, 0.020795066799260343), w2,
                   fused(-0.06911863870687814, w, 0.16502036617040713))
    third = fused(fused(-4.976245616870157e-05, w, -5.9375807358891235e-05), w2,
                  fused(0.0005448989927584027, w, -0.0007978693892958589))
    fourth = fused(fused(-3.345738518771817e-07, w, -2.7707204135122383e-06), w2,
                   fused(3.97980489932909e-06, w, 1.6681639595174005e-05))
    fifth = fused(fused(-8.555696628254633e-09, w, -7.014220631960926e-08), w2,
                  fused(4.0177962891473734e-08, w, 4.362925568222539e-07))
    sixth = fused(fused(-3.81618035300424e-10, w, -1.160886448380309e-09), w2,
                  fused(2.220848621773149e-09, w, 1.0797345335746256e-08))
    high = fused(fused(sixth, w4, fifth), w4, fourth)
    return fused(fused(fused(high, w4, third), w4, second), w4, first) * inverse


# Mills' ratio ``exp(t**2 / 2) Phi(-t)`` for 0 <= t <= 15 (float64: 39), within 3 ulp: a polynomial in
# ``(t - 4) / (t + 4)`` (float64: 5), divided by ``t + 4`` (benchmarks/elementary_coefficients.py).
mills_ratio = by_dtype(mills_32, mills_64)


@kernel
def far_end_32(x):
    return 15.0


@kernel
def far_end_64(x):
    return 39.0


# Phi and phi of minus this, and of less, times it round to 0.
far_end = by_dtype(far_end_32, far_end_64)


@kernel
def is_central_32(x):
    return size(x) < 12.5


@kernel
def is_central_64(x):
    return size(x) < 37.0


# In which lanes the bell is not near underflow.
is_central = by_dtype(is_central_32, is_central_64)


@kernel(forceinline=True)
def with_rest_of_square(t, s, m):
    """``exp(-t**2 / 2)`` of ``m = exp(-s / 2)``, s the rounded square of t."""
    return fused(m, -0.5 * fused(t, t, 0.0 - s), m)


@kernel(forceinline=True)
def bell(x):
    """``(|x|, m, power)`` with ``exp(-x**2 / 2) = m * power``, of central lanes."""
    t = size(x)
    r, rest, shifted = exp_parts(-0.5 * (t * t))
    return t, with_rest_of_square(t, t * t, 1.0 + (r + rest)), low_bits_as_exponent(shifted)


@kernel
def far_bell(x):
    """``(t, m, power, lifted power)`` of `bell`, t not beyond where it is 0."""
    t = at_most(size(x), far_end(x))
    r, rest, power, lifted = far_parts(-0.5 * (t * t))
    return t, with_rest_of_square(t, t * t, 1.0 + (r + rest)), power, lifted
