"""Rows of losses of ordered classes, and of PRESTO."""
import numpy as np

from toolkit import losses
from toolkit._core.kernel import kernel
from toolkit.catalog._fit import Fit
from toolkit.catalog._loss import scaled
from toolkit.catalog._method import Gradient, forms
from toolkit.live import Axis, Bars
from toolkit.losses import kernels
from toolkit.losses._fit_presto import presto_objective_pull, presto_objective_pull_intercepts

__all__ = ["METHODS"]

_CHAPTER = "proper_losses"
_FAMILY = {"family": "loss"}


def _over_first(of, label):
    """A kernel that fills the loss of ``eta = (x, x + knob)`` for a class of three, and gives that of (0, knob)."""
    def curve(second, x, work, y):
        for i in range(x.size):
            work[0], work[1] = x[i], x[i] + second
            y[i] = of(work[:2], label, work[2:4])
        work[0], work[1] = 0.0, second
        return of(work[:2], label, work[2:4])

    curve.__name__ = curve.__qualname__ = f"over_first_{of.__name__}"
    return kernel(curve)


@kernel
def four_classes(step, x, work, y):
    """Probabilities of four classes; that of the last."""
    work[0], work[1], work[2] = 0.0, step, 2.0 * step
    kernels.cumulative_probabilities_row(work[:3], y[:4])
    return y[3]


# Three ordered classes, of which the last one is rare.
_ROOM = 10 + 54  # 54 is `presto_work_size` of two cuts and one input
_AT = np.linspace(-1, 1, 30)[:, None]
_ORDERED = np.array([0, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0, 1, 0, 0, 1, 1, 0, 1, 0, 1, 1, 0, 2, 1, 0, 1, 1, 1, 2, 1])


@kernel
def objective_of_slope(penalty, x, work, y):
    """The objective for each slope of the second step, beside 1 of the first; the slope of the least."""
    best, psi = 0, work[2:4].reshape((2, 1))
    work[0], work[1], work[2] = 0.3, 3.0, -1.0
    for i in range(x.size):
        work[3] = x[i] - work[2]
        y[i] = kernels.presto_objective_of(_AT, _ORDERED, work[:2], psi, penalty, False, work[4:6],
                                           work[6:8].reshape((2, 1)), work[8:10], work[10:12])
        best = i if y[i] < y[best] else best
    return x[best]


@kernel
def rare_by_presto(penalty, x, work, y):
    """The probability of the rare class at each x; how much the slopes of both steps differ."""
    alpha, psi = work[:2], work[2:4].reshape((2, 1))
    kernels.presto_start(_ORDERED, alpha, psi)
    kernels.presto_solve(_AT, _ORDERED, penalty, False, 30, 1e-10, alpha, psi, work[10:])
    for i in range(x.size):
        work[4] = x[i]
        kernels.presto_eta(alpha, psi, work[4:5], work[5:7])
        kernels.cumulative_probabilities_row(work[5:7], work[7:10])
        y[i] = work[9]
    return abs(psi[1, 0])


def _ordinal_pull(function):
    def pull(eta, g, *, labels, form="stable", reduction="mean", ignore_index=None, weight=None, sample_weight=None,
             axis=-1, format=None):
        options = {"form": form, "reduction": reduction, "ignore_index": ignore_index, "weight": weight,
                   "sample_weight": sample_weight, "axis": axis, "format": format}
        gradient = function.value_and_gradient(eta, labels, **options)[1]
        return scaled(gradient, range(gradient.ndim) if axis is None else axis, g)

    return pull


def _ordinal(name, title, formula, reference, label, kind, x):
    function = getattr(losses, name)
    variants = {form: _over_first(getattr(kernels, f"{name}_{form}"), label) for form in ("naive", "stable")}
    return Fit(name, title, formula, function, reference, _CHAPTER, family="loss", variants=forms(**variants),
               given=lambda rng, rows, columns: (np.sort(rng.normal(0, 2, (rows, columns)), axis=1),
                                                 np.arange(rows) % (columns + 1)),
               gradient=Gradient(_ordinal_pull(function)), knob=("distance of the cut points d", 0.1, 10.0, 2.0), x=x,
               y=Axis(f"loss of the {kind} class", (0, 60)), work=4, found="Loss with the first cut at 0",
               upright=False)


def _of_presto(rng, rows, columns):
    return rng.normal(size=(rows, 2)), np.arange(rows) % 3


METHODS = (
    _ordinal("cumulative_loss", "Cumulative ordinal loss", r"-\log\bigl(\sigma(\eta_y) - \sigma(\eta_{y-1})\bigr)",
             "mccullagh1980regression", 2, "last", Axis("first cut point η₁", (-20, 60))),
    _ordinal("stopping_ratio_loss", "Stopping-ratio loss",
             r"\log(1 + e^{-\eta_y}) + \sum_{j < y} \log(1 + e^{\eta_j})", "tutz1991sequential", 2, "last",
             Axis("first number η₁", (-20, 40))),
    _ordinal("adjacent_loss", "Adjacent-category loss", r"\ell\bigl((0, \eta_1, \eta_1 + \eta_2, \dots), y\bigr)",
             "agresti2010analysis", 1, "middle", Axis("first number η₁", (-60, 400))),
    Fit("ordinal_probabilities", "Probabilities of ordered classes", r"p_k = \sigma(\eta_k) - \sigma(\eta_{k-1})",
        losses.ordinal_probabilities, "faletto2023predicting", _CHAPTER, variants=forms(stable=four_classes),
        knob=("distance of the cut points", -1.0, 5.0, 2.0), x=Axis("class", (0.0, 3.0)),
        y=Axis("probability", (-0.3, 1)), points=4, work=3, mark=Bars, found="The last class has", upright=False,
        given=lambda rng, rows, columns: (np.sort(rng.normal(0, 2, (rows, columns)), axis=1),), **_FAMILY),
    Fit("presto_objective", "Objective of PRESTO",
        r"\tfrac1n \sum_i \ell_i + \lambda \bigl(\lVert \beta_1 \rVert_1 + \sum_k \lVert \beta_k - \beta_{k-1}"
        r" \rVert_1\bigr)", losses.presto_objective, "faletto2023predicting", _CHAPTER,
        variants=forms(stable=objective_of_slope), knob=("penalty λ", 0.0, 0.3, 0.05),
        x=Axis("slope of the second step", (-4.0, 1.0)), y=Axis("objective", (0.6, 2)), points=101, work=12,
        found="Least at a slope of", gradient=Gradient(presto_objective_pull, others=(
            ("intercepts", presto_objective_pull_intercepts),)),
        given=lambda rng, rows, columns: (0.1 * rng.normal(size=(2, 2)), np.array([-1.0, 1.0]),
                                          *_of_presto(rng, rows, columns)), **_FAMILY),
    Fit("fit_presto", "PRESTO", r"P(y \le k) = \sigma(\alpha_k + x' \beta_k),\ \beta_k \text{ shrunk towards }"
        r" \beta_{k-1}", losses.fit_presto, "faletto2023predicting", _CHAPTER, variants=forms(stable=rare_by_presto),
        knob=("penalty λ", 0.0001, 0.2, 0.02), x=Axis("x", (-1.0, 1.0)),
        y=Axis("probability of the rare class", (0, 1)),
        work=_ROOM, found="The slopes differ by", upright=False, given=_of_presto,
        **_FAMILY),
)
