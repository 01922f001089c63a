"""The wheel holds all that the package needs: installed into an empty environment, it works from any folder."""
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def run(*command, **options):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    copy = folder / "sources"  # a build leaves files behind
    tracked = run("git", "ls-files", "toolkit", "pyproject.toml", "README.md", "LICENSE", "LICENSE-prose", cwd=ROOT)
    for name in tracked.splitlines():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_bytes((ROOT / name).read_bytes())
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation",
        "--wheel-dir", folder, copy)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def python(wheel, tmp_path_factory):
    """A Python that has the wheel, and the packages it needs from here, but not this checkout."""
    folder = tmp_path_factory.mktemp("elsewhere")
    venv.create(folder / "environment", with_pip=False, symlinks=True)
    scheme = sysconfig.get_path("purelib", "venv", {"base": str(folder / "environment")})
    run(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", scheme, wheel)
    # A path in a .pth file is searched, and the .pth files there are not: that of this checkout stays out.
    Path(scheme, "packages.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    program = folder / "environment" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "NUMBA_CACHE_DIR")}
    return lambda *arguments: run(program, *arguments, cwd=folder, env=environment)


def test_the_wheel_has_every_file_of_the_package(wheel):
    tracked = run("git", "ls-files", "toolkit", cwd=ROOT).splitlines()
    with zipfile.ZipFile(wheel) as archive:
        assert set(tracked) <= set(archive.namelist())


def test_it_works_from_any_folder(python):
    where = python("-c", "import toolkit, numpy; print(toolkit.__file__)").strip()
    assert ROOT not in Path(where).parents
    shown = python("-c", "import numpy as np; from toolkit.losses import cross_entropy\n"
                         "print(f'{cross_entropy(np.float32([0, -17]), 0):.4g}')")
    assert shown.strip() == "4.14e-08"


def test_its_command_line_runs(python):
    assert "bfloat16" in python("-m", "toolkit", "formats", "--classes", "2")
    assert "figure" in python("-m", "toolkit", "record", "--list")
    installed = python("-c", "import sys; from importlib.metadata import entry_points; sys.argv[0] = 'softmax-edge'\n"
                             "(command,) = entry_points(group='console_scripts', name='softmax-edge')\n"
                             "command.load()(['--help'])")
    assert installed.startswith("usage: softmax-edge") and "warm" in installed
