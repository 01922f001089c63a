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

import toolkit
from toolkit import catalog
from toolkit.catalog import FAMILIES, METHODS, ROLES, Method, api_table, get_method, method_of, methods

ROOT = Path(__file__).parents[1]
BIBLIOGRAPHY = (ROOT / "book" / "references.bib").read_text(encoding="utf-8")
CONTENTS = (ROOT / "_toc.yml").read_text(encoding="utf-8")


def test_names_are_unique():
    assert len({method.name for method in METHODS}) == len(METHODS)


@every_method
def test_rows_are_well_formed(method):
    assert method.family in FAMILIES and isinstance(method, Method) and method.holds <= method.promises
    assert method.domain[0] <= method.plot_range[0] < method.plot_range[1] <= method.domain[1]
    assert method.formula.count("{") == method.formula.count("}") and "|" not in method.formula
    assert "$" not in method.formula
    assert {v.role for v in method.variants} <= set(ROLES) and (method.role("stable") or not method.variants)
    assert len({v.name for v in method.variants}) == len(method.variants)
    assert dataclasses.replace(method) == method and hash(method) == hash(dataclasses.replace(method))


@every_method
def test_rows_are_true_to_the_code(method):
    module, _, name = method.path.rpartition(".")
    assert getattr(importlib.import_module(module), name) is method.function
    assert name in importlib.import_module(module).__all__
    assert not method.variants or method.default.role == "stable"
    assert method.summary.endswith(".") and len(method.summary) <= 120
    keywords = {method.selector if len(method.variants) > 1 else None, *dict(method.parameters)} - {None}
    assert keywords <= set(inspect.signature(method.function).parameters)


@every_method
def test_functions_take_the_example(method):
    method(*method.example())


@every_method
def test_every_kernel_runs(method):
    exports = method.exports()
    assert {variant.name for variant in method.variants} <= set(exports) and exports
    for export in exports.values():
        arrays = export.inputs(np.linspace(-1, 1, 5), label=1)
        assert len(export.types()) == len(arrays) + 1 == len(export.arrays) + 1
        parameters = len(inspect.signature(export.page()).parameters)
        assert parameters == len(arrays) + 1


@every_method
def test_references_and_chapters_are_in_the_book(method):
    assert re.search(rf"^@\w+\{{{method.reference},", BIBLIOGRAPHY, re.MULTILINE), (
        f"the reference of {method.name}, {method.reference!r}, is no key of book/references.bib")
    assert f"notebooks/{method.chapter}\n" in CONTENTS, (
        f"the chapter of {method.name}, {method.chapter!r}, is no notebook of _toc.yml")


# Packages of methods, and what is public there without being one.
PACKAGES = ("softmax", "sampling", "transport", "attention", "decoding", "representations", "soft_operators",
            "networks", "activations", "losses", "losses.targets", "losses.adversarial", "information", "uncertainty",
            "unnormalized", "collapse", "optimizers", "elementary")
