"""Print the constants of toolkit.elementary and of kernels of vectors from their definitions, with 150 digits.

Each polynomial interpolates at Chebyshev nodes, which is within a small factor of the best fit, and is then
rounded to float64. The printed error is that of the fit, in units of 2**-53 of the function that the
polynomial belongs to.

    python benchmarks/elementary_coefficients.py
"""
from mpmath import atanh, chebyfit, cos, erf, erfc, exp, factorial, floor, log, mp, mpf, nstr, pi, sin, sqrt, tanh

mp.dps = 150


def polynomial(name, function, low, high, terms, weight):
    """Fit `function` on [low, high]; `weight` is the largest size of the term relative to the result."""
    coefficients, error = chebyfit(function, [mpf(low), mpf(high)], terms, error=True)
    print(f"\n{name}: error {nstr(error * weight * 2**53, 2)} * 2**-53")
    for coefficient in coefficients[::-1]:
        print(f"    {float(coefficient)!r}")


def head(name, value, bits):
    """`value` as the sum of a number of so many `bits` after the point and a float64."""
    high = floor(value * mpf(2) ** bits) / mpf(2) ** bits
    print(f"\n{name}: {float(high)!r} + {float(value - high)!r}")


def erfcx(x):
    return exp(x * x) * erfc(x)


def mills_ratio(t):
    return erfcx(t / sqrt(2)) / 2


def scaled_mills_ratio(at):
    """Mills' ratio times ``t + at``, of ``w = (t - at) / (t + at)``."""
    return lambda w: mills_ratio(at * (1 + w) / (1 - w)) * 2 * at / (1 - w)


def of_lanes(half, square, tiny):
    """The polynomials of `toolkit.large_arrays` that are shorter, or reach further, than those of single numbers."""
    polynomial("large_arrays.exponentials.exp_parts_32", lambda r: sum(r**j / factorial(j + 2) for j in range(40)),
               -half, half, 6, half**2)
    polynomial("large_arrays.sigmoidal.log_tail_32", lambda z: (2 * atanh(sqrt(z)) / sqrt(z) - 2) / z,
               tiny, square, 4, square)
    for bits, at, end, terms in ((32, 4, 15, 11), (64, 5, 39, 24)):
        polynomial(f"large_arrays.normal.mills_{bits}", scaled_mills_ratio(mpf(at)), -1, mpf(end - at) / (end + at),
                   terms, 2.5)


def main():
    half = log(2) / 2 * mpf("1.0001")
    tiny = mpf(10) ** -25
    polynomial("_exponential_core.exp_tail", lambda r: sum(r**j / factorial(j + 3) for j in range(40)),
               -half, half, 10, half**3)
    square = ((sqrt(2) - 1) / (sqrt(2) + 1)) ** 2 * mpf("1.0001")
    polynomial("logarithm.log_tail", lambda z: (2 * atanh(sqrt(z)) / sqrt(z) - 2) / z,
               tiny, square, 8, square)
    polynomial("power.log_tail", lambda z: (atanh(sqrt(z)) / sqrt(z) - 1 - z / 3 - z * z / 5) / z**3,
               tiny, square, 7, square**3 * 2**13)
    polynomial("sigmoidal.tanh_tail", lambda z: (tanh(sqrt(z)) / sqrt(z) - 1) / z,
               tiny, mpf("0.36") ** 2, 9, 0.13)
    polynomial("error_function.erf_ratio", lambda z: erf(sqrt(z)) / sqrt(z) - 1,
               tiny, mpf("0.845") ** 2, 12, 1)
    centre = mpf("1.171875")
    polynomial("error_function.erf_middle",
               lambda u: (erf(centre + u + tiny) - erf(centre - tiny)) / (u + 2 * tiny),
               -0.33, 0.33, 16, 0.33)
    polynomial("error_function.scaled_complement", lambda w: erfcx(3 * (1 + w) / (1 - w)),
               mpf(-1.5) / 4.5, mpf(1) / 3, 14, 0.1)
    angle = (pi / 4) ** 2 * mpf("1.001")
    polynomial("trigonometric.sin_tail", lambda z: (sin(sqrt(z)) / sqrt(z) - 1) / z, tiny, angle, 7, 0.7)
    polynomial("trigonometric.cos_tail", lambda z: (cos(sqrt(z)) - 1 + z / 2) / z**2, tiny, angle, 6, 0.5)
    polynomial("normal.centre", lambda z: erf(sqrt(z / 2)) / (2 * sqrt(z)), tiny, mpf("0.7") ** 2, 10, 3)
    low, high = mpf("0.7"), mpf(8)
    polynomial("normal.mills_ratio", lambda w: mills_ratio(4 * (1 + w) / (1 - w)),
               (low - 4) / (low + 4), (high - 4) / (high + 4), 18, 1 / mills_ratio(high))
    polynomial("normal.mills_ratio beyond 8", lambda u: mills_ratio(1 / sqrt(u)) / sqrt(u),
               tiny, 1 / high**2, 11, 2.5)

    of_lanes(half, square, tiny)

    head("ln 2", log(2), 42)
    head("ln 2, of float32", log(2), 15)
    head("ln 2, for products of two 26-bit factors", log(2), 26)
    for name, value in (("1/3", mpf(1) / 3), ("1/5", mpf(1) / 5), ("erf(1.171875)", erf(centre)),
                        ("pi/2", pi / 2)):
        print(f"\n{name}: {float(value)!r} + {float(value - mpf(float(value)))!r}")
    print("\npi/2 in parts of 33 bits:")
    rest = pi / 2
    for bits in (32, 65, 98):
        part = floor(rest * mpf(2) ** bits) / mpf(2) ** bits
        rest -= part
        print(f"    {float(part)!r}")
    print(f"    {float(rest)!r}")
    with mp.workprec(1400):
        words = [int(floor(2 / pi * mpf(2) ** (30 * (i + 1)))) & (2**30 - 1) for i in range(40)]
    print("\n2/pi in digits of 30 bits:", words)


if __name__ == "__main__":
    main()
