"""The paper beside our recordings: tables, figures, and the bands within which our runs must lie."""
import re
import xml.etree.ElementTree as ElementTree
from html import escape
from pathlib import Path

import numpy as np
import pytest
import yaml
from docutils.nodes import make_id

from toolkit.__main__ import main
from toolkit.course.paper import (
    CLAIMS,
    FIGURES,
    VERDICTS,
    comparison_table,
    draw,
    outcomes,
    outcomes_table,
    table,
)
from toolkit.course.paper.claims import HEADINGS
from toolkit.course.paper.figures import figure_svg
from toolkit.course.paper.tables import verdict
from toolkit.grokking.recordings import COMPARED, RECORDINGS, comparison, recorded
from toolkit.grokking.recordings.registry import name_of

ROOT = Path(__file__).parents[2]
BY_NAME = {claim.recording: claim for claim in CLAIMS}


def test_every_claim_can_be_recorded():
    assert len({(claim.recording, claim.figure) for claim in CLAIMS}) == len(CLAIMS)
    assert set(RECORDINGS) == set(BY_NAME)
    assert all(claim.at is None or claim.at <= RECORDINGS[claim.recording].steps for claim in CLAIMS)
    assert all(name_of(experiment) == name for name, experiment in RECORDINGS.items())


def test_every_curve_of_a_figure_can_be_recorded():
    for panels in FIGURES.values():
        for _, _, drawn in panels:
            assert {name for name, _, _ in drawn} <= set(RECORDINGS)


@pytest.mark.parametrize("figure", FIGURES)
def test_a_table_names_every_claim(figure):
    text = str(table(figure))
    words = " ".join(text.split())
    for claim in CLAIMS:
        assert claim.run in words or claim.figure != figure
    for claim in CLAIMS:
        if claim.figure == figure and claim.at and recorded(claim.recording) is None:
            line = next(line for line in text.splitlines() if line.startswith(f"{claim.run}  "))
            assert re.search("not recorded +open$", line)


def test_the_whole_table_is_the_sum_of_its_parts():
    assert table().tables == tuple(part for figure in HEADINGS for part in table(figure).tables)


def test_a_table_is_html_in_a_notebook():
    page = table("figure2")._repr_html_()
    for row in table("figure2").tables[0].rows:
        assert f'<tr><th scope="row">{row[0]}</th><td>' in page
    assert "<table" in comparison_table()._repr_html_()


@pytest.mark.parametrize("part", [*table().tables, *comparison_table().tables], ids=lambda part: part.caption)
def test_a_row_has_a_cell_for_each_head_and_no_number_needs_a_slash(part):
    assert {len(row) for row in part.rows} == {len(part.head)}
    assert not part.groups or sum(span for _, span in part.groups) == len(part.head)
    assert not [cell for row in part.rows for cell in row[1:] if "/" in cell or "–" in cell]


@pytest.mark.parametrize("told", [table("figure6"), comparison_table()], ids=["figure6", "comparison"])
def test_a_key_stands_above_what_it_tells(told):
    keys = [key for key in (told.key, *(part.key for part in told.tables)) if key]
    page, text = told._repr_html_(), " ".join(str(told).split())
    assert keys and page.index(escape(keys[0])) < page.index("<tbody>")
    assert text.index(keys[0]) < text.index(told.tables[0].rows[0][0])


def test_a_collapse_is_told_where_it_harms():
    rows = {row[0]: row for row in table("figure2").tables[2].rows}
    assert rows["70 %, float32"][3].isdigit() and rows["70 %, float32, complement"][3] == "left out"
    assert len(table("figure6").tables) == 2 and "No loss" in table("figure6").tables[1].note


def test_outcomes_are_those_of_the_verdicts_page_and_of_the_chapter():
    rows = yaml.safe_load((ROOT / "book/verdicts.yml").read_text("utf-8"))
    told = [row for row in rows if row["at"].startswith("paper_rerun#")]
    ours = [{"claim": each.claim, "source": "prieto2025grokking", "verdict": each.verdict,
             "ran": each.saw[0].lower() + each.saw[1:].rstrip("."), "at": f"paper_rerun#{each.place}"}
            for each in outcomes()]
    assert told == ours
    chapter = (ROOT / "notebooks/paper_rerun.ipynb").read_text("utf-8")
    for each in outcomes():
        assert each.verdict in VERDICTS and make_id(each.section) == each.place and f'"## {each.section}' in chapter


