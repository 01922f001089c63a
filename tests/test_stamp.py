"""Compiled kernels are thrown away when a file they were made of changes, and not for other files."""
import importlib
import pkgutil
from pathlib import Path

import pytest
from numba.core.dispatcher import Dispatcher

import toolkit
from toolkit._core import stamp as _stamp

ROOT = Path(toolkit.__file__).parent
MODULES = [info.name for info in pkgutil.walk_packages([str(ROOT)], "toolkit.") if not info.name.endswith("__main__")]


@pytest.mark.parametrize("name", MODULES)
def test_files_of_called_kernels_are_reached(name):
    """Dispatchers a kernel calls, by themselves or as ``module.name``, are in files its stamp covers."""
    module = importlib.import_module(name)
    reached = _stamp._reached(Path(module.__file__))
    called = []
    for kernel in filter(lambda value: isinstance(value, Dispatcher), vars(module).values()):
        space, names = kernel.py_func.__globals__, kernel.py_func.__code__.co_names
        called += [space.get(n) for n in names]
        called += [getattr(space[n], a, None) for n in names if isinstance(space.get(n), type(toolkit)) for a in names]
    files = {Path(value.py_func.__code__.co_filename) for value in called if isinstance(value, Dispatcher)}
    assert files <= reached


def test_other_files_do_not_count():
    reached = _stamp._reached(ROOT / "elementary" / "exponential.py")
    assert ROOT / "_core" / "rounding.py" in reached and not any("grokking" in file.parts for file in reached)


@pytest.fixture
def package(monkeypatch, tmp_path):
    """A function that writes modules of a package `fake` and forgets what was known of them."""
    folder = tmp_path / "fake"
    monkeypatch.setattr(_stamp, "_PACKAGE", folder)
    known = [value for value in vars(_stamp).values() if hasattr(value, "cache_clear")]

    def write(**modules):
        for name, text in modules.items():
            path = folder.joinpath(*name.split("__")).with_suffix(".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        for function in known:
            function.cache_clear()
        return folder

    yield write
    for function in known:
        function.cache_clear()


def test_stamp_follows_a_file_two_imports_away(package):
    folder = package(init="", a="from fake import (\n    b)", b="def f():\n    import fake.c", c="", other="")
    before = _stamp.stamp_of(folder / "a.py")
    package(other="x = 1")
    assert _stamp.stamp_of(folder / "a.py") == before
    package(c="x = 1")
    assert _stamp.stamp_of(folder / "a.py") != before


def test_stamp_is_of_what_files_hold_not_of_when_they_were_written(package):
    folder = package(a="x = 1")
    before = _stamp.stamp_of(folder / "a.py")
    (folder / "a.py").unlink()
    assert _stamp.stamp_of(package(a="x = 1") / "a.py") == before


def test_the_core_is_part_of_every_kernel(package):
    folder = package(a="x = 1", _core__numbers="")
    before = _stamp.stamp_of(folder / "a.py")
    package(_core__numbers="x = 1")
    assert _stamp.stamp_of(folder / "a.py") != before


@pytest.mark.parametrize("init, behind", [
    ("from fake.room import _f, _g\nfrom fake.room._f import *\nfrom fake.room._g import *", {"_f"}),
    ("from fake.room._f import f\nfrom fake.room._g import g", {"_f"}),
    ("from fake.room._g import g, h as f", {"_g"}),
    ("from fake.room._f import f\nfrom fake.room._g import g\nf = g(f)", {"__init__", "_f", "_g"}),
    ("from fake.room import _g\ndef f():\n    pass", {"__init__", "_g"}),
    ("from fake.room import _f\nfrom fake.room._g import *", {"__init__", "_f", "_g"}),
    ("__all__ = collect(__name__)", {"_f"}),
    ('__all__ = ["k", *collect(__name__)]\ndef k():\n    pass', {"_f"}),
])
def test_a_name_leads_to_the_module_that_its_package_has_it_from(package, init, behind):
    package(**{"room__" + "__init__".strip("_"): ""})
    listed = '__all__ = []\nKERNELS = ["f"]' if "def k" in init else '__all__ = ["f"]'
    folder = package(room___f=listed, room___g='__all__ = [\n    "g", "h"]')
    (folder / "room/__init__.py").write_text(init)
    files = _stamp.files_behind("from fake.room import f")
    assert {file.stem for file in files} == behind
    of_module = _stamp.files_behind("import fake.room")
    assert _stamp.files_behind("from fake import room") == of_module >= {folder / "room/__init__.py"}
