"""Kernels that use all that a kernel may say, and the same calls for compiled kernels, plain Python and WebAssembly."""
import sys

import numpy as np

from toolkit.elementary import cos, erf, exp, exp2, expm1, log, log1p, pow, sigmoid, sin, softplus, tanh
from toolkit.formats import FORMATS, get_format, round_to
from toolkit.kernels import in_format, kernel, like, switch, unrounded

MODES = {"float64": (np.float64, None), "float32": (np.float32, None)} | {
    name: (np.float64, get_format(name)) for name in [*FORMATS, "e6m9"]}


@kernel
def double(x):
    return x + x


@kernel
def square(x):
    return x * x


@kernel
def half(x):
    return 0.5 * x


some = switch((double, square, half))


@kernel
def grammar(z, table, tau, out):
    best, scale = -np.inf, 1.0
    head, tail = z[:z.size // 2 + 1], out[1:]
    for i in range(head.size):
        best = max(best, head[i])
    for i in range(table.shape[0]):
        row = table[i]
        for j in range(len(row)):
            row[j] += 3 * z[j] / tau
            row[j] -= 0.1
            row[j] *= i
            table[i, j] /= 7
        scale = min(scale, abs(row[0]))
    for i in range(z.size):
        x = np.copysign(np.sqrt(abs(z[i])), -z[i]) + np.rint(z[i]) - np.floor(z[i]) * np.sign(z[i])
        out[i] = 0.1 if np.isnan(x) or np.isinf(x) else x - best * scale
        if np.isfinite(z[i]) and z[i] != 0 and not np.signbit(z[i]):
            out[i] = +out[i] / np.ceil(z[i])
    if tail.size > 1:
        tail[0] = float(tail[0]) * 3.3
        tail[1] = 5
    out[0] = like(unrounded(out[0]) * 1.1 + int(float(z.size)), z) + pow(abs(out[0]), 0.3)


@kernel
def functions(z, out):
    for i in range(z.size):
        x = z[i]
        total = exp(x) + exp2(x) + expm1(x) + log(abs(x)) + log1p(abs(x)) + sin(x) + cos(x) + tanh(x)
        out[i] = total + erf(x) * sigmoid(x) - softplus(x) + some(i, x)


@kernel
def run_grammar(z, table, tau, out, fmt):
    grammar(in_format(z, fmt), in_format(table, fmt), tau, in_format(out, fmt))


@kernel
def run_functions(z, table, tau, out, fmt):
    functions(in_format(z, fmt), in_format(out, fmt))
    plain = in_format(tau, fmt) * z[0]
    out[0] = plain + in_format(out, fmt)[0]


DRIVERS = {"grammar": run_grammar, "functions": run_functions}


def rows(mode):
    """Random rows, some masked, and rows of what breaks a format."""
    rng, fmt = np.random.default_rng(0), MODES[mode][1] or get_format(mode)
    tiny, huge = fmt.smallest_subnormal, fmt.max
    special = [-np.inf, 0.0, -0.0, tiny, -tiny, 3 * tiny, fmt.smallest_normal, huge, -huge, huge / 2, 1, -1, np.nan,
               np.inf, 17]
    for k in range(12):
        z = rng.normal(size=rng.integers(2, 9)) * 10.0 ** rng.integers(-3, 3)
        yield np.where(rng.random(z.size) < 0.3 * (k % 3 == 0), -np.inf, z)
        yield rng.choice(special, rng.integers(2, 7))


def calls():
    """``(mode, name, arguments)`` with the format's code, or None, last."""
    rng = np.random.default_rng(1)
    for mode, (dtype, fmt) in MODES.items():
        for z in rows(mode):
            with np.errstate(all="ignore"):
                z = (np.where(z == -np.inf, z, round_to(z, fmt)) if fmt else z).astype(dtype)
            table = rng.normal(size=(3, z.size))
            table = (round_to(table, fmt) if fmt else table).astype(dtype)
            for name in DRIVERS:
                if name == "functions" and mode == "float32":
                    continue  # a plain float64 beside a float32: what a kernel outside of rows would not write
                yield mode, name, [z, table.copy(), 0.7, np.full(z.size, 7, dtype), fmt and fmt.code]


def results():
    """Output arrays of all calls, in order."""
    with np.errstate(all="ignore"):
        for _, name, arguments in calls():
            DRIVERS[name](*arguments)
            yield from (arguments[1], arguments[3])


if __name__ == "__main__":
    np.savez(sys.argv[1], *results())
