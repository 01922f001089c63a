"""An exercise as a page shows it: a field for a number or words, or choices, and what its script judges them by.

Nothing of it is the answer in clear text. Where more is asked, such as code, the page says that this needs JupyterLab.
"""
import json
from html import escape

from toolkit._core.stamp import digest_of
from toolkit.course.exercises._seal import ROUNDS, bits_for, key_of, places_of, sealed

__all__ = ["NEEDS_LAB", "form_html", "page_data"]

NEEDS_LAB = ('<p class="exercise exercise-lab">This exercise needs JupyterLab: answer it in the notebook of this'
             ' chapter. <a href="../book/teach.html#in-jupyterlab">How to open it</a></p>')
_ASKED = {"number": "a number", "whole": "a whole number", "word": "a word",
          "set": "numbers with commas"}


def page_data(name, judge, praise, rounds=ROUNDS):
    """By what the page judges: each case of the judge, sealed for whoever gives that answer."""
    bits = bits_for(max(case.rtol for case in judge.cases))
    cases = []
    for case in judge.cases:
        numeric = judge.kind in ("number", "whole")
        told = [int(case.hint is None), praise if case.hint is None else case.hint]
        told += [case.value, case.rtol] if numeric else []
        text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
        for said in places_of(case.value, case.rtol, bits) if numeric else [_joined(case.value)]:
            cases.append(sealed(text, key_of(name, said, rounds), len(cases)))
    data = {"name": name, "kind": judge.kind, "bits": bits, "rounds": rounds, "expected": judge.expected,
            "among": [word.strip().lower() for word in judge.among], "cases": cases, "otherwise": judge.otherwise}
    return data | {"version": digest_of(json.dumps(data))[:8]}


def _joined(value):
    return value if isinstance(value, str) else ",".join(map(str, value))


def form_html(name, judge, praise):
    """The form of an exercise, disabled until its script runs."""
    from toolkit.live.hosts.page import json_block  # only here: who checks an answer waits for no figures

    data = json_block(page_data(name, judge, praise), **{"class": "exercise-data"})
    return (f'<form class="exercise" id="exercise-{name}" data-exercise="{name}"><fieldset disabled>'
            f"{_choices(judge.among) if judge.among else _field(judge.kind)}"
            '<button type="submit">Check</button></fieldset>'
            '<p class="exercise-verdict" role="status"></p>'
            "<noscript><p>With scripts allowed, your answer is checked here.</p></noscript>"
            f"{data}</form>")


def _field(kind):
    return (f'<label><span>Your answer, {_ASKED[kind]}</span> <input type="text" name="answer" autocomplete="off"'
            ' autocapitalize="off" autocorrect="off" spellcheck="false"></label>')


def _choices(among):
    radios = "".join(f'<label><input type="radio" name="answer" value="{escape(word)}"> {escape(word)}</label>'
                     for word in among)
    return f'<span class="exercise-choices" role="radiogroup" aria-label="Your answer">{radios}</span>'
