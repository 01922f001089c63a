"""A figure as one HTML file, from Python and from the command line."""
import html
import json
import os
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest
from sample import everything, learner
from saved_file import Saved
from wasm_runner import WasmRunner

from toolkit.__main__ import main
from toolkit.live.base import parameters_of
from toolkit.live.drawing import plot_svg
from toolkit.live.slots import fill_slots
from toolkit.live.wasm import build_module

LIMIT = 80_000  # bytes
REQUEST = r"https?://(?!www\.w3\.org)|<link|\bsrc=(?!\\?.data:)|@import|url\(|\bfetch\(|importScripts"
CELLS = ('"""# no heading"""\nfrom toolkit.live import *',
         '@live_figure(controls=[Slider("a", 0, 10, 1.0), Integer("n", 1, 9, 2), Toggle("on", False),\n'
         '                       Choice("law", ("x", "y"), "x"), Logits("z", (1.0, 2.0))],\n'
         '             plot=Plot((Rule(x="a"),), x=Axis("x", (0, 10)), y=Axis("y", (0, 1))), returns="b",\n'
         '             readouts=["a is {a:g}, n is {n:d}, {law}, {z[1]:g}."], caption="Drag <a>.")\n'
         'def small(a, n, on, law, z):\n    return a + n + on + law + z[0]\nsmall',
         'raise RuntimeError("cells below the figure do not run")')


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    state = {"scale": 50, "fmt": "bfloat16", "z": (3, 2, 1)}
    return {"everything": everything.save(folder / "everything.html", hide=["fmt"], **state),
            "learner": learner.save(folder / "learner.html")}


def test_a_file_asks_for_nothing_and_is_small(files):
    for path in files.values():
        text = path.read_text("utf-8")
        held = json.dumps(Saved(path).held)
        for part in (text, held):
            assert not re.search(REQUEST, part)
        assert path.stat().st_size <= LIMIT


def test_a_file_holds_the_state_and_the_figures_own_kernels(files):
    saved = Saved(files["everything"])
    assert {c["name"]: c["value"] for c in saved.spec["controls"]} == everything.state(scale=50, fmt="bfloat16",
                                                                                        z=[3, 2, 1])
    assert saved.spec["hide"] == ["fmt"]
    assert list(saved.module.manifest["kernels"]) == ["everything"] and saved.module.bytes[:4] == b"\0asm"
    assert '<div class="live-actions"></div>' in saved.held["figure"]
    assert set(Saved(files["learner"]).module.manifest["kernels"]) == {"learner.init", "learner.step"}


def test_what_would_be_too_large_is_compiled_small_with_the_same_bits(monkeypatch):
    usual = build_module(learner.entry_points)
    monkeypatch.setattr("toolkit.live.wasm.backend._LARGE", 1)
    small = build_module(learner.entry_points)
    assert small.size < 0.9 * usual.size
    run = learner.start(size=5)
    held = learner.arguments(run.state)
    with WasmRunner(small) as kernels:
        kernels("learner.init", *(held[name] for name in parameters_of(learner.init)))
        for _ in range(20):
            kernels("learner.step", *(held[name] for name in parameters_of(learner.step)))
    run.advance(20)
    for name, array in run.arrays.items():
        np.testing.assert_array_equal(held[name], array, err_msg=name)


def test_without_scripts_a_file_is_a_picture_of_its_state(files):
    saved = Saved(files["everything"])
    preset = everything.show(hide=["fmt"], scale=50, fmt="bfloat16", z=(3, 2, 1))
    values = preset.values()
    said = html.unescape(saved.still)
    assert preset.sentence(values) in said and "bfloat16" not in saved.still and everything.caption in said
    for plot in preset.plots:
        assert plot_svg(plot, "narrow", fill_slots(plot.bindings(), values)) in saved.still
    assert "<noscript><p>With scripts allowed," in saved.still and "Made with Softmax at the Edge." in said
    assert "<title>Everything: everything</title>" in saved.text
    assert "40 steps, run when this figure was made" in Saved(files["learner"]).held["figure"]


def test_a_preset_is_saved_as_it_is(tmp_path):
    preset = everything.show(hide=("scale",), scale=3)
    saved = Saved(preset.save(tmp_path / "preset.html", hide=("scale", "fmt"), shift=1))
    assert saved.spec["hide"] == ["scale", "fmt"]
    assert {c["name"]: c["value"] for c in saved.spec["controls"]} == everything.state(scale=3, shift=1)


