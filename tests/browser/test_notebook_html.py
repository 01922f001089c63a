"""A notebook that nbconvert has executed: its figures live in the file alone, and are pictures without scripts."""
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "live"))
from test_notebook_outputs import SAMPLE, SLOPE

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    folder = tmp_path_factory.mktemp("notebook")
    cells = [SAMPLE, SLOPE, "learner", "slope.show(a=3, hide=('a',))"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell.strip()) for cell in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, folder / "small.ipynb")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "BOOK_BUILD": "0"}
    subprocess.run([sys.executable, "-m", "nbconvert", "--execute", "--to", "html", "small.ipynb"], check=True,
                   cwd=folder, env=environment)
    return folder / "small.html"


def test_figures_live_in_the_file_alone(new_page, file):
    assert file.stat().st_size < 600_000
    page = new_page(1000, 900)
    page.route("http*://**", lambda route: route.abort())  # nbconvert's own page asks for two scripts of other hosts
    page.goto(file.as_uri())
    places = page.locator(".live-output")
    page.wait_for_function("document.querySelectorAll('.live-output[data-live=ready]').length === 3")
    said = places.locator(".live-readout")
    assert said.all_inner_texts()[::2] == ["The line ends at 1.", "The line ends at ?."]
    places.nth(0).locator("input").press("End")
    page.wait_for_function("document.querySelector('.live-readout').textContent === 'The line ends at 10.'")
    assert places.nth(2).locator("input").is_hidden()
    places.nth(1).get_by_role("button", name="Play").click()
    page.wait_for_function("!document.querySelectorAll('.live-readout')[1].textContent.startsWith('After 40 steps')")
    ids = page.evaluate("[...document.querySelectorAll('.live-output [id]')].map((element) => element.id)")
    assert len(ids) == len(set(ids))
    assert not [trouble for trouble in page.troubles if trouble.startswith("error")]
    assert "#" not in page.url


def test_without_scripts_there_is_a_picture(new_page, file):
    page = new_page(1000, 900, java_script_enabled=False)
    page.route("http*://**", lambda route: route.abort())
    page.goto(file.as_uri())
    assert page.locator(".live-output").all_inner_texts()[0].split("\n\n")[0] == "The line ends at 1."
    boxes = [image.bounding_box() for image in page.locator(".live-output img").all()]
    assert len(boxes) == 3 and all(box["width"] > 600 and box["height"] > 300 for box in boxes)
