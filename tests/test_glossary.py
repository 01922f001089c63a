"""Words of the glossary are marked where a page first uses them, and only where they mean what the glossary says."""
import re
import sys
from pathlib import Path

import pytest
from docutils import nodes
from docutils.core import publish_doctree

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "book/_ext"))
from glossary_hovers import Term, Words, mark, marked, plural

SOURCE = (ROOT / "book/glossary.md").read_text(encoding="utf-8")
TERMS = [Term(f"term-{words}", "", "", forms) for words, forms in {
    "softmax": ("softmax", "softmaxes"), "Softmax Collapse": ("Softmax Collapse",), "entropy": ("entropy", "entropies"),
    "loss": ("loss", "losses"), "NaN": ("NaN", "NaNs"), "row": ("training row", "training rows"), "plan": ()}.items()]


def marks(text):
    """The text of a page with its marks in brackets."""
    doctree = publish_doctree(text, settings_overrides={"report_level": 5})
    mark(doctree, Words(TERMS), "glossary.html")
    for link in list(doctree.findall(nodes.reference)):
        if "glossary-term" in link["classes"]:
            link.parent.replace(link, nodes.Text(f"[{link.astext()}]"))
    return " ".join(doctree.astext().split())


@pytest.mark.parametrize("text, expected", [
    ("Losses of a loss, a loss.", "[Losses] of a loss, a loss."),  # the first alone
    ("A softmax's sum and its entropies.", "A [softmax]'s sum and its [entropies]."),
    ("Softmax\nCollapse is no softmax.", "[Softmax Collapse] is no [softmax]."),  # the longest, over an end of line
    ("A cross-entropy is no log.entropy or entropy-like.", "A cross-entropy is no log.entropy or entropy-like."),
    ("A nan is NaN, and NaN again.", "A nan is [NaN], and NaN again."),
    ("Each row, of a plan too, is a training row.", "Each row, of a plan too, is a [training row]."),
    ("``softmax``, `softmax <a>`_ and the softmax.", "softmax, softmax and the [softmax]."),
    ("A *loss*: the loss, with **entropy** and entropy.", "A loss: the loss, with entropy and entropy."),
    ("Here *loss of digits* is not the loss.", "Here loss of digits is not the [loss]."),
    ("Loss\n====\n\nThe\nloss.", "Loss The [loss]."),
    ("====  ====\nloss  NaN\n====  ====\n\nloss", "loss NaN [loss]"),
])
def test_the_first_use_in_prose_is_marked(text, expected):
    assert marks(text) == expected


def test_a_plural_is_made_as_usual():
    assert list(map(plural, ("loss", "entropy", "softmax", "learning rate", "batch", "way"))) == [
        "losses", "entropies", "softmaxes", "learning rates", "batches", "ways"]


def test_a_term_lists_its_own_forms_or_none():
    listed = marked(SOURCE)
    assert listed["gate"] == () and listed["overflow"][:2] == ("overflow", "overflows")
    terms = re.findall(r"(?m)^(?!\.\. |[`#])(\S.*)\n  \S", SOURCE)
    assert len(terms) > 60 and set(listed) <= set(terms), "a comment stands above no term"
    assert len(listed) == SOURCE.count("\n.. marked:")
    assert all(term in form for term, forms in listed.items() for form in forms)


def test_each_term_stands_once_and_in_its_place():
    before, entries = SOURCE.split("```{glossary}\n")
    terms = re.findall(r"(?m)^(?!\.\. |`)(\S.*)\n  \S", entries)
    assert not re.search(r"(?m)^  \S", before), "an entry stands in front of the list"
    assert terms == sorted(set(terms), key=str.lower)
