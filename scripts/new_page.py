"""Begin a chapter: a notebook with its sections, a live figure and an exercise, its exercises' module, its line of the
contents and its entry in book/chapters.yml.

python scripts/new_page.py my_chapter
"""
import argparse
import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDED = {"jupyter": {"source_hidden": True}}
HIDDEN = {"tags": ["hide-input"]} | FOLDED
SOLUTION = {"mystnb": {"code_prompt_hide": "Hide the solution", "code_prompt_show": "Show a solution"},
            "tags": ["hide-cell"]} | FOLDED
# What a chapter has, in this order: (kind of cell, metadata, text); NAME and TITLE stand for the chapter's.
CELLS = [
    ("markdown", {}, "# TITLE\n\nWhat happens that nobody expects? At a gap of [12](#NAME_first.s=12&light=naive)"
                     " nothing yet; drag it and see."),
    ("code", HIDDEN, "from toolkit.course.exercises import check\nfrom toolkit.elementary import exp, log\n"
                     "from toolkit.live import Axis, Curve, Format, Plot, Readout\n"
                     "from toolkit.live import Rule, Slider, live_figure"),
    ("code", HIDDEN, """@live_figure(
    controls=[Slider("s", 0, 40, 12.0, label="logit gap"),
              Format("fmt", "float32")],
    returns="loss",
    plot=Plot(
        (Curve("loss", over="s", role="naive"), Rule(x="s"),
         Curve("loss", over="s", at={"fmt": "float64"}, name="exact",
               role="truth")),
        x=Axis("logit gap s", (0, 40)),
        y=Axis("loss", (1e-18, 10.0), scale="log")),
    readouts=["At a gap of {s} the loss is {loss:2g}.",
              Readout("Nothing is left.", when="loss == 0")],
    caption="Drag the gap to where nothing is left of the loss.")
def NAME_first(s):
    return log(1 + exp(-s))


NAME_first"""),
    ("markdown", {}, "Why should anybody care? Two sentences.\n\n## The naive code"),
    ("code", {}, 'print("the naive code, and what it prints")'),
    ("markdown", {}, "## The stable code"),
    ("code", {}, 'print("the stable code, and what it prints")'),
    ("markdown", {}, "## Why it works\n\nShort.\n\n## The paper\n\n"
                     "What it claims, and whether that held when we ran it."),
    ("code", {}, 'print("the claim, re-run")'),
    ("markdown", {}, "## Exercises\n\n**1.** How far does $1 + e^{-s}$ differ from 1 in real numbers, for $s = 20$?"),
    ("code", {}, 'answer = ...\ncheck("NAME.first", answer)'),
    ("code", SOLUTION, 'answer = float(exp(-20.0))\ncheck("NAME.first", answer)'),
    ("markdown", {}, "## Break it yourself\n\n- [A gap of 40](#NAME_first.s=40): what is left?\n\n"
                     "## What to remember\n\n1. One line.\n\n## References\n\n```{footbibliography}\n```"),
]
HEAD = """  notebooks/NAME:
    surprise: what happens that nobody expects
    does: say what a reader can do who has read it
    needs: [notebooks/numbers_with_gaps]
"""
EXERCISES = '''"""Exercises of the chapter *TITLE*."""
from toolkit.course.exercises._check import Exercise, close_to

__all__ = ["EXERCISES"]

EXERCISES = {
    "NAME.first": Exercise(
        solution=2.0611536e-09,
        judge=close_to(2.0611536e-09, 1e-12, otherwise="what is added to 1?"),
        wrong=(0.0, 1.0),
        praise="It is real, and float32 has no number for the sum."),
}
'''


def notebook(name, title):
    """The template as the text of an .ipynb file."""
    cells = []
    for number, (kind, metadata, text) in enumerate(CELLS):
        lines = text.replace("NAME", name).replace("TITLE", title).splitlines(keepends=True)
        cell = {"cell_type": kind, "id": f"cell-{number:02}", "metadata": metadata, "source": lines}
        cells.append(cell | ({"execution_count": None, "outputs": []} if kind == "code" else {}))
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    whole = {"cells": cells, "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}}, "nbformat": 4,
             "nbformat_minor": 5}
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def begin(name, root=ROOT):
    """Write what is new, and put the chapter where chapters are listed; what there is already stays as it is."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        sys.exit(f"NAME is {name!r}; allowed: small letters, digits and _, as in NAME=my_chapter")
    title = name.replace("_", " ").capitalize()
    page, exercises = root / f"notebooks/{name}.ipynb", root / f"toolkit/course/exercises/{name}.py"
    if page.exists() or exercises.exists():
        sys.exit(f"There is a chapter {name!r} already.")
    contents, chapters = root / "_toc.yml", root / "toolkit/course/exercises/__init__.py"
    heads = root / "book/chapters.yml"
    listed, imported, known = (path.read_text("utf-8") for path in (contents, chapters, heads))
    page.write_text(notebook(name, title), "utf-8")
    exercises.write_text(EXERCISES.replace("NAME", name).replace("TITLE", title), "utf-8")
    contents.write_text(listed.replace("  - caption: Back matter\n", f"      - file: notebooks/{name}\n"
                                       "  - caption: Back matter\n", 1), "utf-8")
    heads.write_text(known.replace("paths:\n", HEAD.replace("NAME", name) + "paths:\n", 1), "utf-8")
    imported = re.sub(r"(import \(\n)((?:    \w+,\n)*)", lambda found: found[1] + "".join(
        sorted([*found[2].splitlines(keepends=True), f"    {name},\n"])), imported, count=1)
    imported = re.sub(r"(_CHAPTERS = \([^)]*)\)", rf"\1,\n             {name})", imported, count=1)
    chapters.write_text(imported, "utf-8")
    return page, exercises


def main():
    parser = argparse.ArgumentParser(description="Begin a chapter.")
    parser.add_argument("name", help="of its notebook, such as my_chapter")
    page, exercises = begin(parser.parse_args().name)
    print(f"Write in {page.relative_to(ROOT)} and {exercises.relative_to(ROOT)}; the chapter is the last of part V in "
          f"_toc.yml, and book/chapters.yml says what it is for.\nLook at it with: make page NAME={page.stem}")


if __name__ == "__main__":
    main()
