"""Rows of early stopping and early answers: sets from the rows that chose the model, and thresholds for each step."""
from functools import partial

import numpy as np

from toolkit import uncertainty
from toolkit._core.kernel import kernel
from toolkit.catalog._bound import Bound
from toolkit.catalog._conformal import inside, whole
from toolkit.catalog._fit import Fit
from toolkit.catalog._method import forms
from toolkit.live import Axis, Bars
from toolkit.uncertainty import kernels

__all__ = ["METHODS"]

_RNG = np.random.default_rng(6)

# Three checkpoints of a classifier and of a regression, with held-out rows.
_HELD = _RNG.normal(size=(1, 30, 4)) + _RNG.normal(0, 0.6, (3, 30, 4))
_HELD[:, np.arange(30), np.arange(30) % 4] += np.array([[1.0], [2.0], [2.5]])
_LABELS = np.arange(30) % 4
_OF_HELD = (np.log(np.exp(_HELD).sum(axis=2)) - _HELD[:, np.arange(30), _LABELS]).round(3)
_OTHERS = np.array([1.0, 0.9, -1.0])  # logits of a new row
_TOTALS = _OF_HELD.sum(axis=1)
_BARS = np.sort(_OF_HELD, axis=1)[:, 27].copy()  # the rank of 30 scores and alpha = 0.1
_TARGETS = _RNG.normal(size=30)
_ERRORS = np.abs(_TARGETS - np.array([[0.6], [0.7], [0.65]]) * _TARGETS + _RNG.normal(0, 0.3, (3, 30)))
_SQUARES, _WIDTHS = (_ERRORS * _ERRORS).sum(axis=1), np.sort(_ERRORS, axis=1)[:, 27].copy()


def _of_labels(reuse):
    def labels(first, x, work, y):
        """Fill how far below its threshold each class stays; how many are in the set."""
        logits, losses, rest = work[:12].reshape((3, 4)), work[12:24].reshape((3, 4)), work[24:36].reshape((3, 4))
        for m in range(3):
            for k in range(4):
                logits[m, k] = (first if k == 0 else _OTHERS[k - 1]) * (0.5 + 0.5 * m)
        kernels.early_stopping_row(kernels.log_score, logits, _TOTALS, _BARS, reuse, losses, rest[0], rest[1], rest[2])
        size = 0.0
        for k in range(4):
            size += rest[1, k]
        for i in range(y.size):
            k = min(i, 3)
            m = int(rest[2, k])
            y[i] = _BARS[m] - kernels.log_score(logits[m], k, 1.0, rest[0])
        return size

    labels.__name__ = labels.__qualname__ = "labels_naive" if reuse else "labels_stable"
    return kernel(labels)


@kernel
def predict(first, work):
    """Predictions of three models, and room for the envelope."""
    work[0], work[1], work[2] = first, 0.4, -0.8
    kernels.order_of(work[:3], work[3:6])
    return work[:3], work[3:6], work[6:9], work[9:12]


@kernel
def fill_envelope(predictions, x, y):
    for i in range(x.size):
        least = np.inf
        for m in range(3):
            off = inside(x[i], -1e3, 1e3) - predictions[m]
            least = min(least, off * off + _SQUARES[m])
        y[i] = least


@kernel
def upper_end(first, x, work, y):
    predictions, order, models, starts = predict(first, work)
    fill_envelope(predictions, x, y)
    return kernels.stopped_interval(predictions, _SQUARES, _WIDTHS, order, models, starts, work[12:15], work[15:18])[1]


@kernel
def upper_end_naive(first, x, work, y):
    predictions = predict(first, work)[0]
    fill_envelope(predictions, x, y)
    best = kernels.least_of(_SQUARES)
    return predictions[best] + _WIDTHS[best]


@kernel
def pieces(first, x, work, y):
    """Fill which model is the lowest where; the number of pieces."""
    predictions, order, models, starts = predict(first, work)
    count = kernels.envelope_row(predictions, _SQUARES, order, models, starts)
    for i in range(x.size):
        at = 0
        while at + 1 < count and starts[at + 1] <= x[i]:
            at += 1
        y[i] = models[at] + 1.0
    return count


