"""One live figure in JupyterLab, in a real browser: the slider moves the plot, the kernel runs natively."""
import os
import socket
import statistics
import subprocess
import sys
import time
import urllib.request

import nbformat
import pytest

pytestmark = pytest.mark.browser

CODE = """
from toolkit.live import Axis, Line, Plot, Slider, live_figure

@live_figure(
    controls=[Slider("a", 0, 10, 1.0, label="slope", step=0.1)],
    outputs={"x": 1000, "y": 1000, "top": 1},
    plot=Plot((Line("y", x="x", label="line"),), x=Axis("x", (0, 1)), y=Axis("y", (0, 10))),
    readouts=["The line ends at {top:3g}."], caption="Drag the slope.")
def slope(a, x, y, top):
    for i in range(x.size):
        x[i] = i / 999.0
        y[i] = a * x[i]
    top[0] = a

slope
"""
PATH = "document.querySelector('.js-plotly-plot .scatterlayer path.js-line')?.getAttribute('d')"


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lab")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CODE)])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, folder / "figure.ipynb")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", f"--port={port}", "--allow-root",
               "--IdentityProvider.token=", "--ServerApp.password=", f"--ServerApp.root_dir={folder}",
               "--LabApp.news_url=", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    environment = os.environ | {"BOOK_BUILD": "0", "JUPYTER_CONFIG_DIR": str(folder / "config")}
    with open(folder / "lab.log", "w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        try:
            for _ in range(120):
                time.sleep(0.5)
                assert server.poll() is None, (folder / "lab.log").read_text()
                try:
                    urllib.request.urlopen(address + "/api", timeout=2).close()
                    break
                except OSError:
                    continue
            else:
                pytest.fail("JupyterLab did not start: " + (folder / "lab.log").read_text())
            yield address
        finally:
            server.terminate()
            server.wait(30)


def test_a_slider_moves_the_plot(lab, new_page):
    page = new_page(1400, 1100)
    page.goto(f"{lab}/lab/tree/figure.ipynb?reset")
    page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=90_000)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()
    page.wait_for_function(PATH, timeout=90_000)
    assert page.locator(".live-figure").count() == 0, "JupyterLab shows the widget, not the page's HTML"
    handle = page.locator(".widget-slider .noUi-handle").first
    handle.focus()
    waits = []
    for _ in range(20):
        before = page.evaluate(PATH)
        start = time.perf_counter()
        page.keyboard.press("ArrowRight")
        page.wait_for_function(f"before => {PATH} !== before", arg=before, polling=5, timeout=10_000)
        waits.append(1000 * (time.perf_counter() - start))
    page.wait_for_selector("text=The line ends at 3.")
    page.get_by_role("button", name="Reset").click()
    page.wait_for_selector("text=The line ends at 1.")
    print(f"\nJupyterLab, 1000 points: slider to plot {statistics.median(waits):.0f} ms median, {max(waits):.0f} ms worst")
    assert statistics.median(waits) < 500
