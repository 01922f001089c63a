"""A new chapter from the template: valid, listed once, its figure and exercise at work."""
import runpy
import shutil
from pathlib import Path

import nbformat
import pytest
import yaml

from toolkit.course.exercises._check import verdict

ROOT = Path(__file__).parents[1]
begin = runpy.run_path(str(ROOT / "scripts/new_page.py"))["begin"]


@pytest.fixture
def copy(tmp_path):
    for name in ("_toc.yml", "book/chapters.yml", "toolkit/course/exercises/__init__.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "notebooks").mkdir()
    return tmp_path


def test_a_chapter_begins(copy):
    page, exercises = begin("my_chapter", copy)
    notebook = nbformat.read(page, as_version=4)
    nbformat.validate(notebook)
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    assert max(len(line) for source in code for line in source.splitlines()) < 80
    names = runpy.run_path(str(exercises))
    exercise = names["EXERCISES"]["my_chapter.first"]
    assert verdict("my_chapter.first", exercise, exercise.solution).passed
    assert not any(verdict("my_chapter.first", exercise, wrong).passed for wrong in exercise.wrong)
    for source in code[:2]:  # the imports and the figure
        exec(source, names)
    assert "my_chapter_first" in names
    parts = yaml.safe_load((copy / "_toc.yml").read_text())["parts"]
    assert parts[-2]["chapters"][-1] == {"file": "notebooks/my_chapter"}
    chapter = yaml.safe_load((copy / "book/chapters.yml").read_text())["chapters"]["notebooks/my_chapter"]
    assert set(chapter) == {"surprise", "does", "needs"}
    assert not runpy.run_path(str(ROOT / "scripts/fold.py"))["fold"](notebook), "folded as the book has it"
    listed = (copy / "toolkit/course/exercises/__init__.py").read_text()
    assert listed.count("    my_chapter,\n") == 1 and listed.count(",\n             my_chapter)") == 1
    compile(listed, "exercises", "exec")
    with pytest.raises(SystemExit, match="There is a chapter 'my_chapter' already"):
        begin("my_chapter", copy)
    with pytest.raises(SystemExit, match="NAME is 'My chapter'; allowed: small letters"):
        begin("My chapter", copy)
