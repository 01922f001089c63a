"""Exercises on the page: the same verdicts as in the notebook, kept on the device."""
import math
import random
from dataclasses import replace

import pytest

import toolkit.course
from toolkit.course.exercises import EXERCISES, check
from toolkit.course.exercises._form import page_data

SCRIPT = toolkit.course.__path__[0] + "/assets/exercises.js"
ON_PAGE = {name: exercise for name, exercise in EXERCISES.items() if hasattr(exercise.judge, "kind")}
JUDGE = "cases => cases.map(([data, text]) => exercises.verdict(data, text))"


@pytest.fixture
def script(new_page):
    """A page with the script of exercises alone."""
    page = new_page()
    page.add_script_tag(path=SCRIPT)
    yield page
    page.assert_clean()


def answers(exercise, draws):
    """Solution, wrong answers, slips, their ends of tolerance, and many others, of the type that is asked for."""
    judge = exercise.judge
    given = [exercise.solution, *exercise.wrong, *(case.value for case in judge.cases)]
    if judge.kind == "word":
        given = [word for word in given if isinstance(word, str)] + ["other", ""]
        return given + [draws.choice(" \n") + draws.choice((word.upper(), word.title())) + " " for word in given]
    if judge.kind == "set":
        given = [value for value in given if not isinstance(value, (int, float))]
        return given + [draws.choices(range(5), k=draws.randrange(5)) for _ in range(50)]
    ends = [case.value * (1 + side * case.rtol * (1 + nudge)) for case in judge.cases for side in (-1, 1)
            for nudge in (-1e-6, -1e-15, 0, 1e-15, 1e-6)]
    near = [case.value * (1 + case.rtol * draws.uniform(-3, 3)) for case in judge.cases for _ in range(5)]
    far = [draws.choice((-1, 1)) * 10 ** draws.uniform(-12, 12) for _ in range(20)]
    return [*given, *ends, *near, *far, *range(-3, 20), -0.0, 2.0**53, math.inf, math.nan]


def test_page_and_notebook_give_the_same_verdicts(script):
    draws = random.Random(0)
    cases = []
    for name, exercise in ON_PAGE.items():
        data = page_data(name, exercise.judge, exercise.praise, rounds=2)
        for answer in answers(exercise, draws):
            said = check(name, answer)
            text = answer if isinstance(answer, str) else repr([*answer] if isinstance(answer, tuple) else answer)
            cases.append((name, data, text, {"passed": said.passed, "message": said.message}))
    found = script.evaluate(JUDGE, [[data, text] for _, data, text, _ in cases])
    wrong = [(name, text, expected, verdict) for (name, _, text, expected), verdict in zip(cases, found)
             if verdict != expected and not (text.strip() == "" and not verdict["passed"])]
    assert len(found) > 3000 and not wrong, wrong[:5]
    assert {name for name, _, _, expected in cases if expected["passed"]} == set(ON_PAGE)


def test_a_changed_rule_changes_the_verdict_of_the_page(script):
    for name, value in {"loss.first_zero": 5.0, "loss.bfloat16_gap": 5.0, "exp.ends": "large",
                        "collapse.which_rows": (1,)}.items():
        exercise = ON_PAGE[name]
        other = replace(exercise.judge, cases=(replace(exercise.judge.cases[0], value=value),))
        solution = exercise.solution if isinstance(exercise.solution, str) else repr(exercise.solution)
        cases = [[page_data(name, judge, "Yes.", rounds=2), solution] for judge in (exercise.judge, other)]
        assert [said["passed"] for said in script.evaluate(JUDGE, cases)] == [True, False], name


def test_a_number_is_read_as_people_write_it(script):
    numbers = {
        "1.5e-9": 1.5e-9, "16 777 216": 2**24, "2^-24": 2**-24, "2**24": 2**24, "1/3": 1 / 3, "−5": -5, "2,5": 2.5,
        "8 ln 2": 8 * math.log(2), "8*np.log(2)": 8 * math.log(2), "1.56·10^-9": 1.56 * 10**-9, "√2": 2**0.5,
        "(1+2)·3 − 1": 8, "-2^2": -4, "2^3^2": 512, "112 e^-25": 112 * math.exp(-25),
    }
    none = ["", "1 2", "two", "(2", "1..2", "0x11", "1,234,567", "__proto__", "constructor"]
    found = script.evaluate("texts => texts.map(exercises.numberOf)", [*numbers, *none])
    assert found[:len(numbers)] == pytest.approx(list(numbers.values()), rel=1e-14)
    assert all(map(math.isnan, found[len(numbers):])), found


