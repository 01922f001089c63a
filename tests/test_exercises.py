"""Every exercise accepts its solution, rejects its plausible wrong answers with a hint, and survives nonsense."""
from fractions import Fraction

import numpy as np
import pytest

from toolkit.course.exercises import EXERCISES, check
from toolkit.grokking.recordings import recorded

NONSENSE = [None, "??", float("nan"), [], {}, lambda: 1 / 0]


@pytest.mark.parametrize("name", EXERCISES)
def test_the_solution_passes(name):
    verdict = check(name, EXERCISES[name].solution)
    assert verdict.passed, verdict
    assert repr(verdict).startswith("✓")


@pytest.mark.parametrize("name", EXERCISES)
def test_wrong_answers_get_a_hint(name):
    exercise = EXERCISES[name]
    assert exercise.wrong, "an exercise without a wrong answer is not tested"
    for answer in [*exercise.wrong, *NONSENSE]:
        verdict = check(name, answer)
        assert not verdict.passed, f"{answer!r} was accepted"
        assert verdict.message and repr(verdict).startswith("✗")


@pytest.mark.parametrize("name", EXERCISES)
def test_what_is_not_answered_does_not_look_wrong(name):
    verdict = check(name, ...)
    assert verdict.passed is None and repr(verdict).startswith("○") and "not answered yet" in verdict.message


@pytest.mark.parametrize("answer", [17, 17.0, np.int64(17), np.float32(17), np.array([17]), Fraction(17)])
def test_a_right_number_is_right_in_any_type(answer):
    assert check("loss.first_zero", answer).passed


@pytest.mark.parametrize("answer", [1.56e-9, np.float32(1.556e-9), np.array(1.5555e-9)])
def test_as_many_digits_as_asked_for_are_enough(answer):
    assert check("loss.row_sum", answer).passed


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ValueError, match="allowed: "):
        check("no.such", 1)


def test_the_gain_that_an_exercise_asks_for_is_that_of_the_recordings():
    def gain(name):
        run = recorded(name)
        start, end = (run["test_accuracy"][run.steps.tolist().index(epoch)] for epoch in (2850, 8000))
        return 100 * (end - start)

    parted = gain("figure2-70-complement-float32") - gain("figure2-70-float32")
    assert EXERCISES["rerun.formula"].solution == pytest.approx(parted, rel=1e-5)
