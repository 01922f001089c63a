"""How tests measure accuracy: rows that are hard, numbers of mpmath, and what a docstring promises."""
import inspect
import re

import numpy as np
from mpmath import mpf

from toolkit.catalog import METHODS


def accuracy(function):
    """What the docstring of a function says in Accuracy, and the functions whose section it refers to say in theirs."""
    written = inspect.getdoc(function)
    own = (re.search(r"\nAccuracy\n-+\n(.*?)(?:\n\n[^\n]+\n-+\n|\Z)", written, re.DOTALL)
           or re.search(r"\n[A-Z][\w, ]*\bAccuracy\b[^.\n]* (as `\w+`)", written))
    if own is None:
        return ""
    text = " ".join(own[1].split())
    others = {name for name in re.findall(r"\b[Aa]s `(\w+)`", text) if name != function.__name__}
    return " ".join([text, *(accuracy(other) for other in {method.function for method in METHODS}
                             if other.__name__ in others)])


def hard_rows(method, dtype, most):
    """Ordinary rows, large and small gaps, ties, an offset, the ends of the dtype, one class and many."""
    rng, (low, high) = np.random.default_rng(11), method.plot_range
    small = float(np.finfo(dtype).smallest_subnormal)
    for classes in (1, 2, 3, 10, 60):
        for scale in (1, 0.03):
            yield scale * rng.uniform(low, high, classes)
    for gap in (1e-8, 1, 17, 86, 104, 700, 745, 1e4):
        yield np.array([0.3 - gap, 0.3, -gap - 1])
        yield np.array([gap, 0])
    for tied in (np.full(7, 0.3), np.full(30, -2.0), rng.choice([-0.0, 0.0, -3.0], 20),
                 [1, 1, -1, -1, 1, 1], [0, -0.0]):
        yield np.array(tied)
    yield 1e4 + rng.normal(0, 2, 6)
    for end in (small, 1e3 * small, most / 4, most):
        yield np.array([end, -end, 0])
        yield np.array([end, end, end / 2, -end])
        yield np.full(3, -end)
    yield np.append(rng.choice([low, low / 2, 0], 100), high)


def in_words(z):
    numbers = ", ".join(f"{v:.9g}" for v in np.ravel(z)[:6])
    return f"[{numbers}{', ...' * (np.size(z) > 6)}]{f' of {np.size(z)} classes' * (np.size(z) > 6)}"


def exactly(array):
    return [mpf(float(v)) for v in np.ravel(array)]


def as_near(found, right, allowed, largest):
    """Whether a result is within so much of what is right; infinite where the largest number is no further off."""
    if np.isinf(found):
        return np.sign(found) * right + allowed >= largest
    return abs(mpf(float(found)) - right) <= allowed
