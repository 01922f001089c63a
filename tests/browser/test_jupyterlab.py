"""Live figures in JupyterLab, in a real browser: the kernel runs natively and every move is drawn once."""
import json
import os
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "scripts"))
import lab as lab_copies

pytestmark = pytest.mark.browser

CHAPTER = ROOT / "notebooks/vanishing_loss.ipynb"

SLOPE = """
from toolkit.live import Axis, Line, Logits, Plot, Slider, live_figure

@live_figure(
    controls=[Slider("a", 0, 10, 1.0, label="slope", step=0.1), Logits("z", (0.0, 0.0), low=-5, high=5)],
    outputs={"x": 1000, "y": 1000, "top": 1},
    plot=Plot((Line("y", x="x", label="line"),), x=Axis("x", (0, 1)), y=Axis("y", (0, 10))),
    readouts=["The line ends at {top:3g}."], caption="Drag the slope.")
def slope(a, z, x, y, top):
    if a > 9.0:
        raise ValueError("too steep")
    for i in range(x.size):
        x[i] = i / 999.0
        y[i] = a * x[i] + z[0] + z[1]
    top[0] = y[999]

slope
"""
SAMPLE = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parents[1] / "live")!r})
from sample import everything
everything
"""
# No question about news, and no splash screen: JupyterLab takes it away twice when the theme changes early.
SETTINGS = {
    "settings/@jupyterlab/apputils-extension/notification.jupyterlab-settings":
        {"fetchNews": "false", "checkForUpdates": False},
    "config/labconfig/page_config.json": {"disabledExtensions": {"@jupyterlab/apputils-extension:splash": True}},
}
OPEN = """async ([path, theme]) => {
  await jupyterapp.restored;
  await jupyterapp.commands.execute("apputils:change-theme", { theme });
  window.panel = await jupyterapp.commands.execute("docmanager:open", { path });
  await panel.context.ready;
  await panel.sessionContext.ready;
  await panel.sessionContext.session.kernel.info;
}"""
# A plot counts as drawn when Plotly says so; the clock starts with the key or click that moved it.
WATCH = """() => {
  const plot = document.querySelector(".live-notebook .js-plotly-plot");
  window.watched = { waits: [], start: 0 };
  for (const event of ["keydown", "click"])
    document.addEventListener(event, () => (window.watched.start = performance.now()), true);
  plot.on("plotly_afterplot", () => window.watched.waits.push(performance.now() - window.watched.start));
}"""
DRAWN = "count => document.querySelectorAll('.live-notebook .cartesianlayer .trace').length >= count"

# Texts that do not fit into their places.
CUT_OFF = """(figure) => [...figure.querySelectorAll(".widget-label, .widget-label-basic, .widget-html")]
  .filter((e) => e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1)
  .map((e) => e.textContent)"""
# Two plots stand below each other, the first as wide as its place.
STACKED = """() => {
  const places = [...document.querySelectorAll(".live-plot")].map((plot) => plot.getBoundingClientRect());
  const [one, other] = places;
  const drawn = document.querySelector(".live-plot .main-svg").getBoundingClientRect();
  return other.top >= one.bottom && Math.abs(drawn.width - one.width) < 2;
}"""


def copied(chapter):
    """The copy of a chapter that `make lab` opens."""
    return lab_copies.copy_of(chapter, lab_copies.sources_of(ROOT / "book/references.bib"))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Address of a JupyterLab with notebooks, one a copy of a chapter, own settings and an empty kernel cache."""
    folder = tmp_path_factory.mktemp("lab")
    for name, cells in {"slope": [SLOPE, "slope.show(a=3)"], "sample": [SAMPLE]}.items():
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell.strip()) for cell in cells])
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(notebook, folder / f"{name}.ipynb")
    (folder / "chapter.ipynb").write_text(json.dumps(copied(CHAPTER)), encoding="utf-8")
    for place, settings in SETTINGS.items():
        (folder / place).parent.mkdir(parents=True)
        (folder / place).write_text(json.dumps(settings))
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", f"--port={port}",
               "--allow-root", "--IdentityProvider.token=", "--ServerApp.password=",
               f"--ServerApp.root_dir={folder}", "--LabApp.expose_app_in_browser=True",
               "--LabApp.extension_manager=readonly"]
    own = {"JUPYTERLAB_SETTINGS_DIR": "settings", "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
           "JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "JUPYTER_RUNTIME_DIR": "runtime",
           "IPYTHONDIR": "ipython", "NUMBA_CACHE_DIR": "kernels"}
    environment = os.environ | {name: str(folder / place) for name, place in own.items()}
    environment["BOOK_BUILD"] = "0"
    with open(folder / "lab.log", "w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=folder)
        try:
            for _ in range(240):
                time.sleep(0.5)
                assert server.poll() is None, (folder / "lab.log").read_text()
                try:
                    urllib.request.urlopen(address + "/api", timeout=5).close()
                    break
                except OSError:
                    continue
            else:
                pytest.fail("JupyterLab did not start: " + (folder / "lab.log").read_text())
            yield address
        finally:
            server.terminate()
            try:
                server.wait(30)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


@pytest.fixture
def notebook(lab, new_page):
    """A function that opens a notebook of `lab` and waits for its kernel."""
    pages = []

    def open_notebook(name, width=1400, theme="JupyterLab Light"):
        page = new_page(width, 1200)
        pages.append(page)
        page.set_default_timeout(120_000)
        page.goto(f"{lab}/lab?reset")
        page.wait_for_function("window.jupyterapp")
        page.evaluate(OPEN, [f"{name}.ipynb", theme])
        return page

    yield open_notebook
    for page in pages:
        page.evaluate("jupyterapp.serviceManager.sessions.shutdownAll()")


def run(page, traces, command="notebook:run-all-cells"):
    """Run cells and wait until all plots are drawn; returns the seconds this took."""
    start = time.perf_counter()
    page.evaluate("command => void jupyterapp.commands.execute(command)", command)
    page.wait_for_function(DRAWN, arg=traces, polling=50)
    return time.perf_counter() - start


def readout(page, figure=0):
    return page.locator(".live-notebook .live-readout").nth(figure)


def press(page, keys, figure=0, slider=0):
    page.locator(".live-notebook").nth(figure).locator(".noUi-handle").nth(slider).focus()
    for key in keys:
        page.keyboard.press(key)


def watched(page, moves):
    """Milliseconds from each move to its drawing, of which there must be exactly one."""
    for done, move in enumerate(moves, start=1):
        move()
        page.wait_for_function("count => watched.waits.length >= count", arg=done)
    page.wait_for_timeout(500)
    waits = page.evaluate("watched.waits.splice(0)")
    assert len(waits) == len(moves), f"{len(waits)} drawings for {len(moves)} moves"
    return waits


@pytest.mark.timing
def test_moves_are_drawn_once_and_soon(notebook):
    page = notebook("slope")
    run(page, 2)
    assert page.locator(".live-figure").count() == 0, "JupyterLab shows the widget, not the page's HTML"
    page.wait_for_timeout(1000)
    page.evaluate(WATCH)
    waits = watched(page, [lambda: press(page, ["ArrowRight"])] * 20)
    assert readout(page).inner_text() == "The line ends at 3."
    print(f"\nJupyterLab, 1000 points: slider to plot {statistics.median(waits):.0f} ms median,"
          f" {sorted(waits)[18]:.0f} ms p95 of {len(waits)} moves")
    assert statistics.median(waits) < 500
    watched(page, [lambda: press(page, ["ArrowRight"], slider=1)])
    watched(page, [page.get_by_role("button", name="Reset").first.click])
    assert readout(page).inner_text() == "The line ends at 1."
    assert readout(page, 1).inner_text() == "The line ends at 3.", "the preset below is a figure of its own"
    press(page, ["End"])
    page.wait_for_selector(".live-error >> text=ValueError: too steep")
    press(page, ["ArrowLeft"] * 10)
    page.wait_for_function("document.querySelector('.live-readout').innerText.includes('ends at 9.')")
    page.assert_clean()


def test_an_edited_cell_runs_again(notebook):
    page = notebook("slope")
    run(page, 2)
    page.evaluate("""() => {
      const notebook = panel.content;
      const cell = notebook.widgets[0].model.sharedModel;
      cell.setSource(cell.getSource().replace("a * x[i]", "0.5 * a * x[i]"));
      notebook.activeCellIndex = 0;
    }""")
    page.evaluate("() => void jupyterapp.commands.execute('notebook:run-cell')")
    page.wait_for_function("document.querySelector('.live-readout').innerText.includes('ends at 0.5.')")
    press(page, ["ArrowRight"])
    page.wait_for_function("document.querySelector('.live-readout').innerText.includes('ends at 0.55.')")
    assert readout(page, 1).inner_text() == "The line ends at 3.", "its kernel is its own"
    page.assert_clean()


def test_a_figure_fits_its_place(notebook):
    page = notebook("sample")
    cold = run(page, 7)
    page.evaluate("jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
    page.wait_for_function("!document.querySelector('.live-notebook')")
    page.evaluate("panel.sessionContext.restartKernel()")
    warm = run(page, 7)
    print(f"\nJupyterLab, fresh kernel: first figure drawn after {cold:.1f} s,"
          f" with compiled kernels {warm:.1f} s")
    figure = page.locator(".live-notebook")
    left, right = side_by_side = [plot.bounding_box() for plot in figure.locator(".live-plot").all()]
    assert left["y"] == right["y"] and left["x"] + left["width"] <= right["x"]
    assert all(abs(width_of_drawing(page, i) - box["width"]) < 2 for i, box in enumerate(side_by_side))
    bits = figure.locator(".live-bit").all()
    assert len(bits) == 16 and len({bit.bounding_box()["y"] for bit in bits}) == 1, "16 bits in one row"
    assert figure.evaluate(CUT_OFF) == []
    page.set_viewport_size({"width": 800, "height": 1200})
    page.wait_for_function(STACKED)
    assert figure.evaluate(CUT_OFF) == []
    page.assert_clean()


def width_of_drawing(page, index):
    plot = page.locator(".live-notebook .live-plot").nth(index)
    return plot.locator(".main-svg").first.bounding_box()["width"]


def test_the_dark_theme_is_dark_and_readable(notebook):
    page = notebook("sample", theme="JupyterLab Dark")
    run(page, 7)
    style = "([selector, name]) => getComputedStyle(document.querySelector(selector))[name]"
    assert page.evaluate(style, [".live-plot", "filter"]) == "invert(0.93) hue-rotate(180deg)"
    assert page.evaluate(style, [".live-readout p", "color"]) == "rgb(255, 255, 255)"
    page.evaluate("jupyterapp.commands.execute('apputils:change-theme', { theme: 'JupyterLab Light' })")
    page.wait_for_function("getComputedStyle(document.querySelector('.live-plot')).filter === 'none'")
    page.assert_clean()


ADD_CELL = """async () => {
  const notebook = panel.content;
  notebook.activeCellIndex = 0;
  await jupyterapp.commands.execute("notebook:insert-cell-below");
  notebook.activeCell.model.sharedModel.setSource("6 * 7");
  await jupyterapp.commands.execute("notebook:run-cell");
}"""


def test_a_simulation_plays_while_other_cells_run(notebook):
    page = notebook("sample")
    page.evaluate("""() => {
      const cell = panel.content.widgets[0].model.sharedModel;
      cell.setSource(cell.getSource().replaceAll("everything", "learner"));
    }""")
    run(page, 4)
    assert readout(page).inner_text().startswith("After 40 steps: ")
    steps = page.locator(".live-notebook .live-steps")
    assert steps.inner_text() == "40 steps, run when this figure was made"
    page.get_by_role("button", name="Slow & small").click()
    page.wait_for_function("document.querySelector('.live-steps').innerText.includes('per second')")
    page.evaluate(ADD_CELL)
    page.wait_for_selector(".jp-OutputArea-output >> text=42")
    assert page.get_by_role("button", name="Pause").count() == 1, "it still plays"
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Play").wait_for()
    page.wait_for_timeout(300)
    before = readout(page).inner_text()
    page.get_by_role("button", name="Step", exact=True).click()
    page.wait_for_function("before => document.querySelector('.live-readout').innerText !== before", arg=before)
    assert page.locator(".live-notebook").evaluate(CUT_OFF) == []
    page.get_by_role("button", name="Reset").click()
    page.wait_for_function("document.querySelector('.live-readout').innerText.startsWith('After 40 steps: ')")
    page.assert_clean()


def test_a_copy_of_a_chapter_is_readable_and_folded(notebook):
    page = notebook("chapter")
    notebook_of = page.locator(".jp-Notebook")
    page.evaluate("panel.content.scrollToItem(2, 'start')")
    folded = [bool(cell["metadata"].get("jupyter")) for cell in copied(CHAPTER)["cells"]]
    assert page.evaluate("panel.content.widgets.map((cell) => cell.inputHidden)") == folded and any(folded)
    page.evaluate("""() => {
      const cells = panel.content.widgets;
      panel.content.scrollToItem(cells.findIndex((cell) => cell.model.sharedModel.getSource().includes("<details>")));
    }""")
    solution = notebook_of.locator(".jp-RenderedMarkdown details").first
    assert not solution.locator("pre").is_visible()
    solution.get_by_text("Show a solution").click()
    assert "check(" in solution.locator("pre").inner_text()
    page.assert_clean()


ENDLESS = """
import numpy as np
from toolkit.kernels import kernel
import toolkit.live

@kernel
def endless(z):
    while z[0] < 9:
        z[1] += 1

endless(np.full(2, 9.0))
print("compiled")
endless(np.zeros(2))
"""
SET_CELL = """(source) => {
  panel.content.widgets[0].model.sharedModel.setSource(source);
  panel.content.activeCellIndex = 0;
  void jupyterapp.commands.execute("notebook:run-cell");
}"""


def test_mistakes_are_answered_under_the_cell_and_interrupt_returns_the_prompt(notebook):
    page = notebook("slope")

    def answer(source, last):
        """The output that ends with this line."""
        page.evaluate(SET_CELL, source.strip())
        if source is ENDLESS:
            page.wait_for_selector(".jp-OutputArea-output >> text=compiled")
            page.evaluate("jupyterapp.commands.execute('notebook:interrupt-kernel')")
        page.wait_for_selector(f".jp-OutputArea-output >> text={last}")
        return page.locator(".jp-OutputArea-output", has_text=last).inner_text().splitlines()

    assert answer(SLOPE.replace("y[999]", "end[999]"), "the name end is not defined.") == [
        "KernelError: Cell In[1], line 14, in slope", "    top[0] = end[999]", "the name end is not defined."]
    said = "index 1000 is out of bounds: y has 1000."
    assert answer(SLOPE.replace("y[999]", "y[1000]"), said)[-2:] == ["    top[0] = y[1000]", said]
    assert answer(ENDLESS, "interrupted in this loop.")[-2:] == ["    while z[0] < 9:", "interrupted in this loop."]
    page.assert_clean()
