"""Write requirements.lock from pyproject.toml: exact versions for all extras, on Linux, macOS and Windows.

Pins that still fit are kept; `--upgrade` takes the newest versions that pyproject.toml allows.
"""
import argparse
import os
import subprocess
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements.lock"
HEADER = "# Exact versions of all that the project installs. Written by `make lock` from pyproject.toml.\n"


def resolve(upgrade):
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder, "Scripts/python.exe" if os.name == "nt" else "bin/python")
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--only-binary=:all:", "uv"], check=True)
        command = [python, "-m", "uv", "pip", "compile", "pyproject.toml", "--output-file", LOCK.name,
                   "--quiet", "--all-extras", "--universal", "--fork-strategy", "fewest",
                   "--only-binary", ":all:", "--no-annotate", "--no-header"]
        subprocess.run(command + ["--upgrade"] * upgrade, cwd=ROOT, check=True)
    LOCK.write_text(HEADER + LOCK.read_text(encoding="utf-8"), encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions that are allowed")
    resolve(parser.parse_args().upgrade)
