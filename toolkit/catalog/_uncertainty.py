"""Rows of calibration, on 48 rows of logits that are too sure."""
import numpy as np

from toolkit import uncertainty
from toolkit._core.kernel import kernel
from toolkit.catalog._fit import Fit
from toolkit.catalog._method import forms
from toolkit.live import Axis, Bars
from toolkit.uncertainty.calibration import best_temperature, mean_loss, reliability_rows
from toolkit.uncertainty.calibration_errors import classwise_error, mean_brier

__all__ = ["LABELS", "LOGITS", "METHODS", "SHARPNESS", "TEMPERATURES", "too_sure"]

LOGITS = np.random.default_rng(3).normal(0, 1.5, (48, 3))
LABELS = np.array([np.random.default_rng(k).choice(3, p=np.exp(z) / np.exp(z).sum())
                    for k, z in enumerate(LOGITS / 1.5)])
_BINS = 10


@kernel
def loss_of_temperature(sharpness, x, work, y):
    """The mean loss at each temperature, and the temperature where it is least."""
    for i in range(x.size):
        y[i] = mean_loss(LOGITS, LABELS, sharpness / x[i])[0]
    return best_temperature(LOGITS, LABELS) * sharpness


@kernel
def errors_in_bins(sharpness, accuracy, work):
    """Expected, maximum and mean square calibration error; fills the share of right rows in each bin of confidence."""
    bins = accuracy.size
    counts, confidence = work[:bins], work[bins:2 * bins]
    reliability_rows(LOGITS, LABELS, sharpness, counts, confidence, accuracy)
    error, largest, square = 0.0, 0.0, 0.0
    for b in range(bins):
        off, share = abs(confidence[b] - accuracy[b]), counts[b] / len(LABELS)
        error += off * share
        largest = max(largest, off)
        square += off * off * share
    return error, largest, square


@kernel
def share_right(sharpness, x, work, y):
    return errors_in_bins(sharpness, y[:_BINS], work)[0]


@kernel
def expected_error(sharpness, work):
    return errors_in_bins(sharpness, work[2 * _BINS:3 * _BINS], work)[0]


@kernel
def maximum_error(sharpness, work):
    return errors_in_bins(sharpness, work[2 * _BINS:3 * _BINS], work)[1]


@kernel
def root_mean_square_error(sharpness, work):
    return np.sqrt(errors_in_bins(sharpness, work[2 * _BINS:3 * _BINS], work)[2])


@kernel
def error_by_class(sharpness, work):
    rows = len(LABELS)
    gaps = work[2 * rows:2 * rows + _BINS]
    return classwise_error(LOGITS, LABELS, sharpness, work[:rows], work[rows:2 * rows], gaps)


@kernel
def brier(sharpness, work):
    return mean_brier(LOGITS, LABELS, sharpness)


def _of_temperature(of):
    """A kernel that fills ``of`` at each temperature, and gives it at temperature 1."""
    def curve(sharpness, x, work, y):
        for i in range(x.size):
            y[i] = of(sharpness / x[i], work)
        return of(sharpness, work)

    curve.__name__ = curve.__qualname__ = f"{of.__name__}_of_temperature"
    return kernel(curve)


def too_sure(rng, rows, classes):
    """All right but the first, which is hardly wrong: there is a best temperature."""
    z = rng.normal(0, 3, (rows, classes))
    z[0] *= 0.1
    y = z.argmax(axis=1)
    y[0] = (y[0] + 1) % classes
    return z, y


TEMPERATURES = Axis("temperature T", (0.25, 16.0), scale="log")
SHARPNESS = ("sharpness of the logits", 0.5, 4.0, 2.0)


def _error(name, title, formula, reference, of, high=0.6):
    return Fit(name, title, formula, getattr(uncertainty, name), reference, "is_it_calibrated", family="uncertainty",
               variants=forms(stable=_of_temperature(of)), given=too_sure, knob=SHARPNESS, x=TEMPERATURES,
               y=Axis(title, (0, high)), work=2 * len(LABELS) + _BINS, found=f"{title} without a temperature",
               upright=False)


METHODS = (
    Fit("reliability", "Reliability diagram", r"\operatorname{acc}(B) = \tfrac{1}{\lvert B \rvert}"
        r" \sum_{i \in B} [\operatorname{argmax} z_i = y_i]", uncertainty.reliability, "guo2017calibration",
        "is_it_calibrated", family="uncertainty", variants=forms(stable=share_right), given=too_sure, knob=SHARPNESS,
        x=Axis("confidence, in bins", (0.05, 0.95)), y=Axis("share of right rows", (0, 1)), points=_BINS,
        work=2 * _BINS, mark=Bars, found="Expected calibration error", upright=False),
    _error("expected_calibration_error", "Expected calibration error",
           r"\operatorname{ECE} = \sum_B \tfrac{\lvert B \rvert}{n} \lvert \operatorname{acc}(B)"
           r" - \operatorname{conf}(B) \rvert", "guo2017calibration", expected_error),
    Fit("fit_temperature", "Temperature scaling", r"T = \operatorname{argmin} \tfrac1n \sum_i"
        r" -\log \operatorname{softmax}(z_i / T)_{y_i}", uncertainty.fit_temperature, "guo2017calibration",
        "is_it_calibrated", family="uncertainty", variants=forms(stable=loss_of_temperature), given=too_sure,
        knob=SHARPNESS, x=TEMPERATURES, y=Axis("mean cross-entropy", (0, 3)),
        found="Temperature of least loss"),
    _error("maximum_calibration_error", "Maximum calibration error",
           r"\operatorname{MCE} = \max_B \lvert \operatorname{acc}(B) - \operatorname{conf}(B) \rvert",
           "naeini2015obtaining", maximum_error, 1.0),
    _error("root_mean_square_calibration_error", "Root-mean-square calibration error",
           r"\bigl(\sum_B \tfrac{\lvert B \rvert}{n} (\operatorname{acc}(B) - \operatorname{conf}(B))^2\bigr)^{1/2}",
           "hendrycks2019deep", root_mean_square_error),
    _error("classwise_calibration_error", "Classwise calibration error",
           r"\tfrac1K \sum_k \sum_B \tfrac{\lvert B \rvert}{n} \lvert \operatorname{freq}_k(B) - \bar p_k(B) \rvert",
           "kull2019beyond", error_by_class),
    _error("brier_score", "Brier score", r"\tfrac1n \sum_i \sum_k (p_{ik} - [k = y_i])^2", "brier1950verification",
           brier, 1.2),
)
