"""Error of toolkit.elementary in units in the last place, beside NumPy's and SciPy's on the same points.

float64 is compared with mpmath on random and adversarial samples; float32 with NumPy's and SciPy's float64
functions on bit patterns a stride apart (``--exhaustive``: on all 4 278 190 080 finite float32, which takes
ten minutes or more per function).

    python -m benchmarks.elementary_ulp [NAME ...] [--points N] [--exhaustive] [--json FILE]
"""
import argparse
import json
import math

import mpmath
import numpy as np
import scipy.special
from mpmath import mp, mpf

from toolkit import elementary
from toolkit._core.kernel import kernel

SEED = 20240229
STRIDE = 1021
CHUNK = 1 << 22
LARGEST64 = np.finfo(np.float64).max
LARGEST32 = (2 - 2.0**-24) * 2.0**127 * (1 - 2.0**-53)  # the next float64 rounds to inf
POWER32 = 2.25  # the exponent of the float32 scan of pow

PEERS = {
    "exp": np.exp, "exp2": np.exp2, "expm1": np.expm1, "log": np.log, "log1p": np.log1p, "pow": np.power,
    "tanh": np.tanh, "sigmoid": scipy.special.expit, "softplus": lambda x: np.logaddexp(x, x.dtype.type(0)),
    "erf": scipy.special.erf, "sin": np.sin, "cos": np.cos,
}


def angle(function):
    """`function` of a float64 with as many digits of pi as its exponent asks for."""
    def evaluate(x):
        with mp.workprec(200 + max(0, math.frexp(float(x))[1])):
            return function(x)
    return evaluate


EXACT = {
    "exp": mpmath.exp, "exp2": lambda x: mpf(2) ** x, "expm1": mpmath.expm1, "log": mpmath.log,
    "log1p": mpmath.log1p, "pow": lambda x, y: x**y, "tanh": mpmath.tanh, "erf": mpmath.erf,
    "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)), "softplus": lambda x: mpmath.log1p(mpmath.exp(x)),
    "sin": angle(mpmath.sin), "cos": angle(mpmath.cos),
}


def uniform(low, high):
    return lambda rng, n: rng.uniform(low, high, n)


def magnitudes(low, high, signs=True):
    """Log-spaced sizes 10**low to 10**high."""
    def sample(rng, n):
        x = 10.0 ** rng.uniform(low, high, n)
        return np.copysign(x, rng.uniform(-1, 1, n)) if signs else x
    return sample


