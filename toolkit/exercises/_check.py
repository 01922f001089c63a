"""The mechanism of self-checked exercises: an answer goes in, a verdict with a hint comes out."""
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

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
    """The result of a check; displays as one line."""

    name: str
    passed: bool
    message: str

    def __repr__(self):
        return f"{'✓' if self.passed else '✗'} {self.name}: {self.message}"


def verdict(name, exercise, answer):
    """Judge `answer`; an answer that raises an error or has the wrong type is wrong, with a sentence that says so."""
    if answer is ...:
        return Verdict(name, False, "no answer yet: replace the ... by yours")
    try:
        hint = exercise.judge(answer)
    except Exception as error:  # whatever a reader hands in must end in a sentence, not in a traceback
        hint = f"your answer could not be used: {type(error).__name__}: {error}"
    return Verdict(name, hint is None, exercise.praise if hint is None else hint)


def close_to(expected, rtol, *hints, otherwise="not yet; compute it and look again"):
    """A judge for numbers: right within a relative `rtol`; ``(wrong value, hint)`` pairs name common slips."""

    def judge(answer):
        if isinstance(answer, bool) or not np.isscalar(answer) or isinstance(answer, str):
            return f"expected one number, got {answer!r}"
        if np.isclose(answer, expected, rtol=rtol, atol=0.0):
            return None
        return next((hint for slip, hint in hints if np.isclose(answer, slip, rtol=max(rtol, 1e-3), atol=0.0)), otherwise)

    return judge


def exactly(expected, *hints, otherwise="not yet; think again"):
    """A judge for words, truth values and whole numbers."""

    def judge(answer):
        if type(answer) is type(expected) and answer == expected:
            return None
        return next((hint for slip, hint in hints if type(answer) is type(slip) and answer == slip), otherwise)

    return judge
