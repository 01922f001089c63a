"""One decorator compiles everything: no raw njit, no fastmath=True, nothing compiled or heavy at import."""
import ast
import json
import os
import re
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

import toolkit

ROOT = Path(toolkit.__file__).parent
NOTEBOOKS = sorted((ROOT.parent / "notebooks").rglob("*.ipynb"))
COMPILERS = {"njit", "jit", "generated_jit", "vectorize", "guvectorize", "cfunc", "stencil", "jitclass"}
SETS = {"none", "reorder"}


def breaches(source):
    """Lines of `source` that compile other than lazily by `kernel`, with the reason."""
    tree = ast.parse(source)
    numba_names = {"numba"} | {
        alias.asname or alias.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import)
        for alias in node.names if alias.name.split(".")[0] == "numba"}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "numba":
            found += [(node.lineno, f"imports {a.name}") for a in node.names if a.name in {*COMPILERS, "*"}]
        if isinstance(node, ast.Attribute) and node.attr in COMPILERS:
            base = node.value
            while isinstance(base, ast.Attribute):
                base = base.value
            if isinstance(base, ast.Name) and base.id in numba_names:
                found.append((node.lineno, f"uses {node.attr}"))
        if isinstance(node, ast.Call):
            flags = [k.value for k in node.keywords if k.arg == "fastmath"]
            found += [(node.lineno, "fastmath is not a named set") for flag in flags
                      if not (isinstance(flag, ast.Constant) and flag.value in SETS)]
            called = ast.unparse(node.func) in ("kernel", "_kernel.kernel")
            if called and node.args and not isinstance(node.args[0], (ast.Name, ast.Lambda)):
                found.append((node.lineno, "an explicit signature compiles at import"))
    return found


def code_of(notebook):
    """The code cells of a notebook as one source, without IPython's magics."""
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    lines = [line for cell in cells if cell["cell_type"] == "code"
             for line in "".join(cell["source"]).splitlines()]
    return "\n".join(re.sub(r"^(\s*)[%!].*", r"\1pass", line) for line in lines)


@pytest.mark.parametrize("source", [
    "from numba import njit", "from numba import jit as fast", "from numba import *",
    "from numba.core.decorators import njit", "from numba.experimental import jitclass",
    "import numba\n@numba.njit\ndef f(): pass", "import numba as nb\nf = nb.vectorize(g)",
    "import numba as nb\nf = nb.core.decorators.jit(g)", "import numba.core\nnumba.guvectorize(g)",
    "@kernel(fastmath=True)\ndef f(x): return x", "kernel(f, fastmath={'nnan'})", "njit(f, fastmath='fast')",
    "@kernel('float64(float64)')\ndef f(x): return x", "kernel([float64(float64)])(f)",
    "_kernel.kernel(types.float64(types.float64))"])
def test_the_check_finds_breaches(source):
    assert breaches(source)


def test_the_check_lets_kernels_pass():
    assert not breaches("from numba import types\nimport numpy as np\nnp.vectorize(f)\n"
                        "@kernel\ndef f(x): return x\n@kernel(fastmath='reorder')\ndef g(x): return x\n"
                        "h = kernel(f)\nself.kernel(*arguments)")


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda p: str(p.relative_to(ROOT)))
def test_package_compiles_by_kernel_alone(path):
    if path != ROOT / "_core" / "kernel.py":
        assert breaches(path.read_text("utf-8")) == []


def test_kernel_module_calls_numba_once_and_lazily():
    source = (ROOT / "_core" / "kernel.py").read_text("utf-8")
    assert [why for _, why in breaches(source) if why.startswith(("uses", "imports"))] == ["uses njit"]
    assert "fastmath=True" not in source


def test_notebooks_compile_by_kernel_alone():
    found = {path.name: breaches(code_of(path)) for path in NOTEBOOKS}
    assert not any(found.values()), found


def run(code, **given):
    """What a fresh Python prints, as JSON; it keeps bytecode, as a user's does."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | given
    process = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True,
                             env=environment)
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout)


def test_nothing_compiles_at_import():
    seen = run("""
import gc, importlib, json, pkgutil
import numba
from numba.core import event
from numba.core.dispatcher import Dispatcher
with event.install_recorder("numba:compile") as recorder:
    import toolkit
    names = [m.name for m in pkgutil.walk_packages(toolkit.__path__, "toolkit.")]
    for name in names:
        importlib.import_module(name)
kernels = [d for d in gc.get_objects() if isinstance(d, Dispatcher)]
kernels = [d for d in kernels if d.py_func.__module__.startswith("toolkit")]
print(json.dumps({"modules": len(names), "kernels": len(kernels), "compiled": len(recorder.buffer),
                  "with_signatures": [d.py_func.__name__ for d in kernels if d.signatures]}))
""")
    assert seen["modules"] > 10 and seen["kernels"] > 30
    assert seen["compiled"] == 0 and seen["with_signatures"] == []


def test_the_recorder_sees_a_compilation(tmp_path):
    seen = run("""
import json
from numba.core import event
from toolkit._core.kernel import kernel
with event.install_recorder("numba:compile") as recorder:
    kernel(lambda x: x + 1)(1.0)
print(json.dumps(len(recorder.buffer)))
""", NUMBA_CACHE_DIR=str(tmp_path))
    assert seen > 0


@pytest.mark.timing
def test_import_is_quick_and_light(capsys):
    """Processor seconds, so that a busy machine does not fail the test; the wall time is printed too."""
    heavy = ("plotly", "ipywidgets", "anywidget", "scipy", "matplotlib", "mpmath", "IPython")
    by_numba = run(f"import json, sys, numba; print(json.dumps([m for m in {heavy} if m in sys.modules]))")
    for statement in ("import toolkit", "from toolkit import collapse, elementary, formats, losses, softmax"):
        seen = [run(f"""
import json, sys, time
wall, cpu = time.perf_counter(), time.process_time()
{statement}
wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
print(json.dumps([cpu, wall, [m for m in {heavy} if m in sys.modules]]))
""") for _ in range(3)]
        cpu, wall = (statistics.median(s[i] for s in seen) for i in range(2))
        with capsys.disabled():
            print(f"\n{statement}: {cpu:.2f} s of processor time, {wall:.2f} s of wall time")
        assert cpu < 1.0
        assert set(seen[0][2]) <= (set() if statement == "import toolkit" else set(by_numba))