def _of_oddness(reuse):
    def oddness(odd, x, work, y):
        """Fill the p-value of a row that is so odd, and give it at the knob's."""
        for i in range(x.size):
            for m in range(3):
                work[m], work[3 + m] = inside(x[i], 0.0, 1e3) * (1.0 + 2.0 * m), inside(x[i], 0.0, 1e3)
            y[i] = kernels.stopped_p_value(_TOTALS, _OF_HELD, work[:3], work[3:6], reuse)
        for m in range(3):
            work[m], work[3 + m] = odd * (1.0 + 2.0 * m), odd
        return kernels.stopped_p_value(_TOTALS, _OF_HELD, work[:3], work[3:6], reuse)

    oddness.__name__ = oddness.__qualname__ = "oddness_naive" if reuse else "oddness_stable"
    return kernel(oddness)


def _reuse(of):
    def reuse(n):
        return of(whole(n, 1.0, 1e5), 10.0, 0.1)

    reuse.__name__ = reuse.__qualname__ = f"{of.__name__}_ten_models"
    return kernel(reuse)


# Sequences of evidence: most say the truth from the start on, the others begin by misleading.
_SEQUENCES, _STEPS = 160, 10
_DRIFT = np.where(_RNG.random((_SEQUENCES, 1)) < 0.7, 0.6, np.where(np.arange(_STEPS) < 3, -0.4, 0.9))
_EVIDENCE = np.cumsum(_DRIFT + _RNG.normal(size=(_SEQUENCES, _STEPS)), axis=1)
_SURE, _RIGHT = (1 - np.exp(-np.abs(_EVIDENCE) / 3)).round(3), (_EVIDENCE > 0) * 1.0
_GRID = np.linspace(1, 0, 21)


def _of_steps(of):
    def steps(alpha, x, work, y):
        """Fill the threshold of each step; the mean share of the steps that are read."""
        lost, halted, found = work[:_STEPS], work[_STEPS:2 * _STEPS], work[2 * _STEPS:3 * _STEPS]
        of(alpha, lost, halted, work[3 * _STEPS:], found)
        for i in range(y.size):
            y[i] = found[min(i, _STEPS - 1)]
        return kernels.accumulated_gap_of(_SURE, _RIGHT, found, lost, halted)

    steps.__name__ = steps.__qualname__ = f"{of.__name__}_of_steps"
    return kernel(steps)


@kernel
def for_all(alpha, lost, halted, work, found):
    kernels.marginal_thresholds(_SURE, _RIGHT, alpha, 0.1, _GRID, lost, halted, found)


@kernel
def for_each(alpha, lost, halted, work, found):
    half, candidates = _SEQUENCES // 2, work[_SEQUENCES:_SEQUENCES + _STEPS]
    kernels.candidate_thresholds(_SURE[:half], _RIGHT[:half], alpha, _GRID, work[:half], candidates)
    kernels.tested_thresholds(_SURE[half:], _RIGHT[half:], alpha, 0.1, candidates, lost, halted, found)


def _sequences(rng, rows, columns):
    return rng.random((20 * rows, columns)), rng.random((20 * rows, columns)) < 0.9


def _held(rng, rows, columns):
    return rng.normal(size=(2, 9, columns)), np.arange(9) % columns, rng.normal(size=(2, rows, columns))


_ROW = {"chapter": "sets_with_a_promise", "family": "uncertainty"}
_fit = partial(Fit, **_ROW, upright=False)
_stop = partial(_fit, reference="liang2023conformal")
_ANSWER = ("prediction of the first model", -3.0, 3.0, 1.5)
_Y = Axis("candidate answer y", (-4.0, 4.0))
_GAP = ("gap that is allowed α", 0.02, 0.5, 0.2)

