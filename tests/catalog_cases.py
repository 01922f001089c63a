"""The catalog's methods as test cases: rows of logits for each, and one way to call them all."""
import numpy as np
import pytest

from toolkit.catalog import KERNEL_ARGUMENTS, METHODS

CLASSES = 5


def variants_of(methods):
    return [(method, variant) for method in methods for variant in method.variants]


def for_each(methods):
    return pytest.mark.parametrize("method", methods, ids=[m.name for m in methods])


def for_each_variant(methods):
    pairs = variants_of(methods)
    return pytest.mark.parametrize(("method", "variant"), pairs, ids=[f"{m.name}-{v.name}" for m, v in pairs])


# Rows of classes; activations have none, and tests/activations asks of them what it can.
OF_CLASSES = [method for method in METHODS if method.family != "activation"]
VARIANTS = variants_of(OF_CLASSES)
every_method, every_variant = for_each(OF_CLASSES), for_each_variant(OF_CLASSES)
every_entry, every_entry_variant = for_each(METHODS), for_each_variant(METHODS)


def logits(method, count=6, classes=CLASSES, dtype=np.float64, seed=0):
    """Rows within half of the method's plot range and its domain, at least 0.1 from a kink at 0."""
    low = max(method.plot_range[0] / 2, method.domain[0])
    high = min(method.plot_range[1] / 2, method.domain[1])
    z = np.random.default_rng(seed).uniform(low, high, size=(count, classes))
    return (z + 0.1 * np.sign(z)).astype(dtype)


def labels(count, classes=CLASSES):
    return np.arange(count) % classes


def call(method, z, variant=None, **options):
    """The method on rows; a loss gets `labels` and is not reduced."""
    if method.result == "loss":
        return method(z, options.pop("labels", labels(len(z))), variant=variant, reduction="none", **options)
    return method(z, variant=variant, **options)


def gradient(method, z, g, **options):
    """Gradient of ``sum(g * result)`` with respect to rows of logits; of a loss, of each row with g = 1."""
    options = dict(method.parameters) | options
    if method.result == "loss":
        return method.gradient(z, labels(len(z)), reduction="none", **options)
    kept = {name: options[name] for name in ("where", "axis") if name in options}
    at = z if method.gradient_at == "input" else method(z, **kept)
    return method.gradient(at, g, **options)


def upstream(method, count=6, classes=CLASSES, seed=1):
    """Gradient with respect to the result."""
    shape = count if method.result in ("number", "loss") else (count, classes)
    return np.random.default_rng(seed).normal(size=shape)


def run_kernel(method, kernel, row, fmt, label=1):
    """``(result, gradient or None)`` of a row kernel as `KERNEL_ARGUMENTS` describes it."""
    out = np.empty_like(row)
    values = {"row": row, "label": label, "out": out, "fmt": fmt}
    returned = kernel(*(values[kind] for kind in KERNEL_ARGUMENTS[method.result]))
    if method.result == "loss":
        return returned, out
    return (out, None) if returned is None else (returned, None)


def scalars(method):
    """``(name, kernel)`` of an activation: all that take ``(x, fmt)``."""
    kernels = {variant.name: variant.kernel for variant in method.variants}
    kernels |= {"slope": method.row_gradient, "naive slope": method.naive_gradient}
    return [(name, kernel) for name, kernel in kernels.items() if kernel is not None]
