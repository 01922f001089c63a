"""Rows of correctness-aware calibration and h-calibration, on the logits of the other rows of calibration."""
from toolkit import losses, uncertainty
from toolkit._core.kernel import kernel
from toolkit.catalog._fit import Fit
from toolkit.catalog._loss import Loss
from toolkit.catalog._method import Gradient, forms
from toolkit.catalog._uncertainty import LABELS, LOGITS, SHARPNESS, TEMPERATURES, too_sure
from toolkit.live import Axis
from toolkit.losses import kernels
from toolkit.uncertainty import kernels as measures
from toolkit.uncertainty._h_calibration import h_calibration_pull, h_work
from toolkit.uncertainty.calibration import cross_entropy_of_row

__all__ = ["METHODS", "RULES"]

_WINDOW, _BINS = 41, 5
_WORK = h_work(LOGITS.size, _BINS)


@kernel
def correctness_of_temperature(sharpness, x, work, y):
    """The mean loss at each temperature, and the temperature where it is least."""
    for i in range(x.size):
        y[i] = measures.mean_correctness(LOGITS, LABELS, sharpness / x[i], False)[0]
    return measures.best_correctness_temperature(LOGITS, LABELS, False) * sharpness


@kernel
def pulls_of_narrow_miss(second, x, work, y):
    """How cross-entropy pulls the temperature of a wrong row with this second logit, its label's; at T = 1."""
    for k in range(10):
        work[k] = 2.0 if k == 0 else second if k == 1 else -1.0
    for i in range(x.size):
        inverse = 1.0 / x[i]
        y[i] = -inverse * inverse * cross_entropy_of_row(work[:10], 1, inverse)[1]
    return -cross_entropy_of_row(work[:10], 1, 1.0)[1]


@kernel
def balanced_confidences(overall, x, work, y):
    """What groups of each accuracy are paid to say; what one that is right in 60 % is."""
    for i in range(x.size):
        y[i] = measures.balanced_confidence_of(x[i], overall)
    return measures.balanced_confidence_of(0.6, overall)


@kernel
def h_of_temperature(inverse, work):
    n = LOGITS.size
    p, pull = work[:n].reshape(LOGITS.shape), work[n:2 * n].reshape(LOGITS.shape)
    measures.probabilities_of_rows(LOGITS, inverse, p)
    return measures.h_error_of_rows(p, LABELS, _WINDOW // 2, _BINS, 0.0, True, True, work[2 * n:], pull)


@kernel
def h_errors(sharpness, x, work, y):
    """The error at each temperature, and at 1."""
    for i in range(x.size):
        y[i] = h_of_temperature(sharpness / x[i], work)
    return h_of_temperature(sharpness, work)


_ROW = {"family": "uncertainty"}
_CHAPTER = "is_it_calibrated"

RULES = (
    Loss("correctness_loss", "Correctness-aware loss",
         r"L = (c - \max_k p_k)^2,\ c = [\operatorname{argmax}_k z_k = y]", losses.correctness_loss,
         "liu2024optimizing", _CHAPTER, family="loss", plot_range=(-20, 20),
         variants=forms(naive=kernels.correctness_loss_naive, stable=kernels.correctness_loss_stable),
         holds=frozenset({"nonnegative", "certain", "shift", "zero_sum"})),
)

METHODS = (
    Fit("fit_correctness_temperature", "Temperature of correctness",
        r"T = \operatorname{argmin} \tfrac1n \sum_i \bigl(c_i - \max_k \operatorname{softmax}(z_i / T)_k\bigr)^2",
        uncertainty.fit_correctness_temperature, "liu2024optimizing", _CHAPTER,
        variants=forms(stable=correctness_of_temperature), given=too_sure, knob=SHARPNESS, x=TEMPERATURES,
        y=Axis("mean correctness loss", (0, 0.6)), found="Temperature of least loss", **_ROW),
    Fit("temperature_slopes", "Pull on the temperature",
        r"\tfrac{\mathrm d \ell}{\mathrm d T} = \tfrac{z_y - \mathrm E_p[z]}{T^2}", uncertainty.temperature_slopes,
        "guo2017calibration", _CHAPTER, variants=forms(stable=pulls_of_narrow_miss), given=too_sure,
        knob=("logit of the label, below the top one of 2", -1.0, 1.99, 1.8), x=Axis("temperature T", (0.5, 3.0)),
        y=Axis("slope of cross-entropy in T", (-4, 1)), work=10, found="Slope at T = 1", upright=False, **_ROW),
    Fit("balanced_confidence", "Confidence that balanced weights ask for",
        r"\tfrac{\hat p}{1 - \hat p} = \tfrac{a}{1 - a} \cdot \tfrac{1 - A}{A}", uncertainty.balanced_confidence,
        "liu2024optimizing", _CHAPTER, variants=forms(stable=balanced_confidences),
        given=lambda rng, rows, columns: (rng.uniform(0, 1, rows), 0.9),
        knob=("share right overall A", 0.05, 0.99, 0.9),
        x=Axis("accuracy of a group a", (0.0, 1.0)), y=Axis("confidence of least loss", (0, 1)),
        found="A group of accuracy 0.6 has to say", upright=False, **_ROW),
    Fit("h_calibration_error", "h-calibration error",
        r"\tfrac1B \sum_b \tfrac{1}{\lvert b \rvert} \sum_{i \in b} \Bigl\lvert \tfrac1w \sum_{j \approx i} (p_j - o_j)"
        r" \Bigr\rvert", uncertainty.h_calibration_error, "huang2025hcalibration", _CHAPTER,
        variants=forms(stable=h_errors), given=too_sure, gradient=Gradient(h_calibration_pull), knob=SHARPNESS,
        x=TEMPERATURES, y=Axis("h-calibration error", (0, 0.3)), work=2 * LOGITS.size + _WORK,
        parameters=(("window", 5),), numbers=(), found="Error without a temperature", upright=False, **_ROW),
)