def around(*centres):
    """Neighbours of each centre, from 1 ulp to a few per cent away: switches between branches and edges."""
    def sample(rng, n):
        x = np.repeat(centres, -(-n // len(centres)))[:n]
        far = x * (1 + np.copysign(10.0 ** rng.uniform(-15.6, -1.5, n), rng.uniform(-1, 1, n)))
        near = x + rng.integers(-3, 4, n) * np.spacing(x)
        return np.where(rng.random(n) < 0.5, far, near)
    return sample


def quarter_turns(rng, n):
    """The float64 next to multiples of pi/2 up to 2**60."""
    return np.rint(2.0 ** rng.uniform(0, 60, n)) * (np.pi / 2)


def huge_angles(rng, n):
    """All exponents above 20, and the float64 closest to a multiple of pi/2."""
    x = np.copysign(2.0 ** rng.uniform(20, 1024, n), rng.uniform(-1, 1, n))
    x[:4] = 6381956970095103 * 2.0**797, 1e22, 2.0**1000, np.finfo(np.float64).max
    return x


def powers(kind):
    def sample(rng, n):
        if kind == "any base":
            x, z = 10.0 ** rng.uniform(-307, 308, n), rng.uniform(-744, 709, n)
        elif kind == "base near 1":
            x, z = 1 + magnitudes(-15, -0.5)(rng, n), rng.uniform(-744, 709, n)
        elif kind == "subnormal result":
            x, z = 10.0 ** rng.uniform(-10, 10, n), rng.uniform(-745.1, -708.4, n)
        elif kind == "subnormal base":
            x, z = rng.integers(1, 2**52, n) * 5e-324, rng.uniform(-700, 700, n)
        else:
            return 1 + rng.integers(1, 5000, n) / 64.0, rng.integers(-30, 31, n) / 2.0
        x = np.where(x == 1, 1.5, x)
        return x, z / np.log(x)
    return sample


RANGES = {
    "exp": {"-708.4..709.8": uniform(-708.4, 709.79), "subnormal result": uniform(-745.2, -708.3),
            "log-spaced": magnitudes(-320, 2.8),
            "edges": around(-745.13, -708.396, -708, 709.782, 709, 0.34657)},
    "exp2": {"-1022..1024": uniform(-1022, 1024), "subnormal result": uniform(-1075.1, -1021),
             "log-spaced": magnitudes(-320, 3), "edges": around(-1022, -1074, 1024, 0.5, 1)},
    "expm1": {"-40..709.8": uniform(-40, 709.79), "-1..1": uniform(-1, 1),
              "log-spaced": magnitudes(-320, 2.8), "near 0": magnitudes(-17, -7),
              "edges": around(-38, -37.43, 709.782, 0.34657, -0.34657, 1.04)},
    "log": {"log-spaced": magnitudes(-323, 308, False), "0.5..2": uniform(0.5, 2),
            "near 1": lambda rng, n: 1 + magnitudes(-16, -1)(rng, n),
            "edges": around(2.2250738585072014e-308, 2**0.5, 0.5**0.5, 1)},
    "log1p": {"log-spaced": magnitudes(-323, 308, False), "-1..3": uniform(-1, 3),
              "near 0": magnitudes(-18, -0.01), "edges": around(2**0.5 - 1, 0.5**0.5 - 1, 1),
              "near -1": lambda rng, n: magnitudes(-15.9, -1, False)(rng, n) - 1},
    "pow": {kind: powers(kind) for kind in ("any base", "base near 1", "subnormal result", "subnormal base",
                                            "dyadic base")},
    "tanh": {"-20..20": uniform(-20, 20), "-1..1": uniform(-1, 1), "log-spaced": magnitudes(-320, 2),
             "edges": around(0.35, 19.06, 22)},
    "sigmoid": {"-40..40": uniform(-40, 40), "-3..3": uniform(-3, 3), "tail": uniform(-745.1, -36),
                "edges": around(-40, 36.7, -708.396, 1e-16)},
    "softplus": {"-40..40": uniform(-40, 40), "-3..3": uniform(-3, 3), "tail": uniform(-745.1, -30),
                 "edges": around(-40, -34, 40, -708.396, 1e-16)},
    "erf": {"-6..6": uniform(-6, 6), "-1.6..1.6": uniform(-1.6, 1.6), "log-spaced": magnitudes(-320, 0.8),
            "edges": around(0.84375, 1.5, 5.92, 6)},
    "sin": {"-7..7": uniform(-7, 7), "log-spaced": magnitudes(-320, 6.2), "near k pi/2": quarter_turns,
            "huge": huge_angles, "edges": around(np.pi / 4, 1647099.0, 2.0**-27)},
}
RANGES["cos"] = RANGES["sin"]


def scanner(name):
    function = getattr(elementary, name)
    if name == "pow":
        @kernel
        def scan(x, y, out):
            for i in range(x.size):
                out[i] = function(x[i], y[i])
    else:
        @kernel
        def scan(x, out):
            for i in range(x.size):
                out[i] = function(x[i])
    return scan


def exact_values(name, arguments):
    """``(value, rest, exponent)``: the true values are ``value + rest * ulp``, their ulp is 2**exponent."""
    triples = []
    with mp.workprec(200):
        for point in zip(*arguments, strict=True):
            exact = EXACT[name](*(mpf(float(v)) for v in point))
            value = float(exact)
            exponent = max(int(mpmath.frexp(exact)[1]) - 53, -1074)
            rest = float(mpmath.ldexp(exact - mpf(value), -exponent)) if math.isfinite(value) else 0.0
            triples.append((value, rest, exponent))
    value, rest, exponent = zip(*triples, strict=True)
    return np.array(value), np.array(rest), np.array(exponent)


def ulp_errors(result, value, rest, exponent, largest):
    """``|result - (value + rest ulp)|`` in ulp; where the value is beyond `largest`, only inf is right."""
    overflow = np.abs(value) > largest
    with np.errstate(invalid="ignore", over="ignore"):
        # In halves: 2**-exponent may be too large for one factor.
        distance = np.ldexp(np.ldexp(result - value, -exponent // 2), -exponent - -exponent // 2)
        error = np.where(overflow, np.where(result == np.copysign(np.inf, value), 0.0, np.inf),
                         np.abs(distance - rest))
    return np.where(np.isnan(error), np.where(np.isnan(result) & np.isnan(value), 0.0, np.inf), error)


def row(name, dtype, label, arguments, errors, peer_errors):
    worst = int(np.argmax(errors))
    return {"function": name, "dtype": dtype, "range": label, "points": len(errors),
            "max_ulp": float(errors[worst]), "worst_x": [float(a[worst]) for a in arguments],
            "peer": "SciPy" if name in ("sigmoid", "erf") else "NumPy",
            "peer_max_ulp": float(np.max(peer_errors))}


def measure64(name, points, seed=SEED):
    """One row for each sampled range of a float64 function."""
    scan = scanner(name)
    rows = []
    for label, sample in RANGES[name].items():
        sampled = sample(np.random.default_rng(seed), points)
        arguments = sampled if isinstance(sampled, tuple) else (sampled,)
        truth = exact_values(name, arguments)
        result = np.empty(points)
        scan(*arguments, result)
        with np.errstate(all="ignore"):
            peer = PEERS[name](*arguments)
        rows.append(row(name, "float64", label, arguments, ulp_errors(result, *truth, LARGEST64),
                        ulp_errors(peer, *truth, LARGEST64)))
    return rows


def errors32(name, x, scan):
    """Errors of the toolkit and of the peer at the float32 points `x`."""
    arguments = (x, np.full_like(x, POWER32)) if name == "pow" else (x,)
    result = np.empty_like(x)
    scan(*arguments, result)
    with np.errstate(all="ignore"):
        value = PEERS[name](*(a.astype(np.float64) for a in arguments))
        peer = PEERS[name](*arguments)
    exponent = np.maximum(np.frexp(np.where(np.isfinite(value), value, 0.0))[1] - 24, -149)
    return [ulp_errors(r.astype(np.float64), value, 0.0, exponent, LARGEST32) for r in (result, peer)]


def measure32(name, stride=STRIDE):
    """The row of a float32 function over all finite bit patterns `stride` apart."""
    scan = scanner(name)
    total = None
    for sign in (0, 0x80000000):
        for start in range(0, 0x7F800000, CHUNK * stride):
            bits = np.arange(start, min(start + CHUNK * stride, 0x7F800000), stride, dtype=np.int64) | sign
            x = bits.astype(np.uint32).view(np.float32)
            part = row(name, "float32", f"finite, stride {stride}", (x,), *errors32(name, x, scan))
            if total is None:
                total = part
                continue
            total["points"] += part["points"]
            total["peer_max_ulp"] = max(total["peer_max_ulp"], part["peer_max_ulp"])
            if part["max_ulp"] > total["max_ulp"]:
                total.update(max_ulp=part["max_ulp"], worst_x=part["worst_x"])
    return total


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="functions to measure (default: all)")
    parser.add_argument("--points", type=int, default=2000, help="float64 samples per range (default 2000)")
    parser.add_argument("--exhaustive", action="store_true", help="all finite float32, not every 1021st")
    parser.add_argument("--json", metavar="FILE", help="also write the table there")
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(elementary.__all__)
    if unknown:
        parser.error(f"NAME is {', '.join(sorted(unknown))}; allowed: {', '.join(elementary.__all__)}")
    rows = []
    print(f"{'function':9}{'dtype':9}{'range':20}{'points':>11}{'max ulp':>10}{'peer':>8}{'max ulp':>10}"
          "  worst x")
    stride = 1 if arguments.exhaustive else STRIDE
    for name in arguments.names or elementary.__all__:
        for found in (*measure64(name, arguments.points), measure32(name, stride)):
            rows.append(found)
            print(f"{found['function']:9}{found['dtype']:9}{found['range']:20}{found['points']:11}"
                  f"{found['max_ulp']:10.4f}{found['peer']:>8}{found['peer_max_ulp']:10.4g}  "
                  + ", ".join(map(repr, found["worst_x"])), flush=True)
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump(rows, file, indent=1)


if __name__ == "__main__":
    main()
