"""The mechanism of self-checked exercises: an answer goes in, a verdict with a hint comes out."""
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Real

import numpy as np

from toolkit._core.arguments import check_finite
from toolkit.live.kernel_errors import words_of

__all__ = ["Exercise", "Verdict", "close_to", "exactly", "verdict"]


@dataclass(frozen=True)
class Exercise:
    """One exercise.

    Parameters
    ----------
    solution : object
        An answer that passes.
    judge : callable
        Takes an answer; returns None when it is right, else a hint that does not give the answer away.
    wrong : tuple
        Plausible wrong answers; the tests check that each is rejected.
    praise : str
        What to take home, shown with a right answer.
    """

    solution: object
    judge: Callable
    wrong: tuple
    praise: str


@dataclass(frozen=True)
class Verdict:
    """The result of a check; displays as one line. `passed` is None as long as there is no answer."""

    name: str
    passed: bool | None
    message: str

    def __repr__(self):
        return f"{'○' if self.passed is None else '✓' if self.passed else '✗'} {self.name}: {self.message}"


def verdict(name, exercise, answer):
    """Judge `answer`; an answer that raises an error or has the wrong type is wrong, with a sentence that says so."""
    if answer is ...:
        return Verdict(name, None, "not answered yet; put your answer in the place of the ...")
    try:
        hint = exercise.judge(answer)
    except Exception as error:  # whatever a reader hands in must end in a sentence, not in a traceback
        hint = f"your answer could not be used: {words_of(error)}"
    return Verdict(name, hint is None, exercise.praise if hint is None else hint)


def _plain(answer):
    """NumPy's scalars and arrays of one entry as Python's own numbers and words."""
    return answer.item() if isinstance(answer, (np.generic, np.ndarray)) and answer.size == 1 else answer


def close_to(expected, rtol, *hints, otherwise="not yet; compute it and look again"):
    """A judge for numbers: right within a relative `rtol`; ``(wrong value, hint)`` pairs name common slips."""

    rtol = check_finite("rtol", rtol, 0.0)

    def judge(answer):
        number = _plain(answer)
        if isinstance(number, bool) or not isinstance(number, Real):
            return f"expected one number, got {answer!r}"
        number = float(number)
        if np.isclose(number, expected, rtol=rtol, atol=0.0):
            return None
        near = max(rtol, 1e-3)
        return next((hint for slip, hint in hints if np.isclose(number, slip, rtol=near, atol=0.0)), otherwise)

    return judge


def exactly(expected, *hints, otherwise="not yet; think again"):
    """A judge for words, truth values and whole numbers; 17.0 is as good as 17."""

    def judge(answer):
        given = _plain(answer)

        def is_it(value):
            return isinstance(given, bool) == isinstance(value, bool) and given == value

        return None if is_it(expected) else next((hint for slip, hint in hints if is_it(slip)), otherwise)

    return judge