@pytest.mark.parametrize("path, words", [
    ("x.htm", r"path is 'x.htm'; allowed: a name that ends in .html"),
    ("nowhere/x.html", r"there is no folder 'nowhere'"),
    ("folder.html", r"path is 'folder.html', a folder; allowed: the name of a file"),
])
def test_a_path_that_cannot_be_written_is_told(tmp_path, monkeypatch, path, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.html").mkdir()
    with pytest.raises(ValueError, match=words):
        learner.save(path)
    assert [each.name for each in tmp_path.iterdir()] == ["folder.html"]


def test_unknown_controls_and_values_are_told_as_everywhere(tmp_path):
    with pytest.raises(ValueError, match=r"hide names \['slope'\]; allowed: controls of figure 'learner'"):
        learner.save(tmp_path / "x.html", hide=["slope"])
    with pytest.raises(ValueError, match=r"figure 'learner' has no control \['slope'\]; allowed"):
        learner.save(tmp_path / "x.html", slope=1)
    with pytest.raises(ValueError, match="control 'rate' has value 7"):
        learner.save(tmp_path / "x.html", rate=7)
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_written_leaves_the_old_file(tmp_path, monkeypatch, files):
    target = tmp_path / "x.html"
    target.write_text("before")

    def full(handle):
        raise OSError("no space left")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space left"):
        everything.save(target)
    monkeypatch.undo()
    assert target.read_text() == "before" and list(tmp_path.iterdir()) == [target]


# ---- the command ------------------------------------------------------------------------------------------------


@pytest.fixture
def page(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cells = [nbformat.v4.new_markdown_cell("# Drag & drop\n\nwords"), *map(nbformat.v4.new_code_cell, CELLS)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), "own.ipynb")
    return tmp_path


def test_the_command_writes_a_figure_of_a_notebook(page, capsys):
    command = ["figure", "own.ipynb", "small", "--set", "a=7", "n=3", "on=true", "law=y", "z=1,5", "--hide", "n"]
    assert main(command) == 0
    assert re.fullmatch(r"small\.html: \d+ kB\n", capsys.readouterr().out)
    saved = Saved("small.html")
    assert {c["name"]: c["value"] for c in saved.spec["controls"]} == {"a": 7.0, "n": 3, "on": True, "law": "y",
                                                                      "z": [1.0, 5.0]}
    assert "a is 7, n is ?, y, 5." in saved.still
    assert "<title>Drag &amp; drop: small</title>" in saved.text and "Drag &lt;a&gt;." in saved.still
    assert main([*command[:3], "--out", "other.html"]) == 0 and Path("other.html").is_file()


@pytest.mark.parametrize("arguments, words", [
    (["nothing", "hero"], "chapter is 'nothing'; allowed: "),
    (["nothing.ipynb", "hero"], "nothing.ipynb: no such file"),
    (["own.ipynb", "small", "--out", "a.pdf"], "--out is 'a.pdf'; allowed: a name that ends in .html"),
    (["own.ipynb", "small", "--out", "no/a.html"], "there is no folder 'no'"),
    (["own.ipynb", "small", "--hide", "slope"], "hide names ['slope']; allowed: controls of figure 'small'"),
    (["own.ipynb", "small", "--set", "slope=1"], "figure 'small' has no control ['slope']; allowed"),
    (["own.ipynb", "small", "--set", "a"], "--set has 'a'; allowed: CONTROL=VALUE, with a control of a, n, on, law, z"),
    (["own.ipynb", "small", "--set", "a=seven"], "control 'a' has value 'seven'; allowed: a number"),
    (["own.ipynb", "small", "--set", "n=1.5"], "control 'n' has value 1.5; allowed: a whole number from 1 to 9"),
    (["own.ipynb", "small", "--set", "on=maybe"], "control 'on' has value 'maybe'; allowed: True, False"),
    (["own.ipynb", "small", "--set", "z=1"], "2 numbers"),
])
def test_what_the_command_cannot_do_is_one_line(page, capsys, arguments, words):
    assert main(["figure", *arguments]) == 2
    said = capsys.readouterr()
    assert said.out == "" and said.err.startswith("error: ") and said.err.count("\n") == 1 and words in said.err
    assert [each.name for each in page.iterdir()] == ["own.ipynb"]


def test_an_unknown_figure_lists_those_of_the_page(page, capsys):
    notebook = nbformat.read("own.ipynb", as_version=4)
    notebook.cells.pop()
    nbformat.write(notebook, "own.ipynb")
    assert main(["figure", "own.ipynb", "large"]) == 2
    assert capsys.readouterr().err == "error: there is no figure 'large' in own.ipynb; allowed: small\n"


def test_chapters_of_the_book_are_known_by_their_names(capsys):
    assert main(["figure", "nothing", "hero"]) == 2
    said = capsys.readouterr().err
    assert "intro" in said and "vanishing_loss" in said
