"""Every exercise accepts its solution, rejects its plausible wrong answers with a hint, and survives nonsense."""
import json
import re
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from toolkit.course.exercises import EXERCISES, check
from toolkit.grokking.recordings import recorded

ROOT = Path(__file__).parents[1]
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


def _digits_asked_for():
    """Each exercise that asks for a number of digits, and its solution rounded to as many."""
    words = {"two": 2, "three": 3, "four": 4}
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        cells = ["".join(cell["source"]) for cell in json.loads(path.read_text("utf-8"))["cells"]]
        for statement, cell in zip(cells, cells[1:]):
            asked = re.search(r"\b(two|three|four) digits\b", statement, re.IGNORECASE)
            name = re.match(r'answer = \.\.\.\ncheck\("([\w.]+)"', cell)
            if asked and name:
                yield name[1], float(f"{EXERCISES[name[1]].solution:.{words[asked[1].lower()]}g}")


@pytest.mark.parametrize(("name", "answer"), [*_digits_asked_for(), ("loss.row_sum", np.array(1.5555e-9))])
def test_as_many_digits_as_asked_for_are_enough(name, answer):
    assert check(name, answer).passed


def test_the_gain_that_an_exercise_asks_for_is_that_of_the_recordings():
    def gain(name):
        run = recorded(name)
        start, end = (run["test_accuracy"][run.steps.tolist().index(epoch)] for epoch in (2850, 8000))
        return 100 * (end - start)

    parted = gain("figure2-70-complement-float32") - gain("figure2-70-float32")
    assert EXERCISES["rerun.formula"].solution == pytest.approx(parted, rel=1e-5)


@pytest.mark.parametrize("answer", [None, "17", [17], float("nan"), True, 16.64, float("inf"), np.float32(16.5)])
def test_what_is_no_whole_number_is_told_so(answer):
    said = check("loss.first_zero", answer)
    assert not said.passed and said.message.startswith("expected a whole number, got "), said


@pytest.mark.parametrize("answer", [None, 16, ["float16"], float("nan"), "float32", ""])
def test_what_is_none_of_the_choices_is_told_them(answer):
    said = check("loss.longer_alive", answer)
    assert not said.passed and said.message.startswith("expected 'float16' or 'bfloat16', got "), said


@pytest.mark.parametrize("answer", ["float16", " Float16\n", "FLOAT16", np.array("float16")])
def test_case_and_blanks_of_a_word_do_not_count(answer):
    assert check("loss.longer_alive", answer).passed


@pytest.mark.parametrize("answer", [[3, 0, 2], (0, 2, 3), {0, 2, 3}, np.array([0, 2, 3, 3]), [0.0, 2.0, 3.0]])
def test_a_set_counts_in_any_order_and_type(answer):
    assert check("collapse.which_rows", answer).passed


@pytest.mark.parametrize("answer", [None, "0, 2, 3", 3, [0.5], ["0"], [float("nan")]])
def test_what_is_no_list_of_whole_numbers_is_told_so(answer):
    said = check("collapse.which_rows", answer)
    assert not said.passed and said.message.startswith("expected a list of whole numbers, got "), said


def test_a_misspelt_name_suggests_those_near_it():
    with pytest.raises(ValueError, match="name is 'los.first_zer'; allowed: 'loss.first_zero'") as error:
        check("los.first_zer", 17)
    assert str(error.value).count(" or ") <= 2
    with pytest.raises(ValueError, match="name is 3; allowed: the name that the exercise gives to check"):
        check(3, 17)


def test_an_exercise_becomes_a_form_while_the_book_is_built_and_nowhere_else(monkeypatch):
    monkeypatch.delenv("BOOK_BUILD", raising=False)
    assert check("loss.first_zero", ...)._repr_html_() is None
    monkeypatch.setenv("BOOK_BUILD", "1")
    assert check("loss.first_zero", 17)._repr_html_() is None
    assert 'type="text"' in check("loss.first_zero", ...)._repr_html_()
    assert check("loss.longer_alive", ...)._repr_html_().count('type="radio"') == 2
    assert "needs JupyterLab" in check("loss.write_it", ...)._repr_html_()
