"""Figures in the outputs of a notebook's kernel: what stays in the notebook, and what goes when a cell runs again."""
import json
import os
import sys
from pathlib import Path

import pytest
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

SAMPLE = f"import sys\nsys.path.insert(0, {str(Path(__file__).parent)!r})\nfrom sample import learner"
SLOPE = """
from toolkit.live import Axis, Line, Plot, Slider, live_figure

@live_figure(
    controls=[Slider("a", 0, 10, 1.0, label="slope", step=0.1)], outputs={"x": 100, "y": 100, "top": 1},
    plot=Plot((Line("y", x="x", label="line"),), x=Axis("x", (0, 1)), y=Axis("y", (0, 10))),
    readouts=["The line ends at {top:3g}."], caption="Drag the <slope>.")
def slope(a, x, y, top):
    for i in range(x.size):
        x[i] = i / 99.0
        y[i] = a * x[i]
    top[0] = y[99]

slope
"""
COUNT = """
import gc, json
import comm, ipywidgets
from numba.core.dispatcher import Dispatcher
from toolkit.live.base import Figure
gc.collect()
kinds = [type(thing) for thing in gc.get_objects()]
print(json.dumps({"widgets": len(ipywidgets.widgets.widget._instances), "comms": len(comm.get_comm_manager().comms),
                  "figures": sum(issubclass(kind, Figure) for kind in kinds),
                  "kernels": sum(issubclass(kind, Dispatcher) for kind in kinds),
                  "megabytes": int(open("/proc/self/statm").read().split()[1]) * 4096 >> 20}))
"""


class CellError(Exception):
    """What a cell shows that has failed."""


@pytest.fixture
def run(monkeypatch):
    """A function that runs code in one kernel and returns its outputs."""
    monkeypatch.setenv("BOOK_BUILD", "0")
    manager = KernelManager()
    manager.start_kernel(env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)})
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(120)

    def run_code(code, **metadata):
        outputs, failed = [], None
        message = client.session.msg("execute_request", {"code": code, "silent": False, "store_history": True,
                                                         "user_expressions": {}, "allow_stdin": False,
                                                         "stop_on_error": False}, metadata=metadata)
        client.shell_channel.send(message)
        while True:
            reply = client.get_iopub_msg(timeout=300)
            if reply["msg_type"] in ("comm_open", "comm_msg"):
                assert not reply["parent_header"], "what executes a notebook would keep this widget in it"
            if reply["parent_header"].get("msg_id") != message["header"]["msg_id"]:
                continue
            if reply["msg_type"] == "error":
                failed = CellError("\n".join(reply["content"]["traceback"]))
            if reply["msg_type"] in ("stream", "display_data", "execute_result"):
                outputs.append(reply["content"].get("data") or reply["content"]["text"])
            if reply["msg_type"] == "status" and reply["content"]["execution_state"] == "idle":
                if failed:
                    raise failed
                return outputs

    yield run_code
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def counts(run):
    return json.loads(run(COUNT)[-1])


@pytest.mark.parametrize("cell", [{"cellId": "one"}, {}], ids=["named cells", "cells without names"])
def test_a_cell_that_runs_again_closes_what_it_replaces(run, cell):
    run(SAMPLE)
    code = f"from IPython.display import display\ndisplay(learner)\nlearner_again = learner.show(rate=0.01)\n{SLOPE}"
    for _ in range(8):
        run(code, **cell)
    before = counts(run)
    for _ in range(50):
        run(code, **cell)
    after = counts(run)
    assert after["megabytes"] - before["megabytes"] < 30
    assert after["kernels"] - before["kernels"] < 5
    assert [after[name] - before[name] for name in ("widgets", "comms", "figures")] == [0, 0, 0]


def test_a_cell_leaves_what_others_show(run):
    run(SLOPE, cellId="one")
    run("slope.show(a=3)", cellId="two")
    one = counts(run)
    run("slope.show(a=4)", cellId="two")
    run("slope.show(a=5)", cellId="three")
    two = counts(run)
    run("1 + 1", cellId="three")
    assert counts(run)["widgets"] == one["widgets"] < two["widgets"]


