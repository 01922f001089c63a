"""The public functions without a compiler, in rows and columns: the same to a few ulp, and no NumPy warning."""
import os
import pickle
import subprocess
import sys

import numpy as np
from large_array_cases import DTYPES, LOSSES, NAMES, close, moderate, results

SCRIPT = """
import pickle, sys
sys.path.insert(0, sys.argv[1])
from test_large_arrays_uncompiled import evaluate
sys.stdout.buffer.write(pickle.dumps(evaluate()))
"""


def evaluate():
    """Results of all functions on a few lines, some with special values."""
    found = {}
    for dtype in DTYPES:
        z = moderate(np.random.default_rng(9), (6, 35), dtype)
        z[1, 3], z[2, 34], z[3, 7], z[4] = np.nan, np.inf, -np.inf, -np.inf
        for name in NAMES:
            for axis, given in ((-1, z), (0, np.ascontiguousarray(z.T))):
                labels = np.arange(6) if name in LOSSES else None
                found[name, dtype.__name__, axis] = results(name, given, labels, axis=axis)
    return found


def test_without_a_compiler():
    """Not the same bits: only machine code rounds ``a * b + c`` once."""
    process = subprocess.run([sys.executable, "-W", "error", "-c", SCRIPT, os.path.dirname(__file__)], check=True,
                             capture_output=True, env=os.environ | {"NUMBA_DISABLE_JIT": "1"})
    plain = pickle.loads(process.stdout)
    for key, expected in evaluate().items():
        for a, b in zip(plain[key], expected, strict=True):
            close(a, b, units=6)