NO_METHODS = {
    "toolkit.sampling.gumbel_noise": "random numbers for the methods beside it",
    "toolkit.transport.transport_cost": "a sum",
    "toolkit.attention.dynamical_system": "what `recurrence` takes",
    "toolkit.attention.head_entropy": "a mean of entropies",
    "toolkit.attention.random_features_attention": "a sum of `random_features`",
    "toolkit.attention.random_features_parity": "a ratio of sums",
    "toolkit.attention.random_features_weights": "random numbers for `random_features`",
    "toolkit.attention.taylor_features": "monomials, for `dynamical_system`",
    "toolkit.activations.running_variance": "what `evonorm_b0` keeps while it trains",
    "toolkit.networks.normal_weights": "random weights for the methods beside it",
    "toolkit.networks.optimal_activation": "what the kernels beside it know as 'optimal'",
    "toolkit.activations.sparsity_penalty": "what the thresholds beside it make least",
    "toolkit.softmax.logaddexp": "`logsumexp` of two arrays, entry by entry",
    "toolkit.networks.box_around": "a box for the bounds beside it",
    "toolkit.representations.wasserstein_critic": "the dual of `wasserstein_dependency`",
    "toolkit.uncertainty.accumulated_gap": "a mean, which `halting_thresholds` bounds",
    "toolkit.uncertainty.conformal_scores": "what `conformal_quantile` takes",
    "toolkit.uncertainty.halting_times": "a comparison with what `halting_thresholds` gives",
    "toolkit.information.rel_entr": "a term of the divergences beside it",
    "toolkit.information.xlogy": "a term of the entropy beside it",
    "toolkit.unnormalized.unnormalized_logits": "the logits of the models beside it",
    "toolkit.losses.presto_largest_penalty": "where a path of `fit_presto` begins",
    "toolkit.uncertainty.gated_exits": "what the gates of `fit_exit_gates` do",
    "toolkit.uncertainty.nearest_distance": "what `sdm_distance` takes",
    "toolkit.losses.targets.expected_value": "a sum, the way back from the targets",
    **{f"toolkit.elementary.{name}": "a scalar function that kernels are made of; its table is that of its accuracy"
       for name in toolkit.elementary.__all__},
}


def test_every_public_function_has_a_row():
    rows = {method.function for method in METHODS}
    without = set()
    for package in PACKAGES:
        module = importlib.import_module(f"toolkit.{package}")
        functions = {name: getattr(module, name) for name in module.__all__}
        without |= {f"{module.__name__}.{name}" for name, each in functions.items()
                    if inspect.isfunction(each) and each not in rows}
    assert without == set(NO_METHODS)


def test_look_up():
    assert methods() == METHODS and {method.family for method in METHODS} == set(FAMILIES)
    assert {method.family for method in methods("loss")} == {"loss"}
    assert get_method("softmax").function is toolkit.softmax.softmax
    assert [v.name for v in get_method("cross_entropy").role("naive")] == ["naive"]
    with pytest.raises(ValueError, match="name is 'sofmax'; allowed: 'softmax', "):
        get_method("sofmax")
    assert method_of(toolkit.softmax.softmax).name == "softmax"
    assert {method.kind for method in methods("transport")} == {"Iteration", "Matrix"}
    assert {*methods(kind=catalog.Loss), *methods(kind=catalog.EntryLoss)} < {*methods("loss"), *methods("preference")}
    with pytest.raises(TypeError, match="function is 'sin'; allowed: a method of toolkit.catalog"):
        method_of(np.sin)
    with pytest.raises(ValueError, match="family is 'gate'; allowed: None, 'softmax', 'sampling'"):
        methods("gate")


def test_table_has_a_line_per_method():
    lines = api_table().splitlines()
    assert len(lines) == 2 + len(METHODS)
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {7}
    for line, method in zip(lines[2:], METHODS, strict=True):
        assert f"[`{method.name}`](#{method.path})" in line and f"${method.formula}$" in line
        assert f"`{method.reference}`" in line and f"notebooks/{method.chapter}.ipynb" in line
    assert len(api_table("loss").splitlines()) == 2 + len(methods("loss"))
    assert api_table()._repr_markdown_() == api_table()


@every_method
def test_examples_of_its_docstring(method):
    module = inspect.getmodule(inspect.unwrap(method.function))
    for each in doctest.DocTestFinder().find(method.function, method.name, module=False, globs=dict(vars(module))):
        assert doctest.DocTestRunner().run(each).failed == 0


def test_examples_in_docstrings():
    result = doctest.testmod(catalog)
    assert result.attempted > 0 == result.failed


def test_importing_the_package_is_light():
    code = "import sys, toolkit; print(sorted(m for m in sys.modules if m in ('numba', 'numpy')))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_submodules_load_on_first_use():
    gradients = {"grad", "value_and_grad", "vjp"}
    for name in set(toolkit.__all__) - gradients:
        assert inspect.ismodule(getattr(toolkit, name))
    assert all(getattr(toolkit, name) is getattr(toolkit.gradients, name) for name in gradients)
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
