"""Kernels of cells, closures and generated functions are found on disk in every process, as long as nothing has changed
that their machine code is made of."""
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import toolkit.softmax as rooms
from toolkit._core.content import content_of
from toolkit._core.stamp import Unknown
from toolkit.elementary import exp, log
from toolkit.kernels import kernel, switch

ROOT = Path(__file__).parents[1]
# A page's cells in a process of their own, and of each kernel how often it was compiled and what it returned.
RUN = """
import json, sys
from toolkit._core.kernel import Kernel
from toolkit.live.page import figures_of
space = {"__name__": "__main__"}
for number, cell in enumerate(json.loads(sys.argv[1])):
    exec(compile(cell, f"page.ipynb, code cell {number}", "exec"), space)
kernels = {name: value for name, value in space.items() if isinstance(value, Kernel)}
def count(of):  # by Python or by another kernel
    return [sum(sum(getattr(each.stats, of).values()) for each in (k, k.part)) for k in kernels.values()]
print(json.dumps(dict(zip(kernels, zip(count("cache_misses"), count("cache_hits")))) | {"result": space["result"]}))
"""
HELPER = "from toolkit.kernels import kernel\n@kernel\ndef helper(x):\n    return 2 * x"
MAIN = "@kernel\ndef main(x):\n    return helper(x) + offset\n"
CALL = "result = main(3.0)"


@pytest.fixture
def run(tmp_path):
    def run(*cells):
        done = subprocess.run([sys.executable, "-c", RUN, json.dumps(cells)],
                              capture_output=True, text=True, check=True,
                              env=os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)})
        return json.loads(done.stdout)
    return run


def test_a_cells_kernel_is_compiled_once(run):
    assert run(HELPER, "offset = 1.0", MAIN, CALL) == {"helper": [1, 0], "main": [1, 0], "result": 7.0}
    again = run("# an unrelated cell\n\n" + HELPER, "offset = 1.0", "\n\n" + MAIN, CALL)
    assert again["main"] == [0, 1] and again["result"] == 7.0


@pytest.mark.parametrize("cells, result", [
    ((HELPER.replace("2 *", "3 *"), "offset = 1.0", MAIN, CALL), 10.0),
    ((HELPER, "offset = 2.0", MAIN, CALL), 8.0),
    ((HELPER, "import numpy as np\noffset = np.float64(4)", MAIN, CALL), 10.0),
    ((HELPER, "offset = 1.0", MAIN.replace("+", "-"), CALL), 5.0),
    ((HELPER.replace("@kernel", "@kernel(fastmath='reorder')"), "offset = 1.0", MAIN, CALL), 7.0),
])
def test_a_change_of_what_it_names_compiles_it_anew(run, cells, result):
    run(HELPER, "offset = 1.0", MAIN, CALL)
    changed = run(*cells)
    assert changed["main"] == [1, 0] and changed["result"] == result


def test_a_helper_that_is_replaced_in_a_session_is_not_mixed_up_with_one_from_disk(run):
    run(HELPER, "offset = 1.0", MAIN, CALL)
    again = run(HELPER, "offset = 1.0", MAIN, CALL,
                HELPER.replace("2 *", "5 *"), MAIN, "result = [result, main(3.0), helper(3.0)]")
    assert again["result"] == [7.0, 16.0, 15.0]


def content_with(text, **names):
    names = {"__name__": "__main__"} | names
    exec(compile(text, "cell", "exec"), names)
    return content_of(names["f"])


def test_content_is_code_and_what_its_names_stand_for():
    text = "def f(x):\n    return g(x) + a"
    first = content_with(text, g=exp, a=1.0)
    assert content_with("\n\n# words\n" + text, g=exp, a=1.0, unused=[]) == first
    others = [content_with(text, g=log, a=1.0), content_with(text, g=exp, a=1), content_with(text, g=exp, a=-0.0),
              content_with(text, g=exp, a=0.0), content_with(text, g=exp, a=np.float32(1)),
              content_with(text, g=exp, a=True),
              content_with(text, g=switch((exp, log)), a=1.0), content_with(text, g=switch((log, exp)), a=1.0),
              content_with(text, g=exp, a=np.zeros(2)), content_with(text, g=exp, a=np.zeros((2, 1))),
              content_with(text, g=exp, a=np.zeros(2, np.float32)), content_with(text, g=exp, a=(1.0,)),
              content_with(text, g=rooms, a=1.0), content_with("def f(x, y=1):\n    return g(x) + a", g=exp, a=1.0),
              content_with("def f(x, y=2):\n    return g(x) + a", g=exp, a=1.0)]
    assert len({first, *others}) == len(others) + 1


def test_content_of_a_closure_is_what_it_holds():
    def made(of, factor):
        def f(x):
            return factor * of(x)
        return content_of(f)

    assert made(exp, 2) == made(exp, 2)
    assert len({made(exp, 2), made(exp, 3), made(log, 2)}) == 3


