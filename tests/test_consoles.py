"""Consoles and locales that are not UTF-8: no command ends in a UnicodeEncodeError, no file depends on the locale."""
import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CONSOLES = {
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "cp1252": {"PYTHONIOENCODING": "cp1252"},
    "C": {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
}
COMMANDS = {
    "presets": ("grok", "--list-presets"),
    "error": ("grok", "--set", "task=⟂"),
    "sweep": ("sweep", "--list", "--preset", "figure6-perpgrad-adamw", "FOLDER"),
    "recordings": ("record", "--list"),
    "paper": ("paper", "table"),
    "formats": ("formats",),
}


@pytest.mark.parametrize("console", CONSOLES.values(), ids=CONSOLES)
@pytest.mark.parametrize("name", COMMANDS)
def test_commands_print_on_any_console(name, console, tmp_path):
    arguments = [str(tmp_path / "läufe") if part == "FOLDER" else part for part in COMMANDS[name]]
    done = subprocess.run([sys.executable, "-m", "toolkit", *arguments], capture_output=True, check=False,
                          env=os.environ | console)
    assert done.returncode == (2 if name == "error" else 0), done.stderr
    assert b"Traceback" not in done.stderr and b"UnicodeEncodeError" not in done.stderr
    assert done.stdout or name == "error"


@pytest.mark.parametrize("script", ["scripts/test.py", "scripts/build_book.py", "benchmarks/method_speed.py"])
def test_scripts_print_on_any_console(script):
    assert "    write_to_any_console()\n" in (ROOT / script).read_text(encoding="utf-8")


def without_encoding(source):
    """Lines that open a file as text in the encoding of the locale."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or any(keyword.arg == "encoding" for keyword in node.keywords):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        literals = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
        of_a_path = isinstance(node.func, ast.Attribute) and name in ("read_text", "write_text")
        if of_a_path and not {"utf-8", "utf-8-sig"}.intersection(literals):
            yield node.lineno
        if name == "open" and ast.unparse(node.func) not in ("os.open", "webbrowser.open"):
            mode = next((text for text in literals if isinstance(text, str) and set(text) <= set("rwaxbt+")), "r")
            if "b" not in mode:
                yield node.lineno


def test_files_are_opened_in_an_encoding_of_their_own():
    files = [file for folder in ("toolkit", "scripts", "benchmarks", "book") for file in (ROOT / folder).rglob("*.py")]
    assert len(files) > 150
    found = [f"{file.relative_to(ROOT)}:{line}" for file in files
             for line in without_encoding(file.read_text(encoding="utf-8"))]
    assert not found
