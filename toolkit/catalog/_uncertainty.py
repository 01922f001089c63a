"""Rows of calibration, on 48 rows of logits that are too sure."""
import numpy as np

from toolkit import uncertainty
from toolkit._core.kernel import kernel
from toolkit.catalog._fit import Fit
from toolkit.catalog._method import forms
from toolkit.live import Axis, Bars
from toolkit.uncertainty.calibration import best_temperature, mean_loss, reliability_rows

__all__ = ["METHODS"]

_LOGITS = np.random.default_rng(3).normal(0, 1.5, (48, 3))
_LABELS = np.array([np.random.default_rng(k).choice(3, p=np.exp(z) / np.exp(z).sum())
                    for k, z in enumerate(_LOGITS / 1.5)])
_BINS = 10


@kernel
def loss_of_temperature(sharpness, x, work, y):
    """The mean loss at each temperature, and the temperature where it is least."""
    for i in range(x.size):
        y[i] = mean_loss(_LOGITS, _LABELS, sharpness / x[i])[0]
    return best_temperature(_LOGITS, _LABELS) * sharpness


@kernel
def error_in_bins(sharpness, accuracy, work):
    """The expected calibration error; fills the share of right rows in each bin of confidence."""
    bins = accuracy.size
    counts, confidence = work[:bins], work[bins:2 * bins]
    reliability_rows(_LOGITS, _LABELS, sharpness, counts, confidence, accuracy)
    error = 0.0
    for b in range(bins):
        error += abs(confidence[b] - accuracy[b]) * counts[b] / len(_LABELS)
    return error


@kernel
def share_right(sharpness, x, work, y):
    return error_in_bins(sharpness, y[:_BINS], work)


@kernel
def error_of_temperature(sharpness, x, work, y):
    """The calibration error at each temperature, and at temperature 1."""
    accuracy = work[2 * _BINS:3 * _BINS]
    for i in range(x.size):
        y[i] = error_in_bins(sharpness / x[i], accuracy, work)
    return error_in_bins(sharpness, accuracy, work)


def _data(rng, rows, classes):
    return rng.normal(0, 3, (rows, classes)), np.arange(rows) % classes


_TEMPERATURES = Axis("temperature T", (0.25, 16.0), scale="log")
_SHARPNESS = ("sharpness of the logits", 0.5, 4.0, 2.0)

METHODS = (
    Fit("reliability", "Reliability diagram", r"\operatorname{acc}(B) = \tfrac{1}{\lvert B \rvert}"
        r" \sum_{i \in B} [\operatorname{argmax} z_i = y_i]", uncertainty.reliability, "guo2017calibration",
        "is_it_calibrated", family="uncertainty", variants=forms(stable=share_right), given=_data, knob=_SHARPNESS,
        x=Axis("confidence, in bins", (0.05, 0.95)), y=Axis("share of right rows", (0, 1)), points=_BINS,
        work=2 * _BINS, mark=Bars, found="Expected calibration error", upright=False),
    Fit("expected_calibration_error", "Expected calibration error",
        r"\operatorname{ECE} = \sum_B \tfrac{\lvert B \rvert}{n} \lvert \operatorname{acc}(B) - \operatorname{conf}(B)"
        r" \rvert", uncertainty.expected_calibration_error, "guo2017calibration", "is_it_calibrated",
        family="uncertainty", variants=forms(stable=error_of_temperature), given=_data, knob=_SHARPNESS,
        x=_TEMPERATURES, y=Axis("calibration error", (0, 0.6)), work=3 * _BINS,
        found="Error without a temperature", upright=False),
    Fit("fit_temperature", "Temperature scaling", r"T = \operatorname{argmin} \tfrac1n \sum_i"
        r" -\log \operatorname{softmax}(z_i / T)_{y_i}", uncertainty.fit_temperature, "guo2017calibration",
        "is_it_calibrated", family="uncertainty", variants=forms(stable=loss_of_temperature), given=_data,
        knob=_SHARPNESS, x=_TEMPERATURES, y=Axis("mean cross-entropy", (0, 3)),
        found="Temperature of least loss"),
)
