"""Errors in units in the last place against mpmath, and how far long rows are from a sum of 1; all libraries."""
import math

import mpmath
import numpy as np
from mpmath import mp, mpf

from benchmarks.activation_truths import TRUE
from benchmarks.inputs import ACTIVATIONS, DTYPES, FUNCTIONS, accuracy_rows, entry_numbers

__all__ = ["SUM_SIZE", "largest_errors", "measure_activation_errors", "measure_errors", "measure_sums", "truths"]

DIGITS = 60
SUM_SIZE = 2**26
PARTS = {"cross_entropy_and_grad": ("loss", "gradient"), "stablemax_cross_entropy_and_grad": ("loss", "gradient")}


def stable_size(x):
    """s(x) of StableMax."""
    return x + 1 if x >= 0 else 1 / (1 - x)


def stable_slope(x):
    return mpf(1) if x >= 0 else 1 / (1 - x) ** 2


def truths(function, row, label):
    """The parts of the result of `function` for one row, in many digits."""
    with mp.workdps(DIGITS):
        z = [mpf(float(value)) for value in row]
        stable = "stablemax" in function
        terms = [stable_size(x) if stable else mpmath.exp(x - max(z)) for x in z]
        total = mpmath.fsum(terms)
        p = [term / total for term in terms]
        if function in ("softmax", "stablemax"):
            return [p]
        others = mpmath.fsum(terms[:label] + terms[label + 1:])
        if function == "logsumexp":
            return [[max(z) + mpmath.log(total)]]
        if function.startswith("log"):
            # Near 1 a logarithm of the sum would need as many digits as the gap has.
            top = z.index(max(z))
            rest = mpmath.log1p(mpmath.fsum(terms[:top] + terms[top + 1:]))
            return [[mpmath.log(x) for x in p] if stable else [x - z[top] - rest for x in z]]
        loss = [mpmath.log1p(others / terms[label])]
        if not function.endswith("and_grad"):
            return [loss]
        slopes = [stable_slope(x) for x in z] if stable else terms
        gradient = [slope / total for slope in slopes]
        gradient[label] = -slopes[label] / terms[label] * others / total
        return [loss, gradient]


def ulp_error(value, true, dtype):
    """|value - true| in units of the last place of `true`, which has the spacing of subnormals at the least."""
    kind = np.dtype(dtype).type
    if not math.isfinite(value):
        return math.inf
    with mp.workdps(DIGITS):
        return float(abs(mpf(value) - true) / mpf(float(np.spacing(kind(abs(float(true)))))))


def largest_errors(function, dtype, answers, exact):
    """Part of the result -> largest error in ulp over all rows, or None where a number came out as NaN or inf."""
    names = PARTS.get(function, ("",))
    worst = dict.fromkeys(names, 0.0)
    for answer, true_parts in zip(answers, exact, strict=True):
        for name, values, true in zip(names, answer, true_parts, strict=True):
            for value, exact in zip(values, true, strict=True):
                worst[name] = max(worst[name], ulp_error(value, exact, dtype))
    return {name: float(f"{error:.3g}") if math.isfinite(error) else None for name, error in worst.items()}


def measure_errors(pool, into, functions=FUNCTIONS, dtypes=DTYPES, tell=lambda line: None):
    """Fill ``into[function, with its part][dtype][library]``."""
    for function in functions:
        for dtype in dtypes:
            exact = [truths(function, row, label) for row, label in accuracy_rows(dtype)]
            for name in pool.functions:
                if function not in pool.functions[name]:
                    continue
                answers = pool.ask(name, "values", function=function, dtype=dtype)
                if answers is None:
                    continue
                for part, error in largest_errors(function, dtype, answers, exact).items():
                    title = f"{function}: {part}" if part else function
                    into.setdefault(title, {}).setdefault(dtype, {})[name] = error
                    tell(f"{title:43}{dtype} {name:8} {'NaN or inf' if error is None else f'{error:.3g} ulp'}")


def measure_activation_errors(pool, into, functions=ACTIVATIONS, tell=lambda line: None):
    """Fill ``into[function]["float32"][library]`` at `inputs.entry_numbers`, against float64."""
    x = entry_numbers().astype(np.float64)
    for function in functions:
        exact = TRUE[function][0](x)
        unit = np.spacing(np.abs(exact).astype(np.float32)).astype(np.float64)
        for name in pool.functions:
            if function not in pool.functions[name] or (y := pool.ask(name, "entries", function=function)) is None:
                continue
            error = np.max(np.abs(np.array(y) - exact) / unit)
            into.setdefault(function, {}).setdefault("float32", {})[name] = (
                float(f"{error:.3g}") if np.isfinite(error) else None)
            tell(f"{function:43}float32 {name:8} {error:.3g} ulp")


def measure_sums(pool, into, size=SUM_SIZE, dtypes=DTYPES, tell=lambda line: None):
    """Fill ``into[kind of row][dtype][library]`` with ``|sum p - 1|`` in units of roundoff."""
    for kind in ("normal", "one large"):
        for dtype in dtypes:
            for name in pool.functions:
                if "softmax" not in pool.functions[name]:
                    continue
                off = pool.ask(name, "row_sum", function="softmax", kind=kind, size=size, dtype=dtype)
                if off is not None:
                    units = abs(off) / (np.finfo(dtype).eps / 2)
                    into.setdefault(kind, {}).setdefault(dtype, {})[name] = float(f"{units:.3g}")
                    tell(f"sum of softmax, {size} logits, {kind:10}{dtype} {name:8} {units:.3g} units of roundoff")
