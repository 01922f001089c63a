"""Shared by all tests: the built book, where Chromium is, and a loud word when it is missing."""
import fcntl
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

# jsonschema would compile a grammar for internationalised addresses in each process, for more than a second.
sys.modules.setdefault("rfc3987_syntax", None)
os.environ.setdefault("TOOLKIT_QUIET", "1")  # tests look at what commands write
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell's background jobs, and all that they start
    signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).parents[1]
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = "no Chromium found: put one of " + ", ".join(NAMES) + " on PATH, or its path in CHROMIUM"


def find_chromium():
    """Path of an installed Chromium, or None."""
    named = os.environ.get("CHROMIUM")
    return shutil.which(named) if named else next(filter(None, map(shutil.which, NAMES)), None)


@pytest.fixture(scope="session")
def built_book():
    """Folder of the built book, built by the command of `make book` when it is missing or stale."""
    (ROOT / ".cache").mkdir(exist_ok=True)
    with open(ROOT / ".cache/building", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run in several processes, and one of them builds
        subprocess.run([sys.executable, ROOT / "scripts/build_book.py"], check=True, cwd=ROOT)
    return ROOT / "_build/html"


def pytest_addoption(parser):
    parser.addoption("--record-pages", action="store_true", help="write what pages weigh and how fast they answer")


@pytest.fixture(scope="session")
def chromium_path():
    """Path of an installed Chromium."""
    return find_chromium() or pytest.fail(MISSING)


def in_ci():
    return os.environ.get("CI") == "true"


def failed_if_skipped(report):
    """Under CI a skip or an expected failure is a failure: nothing may stop being tested unnoticed."""
    if report.skipped and in_ci():
        # pytest's exit code forgives whatever has `wasxfail`.
        reason = vars(report).pop("wasxfail", report.longrepr)
        report.outcome, report.longrepr = "failed", f"skipped under CI: {reason}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    return failed_if_skipped((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    return failed_if_skipped((yield))  # of a whole module


def pytest_collection_modifyitems(items):
    # With CI=true the tests run, and fail where they ask for a browser.
    if find_chromium() is None and not in_ci():
        for item in items:
            if item.get_closest_marker("browser"):
                item.add_marker(pytest.mark.skip(reason=MISSING))


def pytest_terminal_summary(terminalreporter):
    if find_chromium() is None:
        terminalreporter.section("BROWSER TESTS DID NOT RUN", sep="!", red=True, bold=True)
        terminalreporter.line(MISSING)
