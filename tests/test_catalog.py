"""The register: its rows are complete and true to the code and the book, and adding one is small."""
import dataclasses
import doctest
import importlib
import inspect
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from catalog_cases import every_entry as every_method
from catalog_cases import every_entry_variant as every_variant

import toolkit
from toolkit import catalog
from toolkit.catalog import (FAMILIES, INVARIANTS, KERNEL_ARGUMENTS, METHODS, ROLES, api_table, get_method,
                             methods)

ROOT = Path(__file__).parents[1]
BIBLIOGRAPHY = (ROOT / "book" / "references.bib").read_text(encoding="utf-8")
CONTENTS = (ROOT / "_toc.yml").read_text(encoding="utf-8")


def test_names_are_unique():
    assert len({method.name for method in METHODS}) == len(METHODS)


@every_method
def test_rows_are_well_formed(method):
    assert method.family in FAMILIES and method.result in KERNEL_ARGUMENTS and method.holds <= set(INVARIANTS)
    assert method.gradient_at in ("input", "output")
    assert method.domain[0] <= method.plot_range[0] < method.plot_range[1] <= method.domain[1]
    assert method.formula.count("{") == method.formula.count("}") and "|" not in method.formula
    assert "$" not in method.formula
    assert {v.role for v in method.variants} <= set(ROLES) and method.role("stable")
    assert len({v.name for v in method.variants}) == len(method.variants)
    assert dataclasses.replace(method) == method and hash(method) == hash(dataclasses.replace(method))


@every_method
def test_rows_are_true_to_the_code(method):
    module, _, name = method.path.rpartition(".")
    assert getattr(importlib.import_module(module), name) is method.function
    assert method.gradient.__name__ in importlib.import_module(module).__all__
    assert method.default.role == "stable"
    assert method.summary.endswith(".") and len(method.summary) <= 110
    keywords = {method.selector, *dict(method.parameters)} - {None}
    assert keywords <= set(inspect.signature(method.function).parameters)


@every_variant
def test_kernels_take_what_the_register_says(method, variant):
    expected = KERNEL_ARGUMENTS[method.result]
    parameters = list(inspect.signature(getattr(variant.kernel, "py_func", variant.kernel)).parameters)
    assert len(parameters) == len(expected) and parameters[-1] == "fmt"
    assert parameters[0] == ("x" if expected[0] == "entry" else "z")
    if method.result == "activation":
        row_gradient = getattr(method.row_gradient, "py_func", method.row_gradient)
        assert list(inspect.signature(row_gradient).parameters) == parameters
    elif method.row_gradient is not None:
        row_gradient = getattr(method.row_gradient, "py_func", method.row_gradient)
        assert list(inspect.signature(row_gradient).parameters)[-2:] == ["out", "fmt"]


@every_method
def test_references_and_chapters_are_in_the_book(method):
    assert re.search(rf"^@\w+\{{{method.reference},", BIBLIOGRAPHY, re.MULTILINE)
    assert f"notebooks/{method.chapter}\n" in CONTENTS


@pytest.mark.parametrize("family", FAMILIES)
def test_every_public_method_has_a_row(family):
    module = importlib.import_module(FAMILIES[family])
    functions = {name for name in module.__all__ if inspect.isfunction(getattr(module, name))}
    gradients = {name for name in functions if name.endswith(("_vjp", "_grad"))}
    assert functions - gradients == {method.function.__name__ for method in methods(family)}


def test_look_up():
    assert methods() == METHODS and {method.family for method in METHODS} == set(FAMILIES)
    assert {method.family for method in methods("loss")} == {"loss"}
    assert get_method("softmax").function is toolkit.softmax.softmax
    assert [v.name for v in get_method("cross_entropy").role("naive")] == ["naive"]
    with pytest.raises(ValueError, match="name is 'sofmax'; allowed: 'softmax', "):
        get_method("sofmax")
    with pytest.raises(ValueError, match="family is 'gate'; allowed: None, 'softmax', 'loss'"):
        methods("gate")


def test_table_has_a_line_per_method():
    lines = api_table().splitlines()
    assert len(lines) == 2 + len(METHODS)
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {6}
    for line, method in zip(lines[2:], METHODS, strict=True):
        assert f"[`{method.name}`](#{method.path})" in line and f"${method.formula}$" in line
        assert f"`{method.reference}`" in line and f"notebooks/{method.chapter}.ipynb" in line
    assert len(api_table("loss").splitlines()) == 2 + len(methods("loss"))
    assert api_table()._repr_markdown_() == api_table()


def test_examples_in_docstrings():
    result = doctest.testmod(catalog)
    assert result.attempted > 0 == result.failed


def test_importing_the_package_is_light():
    code = "import sys, toolkit; print(sorted(m for m in sys.modules if m in ('numba', 'numpy')))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_submodules_load_on_first_use():
    for name in toolkit.__all__:
        assert inspect.ismodule(getattr(toolkit, name))
    assert set(toolkit.__all__) <= set(dir(toolkit))
    with pytest.raises(AttributeError, match="no attribute 'sofmax'"):
        _ = toolkit.sofmax


def test_version_is_that_of_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert toolkit.__version__ == project["version"]


def test_a_method_is_called_with_its_parameters():
    z = np.array([1.0, 2.0, 4.0])
    assert np.array_equal(get_method("softmax_temperature")(z), toolkit.softmax.softmax(z, temperature=2.0))
    expected = toolkit.softmax.softmax(z, algorithm="online")
    assert np.array_equal(get_method("softmax")(z, variant="online"), expected)