KERNEL = """
from toolkit.kernels import kernel

@kernel
def second(z):
    return z[1] + {}

second(np.ones(1))"""


def test_what_a_person_writes_is_answered_in_three_lines(run):
    run(SAMPLE + "\nimport numpy as np")
    with pytest.raises(CellError, match=r"^KernelError: Cell In\[\d+\], line 5\n    return .*\nthe name one is not"):
        run(KERNEL.format("one"))
    with pytest.raises(CellError, match=r"^KernelError: Cell In\[\d+\], line 5, in second\n.*\nindex 1 .* z has 1\.$"):
        run(KERNEL.format("1"))
    with pytest.raises(CellError, match=r"module 'numpy' has no attribute 'expp'\.$"):
        run(KERNEL.format("np.expp(z[0])"))
    with pytest.raises(CellError, match="Traceback"):
        run("np.expp(1)")
    said = "".join(text for text in run(SLOPE.replace("a * x[i]", "np.tanh(x[i])")) if isinstance(text, str))
    assert "slope runs here, but a page of the book will refuse it, for `y[i] = np.tanh(x[i])`:\nnp.tanh is not" in said


def test_an_executed_notebook_carries_figures_and_no_widgets(monkeypatch):
    monkeypatch.setenv("BOOK_BUILD", "0")
    codes = (SAMPLE, SLOPE, "learner", "slope.show(a=3)")
    notebook = new_notebook(cells=[new_code_cell(code.strip()) for code in codes])
    NotebookClient(notebook, timeout=300, kernel_name="python3").execute(
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)})
    assert "widgets" not in notebook.metadata
    bundles = [cell.outputs[0].data for cell in notebook.cells[1:]]
    assert all(set(bundle) == {"text/html", "image/svg+xml", "text/plain"} for bundle in bundles)
    texts = [bundle["text/html"] for bundle in bundles]
    assert [text.count('"runtime"') for text in texts] == [1, 0, 1], "styles and scripts come with one figure"
    assert all('"wasm"' in text and "Plotly" not in text and "http" not in text for text in texts)
    assert '<img alt="Drag the &lt;slope&gt;."' in texts[0] and "The line ends at 3." in texts[2]
    sizes = [len(bundle["text/html"]) + len(bundle["image/svg+xml"]) for bundle in bundles]
    assert sizes[0] < 75_000 and sizes[1] < 60_000, sizes


def test_a_plot_of_training_leaves_its_last_picture(monkeypatch):
    monkeypatch.setenv("BOOK_BUILD", "0")
    code = """
from types import SimpleNamespace
from toolkit.live.hosts.training_plot import TrainingPlot
plot = TrainingPlot(100)
for steps in ([0.0], [0.0, 50.0], [0.0, 50.0, 100.0]):
    measures = {name: [0.5] * len(steps) for name in ("train_accuracy", "test_accuracy", "collapsed")}
    plot.draw(SimpleNamespace(steps=steps, measures=measures), now=len(steps) == 3)
"""
    notebook = new_notebook(cells=[new_code_cell(code)])
    NotebookClient(notebook, timeout=300, kernel_name="python3").execute(
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)})
    [output] = notebook.cells[0].outputs
    assert "widgets" not in notebook.metadata
    assert output.data["image/svg+xml"].count("L") > 3 and "<img " in output.data["text/html"]


def test_a_kernel_that_webassembly_cannot_have_leaves_a_picture(run):
    code = SLOPE.replace("    top[0]", "    x.sort()\n    top[0]").replace("import Axis", "import Axis, Bars")
    [bundle] = [said for said in run(code) if "text/html" in said]  # on a busy machine one says that it compiles
    assert "<img " in bundle["text/html"] and bundle["text/html"].endswith(", null);\n</script></div>")
