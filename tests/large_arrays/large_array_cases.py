"""The public functions under one signature."""
from functools import partial

import numpy as np

from toolkit.large_arrays import Naive, map_lines
from toolkit.losses import cross_entropy, stablemax_cross_entropy
from toolkit.softmax import ALGORITHMS, log_softmax, log_stablemax, logsumexp, softmax, stablemax

MAPS = {"softmax": softmax} | {f"softmax {a}": partial(softmax, algorithm=a) for a in ALGORITHMS[1:]}
MAPS |= {"softmax naive": partial(map_lines, Naive()), "log_softmax": log_softmax, "stablemax": stablemax,
         "log_stablemax": log_stablemax}
LOSSES = {"cross_entropy": cross_entropy.value_and_gradient,
          "stablemax_cross_entropy": stablemax_cross_entropy.value_and_gradient}
NAMES = [*MAPS, "logsumexp", *LOSSES]
DTYPES = (np.float32, np.float64)


def masked_value(name):
    return -np.inf if name.startswith("log_") else 0


def results(name, z, labels=None, axis=-1, **options):
    """What the function gives, as a tuple of arrays; a loss is not reduced and comes with its gradient."""
    if name in LOSSES:
        return LOSSES[name](z, labels, axis=axis, reduction=options.pop("reduction", "none"), **options)
    if name == "logsumexp":
        return (logsumexp(z, axis=axis, **options),)
    return (MAPS[name](z, axis=axis, **options),)


def moderate(rng, shape, dtype):
    """Logits at which the naive form works too."""
    return (2 * rng.standard_normal(shape)).astype(dtype)


def close(actual, expected, units=4, least=0):
    """Equal, NaN with NaN and infinity with infinity, within `units` of the last place of `expected` or of `least`."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.dtype == expected.dtype and actual.shape == expected.shape
    different = ~((actual == expected) | np.isnan(actual) & np.isnan(expected))
    with np.errstate(invalid="ignore"):
        places = np.spacing(np.maximum(np.abs(expected), expected.dtype.type(least)))
        far = np.abs(actual.astype(np.longdouble) - expected) > units * places
    bad = different & (far | ~np.isfinite(actual) | ~np.isfinite(expected))
    assert not bad.any(), (actual[bad][:5], expected[bad][:5])
