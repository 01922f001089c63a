"""Rows of proper losses, of a learned link, and of losses by draws."""
import numpy as np

from toolkit import losses, networks
from toolkit._core.kernel import kernel
from toolkit.catalog._bound import Bound
from toolkit.catalog._fit import Fit
from toolkit.catalog._iteration import Iteration
from toolkit.catalog._loss import Loss
from toolkit.catalog._method import Gradient, forms
from toolkit.live import Axis, Bars
from toolkit.losses import kernels
from toolkit.losses._log_softmax_plus import log_softmax_plus_pull
from toolkit.networks import _monotone_link as link
from toolkit.networks import kernels as nets
from toolkit.networks._learned_link import link_run_size

__all__ = ["METHODS", "RULES"]

_CHAPTER = "proper_losses"


def _last_of_three(of):
    """A kernel that fills ``log p_3`` of (x, knob), and gives the first."""
    def curve(second, x, work, y):
        for i in range(x.size):
            work[0], work[1] = x[i], second
            of(work[:2], work[2:5])
            y[i] = work[4]
        return y[0]

    curve.__name__ = curve.__qualname__ = f"last_of_three_{of.__name__}"
    return kernel(curve)


@kernel
def expected_brier(belief, x, work, y):
    """The expected Brier loss of each report; the report of the least."""
    best = 0
    for i in range(x.size):
        y[i] = kernels.expected_of_two(kernels.brier_loss_stable, (), belief, x[i], work[:2], work[2:4])
        best = i if y[i] < y[best] else best
    return x[best]


@kernel
def said_by_focal(gamma, x, work, y):
    """What focal loss makes one say at each belief; the largest distance from it."""
    furthest = 0.0
    for i in range(x.size):
        y[i] = kernels.report_of_two(kernels.focal_loss_stable, (gamma,), x[i], 100, work[:2], work[2:4])
        furthest = max(furthest, abs(y[i] - x[i]))
    return furthest


@kernel
def bent(gain, x, work, y):
    """The link of one unit; its value at a score of 1."""
    work[0], work[1], work[2] = 2.0, -0.5, gain
    for i in range(x.size):
        work[3] = x[i]
        nets.monotone_link_row(work[3:4], 0.2, work[:1].reshape((1, 1)), work[1:2], work[2:3], work[4:5], work[5:6])
        y[i] = work[5]
    work[3] = 1.0
    nets.monotone_link_row(work[3:4], 0.2, work[:1].reshape((1, 1)), work[1:2], work[2:3], work[4:5], work[5:6])
    return work[5]


# Three classes along a line, whose edges no softmax of a linear score has.
_LINE = np.linspace(-2, 2, 40)[:, None]
_PARTS = np.repeat([0, 1, 2], (14, 12, 14))
_ALL = np.arange(40)
_SIZES = 2, 1, 4, 1
_LINK = link_run_size(*_SIZES)


@kernel
def start_line(state):
    run = nets.link_run_in(state, 2, 1, 4, 1)
    for j in range(4):
        run.gains[0, j], run.biases[0, j] = -1.0, 0.5 * j - 0.75
        run.units[0, j, 0], run.units[0, j, 1] = 1.0 - 0.5 * j, 0.25 + 0.25 * j
    run.weights[0, 0], run.weights[1, 0], run.scales[0] = -0.1, 0.05, 0.5
    run.clock[1], run.clock[2] = 1.0, 1.0
    state[_LINK] = nets.link_loss(run, _LINE, _PARTS)


@kernel
def step_line(rate, state):
    run = nets.link_run_in(state, 2, 1, 4, 1)
    nets.link_step(run, _LINE, _PARTS, _ALL, 0, 40, nets.link_settings(rate, 1000.0, 1e-4))
    state[_LINK] = nets.link_loss(run, _LINE, _PARTS)


@kernel
def loss_of_line(state):
    return state[_LINK]