def test_a_comma_that_may_mean_thousands_is_asked_about(script):
    data = page_data("loss.first_zero", ON_PAGE["loss.first_zero"].judge, "Yes.", rounds=2)
    said = script.evaluate(JUDGE, [[data, "2,352"], [data, "17,0"]])
    assert "a fraction or in thousands" in said[0]["message"] and said[1]["passed"]


def exercise(page, name):
    return page.locator(f'form[data-exercise="{name}"]')


def answer(page, name, text):
    form = exercise(page, name)
    form.get_by_role("textbox").fill(text)
    form.get_by_role("textbox").press("Enter")


def told(page, name):
    return exercise(page, name).get_by_role("status").inner_text()


def test_a_chapter_in_a_folder_checks_keeps_and_clears_answers(new_page, built_book):
    page = new_page(320, 640)
    page.goto(f"{built_book.as_uri()}/notebooks/vanishing_loss.html")
    progress = page.locator(".exercise-progress")
    first, second, third = "loss.first_zero", "loss.bfloat16_gap", "loss.longer_alive"
    assert progress.get_by_role("status").inner_text() == "0 of 4 answered. 1 more in JupyterLab."
    assert told(page, first) == "" and "✗" not in page.locator("#exercises").inner_text()
    assert page.locator("#exercises").get_by_text("needs JupyterLab").count() == 1
    assert page.locator("#exercises pre", has_text="answer = ...").count() == 0

    answer(page, first, "17")
    assert told(page, first).startswith("✓ Right: -ln u = 16.64")
    answer(page, second, "8 ln 2")
    assert told(page, second).startswith("✗ 8 ln 2 = 5.54518. Not right: that is the margin; now add what K - 1 ")
    exercise(page, third).get_by_role("button").click()
    assert told(page, third) == "Give an answer first."
    exercise(page, third).get_by_role("radio", name="float16", exact=True).check()
    exercise(page, third).get_by_role("button").click()
    assert told(page, third).startswith("✓ Right:")
    assert progress.get_by_role("status").inner_text() == "3 of 4 answered, 2 right. 1 more in JupyterLab."

    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert exercise(page, first).get_by_role("textbox", name="whole number").count() == 1
    assert exercise(page, first).get_by_role("group", name="smallest whole-number gap").count() == 1

    page.reload()
    assert exercise(page, second).get_by_role("textbox").input_value() == "8 ln 2"
    assert "that is the margin" in told(page, second) and told(page, third).startswith("✓")
    assert progress.get_by_role("status").inner_text().startswith("3 of 4 answered, 2 right.")
    exercise(page, second).get_by_role("textbox").press_sequentially("1")
    assert told(page, second) == ""

    progress.get_by_role("button", name="Clear my answers on this page").click()
    assert progress.get_by_role("status").inner_text().startswith("0 of 4 answered.")
    page.reload()
    assert told(page, first) == told(page, third) == ""
    assert exercise(page, second).get_by_role("textbox").input_value() == ""
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('exercise '))") == []
    page.assert_clean()


def test_answers_are_checked_where_nothing_may_be_stored(new_page, http_base, axe):
    page = new_page(dark=True)
    page.add_init_script("Object.defineProperty(window, 'localStorage', { get() { throw new Error('refused'); } })")
    page.goto(f"{http_base}/notebooks/vanishing_loss.html")
    answer(page, "loss.first_zero", "17")
    assert told(page, "loss.first_zero").startswith("✓")
    assert page.locator(".exercise-progress").get_by_role("status").inner_text().startswith("1 of 4 answered")
    page.evaluate(axe)
    assert page.evaluate("axe.run('.exercise').then((found) => found.violations.map((each) => each.id))") == []
    page.locator(".exercise-progress").get_by_role("button").click()
    assert told(page, "loss.first_zero") == ""