METHODS = (
    _stop("early_stopping_sets", "Conformal sets with early stopping",
         r"\{k : s_{m(k)}(k) \le \hat q_{m(k)}\},\ m(k) = \operatorname{argmin}_m L_m + \ell_m(k)",
         uncertainty.early_stopping_sets, variants=forms(naive=_of_labels(True), stable=_of_labels(False)),
         given=_held, knob=("logit of the first class", -4.0, 4.0, 1.0), x=Axis("class", (1.0, 4.0)), points=4, work=36,
         y=Axis("threshold less score", (-6, 3)), mark=Bars, found="Classes in the set"),
    _stop("early_stopping_interval", "Conformal intervals with early stopping",
         r"\bigcup_m [\hat y_m \pm \hat q_m] \cap \{y : m(y) = m\}", uncertainty.early_stopping_interval,
         variants=forms(naive=upper_end_naive, stable=upper_end), knob=_ANSWER, x=_Y, work=18,
         given=lambda rng, rows, columns: (rng.normal(size=(2, 9)), rng.normal(size=9), rng.normal(size=(2, rows))),
         y=Axis("least loss of a model", (0, 20)), found="Upper end of the interval", upright=True),
    _stop("lower_envelope", "Which model an answer chooses", r"m(y) = \operatorname{argmin}_m L_m + (y - \hat y_m)^2",
         uncertainty.lower_envelope, variants=forms(stable=pieces), knob=(_ANSWER[0], -0.5, 3.0, 1.5), x=_Y, work=12,
         given=lambda rng, rows, columns: tuple(rng.normal(size=(2, rows))), y=Axis("model", (0.5, 3.5)),
         found="Pieces of the envelope"),
    _stop("early_stopping_p_value", "Outliers with early stopping",
         r"\tfrac{1 + \#\{i : s_m(i) \ge s_m\}}{n + 1},\ m = \operatorname{argmin}_m L_m + \ell_m",
         uncertainty.early_stopping_p_value, variants=forms(naive=_of_oddness(True), stable=_of_oddness(False)),
         given=lambda rng, rows, columns: tuple(rng.random(size) for size in ((2, 9), (2, 9), (2, rows), (2, rows))),
         knob=("oddness of the row", 0.0, 4.0, 1.0), x=Axis("oddness of the row", (0.0, 4.0)),
         y=Axis("p-value", (0, 1)), work=6, found="The p-value"),
    *(Bound(name, title, formula, uncertainty.reuse_bound, "liang2023conformal", **_ROW, plot_range=(10, 1010),
            variants=forms(stable=_reuse(of)), parameters=(("bound", bound),), numbers=(),
            given=lambda n, bound=bound: ((int(n), 10), {"bound": bound}), coordinate="held-out rows n, ten models",
            axis=Axis("coverage, at least", (0.4, 0.9)))
      for name, title, formula, of, bound in (
        ("reuse_bound", "What naive reuse still covers", r"(1 + \tfrac1n)(1 - \alpha) - \tfrac{c_M}{\sqrt n}",
         kernels.reuse_bound_of, "dkw"),
        ("reuse_bound_markov", "The same by Markov's inequality",
         r"(1 - \tfrac1b) \operatorname{Beta}^{-1}(\tfrac{1}{M b}; n + 1 - l, l),\ b = 100",
         kernels.reuse_bound_by_markov, "markov"))),
    *(_fit(name, title, formula, uncertainty.halting_thresholds, "ringel2024early",
           variants=forms(stable=_of_steps(of)), parameters=(("control", control),), numbers=(), given=_sequences,
           knob=_GAP, x=Axis("step", (1.0, 10.0)), points=_STEPS, work=3 * _STEPS + _SEQUENCES + _STEPS, mark=Bars,
           y=Axis("threshold, or share of the steps read", (0, 1)), found="Mean share of the steps read")
      for name, title, formula, of, control in (
        ("halting_thresholds", "Early answers, accumulated gap",
         r"\operatorname{E}[g \mid \tau \le t] \le \alpha\ \text{for each } t", for_each, "accumulated"),
        ("halting_threshold", "Early answers, mean gap", r"\operatorname{E}[g] \le \alpha", for_all, "marginal"))),
)
