"""Parallel kernels in the child of a fork, in several Python threads and from within a loop.

Each of Numba's layers that this machine has is tried, in a process of its own: a layer that is misused ends it.
"""
import os
import subprocess
import sys
from functools import cache

import pytest

LAYERS = ("omp", "workqueue", "tbb")
# What a user has: a parallel kernel that was compiled, and one that was loaded from the cache.
BEGIN = """
import concurrent.futures, multiprocessing, os, sys, threading
import numba
import numpy as np
from toolkit.kernels import kernel
@kernel(parallel=True)
def total(x, out):
    s = 0.0
    for i in numba.prange(x.size):
        out[i] = x[i] + 1
        s += out[i]
    return s
@kernel
def caller(x, out):
    return total(x, out)
@kernel(parallel=True)
def nested(x, out):
    for i in numba.prange(x.shape[0]):
        total(x[i], out[i])
def work(factor):
    x = np.full(2**16, float(factor))
    return total(x, x.copy()) + caller(x, x.copy())
def right(values, factors):
    assert list(values) == [2.0**17 * (factor + 1) for factor in factors], values
right(map(work, range(3)), range(3))
"""
IN_A_POOL = """
with multiprocessing.get_context("fork").Pool(2) as pool:
    right(pool.map(work, range(6)), range(6))
right([work(7)], [7])
"""
IN_FUTURES = """
with concurrent.futures.ProcessPoolExecutor(2, multiprocessing.get_context("fork")) as pool:
    right(pool.map(work, range(6)), range(6))
"""
IN_A_FORK_OF_A_FORK = """
for _ in range(2):
    child = os.fork()
    if child:
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    right([work(3)], [3])
"""
COMPILED_IN_THE_CHILD = """
child = os.fork()
if child:
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
x = np.ones(1000, np.float32)
assert total(x, x.copy()) == 2000
"""
IN_THREADS = """
sys.setswitchinterval(1e-5)
with concurrent.futures.ThreadPoolExecutor(4) as pool:
    right(pool.map(work, range(200)), range(200))
"""
FORK_BESIDE_THREADS = """
over = threading.Event()
def busy():
    while not over.is_set():
        work(1)
threads = [threading.Thread(target=busy) for _ in range(2)]
for thread in threads:
    thread.start()
for _ in range(3):
    with multiprocessing.get_context("fork").Pool(2) as pool:
        right(pool.map(work, range(4)), range(4))
over.set()
"""
FORK_BESIDE_A_COMPILATION = """
def compile_much():
    for count in range(1, 12):
        x = np.ones((2,) * count)
        kernel(lambda x: x.size + 1)(x)
thread = threading.Thread(target=compile_much)
thread.start()
while thread.is_alive():
    child = os.fork()
    if not child:
        assert kernel(lambda x: x + 2)(1.0) == 3.0
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
"""
FROM_WITHIN = """
x = np.ones((8, 4096))
out = np.empty_like(x)
nested(x, out)
assert (out == 2).all()
"""


def run(layer, code, **environment):
    return subprocess.run([sys.executable, "-c", BEGIN + code], capture_output=True, text=True, timeout=500,
                          env=os.environ | {"NUMBA_THREADING_LAYER": layer, "NUMBA_NUM_THREADS": "4"} | environment)


@cache
def missing(layer):
    """Why this machine has no such layer."""
    done = subprocess.run([sys.executable, "-c", "import numba; numba.get_num_threads()"], capture_output=True,
                          text=True, env=os.environ | {"NUMBA_THREADING_LAYER": layer})
    return done.stderr.strip().splitlines()[-1] if done.returncode else ""


def of_layers():
    """TBB comes with a wheel that this project does not need: where it is missing, there is nothing to test."""
    return [layer for layer in LAYERS if layer != "tbb" or not missing(layer)]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.parametrize("layer", of_layers())
@pytest.mark.parametrize("code", [IN_A_POOL, IN_FUTURES, IN_A_FORK_OF_A_FORK, COMPILED_IN_THE_CHILD, IN_THREADS,
                                  FORK_BESIDE_THREADS, FORK_BESIDE_A_COMPILATION, FROM_WITHIN],
                         ids=["pool", "futures", "fork of a fork", "compiled in the child", "threads",
                              "fork beside threads", "fork beside a compilation", "from within"])
def test_a_parallel_kernel_works_wherever_it_is_called(layer, code):
    done = run(layer, code)
    assert (done.returncode, done.stderr) == (0, "")  # TBB has a word of its own on stdout


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.parametrize("layer", of_layers())
def test_softmax_of_a_large_array_works_in_a_child_of_a_process_that_called_it(layer):
    done = run(layer, """
import toolkit.grokking
from toolkit.softmax import softmax
rows, row = np.zeros((2**10, 2**10), np.float32), np.zeros(2**19, np.float32)
def sums(_):
    return softmax(rows).sum(), softmax(row).sum()
first = sums(0)
with multiprocessing.get_context("fork").Pool(2) as pool:
    assert pool.map(sums, range(2)) == [first] * 2
""")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.parametrize("layer", of_layers())
def test_training_works_in_a_child_of_a_process_that_trained(layer):
    done = run(layer, """
from toolkit.training import Experiment, train
def loss(_):
    return train(Experiment(p=11, widths=(16,), steps=5), threads=2, progress=False)["train_loss"][-1]
first = loss(0)
with multiprocessing.get_context("fork").Pool(2) as pool:
    assert pool.map(loss, range(2)) == [first] * 2
""")
    assert (done.returncode, done.stderr) == (0, "")


def test_parallel_kernels_work_in_processes_that_begin_anew(tmp_path):
    """As on macOS and Windows: children import the script, and have threads of their own."""
    script = tmp_path / "script.py"
    script.write_text(BEGIN + """
if __name__ == "__main__":
    with concurrent.futures.ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        right(pool.map(work, range(4)), range(4))
""")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")


def test_no_import_starts_threads():
    """A process that forks before it computes has children with threads of their own."""
    code = "from numba.np.ufunc import parallel\nimport toolkit.grokking, toolkit.catalog\nprint({})"
    done = subprocess.run([sys.executable, "-c", code.format("parallel._is_initialized")], capture_output=True,
                          text=True, check=True)
    assert done.stdout == "False\n"