@kernel
def mean_of_two_draws(belief, x, work, y):
    """The mean of the two-draw loss over its eight outcomes, for each p; the p of the least."""
    best = 0
    for i in range(x.size):
        total = 0.0
        for outcome in range(8):
            a, b, c = outcome % 2, outcome // 2 % 2, outcome // 4
            chance = (x[i] if a == 0 else 1.0 - x[i]) * (x[i] if b == 0 else 1.0 - x[i])
            total += chance * (belief if c == 0 else 1.0 - belief) * kernels.two_draw_loss_of(a, b, c)
        y[i] = total
        best = i if y[i] < y[best] else best
    return x[best]


@kernel
def spread_of_geometric(p, x, work, y):
    """How likely the geometric estimate falls near each x; its mean over the first 2000 numbers of draws."""
    left, mean = 1.0, 0.0
    for i in range(y.size):
        y[i] = 0.0
    for n in range(1, 2000):
        value = kernels.harmonic(n - 1)
        place = min(np.int64(5.0 * value + 0.5), y.size - 1)  # x has steps of 1/5
        y[place] += left * p
        mean += left * p * value
        left *= 1.0 - p
    return mean


@kernel
def harmonic_before(draws):
    if not 1.0 <= draws <= 1e9:
        return np.nan
    return kernels.harmonic(np.int64(draws) - 1)


@kernel
def poisson_of(misses, rate):
    if not 0.0 <= misses <= 1e3:
        return np.nan
    return kernels.poisson_log_loss_of(np.int64(misses), rate, np.int64(misses))


def _links(rng, rows, columns):
    return rng.normal(size=(rows, columns)), rng.normal(size=(4, columns)), rng.normal(size=4), rng.uniform(0, 1, 4)


_PROBABILITY = Axis("probability said, p", (0.01, 0.99))
_BELIEF = ("belief q", 0.05, 0.95, 0.3)
_FAMILY = {"family": "loss"}

RULES = tuple(
    Loss(name, title, formula, getattr(losses, name), reference, _CHAPTER, family="loss", plot_range=(-20, 20),
         variants=forms(naive=getattr(kernels, f"{name}_naive"), stable=getattr(kernels, f"{name}_stable")),
         holds=frozenset({"nonnegative", "certain", "shift", "zero_sum"}))
    for name, title, formula, reference in (
        ("brier_loss", "Brier loss", r"L = \sum_k (p_k - [k = y])^2", "brier1950verification"),
        ("spherical_loss", "Spherical loss", r"L = 1 - p_y / \lVert p \rVert_2", "gneiting2007strictly")))

