"""Long compilation says so, once, and where its result is kept; what is found on disk says nothing."""
import os
import re
import subprocess
import sys

import pytest

CALL = """
import numba
import toolkit._core.compile_notice as notice
from toolkit.kernels import kernel
{before}
@kernel
def helper(x):
    return x + 1
@kernel
def slow(x):
    return helper(x) * {factor}
@numba.njit
def theirs(x):
    return x + 3
{call}
"""
AT_ONCE = "notice._PATIENCE = 0.0"


@pytest.fixture
def said(tmp_path):
    def said(before=AT_ONCE, call="slow(1.0)", factor=2, **environment):
        environment = {"NUMBA_CACHE_DIR": str(tmp_path), "TOOLKIT_QUIET": ""} | environment
        done = subprocess.run([sys.executable, "-c", CALL.format(before=before, call=call, factor=factor)],
                              capture_output=True, text=True, check=True, env=os.environ | environment)
        assert not done.stdout
        return done.stderr
    return said


def test_long_compilation_says_what_and_where_and_how_long_it_took(said, tmp_path):
    first, second = said().splitlines()
    assert first == f"toolkit: compiling __main__.slow, once: it is kept in {tmp_path / 'contents'}"
    assert re.fullmatch(r"toolkit: that took \d+ s", second)
    assert said() == ""


def test_short_compilation_says_nothing(said):
    assert said("notice._PATIENCE = 60.0") == ""


def test_a_variable_of_the_environment_turns_it_off(said):
    assert said(TOOLKIT_QUIET="1") == "" and said(factor=3, TOOLKIT_QUIET="0").startswith("toolkit: compiling")


def test_kernels_of_others_say_nothing(said):
    assert said(call="theirs(1.0)") == ""


def test_a_bar_that_is_shown_stays_whole(said):
    text = said(call="from tqdm import tqdm\nwith tqdm(total=2) as bar:\n    slow(1.0)\n    bar.update(2)")
    lines = [line.rpartition("\r")[2] for line in text.splitlines()]
    assert sum(line.startswith("toolkit: ") for line in lines) == 2 and lines[-1].startswith("100%")


def test_compilation_that_fails_leaves_nothing_behind(said):
    fails = "try:\n    kernel(lambda x: x.nothing)(1.0)\nexcept numba.TypingError:\n    pass\nslow(1.0)"
    assert said(call=fails).count("toolkit: compiling __main__.slow") == 1


def test_kernels_of_figures_say_so_too(said, tmp_path):
    entry = "[('slow', lambda x, y: None, ['f64', 'f64[]'])]"
    call = f"from toolkit.live.page import keep_module\nkeep_module({str(tmp_path / 'page.html')!r}, {entry})"
    lines = said(call=call).splitlines()
    assert lines[0] == "toolkit: compiling the kernels of figures to WebAssembly" and "that took" in lines[1]
