"""The mechanism of self-checked exercises: an answer goes in, a verdict with a hint comes out."""
import math
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from numbers import Real

import numpy as np

from toolkit._core.arguments import check_finite, check_number, shown
from toolkit.course.exercises._form import NEEDS_LAB, form_html
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
        Takes an answer; returns None when it is right, else a hint that does not give the answer away. One from
        `close_to` or `exactly` also judges on the page, any other asks for JupyterLab.
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
    exercise: Exercise | None = None

    def __repr__(self):
        return f"{'○' if self.passed is None else '✓' if self.passed else '✗'} {self.name}: {self.message}"

    def _repr_html_(self):
        """While the book is built: a form in place of what is not answered yet."""
        if self.passed is not None or os.environ.get("BOOK_BUILD") != "1":
            return None
        judge = self.exercise.judge
        return form_html(self.name, judge, self.exercise.praise) if isinstance(judge, _Judge) else NEEDS_LAB


def verdict(name, exercise, answer):
    """Judge `answer`; an answer that raises an error or has the wrong type is wrong, with a sentence that says so."""
    if answer is ...:
        return Verdict(name, None, "not answered yet; put your answer in the place of the ...", exercise)
    try:
        hint = exercise.judge(answer)
    except Exception as error:  # whatever a reader hands in must end in a sentence, not in a traceback
        hint = f"your answer could not be used: {words_of(error)}"
    return Verdict(name, hint is None, exercise.praise if hint is None else hint, exercise)


def close_to(expected, rtol, *hints, otherwise="compute it and look again"):
    """A judge for numbers: right within a relative `rtol`; ``(wrong value, hint)`` pairs name common slips."""
    expected, rtol = check_finite("expected", expected), check_number("rtol", rtol, 0.0, 0.5)
    near = max(rtol, 1e-3)
    slips = [_Case(float(slip), near, hint) for slip, hint in hints]
    return _Judge("number", (_Case(expected, rtol, None), *slips), otherwise)


def exactly(expected, *hints, otherwise="think again", among=()):
    """A judge for whole numbers, sets of them, and words; 17.0 is as good as 17.

    A word counts without regard to case and to blanks around it; with `among` it is one of these. The order of a set,
    and what stands in it twice, does not count.
    """
    kind = "word" if isinstance(expected, str) else "set" if isinstance(expected, (set, frozenset)) else "whole"
    read = _READERS[kind]
    if read(expected) is None or kind == "whole" and not read(expected).is_integer():
        raise TypeError(f"expected is {shown(expected)}; allowed: a whole number, a set of them, or a word")
    words = tuple(map(_word, among)) if isinstance(among, (list, tuple)) else (None,)
    if None in words or words and read(expected) not in words:
        raise TypeError(f"among is {shown(among)}; allowed: a list of words, with the expected one")
    cases = [_Case(read(value), 0.0, hint) for value, hint in ((expected, None), *hints)]
    return _Judge(kind, tuple(cases), otherwise, tuple(among))


@dataclass(frozen=True)
class _Case:
    """An answer that a judge knows, of numbers all within `rtol`; what is right has no hint."""

    value: object
    rtol: float
    hint: str | None

    def fits(self, given):
        return given == self.value or self.rtol > 0 and abs(given - self.value) <= self.rtol * abs(self.value)


@dataclass(frozen=True)
class _Judge:
    """Names the first case that fits. The page has the same rules from `_form.page_data`."""

    kind: str
    cases: tuple
    otherwise: str
    among: tuple = ()

    @property
    def expected(self):
        if self.among:
            return " or ".join(f"'{word}'" for word in self.among)
        return {"number": "one number", "whole": "a whole number", "set": "a list of whole numbers",
                "word": "a word"}[self.kind]

    def __call__(self, answer):
        given = _READERS[self.kind](answer)
        known = given is not None and next((case for case in self.cases if case.fits(given)), None)
        if known:
            return known.hint
        whole = self.kind != "whole" or given is not None and given.is_integer()
        if given is None or not whole or self.among and given not in map(_word, self.among):
            return f"expected {self.expected}, got {shown(given if isinstance(given, str) else _plain(answer))}"
        return self.otherwise


def _plain(answer):
    """NumPy's scalars and arrays of one entry as Python's own numbers and words."""
    return answer.item() if isinstance(answer, (np.generic, np.ndarray)) and answer.size == 1 else answer


def _number(answer):
    number = _plain(answer)
    if isinstance(number, bool) or not isinstance(number, Real) or number != number:
        return None
    try:
        return float(number)
    except OverflowError:  # an integer of more than 300 digits
        return math.inf if number > 0 else -math.inf


def _word(answer):
    word = _plain(answer)
    return word.strip().lower() if isinstance(word, str) else None


def _set(answer):
    if isinstance(answer, str) or not isinstance(answer, Iterable):
        return None
    numbers = [_number(entry) for entry in answer]
    whole = all(number is not None and number.is_integer() for number in numbers)
    return tuple(sorted({int(number) for number in numbers})) if whole else None


_READERS = {"number": _number, "whole": _number, "word": _word, "set": _set}