METHODS = (
    Fit("log_softmax_plus", "Log-softmax with a last logit of 0",
        r"\log p = (z, 0) - \log\bigl(1 + \sum_k e^{z_k}\bigr)", losses.log_softmax_plus, "lam2023legendretron",
        _CHAPTER,
        variants=forms(naive=_last_of_three(kernels.log_softmax_plus_naive),
                       stable=_last_of_three(kernels.log_softmax_plus_stable)),
        given=lambda rng, rows, columns: (rng.normal(0, 3, (rows, columns)),),
        gradient=Gradient(log_softmax_plus_pull, at="result"), knob=("second number z₂", -1000.0, 100.0, -900.0),
        x=Axis("first number z₁", (-1000.0, 100.0)), y=Axis("log p₃", (-120, 10)), work=5,
        found="The log-probability of class 3 at z₁ = −1000", upright=False, **_FAMILY),
    Fit("expected_loss", "Expected loss", r"\sum_k q_k L(p, k)", losses.expected_loss, "gneiting2007strictly", _CHAPTER,
        variants=forms(stable=expected_brier), knob=_BELIEF, x=_PROBABILITY, y=Axis("expected Brier loss", (0, 2)),
        points=99, work=4, found="It costs least to say",
        given=lambda rng, rows, columns: (losses.brier_loss, rng.normal(size=(rows, columns)),
                                          np.full(columns, 1 / columns)), **_FAMILY),
    Fit("propriety_gap", "Test of propriety", r"\max_q \bigl(\sum_k q_k L(q, k) - \min_p \sum_k q_k L(p, k)\bigr)",
        losses.propriety_gap, "gneiting2007strictly", _CHAPTER, variants=forms(stable=said_by_focal),
        knob=("exponent γ of focal loss", 0.0, 5.0, 2.0), x=Axis("belief q", (0.02, 0.98)),
        y=Axis("what focal loss makes one say", (0, 1)), work=4, found="Furthest from the belief", upright=False,
        given=lambda rng, rows, columns: (losses.brier_loss,), parameters=(("classes", 2),), numbers=(), **_FAMILY),
    Fit("monotone_link", "Monotone link", r"\nabla\bigl(\tfrac{c}{2} \lVert x \rVert^2 + \sum_j s_j \log(1 + e^{U_j x +"
        r" b_j})\bigr)", networks.monotone_link, "lam2023legendretron", _CHAPTER, variants=forms(stable=bent),
        given=_links, gradient=Gradient(link.monotone_link_pull, others=(
            ("weights", link.monotone_link_pull_weights), ("biases", link.monotone_link_pull_biases),
            ("gains", link.monotone_link_pull_gains))),
        knob=("gain s", 0.0, 4.0, 2.0), x=Axis("score x", (-4, 4)), y=Axis("after the link", (-2, 10)), work=6,
        found="The score behind the link, of a score of 1", upright=False, **_FAMILY),
    Iteration("fit_link", "LegendreTron",
              r"\min_{W, v} \tfrac1n \sum_i -\log \operatorname{softmax}^+\bigl(v(W x_i)\bigr)_{y_i}",
              networks.fit_link, "lam2023legendretron", _CHAPTER, init=start_line, step=step_line, measure=loss_of_line,
              size=_LINK + 1, numbers=(), parameters=(("epochs", 3), ("units", 4)),
              knob=("learning rate", 0.001, 0.3, 0.05),
              given=lambda rng, rows, columns: (rng.normal(size=(rows, 2)), np.arange(rows) % columns), steps=300,
              axis=Axis("mean loss", (0.01, 2.0), scale="log"), **_FAMILY),
    Fit("two_draw_loss", "Two-draw loss", r"[x_1 = x_2] - [x_1 = y] - [x_2 = y]", losses.two_draw_loss,
        "kimpara2023proper", _CHAPTER, variants=forms(stable=mean_of_two_draws), knob=_BELIEF, x=_PROBABILITY,
        points=99, y=Axis("mean of the loss", (-1, 1)), found="It is least for a model with p",
        given=lambda rng, rows, columns: tuple(rng.integers(0, columns, (3, rows))), **_FAMILY),
    Bound("geometric_log_loss", "Log loss by draws until the label", r"H_{N-1} = \sum_{k < N} \tfrac1k",
          losses.geometric_log_loss, "kimpara2023proper", _CHAPTER, variants=forms(stable=harmonic_before),
          plot_range=(1, 200), given=lambda draws: (([int(draws)],), {}), coordinate="draws N",
          axis=Axis("loss", (0, 6)), **_FAMILY),
    Bound("poisson_log_loss", "Log loss by a Poisson number of draws",
          r"\sum_{k=1}^M \frac{M (M - 1) \cdots (M - k + 1)}{k \lambda^k}", losses.poisson_log_loss,
          "kimpara2023proper", _CHAPTER, variants=forms(stable=poisson_of), numbers=(5.0,), plot_range=(0, 20),
          given=lambda misses: (([int(misses)],), {"rate": 5.0}), coordinate="draws other than the label M",
          axis=Axis("loss", (1e-1, 1e6), scale="log"), **_FAMILY),
    Fit("black_box_losses", "Losses of a sampled model", r"\mathrm E H_{N-1} = -\log p_y", losses.black_box_losses,
        "kimpara2023proper", _CHAPTER, variants=forms(stable=spread_of_geometric),
        knob=("probability of the label p", 0.02, 0.98, 0.3), x=Axis("estimate", (0.0, 8.0)), y=Axis("share", (0, 1)),
        points=41, mark=Bars, found="Mean of the estimate", parameters=(("trials", 20),), numbers=(),
        given=lambda rng, rows, columns: (np.full(columns, 1 / columns), 0), **_FAMILY),
)
