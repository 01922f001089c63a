"""Exercises of the chapter *Numbers with gaps*."""
import math

from toolkit.course.exercises._check import Exercise, close_to, exactly
from toolkit.formats import round_to

__all__ = ["EXERCISES"]

_TERMS = 4096


def _judge_total(answer):
    """A judge for sums in float16: run on constant and on falling terms, through an `add` that counts."""
    for terms in ([1.0] * _TERMS, [float(round_to(1 / (k + 1), "float16")) for k in range(_TERMS)], [0.5]):
        calls = 0

        def add(a, b):
            nonlocal calls
            calls += 1
            return float(round_to(a + b, "float16"))

        total = answer(list(terms), add)
        if total is None:
            return "your function returns nothing: end it with return"
        if calls < len(terms) - 1:
            return f"add was called {calls} times; {len(terms)} terms need at least {len(terms) - 1} additions by add"
        exact = math.fsum(terms)
        if not abs(total - exact) <= 0.005 * exact:
            return f"{len(terms)} terms from {terms[0]:.4g} to {terms[-1]:.4g} give {total:.6g}, exact is {exact:.6g}"
    return None


def _halves(values, add):
    if len(values) == 1:
        return values[0]
    middle = len(values) // 2
    return add(_halves(values[:middle], add), _halves(values[middle:], add))


def _in_order(values, add):
    total = 0.0
    for value in values:
        total = add(total, value)
    return total


EXERCISES = {
    "numbers.last_integer": Exercise(
        solution=2**24,
        judge=exactly(
            2**24,
            (2**24 + 1, "close: that one is the first whole number that float32 does not have"),
            (2**23, "24 significant bits: the 23 stored ones and the 1 that is not stored"),
            (2**11, "that is float16; float32 has 23 fraction bits"),
            otherwise="where does the gap between neighbours become 2?",
        ),
        wrong=(2**24 + 1, 2**23, 2**11, 2**31 - 1, 2.0**24 + 2),
        praise="16777216 = 2²⁴: from there on float32 has only every second whole number",
    ),
    "numbers.stall": Exercise(
        solution=256.0,
        judge=close_to(
            256.0,
            1e-12,
            (204.8, "2048 is where steps of 1 stop; a step of 0.1 fits a smaller gap, but which one?"),
            (128.0, "there the gap becomes 0.125 and half of it is 0.0625: 0.1 still rounds up"),
            (512.0, "the counter never gets so far: how large is half the gap at 256?"),
            otherwise="it stops where 0.1 is less than half the gap to the next number",
        ),
        wrong=(204.8, 128.0, 512.0, 409.6, 255.9),
        praise="at 256 the gap is 0.25, and 0.1 is less than half of it",
    ),
    "numbers.logit_gap": Exercise(
        solution=8 * math.log(2.0),
        judge=close_to(
            8 * math.log(2.0),
            2e-3,
            (11 * math.log(2.0), "that is float16, with 10 fraction bits; bfloat16 has 7"),
            (7 * math.log(2.0), "a number vanishes beside 1 when it is at most half the gap behind 1"),
            (24 * math.log(2.0), "that is float32"),
            otherwise="solve e^(-g) = u for the u of bfloat16",
        ),
        wrong=(11 * math.log(2.0), 7 * math.log(2.0), 24 * math.log(2.0), -8 * math.log(2.0), 8.0),
        praise="g = 8 ln 2: bfloat16 already drops the second class when it still has a chance of 1 in 257",
    ),
    "numbers.overflow": Exercise(
        solution=6,
        judge=exactly(
            6,
            (7, "e⁷ is far beyond the largest number of this format: print it"),
            (11, "that is float16 and float8_e5m2; e4m3fn spends a bit less on the exponent"),
            (88, "that is float32 and bfloat16"),
            otherwise="compare e^z with the largest number of the format",
        ),
        wrong=(7, 11, 88, 5, 448),
        praise="e⁶ fits below 448 and e⁷ does not: an unshifted 8-bit softmax has room for logits up to 6",
    ),
    "numbers.total": Exercise(
        solution=_halves,
        judge=_judge_total,
        wrong=(_in_order, lambda values, add: math.fsum(values), lambda values, add: None, 4096.0),
        praise="every addition was a float16 addition; only their order changed",
    ),
}
