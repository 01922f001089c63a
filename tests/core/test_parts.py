"""Kernels that other kernels call: what a part of a whole may do, from a fresh and from a filled cache."""
import os
import subprocess
import sys
import threading

from toolkit.kernels import kernel

KERNELS = """
from toolkit.kernels import kernel

@kernel
def told(x):
    print("x is", x)
    return 2 * x

@kernel
def above_it(x):
    return told(x) + 1

@kernel
def factorial(n):
    if n <= 1:
        return 1.0
    return n * factorial(n - 1)

@kernel
def refused(x):
    if x < 0:
        raise ValueError("x is below 0")
    return x

@kernel
def asks(x):
    return refused(x)
"""
CALLS = """
from parts_probe import *

@kernel
def whole(x):
    return above_it(x) + factorial(5)

print(whole(3.0), factorial(4))
try:
    asks(-1.0)
except ValueError as error:
    print(error)
"""


def test_a_kernel_that_is_called_prints_recurs_and_raises(tmp_path):
    (tmp_path / "parts_probe.py").write_text(KERNELS)
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache"),
                                "PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])}
    for _ in range(2):
        done = subprocess.run([sys.executable, "-c", CALLS], capture_output=True, text=True, env=environment)
        assert done.stdout.split("\n") == ["x is 3.0", "127.0 24.0", "x is below 0", ""], done.stderr


def test_threads_get_one_part():
    @kernel
    def same(x):
        return x

    found, gate = [], threading.Barrier(8)

    def ask():
        gate.wait()
        found.append(same.part)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(set(map(id, found))) == 1
