"""Counts the float32 for which a function is not correctly rounded, over all 2**32 patterns of bits.

The right result is the one next to the exact value. The C library's float64 function decides it where both ends of an
interval around its value, 2**-47 of it to each side and wider than its error, round to the same float32; mpmath
decides the rest, some hundred patterns of a function. Neither shares code with the toolkit.

    python -m benchmarks.correctly_rounded [NAME ...] [--again] [--only toolkit NumPy ...]
    python -m benchmarks.correctly_rounded --recheck [NAME ...]

Takes 3 to 10 minutes a function. What is done is kept in notebooks/data/correctly_rounded.json after each function and
not done again, so that it can be interrupted. The file also has the patterns that mpmath decided: a function whose
float64 result is within 2**-47 of the truth can be wrong at these alone, which takes a second to check: ``--recheck``
counts the toolkit's wrong results again after its ties were cured. `pow` has 2**64 pairs: it is counted over all bases
for the exponents of POWERS.
"""
import argparse
import importlib
import json
import math
import time
from pathlib import Path

import mpmath
import numba
import numpy as np
from mpmath import mp, mpf
from tqdm import tqdm

from benchmarks.elementary_ulp import EXACT, scanner
from toolkit import elementary

FILE = Path(__file__).parents[1] / "notebooks/data/correctly_rounded.json"
CHUNK = 1 << 20
PATTERNS = 1 << 32
MARGIN = 2.0**-47
POWERS = (0.5, 3.0, -1.0, 2.25)
LARGEST = float(np.finfo(np.float32).max)
KEPT = 20  # patterns of wrong results that are written down

C_LIBRARY = {name: numba.njit(function) for name, function in {
    "exp": lambda x: math.exp(x), "exp2": lambda x: math.pow(2.0, x), "expm1": lambda x: math.expm1(x),
    "log": lambda x: math.log(x), "log1p": lambda x: math.log1p(x), "pow": lambda x, y: math.pow(x, y),
    "tanh": lambda x: math.tanh(x), "erf": lambda x: math.erf(x), "sin": lambda x: math.sin(x),
    "cos": lambda x: math.cos(x), "sigmoid": lambda x: 1.0 / (1.0 + math.exp(-x)),
    "softplus": lambda x: max(x, 0.0) + math.log1p(math.exp(-abs(x))),
}.items()}


def _numpy():
    return np, {"exp": np.exp, "exp2": np.exp2, "expm1": np.expm1, "log": np.log, "log1p": np.log1p, "pow": np.power,
                "tanh": np.tanh, "sin": np.sin, "cos": np.cos, "softplus": lambda x: np.logaddexp(x, x.dtype.type(0))}


def _scipy():
    special = importlib.import_module("scipy.special")
    return importlib.import_module("scipy"), {
        "exp2": special.exp2, "expm1": special.expm1, "log1p": special.log1p, "erf": special.erf,
        "sigmoid": special.expit}


def _torch():
    torch = importlib.import_module("torch")
    named = {name: getattr(torch, name) for name in (*elementary.__all__[:8], "sigmoid", "sin", "tanh")}
    named["softplus"] = lambda x: torch.nn.functional.softplus(x, threshold=1e9)
    return torch, {name: lambda x, *y, f=f: f(torch.from_numpy(x), *y).numpy() for name, f in named.items()}


def _jax():
    jax = importlib.import_module("jax")
    named = {name: getattr(jax.numpy, name) for name in ("exp", "exp2", "expm1", "log", "log1p", "tanh", "sin", "cos")}
    named |= {"sigmoid": jax.nn.sigmoid, "softplus": jax.nn.softplus, "erf": jax.scipy.special.erf,
              "pow": jax.numpy.power}
    return jax, {name: lambda x, *y, f=jax.jit(f): np.asarray(f(x, *y)) for name, f in named.items()}


PEERS = {"NumPy": _numpy, "SciPy": _scipy, "PyTorch": _torch, "JAX": _jax}


def of_toolkit(name):
    """The toolkit's function over an array, with the exponent of a power as a number."""
    scan = scanner(name)

    def evaluate(x, *power):
        out = np.empty_like(x)
        scan(x, *(np.full(x.size, y) for y in power), out)
        return out
    return evaluate


def decider(name):
    """A loop that writes what the C library decides to `out` and marks in `open` what it leaves open."""
    function, powers = C_LIBRARY[name], name == "pow"

    @numba.njit(error_model="numpy")
    def decide(x, power, out, open):
        for i in range(x.size):
            exact = function(np.float64(x[i]), power) if powers else function(np.float64(x[i]))
            out[i] = np.float32(exact * (1.0 - MARGIN))
            open[i] = out[i] != np.float32(exact * (1.0 + MARGIN)) and exact == exact
    return decide


def nearest(exact):
    """The float32 next to an mpf, ties to even."""
    if exact == 0 or not mpmath.isfinite(exact):
        return np.float32(float(exact))
    exponent = max(int(mpmath.frexp(exact)[1]) - 24, -149)
    rounded = float(mpmath.ldexp(mpmath.nint(mpmath.ldexp(exact, -exponent)), exponent))
    return np.float32(rounded if abs(rounded) <= LARGEST else math.copysign(math.inf, rounded))


