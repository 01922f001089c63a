"""The worked example of `toolkit.catalog`, added to a copy of the package: two files, a module and a row, make all
the rest."""
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

from toolkit import catalog

PACKAGE = Path(catalog.__file__).parents[1]

PROBE = r"""
import numpy as np

import toolkit
from toolkit.catalog import api_table, get_method, methods
from toolkit.course.gallery import Entry, FORMATS
from toolkit.live.wasm import build_module
from toolkit.softmax import halfmax, softmax

method = get_method("halfmax")
z, g = np.random.default_rng(0).normal(size=(2, 3, 5))
assert method in methods("softmax") and np.allclose(halfmax(z), softmax(z) / 2, rtol=1e-15, atol=0)
assert not list(method.flaws(z, method.of_rows(z)))

# gradient
value, pull = toolkit.vjp(halfmax, z)
step = 1e-5
for k in range(5):
    moved = step * np.eye(5)[k]
    slope = (g * (halfmax(z + moved) - halfmax(z - moved))).sum(axis=1) / (2 * step)
    assert np.allclose(pull(g)[:, k], slope, rtol=1e-8, atol=1e-10)

# API table and gallery
assert "| [`halfmax`](#toolkit.softmax.halfmax) | RowMap | Half of the softmax." in api_table()
text, drawn = Entry(method)._repr_markdown_(), method.figure().compute()
assert "Half of the softmax." in text and set(method.largest_errors(FORMATS)) == set(FORMATS)
assert 0 < drawn["truth_over_z"].min() < drawn["truth_over_z"].max() < 0.5

# WebAssembly
exports = method.exports()
assert set(exports) == {"stable", "gradient"}
assert build_module([(name, e.page(), e.types()) for name, e in exports.items()]).bytes
method.warm(np.float64)
print("all of it")
"""


def example(after, text):
    """The lines of code below the paragraph that ends in `after`."""
    code = re.search(re.escape(after) + r".*?::\n\n((?:    [^\n]*\n|\n)+)", text, re.DOTALL)[1]
    return textwrap.dedent(code).strip() + "\n"


def test_the_worked_example_is_complete(tmp_path):
    shutil.copytree(PACKAGE, tmp_path / "toolkit", ignore=shutil.ignore_patterns("__pycache__", "recordings"))
    method, rows = tmp_path / "toolkit/softmax/_halfmax.py", tmp_path / "toolkit/catalog/_softmax.py"
    method.write_text(example("``toolkit/softmax/_halfmax.py``", catalog.__doc__), encoding="utf-8")
    row = example("and its row", catalog.__doc__)
    assert row.count("\n") <= 8
    added = f"from toolkit.softmax._halfmax import halfmax_pull\nMETHODS += ({row.strip()},)\n"
    rows.write_text(rows.read_text(encoding="utf-8") + added, encoding="utf-8")
    done = subprocess.run([sys.executable, "-c", PROBE], cwd=tmp_path, capture_output=True, text=True,
                          env={"PYTHONPATH": str(tmp_path), "PATH": ""})
    assert done.stdout.strip() == "all of it", done.stderr
