"""Run the tests of one method: those of the register whose parameters name it, in all files that read the register.

python scripts/check_method.py squareplus [ARGUMENTS FOR PYTEST ...]
"""
import argparse
import difflib
import re
import sys
from pathlib import Path

import pytest

from toolkit.catalog import METHODS

ROOT = Path(__file__).resolve().parents[1]
# What starts a browser, trains for long, or adds a method in a copy of the project says nothing about one method.
OTHERS = ("tests/browser", "tests/training", "tests/test_add_a_method.py")


class OnlyOf:
    """Pytest keeps the tests of which a parameter is, or begins with, the name of the method."""

    def __init__(self, name):
        self.name = name

    def pytest_collection_modifyitems(self, items, config):
        kept = [item for item in items if self._is_of(item)]
        config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
        items[:] = kept

    def _is_of(self, item):
        return hasattr(item, "callspec") and self.name in re.findall(r"\w+", item.callspec.id)


def files():
    """Test files that read the register, or the cases that are made of it."""
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        name = path.relative_to(ROOT).as_posix()
        if not name.startswith(OTHERS) and re.search(r"toolkit\.catalog|catalog_cases", path.read_text("utf-8")):
            yield name


def main():
    parser = argparse.ArgumentParser(description="Run the tests of one method of the register.")
    parser.add_argument("name", help="as toolkit.catalog has it, such as squareplus")
    arguments, for_pytest = parser.parse_known_args()
    names = [method.name for method in METHODS]
    if arguments.name not in names:
        close = difflib.get_close_matches(arguments.name, names)
        sys.exit(f"No method is called {arguments.name!r}{', is it ' * bool(close)}{' or '.join(close)}; its row in "
                 "toolkit/catalog gives it its name.")
    return pytest.main(["-q", "-x", "-p", "no:cacheprovider", *files(), *for_pytest], plugins=[OnlyOf(arguments.name)])


if __name__ == "__main__":
    sys.exit(main())