def true_results(name, power, x, decide):
    """The correctly rounded results at an array of float32, and the places that mpmath decided."""
    out, unsure = np.empty_like(x), np.empty(x.size, np.bool_)
    decide(x, power[0] if power else 0.0, out, unsure)
    for i in np.flatnonzero(unsure):
        out[i] = by_mpmath(name, power, x[i])
    return out, np.flatnonzero(unsure)


def by_mpmath(name, power, x):
    """The correctly rounded result at one float32."""
    with mp.workprec(200):
        return nearest(EXACT[name](mpf(float(x)), *power))


def differs(result, truth):
    """Where two arrays of float32 differ, in the sign of a zero too; two NaN are the same."""
    return (result.view(np.int32) != truth.view(np.int32)) & ~(np.isnan(result) & np.isnan(truth))


def count(name, implementations, power=(), patterns=PATTERNS):
    """Wrong results of each implementation, how many and the first; what mpmath decided; seconds."""
    decide = decider(name)
    wrong = {label: [0, []] for label in implementations}
    begun, by_hand = time.monotonic(), []
    for start in tqdm(range(0, patterns, CHUNK), desc=" ".join([name, *map(str, power)]), unit="chunk", leave=False):
        bits = np.arange(start, start + CHUNK, dtype=np.uint64).astype(np.uint32)
        x = bits.view(np.float32)
        with np.errstate(all="ignore"):
            truth, decided = true_results(name, power, x, decide)
            by_hand += as_hexadecimal(bits[decided])
            for label, function in implementations.items():
                where = np.flatnonzero(differs(function(x, *power), truth))
                wrong[label][0] += where.size
                wrong[label][1] += as_hexadecimal(bits[where[:KEPT - len(wrong[label][1])]])
    counted = {label: {"wrong": number, "first": first} for label, (number, first) in wrong.items()}
    return counted, by_hand, round(time.monotonic() - begun)


def recheck(row, name, power):
    """The entry of the toolkit in a row of the file, counted again at the patterns that mpmath decided."""
    bits = np.array([int(text, 16) for text in row["decided by mpmath"]], np.uint32)
    x = bits.view(np.float32)
    truth = np.array([by_mpmath(name, power, each) for each in x], np.float32)
    wrong = np.flatnonzero(differs(of_toolkit(name)(x, *power), truth))
    return {"wrong": wrong.size, "first": as_hexadecimal(bits[wrong[:KEPT]])}


def as_hexadecimal(bits):
    return [f"{b:08x}" for b in bits]


def available(chosen):
    """``{label: (version, functions)}`` of what is installed here."""
    found = {"toolkit": (None, {name: of_toolkit(name) for name in elementary.__all__})}
    for label, load in PEERS.items():
        try:
            module, functions = load()
        except ImportError:
            continue
        found[label] = (module.__version__, functions)
    return {label: entry for label, entry in found.items() if not chosen or label in chosen}


def write(kept):
    """A line for each library of each function."""
    rows = (f"{json.dumps(key)}: {{\n  " + ",\n  ".join(f"{json.dumps(label)}: {json.dumps(entry)}"
            for label, entry in row.items()) + "\n }" for key, row in sorted(kept.items()) if row)
    FILE.write_text("{\n " + ",\n ".join(rows) + "\n}\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="functions to count (default: all)")
    parser.add_argument("--again", action="store_true", help="also what the file already has")
    parser.add_argument("--recheck", action="store_true", help="the toolkit's hard cases alone")
    parser.add_argument("--only", nargs="+", metavar="LIBRARY", help=f"of toolkit, {', '.join(PEERS)}")
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(elementary.__all__)
    if unknown:
        parser.error(f"NAME is {', '.join(sorted(unknown))}; allowed: {', '.join(elementary.__all__)}")
    kept = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    found = {} if arguments.recheck else available(arguments.only)
    for name in arguments.names or elementary.__all__:
        for power in [(y,) for y in POWERS] if name == "pow" else [()]:
            key = " ".join([name, *map(str, power)])
            if arguments.recheck:
                if key in kept:
                    kept[key]["toolkit"] = recheck(kept[key], name, power)
                    print(f"{key:10}wrong: {kept[key]['toolkit']['wrong']}", flush=True)
                continue
            row = kept.setdefault(key, {})
            asked = {label: functions[name] for label, (_, functions) in found.items()
                     if name in functions and (arguments.again or label not in row)}
            if not asked:
                continue
            counted, by_hand, seconds = count(name, asked, power)
            row["decided by mpmath"] = by_hand
            for label, entry in counted.items():
                version = found[label][0]
                row[label] = entry | {"version": version} if version else entry
            write(kept)
            print(f"{key:10}{seconds:6} s, {len(by_hand)} decided by mpmath;  wrong: "
                  + ", ".join(f"{label} {entry['wrong']}" for label, entry in counted.items()), flush=True)
    if arguments.recheck:
        write(kept)


if __name__ == "__main__":
    main()