def test_outcomes_follow_the_recordings(monkeypatch):
    """Where the collapse came in another order, or complement forms collapsed, the verdicts would be others."""
    swap = {"figure2-70-float16": "figure2-70-float64", "figure2-70-complement-float32": "figure2-70-float32"}
    monkeypatch.setattr("toolkit.course.paper.results.recorded", lambda name: recorded(swap.get(name, name)))
    assert [each.verdict for each in outcomes()][:2] == ["does not", "partly"]


def test_statements_link_and_print():
    told = outcomes_table()
    page = told._repr_html_()
    assert page.count("<tr>") == 1 + len(outcomes()) and '<a href="#what-critics-found">What critics found</a>' in page
    assert "Verdict: ✓" in str(told) and "#what" not in str(told)


def test_a_verdict_waits_for_the_epoch_of_the_claim():
    claim, run = BY_NAME["figure6-perpgrad-adamw"], recorded("figure6-perpgrad-adamw")
    assert verdict(claim, run) == "agrees"
    assert verdict(BY_NAME["figure6-adamw"], run) == "99 points higher"
    assert verdict(claim, recorded("figure6-adamw")) == "99 points lower"
    assert verdict(BY_NAME["figure4-multiply"], run) == "open"
    assert verdict(BY_NAME["weight-decay-2"], run) == "ours alone"


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_figure_is_a_whole_svg(figure, theme):
    root = ElementTree.fromstring(figure_svg(figure, theme))
    words = " ".join(text for text in root.itertext())
    for title, _, drawn in FIGURES[figure]:
        assert title in words
        for _, label, _ in drawn:
            assert label in words
    assert "var(--live-" in words or "--live-" in words


def test_the_command_draws_and_tells(tmp_path, capsys):
    for name in ("six.svg", "six.html"):
        assert main(["paper", "figure6", "--out", str(tmp_path / name)]) == 0
        assert "<svg" in (tmp_path / name).read_text("utf-8")
    assert "b: ⟂AdamW" in capsys.readouterr().out
    for what, words in (("table", "Figure 2"), ("comparison", "softmax complement")):
        assert main(["paper", what]) == 0
        assert words in capsys.readouterr().out


def test_other_files_and_figures_are_refused(tmp_path):
    with pytest.raises(ValueError, match="allowed: a name that ends in .svg or .html"):
        draw("figure6", tmp_path / "six.png")
    with pytest.raises(ValueError, match="figure is 'figure3'"):
        figure_svg("figure3")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", [name for name in RECORDINGS if "complement" in name and recorded(name)])
def test_the_complement_form_loses_no_row_and_goes_on_learning(name):
    run = recorded(name)
    assert run["zero_loss"].max() == 0 and run["zero_label_gradient"].max() == 0
    assert run["test_accuracy"][-1] > run["test_accuracy"].max() - 0.01


@pytest.mark.parametrize("name", [name for name in RECORDINGS if name.startswith("figure2-70-float32")
                                  and (run := recorded(name)) and run.steps_done >= 3000])
def test_the_common_form_collapses_in_float32(name):
    run = recorded(name)
    assert run["zero_loss"].max() > 0.5 and run["test_accuracy"].max() < 0.8


def test_the_comparison_holds_in_bands():
    found = comparison()
    ends, zeros = found.last("test_accuracy"), found.last("zero_loss")
    adamw, perp, decay = range(len(COMPARED["optimizer"]))
    common, complement, stable, stable_complement = range(len(COMPARED["loss"]))
    float16, bfloat16, float32, float64 = range(len(COMPARED["format"]))
    assert np.all(ends[adamw, common, :float64] < 0.4) and np.all(zeros[adamw, common, :float64] > 0.5)
    assert np.nanmax(found.zero_loss[:, :, float64]) == 0
    for fmt in (bfloat16, float32, float64):
        assert np.all(np.abs(ends[adamw, complement, fmt] - ends[adamw, common, float64]) < 0.03)
        assert np.all(zeros[adamw, complement, fmt] == 0)
    assert np.all(ends[adamw, stable:] > 0.85)
    assert np.all(ends[decay] > 0.95)
    assert np.all((ends[perp] > 0.5) & (ends[perp] < 0.9))


def test_a_missing_comparison_is_said_to_be_missing(monkeypatch):
    monkeypatch.setattr("toolkit.course.paper.tables.comparison", lambda: None)
    assert "record comparison" in str(comparison_table())
