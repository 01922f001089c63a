"""A cache that is damaged, of another version, or cannot be written means compiling, and at most one warning."""
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

# A kernel without a file of its own and one of a module; how often each was found on disk, and the warnings.
CALL = """
import json, sys, warnings
warnings.simplefilter("always")
with warnings.catch_warnings(record=True) as said:
    import numpy as np
    from toolkit.elementary import exp
    from toolkit.kernels import kernel
    {before}
    @kernel
    def mine(x):
        return 2 * x
    @kernel
    def other(x):
        return x - 1
    values = [mine(3.0), other(3.0), exp(0.0)]
found = [sum(each.stats.cache_hits.values()) for each in (mine, other)]
print(json.dumps([values, found, [str(each.message) for each in said]]))
"""
RIGHT = [6.0, 2.0, 1.0]


def call_in(folder, before="pass", **environment):
    environment = {"NUMBA_CACHE_DIR": str(folder), "TOOLKIT_QUIET": "0"} | environment
    done = subprocess.run([sys.executable, "-c", CALL.format(before=before)], capture_output=True, text=True,
                          check=True, env=os.environ | environment)
    return json.loads(done.stdout)


@pytest.fixture
def run(tmp_path):
    return lambda *before, **environment: call_in(tmp_path / "cache", *before, **environment)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    assert call_in(folder) == [RIGHT, [0, 0], []]
    return folder


@pytest.fixture
def files(whole, tmp_path):
    """The files of a cache that is whole, by their ending."""
    shutil.copytree(whole, tmp_path / "cache")
    return lambda ending: sorted((tmp_path / "cache").rglob(f"*.{ending}"))


def emptied(file):
    file.write_bytes(b"")


def cut(file):
    file.write_bytes(file.read_bytes()[:-100])


def changed(file):
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def replaced_by_text(file):
    file.write_text("not machine code\n")


def replaced_by_a_folder(file):
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize("ending", ["nbi", "nbc"])
@pytest.mark.parametrize("damage", [emptied, cut, changed, replaced_by_text])
def test_a_damaged_file_is_mended(run, files, ending, damage):
    for file in files(ending):
        damage(file)
    assert run() == [RIGHT, [0, 0], []]
    assert run() == [RIGHT, [1, 1], []]


def test_a_folder_in_the_place_of_a_file_is_one_warning(run, files):
    for file in files("nbi"):
        replaced_by_a_folder(file)
    values, _, said = run()
    assert values == RIGHT and len(said) == 1 and "cannot be kept in" in said[0]


def test_the_cache_of_another_version_of_numba_is_written_anew(run):
    run("import numba; numba.__version__ = '0.1.2'")
    assert run() == [RIGHT, [0, 0], []]
    assert run() == [RIGHT, [1, 1], []]


def test_a_full_disk_is_one_warning(run):
    before = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))"
    values, found, said = run(before)
    assert values == RIGHT and found == [0, 0]
    assert len(said) == 1 and "cannot be kept in" in said[0] and "NUMBA_CACHE_DIR" in said[0]
    assert run(before, TOOLKIT_QUIET="1") == [RIGHT, [0, 0], []]
    assert run() == [RIGHT, [0, 0], []] and run() == [RIGHT, [1, 1], []]


def test_a_place_that_cannot_be_written_is_one_warning(run, tmp_path):
    (tmp_path / "file").write_text("")
    values, found, said = run(NUMBA_CACHE_DIR=str(tmp_path / "file/cache"))
    assert values == RIGHT and found == [0, 0] and len(said) == 1


# Nobody may write into the package, and this user has no folder of its own.
NOWHERE = """
import os, tempfile
os.access = lambda *_: False
def refused(*_, **__):
    raise PermissionError(13, "Permission denied")
tempfile.TemporaryFile = os.makedirs = refused
"""


def test_a_read_only_package_is_read(tmp_path):
    """What its owner compiled serves users who can write nowhere; what is missing is compiled, with one warning."""
    package = Path(__file__).parents[2] / "toolkit"
    shutil.copytree(package / "_core", tmp_path / "toolkit/_core", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "toolkit/__init__.py").write_text("")
    module = tmp_path / "toolkit/mine.py"
    module.write_text("from toolkit._core.kernel import kernel\n@kernel\ndef f(x):\n    return x + 1\n")
    call = ("import json, warnings\nwarnings.simplefilter('always')\n{}\nwith warnings.catch_warnings(record=True) as "
            "said:\n from toolkit.mine import f, kernel\n g = kernel(lambda x: x - 1)\n values = [f(1{n}), g(1{n})]\n"
            "print(json.dumps([values, [sum(k.stats.cache_hits.values()) for k in (f, g)], len(said)]))")
    environment = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}

    def run(before, number=".0"):
        done = subprocess.run([sys.executable, "-c", call.format(before, n=number)], capture_output=True, text=True,
                              check=True, cwd=tmp_path,
                              env=environment | {"PYTHONPATH": str(tmp_path), "TOOLKIT_QUIET": "0"})
        return json.loads(done.stdout)

    assert run("pass") == [[2.0, 0.0], [0, 0], 0]
    assert run(NOWHERE) == [[2.0, 0.0], [1, 1], 0]
    assert run(NOWHERE, "") == [[2, 0], [0, 0], 1]
