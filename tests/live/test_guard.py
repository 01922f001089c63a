"""A kernel that somebody has just written: wrong indices, endless loops and Interrupt end in a sentence."""
import os
import re
import signal
import threading
import time

import numpy as np
import pytest
from test_kernel_errors import written

from toolkit.live import Axis, Bars, Format, Plot, Slider, live_figure, user_code
from toolkit.live.guard import guarded_run, is_wanted
from toolkit.live.guard.passes import twin_of
from toolkit.live.kernel_errors import Interrupted, KernelError
from toolkit.softmax.kernels import quiet_softmax_row

# One figure, so that it is compiled once: x says what goes wrong in it.
FIGURE = """
@kernel
def place(row, i):
    return row[i]

@live_figure(controls=[Slider("x", 0, 9, 0.0), Format("fmt", "float16")], outputs={"k": 258, "t": (3, 4)},
             plot=Plot((Bars("k"),), x=Axis("", (0, 2)), y=Axis("", (0, 2))), caption="Drag x.")
def figure(x, fmt, k, t):
    pair, i = (1.5, x), 0
    for n in range(k.size):
        k[n] = pair[0] * n + pair[1]
    t[-1, 3] = place(k, k.size - 1)
    k[2:5] = 1.0
    if x == 1:
        k[300] = 4096
    if x == 2:
        k[300000000] = 4096
    if x == 3:
        k[-259] = x
    if x == 4:
        t[2, int(x)] = x
    if x == 5:
        k[0] = float(in_format(k, fmt)[258])
    if x == 6:
        k[0] = place(k, 999)
    while x == 7:
        k[0] += 1
    while x == 8 and i < 5:
        i = i
"""
INDICES = {
    1: ("k[300] = 4096", "index 300 is out of bounds: k has 258."),
    2: ("k[300000000] = 4096", "index 300000000 is out of bounds: k has 258."),
    3: ("k[-259] = x", "index -259 is out of bounds: k has 258."),
    4: ("t[2, int(x)] = x", "index 4 is out of bounds: t has 4 along axis 1."),
    5: ("k[0] = float(in_format(k, fmt)[258])", "index 258 is out of bounds: the array has 258."),
    6: ("return row[i]", "index 999 is out of bounds: row has 258."),
}
LOOPS = {7: "while x == 7:", 8: "while x == 8 and i < 5:"}


@pytest.fixture(autouse=True)
def guarded(monkeypatch):
    monkeypatch.setenv("TOOLKIT_GUARD", "1")
    monkeypatch.setenv("TOOLKIT_LIMIT", "0.3")


def made():
    names = {"live_figure": live_figure, "Slider": Slider, "Format": Format, "Plot": Plot, "Bars": Bars, "Axis": Axis}
    space, name, lines = written(FIGURE, **names)
    return space["figure"], name, [line.strip() for line in lines]


@pytest.fixture(scope="module")
def figure():
    return made()


def test_what_is_right_gives_the_same_numbers(figure, monkeypatch):
    found = figure[0].compute()
    monkeypatch.setenv("TOOLKIT_GUARD", "0")
    for name, values in figure[0].compute().items():
        np.testing.assert_array_equal(found[name], values)


@pytest.mark.parametrize("x", INDICES)
def test_an_index_that_is_not_there(figure, x):
    figure, name, lines = figure
    with pytest.raises(KernelError) as caught:
        figure.compute(x=x)
    where, source, said = str(caught.value).splitlines()
    assert (source.strip(), said) == INDICES[x]
    assert where == f'  File "{name}", line {lines.index(source.strip()) + 1}, in figure'


@pytest.mark.parametrize("x", LOOPS)
def test_an_endless_loop_is_stopped_by_the_limit(figure, x):
    figure, name, lines = figure
    with pytest.raises(KernelError) as caught:
        figure.compute(x=x)
    where, source, said = str(caught.value).splitlines()
    assert source.strip() == LOOPS[x] and where.endswith(f"line {lines.index(LOOPS[x]) + 1}, in figure")
    assert said.startswith("stopped after 0.3 s: this loop had not come to its end.")


@pytest.mark.parametrize("text", ["soon", "-1", "nan"])
def test_a_limit_is_a_number_of_seconds(figure, text, monkeypatch):
    monkeypatch.setenv("TOOLKIT_LIMIT", text)
    with pytest.raises(ValueError, match=f"^TOOLKIT_LIMIT in the environment is '{text}'; allowed: a positive number"):
        figure[0].compute()


def test_interrupt_returns_at_once(figure, monkeypatch):
    figure[0].compute()  # it is compiled now
    monkeypatch.setenv("TOOLKIT_LIMIT", "30")
    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
    begun = time.perf_counter()
    with pytest.raises(Interrupted, match=r"\n    while x == 7:\ninterrupted in this loop\."):
        figure[0].compute(x=7)
    assert time.perf_counter() - begun < 1.2


def test_a_cell_that_runs_again_compiles_nothing_and_names_its_own_lines(figure):
    (again, name, lines), first = made(), figure[0].kernel
    assert first is not again.kernel and twin_of(first) is twin_of(again.kernel)
    line = lines.index("k[300] = 4096") + 1
    with pytest.raises(KernelError, match=re.escape(f'{name}", line {line}, in it')):
        guarded_run(again.kernel, [1.0, 1, np.zeros(258), np.zeros((3, 4))], "it")


def test_cells_of_the_book_and_the_package_run_as_they_are(monkeypatch):
    other = made()[0].kernel
    monkeypatch.setattr(user_code, "cells_of_the_book", lambda: {user_code.cell_of(other.py_func.__code__.co_filename)})
    assert twin_of(other) is other
    assert twin_of(quiet_softmax_row) is quiet_softmax_row


def test_only_in_a_notebook_that_a_person_runs(monkeypatch):
    monkeypatch.delenv("TOOLKIT_GUARD")
    assert not is_wanted()
    assert len(user_code.cells_of_the_book()) > 100
