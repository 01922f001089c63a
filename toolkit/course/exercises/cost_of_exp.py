"""Exercises of the chapter *What does exp cost?*"""
import numpy as np

from toolkit.course.exercises._check import Exercise, exactly
from toolkit.elementary import exp

__all__ = ["EXERCISES"]

_LIBRARY = {np.exp, np.exp2, np.expm1, np.power, np.float_power, np.sinh, np.cosh, np.tanh, np.logaddexp, np.logaddexp2}


class _WithoutLibrary(np.ndarray):
    """An array that refuses exp and what is made of it."""

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        if ufunc in _LIBRARY:
            raise TypeError(f"np.{ufunc.__name__} computes the exponential for you; here you do")
        plain = [np.asarray(value) if isinstance(value, _WithoutLibrary) else value for value in inputs]
        return np.asarray(getattr(ufunc, method)(*plain, **options)).view(_WithoutLibrary)


def _judge_exponential(exponential):
    if not callable(exponential):
        return f"expected a function exponential(x), got {exponential!r}"
    x = np.linspace(-80, 80, 4001, dtype=np.float32)
    truth = np.array([exp(float(value)) for value in x])
    found = np.asarray(exponential(x.view(_WithoutLibrary)))
    if found.dtype != np.float32 or found.shape != x.shape:
        return f"expected float32 of shape {x.shape}, got {found.dtype} of shape {found.shape}"
    error = np.abs(found - truth) / np.spacing(truth.astype(np.float32))
    worst = int(np.argmax(np.where(np.isnan(error), np.inf, error)))
    if not error[worst] <= 2:
        return (f"at x = {x[worst]:.6g} the result is {truth[worst]:.8g}, yours is {float(found[worst]):.8g}:"
                f" {error[worst]:.3g} ulp off")
    return None


def _reduced(x, head, rest):
    k = np.rint(x * np.float32(1.4426950408889634))
    t = (x - k * np.float32(head)) - k * np.float32(rest)
    q = np.float32(0)
    for factor in (7, 6, 5, 4, 3, 2):
        q = (1 + q * t) / np.float32(factor)
    return np.ldexp(1 + (t + t * t * q), k.astype(int))


def _by_two_parts(x):
    return _reduced(x, 0.693145751953125, 1.42860677e-06)


def _by_one_constant(x):
    return _reduced(x, 0.6931471805599453, 0.0)


def _in_float64(x):
    return _by_two_parts(x.astype(np.float64))


EXERCISES = {
    "exp.head_digits": Exercise(
        solution=42,
        judge=exactly(42, (53, "those are all the digits of float64; the product needs room for those of k"),
                      (16, "that is float32"), (43, "k has up to 11 binary digits, not 10: 2^10 is 1024"),
                      (11, "those are the digits of k; what is left for the head?"),
                      otherwise="the product of numbers with a and b digits has up to a + b; float64 has 53"),
        wrong=(53, 43, 16, 11, 45),
        praise="53 - 11 = 42, and toolkit.elementary has just that head.",
    ),
    "exp.degree": Exercise(
        solution=6,
        judge=exactly(6, (7, "Taylor needs 7; fitting saves one"), (5, "degree 5 is still off by several ulp"),
                      otherwise="set the figure of the polynomials to one entry and float32, and raise the degree"),
        wrong=(7, 5, 8, 2**-24),
        praise="degree 5 is still off by several units, and degree 7 by less than a hundredth of one.",
    ),
    "exp.table": Exercise(
        solution=16,
        judge=exactly(16, (8, "close: with 8 entries the error is a little above 2^-24"), (32, "fewer are enough"),
                      (4, "each power of two divides the error of degree 3 by 16: a step or two more"),
                      otherwise="set the figure to degree 3 and float32, and choose ever longer tables"),
        wrong=(8, 32, 4, 6, 1),
        praise="64 bytes of table for three degrees: each doubling of the table divides the error by 2^(n + 1).",
    ),
    "exp.ends": Exercise(
        solution="small",
        judge=exactly("small", ("large", "print polynomial(t, FITTED[5], 5) - exp(t) at both ends"),
                      among=("large", "small")),
        wrong=("large", "both", 5),
        praise="the same error at both ends is relatively twice as large on the left, where the next piece begins:"
               " there exp falls.",
    ),
    "exp.write_it": Exercise(
        solution=_by_two_parts,
        judge=_judge_exponential,
        wrong=(_by_one_constant, _in_float64, np.exp, 3.0),
        praise="a rint, a few multiplications and additions: the rest of a library's exp is the two ends of its range.",
    ),
}
