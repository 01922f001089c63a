"""Rows of conformal prediction: thresholds, sets and risks, on a few dozen scores."""
from functools import partial

import numpy as np

from toolkit import uncertainty
from toolkit._core.kernel import kernel
from toolkit.catalog._bound import Bound
from toolkit.catalog._fit import Fit
from toolkit.catalog._method import forms
from toolkit.catalog._set import Set
from toolkit.live import Axis
from toolkit.uncertainty import kernels

__all__ = ["METHODS"]

_RNG = np.random.default_rng(6)
_SCORES = _RNG.exponential(size=39).round(2)
_LEVELS = np.linspace(0, 3, 31)
_LOSSES = (_RNG.exponential(size=(40, 1)) > _LEVELS) * 1.0
_RISKS = len(_LEVELS)


@kernel
def inside(x, low, high):
    """x, or the end that it is beyond; NaN counts as the lower one."""
    return low if not x >= low else high if x > high else x


@kernel
def whole(x, low, high):
    return np.rint(inside(x, low, high))


def _over_alpha(of):
    """A kernel that fills the threshold at each share that may be missed, and gives it at the knob's."""
    def curve(alpha, x, work, y):
        for i in range(x.size):
            y[i] = of(_SCORES, _SCORES[:0], inside(x[i], 0.0, 1.0), work)
        return of(_SCORES, _SCORES[:0], alpha, work)

    curve.__name__ = curve.__qualname__ = f"{of.__name__}_over_alpha"
    return kernel(curve)


@kernel
def weighted_over_alpha(rho, x, work, y):
    """The threshold at each share, with weights that fall by rho from score to score; at a share of 0.2."""
    n = _SCORES.size
    weights, weight = work[:n], 1.0
    for i in range(n):
        weight *= rho
        weights[n - 1 - i] = weight
    for i in range(x.size):
        y[i] = kernels.weighted_quantile_row(_SCORES, weights, inside(x[i], 0.0, 1.0), work[n:])
    return kernels.weighted_quantile_row(_SCORES, weights, 0.2, work[n:])


def _rank(of):
    def rank(n):
        return of(whole(n, 1.0, 1e6), 0.44)

    rank.__name__ = rank.__qualname__ = f"{of.__name__}_at"
    return kernel(rank)


def _few(of):
    def few(errors):
        return of(whole(errors, 0.0, 10000.0), 10000.0, 0.1, 0.9)

    few.__name__ = few.__qualname__ = f"{of.__name__}_of_errors"
    return kernel(few)


@kernel
def covered(n):
    """The coverage that one in ten calibration sets of n stays below."""
    return kernels.coverage_quantile_of(0.1, whole(n, 1.0, 1000.0), 0.1)


def _of_risks(of):
    """A kernel that fills the adjusted risks, and gives the setting chosen for the knob's risk; 3.1 if none is."""
    def risks(alpha, x, work, y):
        ones, found = work[:len(_LOSSES)], work[len(_LOSSES):len(_LOSSES) + _RISKS]
        for i in range(ones.size):
            ones[i] = 1.0
        kernels.adjusted_risks(_LOSSES, ones, 1.0, found)
        for i in range(y.size):
            y[i] = found[min(i, _RISKS - 1)]
        return 0.1 * of(found, alpha)

    risks.__name__ = risks.__qualname__ = f"{of.__name__}_of_risks"
    return kernel(risks)


@kernel
def floor_of(n):
    return kernels.risk_floor_of(whole(n, 1.0, 1000.0), 0.97, 1.0)


_DISTANCES, _FORGET = np.repeat([0.3, 0.0], [100, 100]), 0.97 ** np.arange(200.0, 0, -1)


@kernel
def promised(after):
    """After so many rows of the new law."""
    n = int(100 + whole(after, 0.0, 100.0))
    return kernels.drift_bound_of(_FORGET[200 - n:], _DISTANCES[:n], 0.1, 1.0)


_ROW = {"chapter": "sets_with_a_promise", "family": "uncertainty"}
_fit = partial(Fit, **_ROW, upright=False)
_bound = partial(Bound, **_ROW, plot_range=(1, 101))
_set = partial(Set, function=uncertainty.conformal_sets, **_ROW, scores=(2.0, 1.0, -1.0, 0.5, 0.8),
               plot_range=(-4, 4))
_MISSED, _ALPHA = ("share that may be missed α", 0.06, 0.5, 0.1), Axis("share that may be missed α", (0.0, 0.5))

