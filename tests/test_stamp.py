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


def test_stamp_follows_a_file_two_imports_away(monkeypatch, tmp_path):
    package = tmp_path / "fake"
    package.mkdir()
    for name, text in {"__init__": "", "a": "from fake import (\n    b)", "b": "def f():\n    import fake.c", "c": "",
                       "other": ""}.items():
        (package / f"{name}.py").write_text(text)
    monkeypatch.setattr(_stamp, "_PACKAGE", package)

    def stamp(file):
        _stamp.stamp_of.cache_clear()
        _stamp._imported.cache_clear()
        return _stamp.stamp_of(file)

    try:
        before, cell = stamp(package / "a.py"), stamp(tmp_path / "cell.py")
        (package / "other.py").write_text("x = 1")
        assert stamp(package / "a.py") == before and stamp(tmp_path / "cell.py") != cell
        (package / "c.py").write_text("x = 1")
        assert stamp(package / "a.py") != before
    finally:
        _stamp.stamp_of.cache_clear()
        _stamp._imported.cache_clear()