def test_content_of_a_module_is_what_the_code_takes_from_it():
    text = "def f(z, out):\n    kernels.{}(z, out)"
    first, second = (content_with(text.format(name), kernels=rooms.kernels)
                     for name in ("softmax_naive", "softmax_online"))
    assert first != second


def test_kernels_that_call_each_other_have_a_content():
    text = "def f(x):\n    return g(x) if x > 0 else {}\ndef g(x):\n    return f(x - 1)"
    assert content_with(text.format(0)) != content_with(text.format(1))


def test_things_that_change_unseen_are_not_kept():
    with pytest.raises(Unknown):
        content_with("def f(x):\n    return a[0] + x", a=[1.0])
    with pytest.raises(Unknown):
        content_with("def f(x):\n    return a.b + x", a=type("Local", (), {"b": 1.0}))
    broken = kernel(eval("lambda x: x + len(a)", {"a": (1, 2), "__name__": "__main__"}))
    assert broken(1.0) == 3.0


def test_code_of_a_file_that_has_changed_since_it_was_imported_is_not_kept(tmp_path):
    """The process runs the old text; its machine code must not count as that of the new one."""
    package = tmp_path / "toolkit"
    shutil.copytree(ROOT / "toolkit/_core", package / "_core", ignore=shutil.ignore_patterns("__pycache__"))
    (package / "__init__.py").write_text("")
    module = package / "mine.py"
    module.write_text("from toolkit._core.kernel import kernel\n@kernel\ndef f(x):\n    return x + 1\n")
    call = "from toolkit import mine; {}; print(mine.f(1.0), sum(mine.f.stats.cache_hits.values()))"
    new = module.read_text().replace("x + 1", "x + 2")

    def run(between="pass"):
        return subprocess.run([sys.executable, "-c", call.format(between)], cwd=tmp_path,
                              capture_output=True, text=True, check=True,
                              env=os.environ | {"PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
                              ).stdout.split()  # bytecode is as old as its source in whole seconds

    assert run(f"open({str(module)!r}, 'w').write({new!r})") == ["2.0", "0"]
    assert run() == ["3.0", "0"]
    assert run() == ["3.0", "1"]


# A script with kernels that go through others by name, as an argument, in tuples and from the script's own folder.
SCRIPT = """
from typing import NamedTuple
from helper import base, shift
from toolkit.kernels import kernel
class Pair(NamedTuple):
    of: object
    by: float
@kernel
def mine(x):
    return x * 2
@kernel
def given(of, x):
    return of(x)
@kernel
def in_tuple(table, x):
    return table[0](x)
@kernel
def in_named_tuple(pair):
    return pair.of(pair.by)
@kernel
def deep(table, x):
    return table[1][0].of(x)
def values(of):
    pair = Pair(of, 1.0)
    return [of(1.0), given(of, 1.0), in_tuple((of,), 1.0), in_tuple((of, 1), 1.0), in_named_tuple(pair),
            deep((1, (pair,)), 1.0)]
said = [values(mine)]
first = mine
@kernel
def mine(x):
    return x + 7
said += [values(mine), values(first)]
def made(factor):
    return kernel(lambda x: factor * x + shift(x) + base)
said += [values(made(10)), values(made(20))]
print(said)
"""
IN_ITS_FOLDER = "from toolkit.kernels import kernel\nbase = 1\n@kernel\ndef shift(x):\n    return x - 1\n"


def run_script(folder, cache, script=SCRIPT, helper=IN_ITS_FOLDER):
    folder.mkdir(exist_ok=True)
    (folder / "script.py").write_text(script)
    (folder / "helper.py").write_text(helper)
    done = subprocess.run([sys.executable, "-B", "-W", "ignore", "script.py"], capture_output=True, text=True,
                          check=True, cwd=folder, env=os.environ | {"NUMBA_CACHE_DIR": str(cache)})
    return [values[0] for values in json.loads(done.stdout) if len(set(values)) == 1]


def test_a_kernel_edited_outside_the_package_is_the_edited_one_however_it_is_called(tmp_path):
    def run(name="first", *text):
        return run_script(tmp_path / name, tmp_path / "cache", *text)

    assert run() == [2, 8, 2, 11, 21]
    assert run("first", SCRIPT.replace("x * 2", "x * 3")) == [3, 8, 3, 11, 21]
    assert run("first", SCRIPT.replace("x + 7", "x + 9")) == [2, 10, 2, 11, 21]
    assert run("first", SCRIPT, IN_ITS_FOLDER.replace("x - 1", "x - 2")) == [2, 8, 2, 10, 20]
    assert run("first", SCRIPT, IN_ITS_FOLDER.replace("base = 1", "base = 5")) == [2, 8, 2, 15, 25]
    # Files of the same names in another folder, with other numbers.
    assert run("second", SCRIPT.replace("x * 2", "x * 4"), IN_ITS_FOLDER.replace("1", "3")) == [4, 8, 4, 11, 21]
    assert run() == [2, 8, 2, 11, 21]