METHODS = (
    _bound("conformal_rank", "Rank of a conformal threshold", r"k = \lceil (n + 1)(1 - \alpha) \rceil,\ \alpha = 0.44",
           uncertainty.conformal_rank, "vovk2005algorithmic", parameters=(("alpha", 0.44),), numbers=(),
           variants=forms(naive=_rank(kernels.conformal_rank_naive), stable=_rank(kernels.conformal_rank_of)),
           given=lambda n: ((int(n),), {"alpha": 0.44}), coordinate="scores n", axis=Axis("rank k", (0, 60))),
    _fit("conformal_quantile", "Threshold of split conformal prediction",
         r"\hat q = s_{(k)},\ k = \lceil (n + 1)(1 - \alpha) \rceil", uncertainty.conformal_quantile,
         "papadopoulos2002inductive",
         variants=forms(naive=_over_alpha(kernels.conformal_quantile_interpolated),
                        common=_over_alpha(kernels.conformal_quantile_clamped),
                        stable=_over_alpha(kernels.conformal_quantile_row)),
         given=lambda rng, rows, columns: (rng.exponential(size=(rows, 39)),), knob=_MISSED, x=_ALPHA,
         y=Axis("threshold of the score", (0, 5)), work=len(_SCORES), found="The threshold"),
    _fit("weighted_conformal_quantile", "Threshold of weighted scores",
         r"\min \bigl\{ s : \tfrac{1 + \sum_i w_i [s_i > s]}{1 + \sum_i w_i} \le \alpha \bigr\}",
         uncertainty.conformal_quantile, "farinhas2024nonexchangeable", variants=forms(stable=weighted_over_alpha),
         given=lambda rng, rows, columns: (rng.exponential(size=39), 0.9 ** np.arange(39, 0, -1)),
         knob=("what a step leaves of a weight ρ", 0.85, 1.0, 0.9), x=_ALPHA, y=Axis("threshold of the score", (0, 5)),
         work=2 * len(_SCORES), found="The threshold at α = 0.2"),
    _set("conformal_sets", "Conformal sets", r"\{k : -\log p_k \le \hat q\},\ \hat q = 1.6",
         reference="sadinle2019least", variants=forms(stable=kernels.log_set_row), numbers=(1.6, False, 1.0),
         given=lambda z: (z, 1.6)),
    _set("conformal_sets_of_probability", "Conformal sets by probability", r"\{k : 1 - p_k \le \hat q\},\ \hat q = 0.8",
         reference="sadinle2019least", variants=forms(stable=kernels.probability_set_row), numbers=(0.8, False, 1.0),
         parameters=(("score", "probability"),), given=lambda z: (z, 0.8)),
    _set("adaptive_prediction_sets", "Adaptive prediction sets (APS)",
         r"\Bigl\{k : \sum_{j : p_j \ge p_k} p_j \le \hat q \Bigr\},\ \hat q = 0.9",
         reference="romano2020classification",
         variants=forms(stable=kernels.mass_set_row), parameters=(("score", "aps"),), numbers=(0.9, False, 1.0),
         given=lambda z: (z, 0.9)),
    _bound("coverage_quantile", "Coverage of one calibration set",
           r"\operatorname{coverage} \sim \operatorname{Beta}(k, n + 1 - k)", uncertainty.coverage_quantile,
           "vovk2012conditional", variants=forms(stable=covered), parameters=(("share", 0.1),), numbers=(),
           given=lambda n: ((int(n),), {"share": 0.1}), coordinate="scores n",
           axis=Axis("coverage that one set in ten stays below", (0.5, 1))),
    _bound("binomial_p_value", "Binomial p-value", r"\sum_{i \le e} \tbinom{n}{i} \alpha^i (1 - \alpha)^{n - i}",
           uncertainty.binomial_p_value, "loader2000fast", plot_range=(900, 1000), coordinate="errors e of 10000",
           variants=forms(naive=_few(kernels.binomial_below_naive), stable=_few(kernels.binomial_below)),
           given=lambda errors: ((int(errors), 10000), {}), axis=Axis("p-value of a rate of 0.1", (0, 1))),
    _fit("control_risk", "Conformal risk control",
         r"\min \bigl\{ \lambda : \tfrac{B + \sum_i L_i(\lambda)}{n + 1} \le \alpha \bigr\}", uncertainty.control_risk,
         "angelopoulos2022risk", knob=("risk that is allowed α", 0.005, 1.0, 0.1),
         variants=forms(naive=_of_risks(kernels.least_cautious_naive), stable=_of_risks(kernels.least_cautious)),
         given=lambda rng, rows, columns: (-np.sort(-rng.random((rows, 5)), axis=1),),
         x=Axis("setting λ", (0.0, 3.0)), points=_RISKS, work=len(_LOSSES) + _RISKS,
         y=Axis("adjusted risk", (0, 1)), found="The setting", upright=True),
    _bound("risk_floor", "Floor of weighted risk control", r"\alpha \ge \frac{B}{N + 1},\ N = \sum_i \rho^i",
           uncertainty.risk_floor, "farinhas2024nonexchangeable", variants=forms(stable=floor_of),
           given=lambda n: ((0.97 ** np.arange(n, 0, -1),), {}), coordinate="rows n, at ρ = 0.97",
           axis=Axis("least risk that can be promised", (0, 0.5))),
    _bound("drift_bound", "Promise under drift", r"\alpha + B \sum_i \tfrac{w_i d_i}{N + 1}", uncertainty.drift_bound,
           "farinhas2024nonexchangeable", variants=forms(stable=promised), plot_range=(0, 100),
           given=lambda m: ((0.97 ** np.arange(100.0 + m, 0, -1), np.repeat([0.3, 0.0], [100, int(m)])), {}),
           coordinate="rows after the change", axis=Axis("bound of the miscoverage", (0, 0.5))),
)
