"""Every exercise accepts its solution, rejects its plausible wrong answers with a hint, and survives nonsense."""
import pytest

from toolkit.exercises import EXERCISES, check

NONSENSE = [..., None, "??", float("nan"), [], {}, lambda: 1 / 0]


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


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ValueError, match="allowed: "):
        check("no.such", 1)
