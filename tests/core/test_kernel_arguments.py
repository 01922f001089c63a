"""A kernel as an argument of another: compiled for it, found on disk by a new process, compiled anew after an edit."""
import os
import subprocess
import sys

import numpy as np
import pytest

from toolkit._core.kernel import kernel

LOOP = """
from toolkit.kernels import kernel
@kernel
def over(of, x, out):
    for i in range(x.size):
        out[i] = of(x[i])
"""
METHOD = """
from toolkit.kernels import kernel
@kernel
def mine(x):
    return BODY
"""
CALL = """
import numpy as np
from loop import over
from METHOD import mine
x, out = np.arange(4.0), np.zeros(4)
over(mine, x, out)
print(out[3], sum(over.stats.cache_hits.values()), sum(over.stats.cache_misses.values()))
"""


@pytest.fixture
def run(tmp_path):
    """Write a method with this body, call the loop with it in a new process: its value, found on disk, compiled."""
    (tmp_path / "loop.py").write_text(LOOP)
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache"), "PYTHONDONTWRITEBYTECODE": "1",
                                "PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])}

    def run(body=None, method="method"):
        if body:
            (tmp_path / f"{method}.py").write_text(METHOD.replace("BODY", body))
        done = subprocess.run([sys.executable, "-c", CALL.replace("METHOD", method)], capture_output=True, text=True,
                              check=True, env=environment)
        value, found, compiled = done.stdout.split()
        return float(value), int(found), int(compiled)

    return run


def test_the_cache_knows_kernels_by_name_and_by_their_sources(run):
    assert run("x + x") == (6.0, 0, 1)
    assert run() == (6.0, 1, 0)
    assert run("x * x * 1.0") == (9.0, 0, 1)


def test_processes_that_compile_at_the_same_time_keep_their_own_machine_code(run, tmp_path):
    def index():
        (found,) = (tmp_path / "cache").rglob("*over-*.nbi")
        return found

    assert run("x + x") == (6.0, 0, 1)
    first = index().read_bytes()
    index().unlink()  # the other process read the index before the first one wrote it
    assert run("x * x * 1.0", "other") == (9.0, 0, 1)
    index().write_bytes(first)
    assert run() == (6.0, 1, 0)


CALLS_OF_A_NAMELESS = """
import numpy as np
from toolkit.kernels import kernel
from loop import over
def made(step):
    @kernel
    def more(x):
        return x + step
    return more
x, out, more = np.arange(4.0), np.zeros(4), made(2.0)
for _ in range(5):
    over(more, x, out)
print(out[3], sum(over.stats.cache_hits.values()), sum(over.stats.cache_misses.values()))
"""


def test_a_nameless_kernel_is_looked_for_once(tmp_path):
    """A kernel that a function made has no name in its module: from the disk comes another one of the same content."""
    (tmp_path / "loop.py").write_text(LOOP)
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache"),
                                "PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])}
    for expected in ("5.0 0 1", "5.0 1 0"):
        done = subprocess.run([sys.executable, "-c", CALLS_OF_A_NAMELESS], capture_output=True, text=True, check=True,
                              env=environment)
        assert done.stdout.strip() == expected


def test_kernels_of_one_function_with_other_options_keep_their_own_machine_code():
    def total(x):
        result = 0.0
        for i in range(x.size):
            result += x[i]
        return result

    numbers = np.array([1.0, *[2.0**-53] * 64])  # each is lost where one number is added after the other
    for _ in range(2):  # compiled, then found on disk
        in_order, reordered = kernel(total), kernel(total, fastmath="reorder")
        assert in_order(numbers) == 1.0 < reordered(numbers)
