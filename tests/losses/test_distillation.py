"""What a teacher tells: distillation at a temperature, the squared-error logit loss, estimates of labels, MI-alpha."""
from fractions import Fraction

import numpy as np
import pytest
from mpmath import mp, mpf

from toolkit import grad, losses, vjp
from toolkit.kernels import in_format
from toolkit.losses import kernels, mutual_information_alpha, transfer_estimate

Z, TEACHER = np.array([2.0, 1.0, -1.0, 0.5]), np.array([3.0, 0.0, 0.0, 1.0])
SCORES = np.array([[2.0, 0.5, 0.0], [0.1, 1.5, -0.3], [0.0, 0.2, 1.0]])


@pytest.mark.parametrize("tau, value", [(1, 0.1487558979568635), (4, 0.3040555425492517), (1e8, 0.3359375)])
def test_reference_values_of_distillation(tau, value):
    assert losses.distillation_loss(Z, TEACHER, tau=tau) == pytest.approx(value, rel=1e-7 if tau > 9 else 1e-14)


def test_gradient_of_distillation():
    found = vjp(losses.distillation_loss, Z, TEACHER, tau=4)[1](1.0)
    assert np.allclose(found, [-0.20659160790097508, 0.31954933482546, -0.09758696564940694, -0.015370761275078304],
                       rtol=0, atol=1e-15)
    centred = (Z - Z.mean() - TEACHER + TEACHER.mean()) / 4
    assert np.allclose(vjp(losses.distillation_loss, Z, TEACHER, tau=1e7)[1](1.0), centred, rtol=0, atol=1e-6)
    assert losses.distillation_loss(Z, TEACHER, tau=1e7) == pytest.approx(2 * (centred**2).sum(), rel=1e-6)


def test_tails_of_a_teacher_at_a_temperature_of_1():
    """In float16 a class 20 below the top has no probability; at a temperature of 4 it has one."""
    teacher = np.array([20.0, 0.0, -1.0])
    z, t, out = (in_format(x, "float16") for x in (np.array([3.0, 0.0, 1.0]), teacher, np.empty(3)))
    for tau, told in ((1.0, 0), (4.0, 2)):
        kernels.distillation_vjp_row(t, z, 1.0, tau, out)
        kernels.distillation_vjp_row(z, t, 1.0, tau, out)
        assert np.isfinite(float(kernels.distillation_row(z, t, tau)))
        assert sum(float(np.float16(np.exp(v / tau))) > 0 for v in teacher[1:] - 20) == told


def test_special_values_of_distillation():
    inf = np.inf
    assert losses.distillation_loss([1.0, -inf, 0.0], [1.0, -inf, 0.0]) == 0
    assert losses.distillation_loss([1.0, -inf, 0.0], [1.0, 0.0, 0.0]) == inf
    assert 0 < losses.distillation_loss([1.0, 0.0, 0.0], [1.0, -inf, 0.0]) < inf
    assert np.isnan(losses.distillation_loss([np.nan, 0.0], [0.0, 0.0]))
    assert np.isnan(losses.distillation_loss([0.0, 0.0], [np.nan, 0.0]))
    assert losses.distillation_loss(np.zeros((0, 3)), np.zeros(3)).shape == (0,)
    assert losses.distillation_loss(np.float32(Z), np.float32(TEACHER)).dtype == np.float32
    assert losses.distillation_loss(np.float16([900, 0]), np.float16([0, 900])) == pytest.approx(3600, rel=1e-3)
    columns = losses.distillation_loss(np.stack([Z, 2 * Z], axis=1), TEACHER[:, None], axis=0)
    assert columns[0] == losses.distillation_loss(Z, TEACHER) and columns.shape == (2,)
    masked = losses.distillation_loss(Z, TEACHER, where=[True, True, False, True])
    assert masked == losses.distillation_loss(np.delete(Z, 2), np.delete(TEACHER, 2))


def test_squared_logit_loss_reference_and_gradient():
    told = [np.log(0.5), -np.inf]
    assert losses.squared_logit_loss(np.log([0.4, 0.6]), told) == pytest.approx(0.02489652224655867, rel=1e-13)
    p = np.exp(Z) / np.exp(Z).sum()
    told = np.array([-np.inf, np.log(0.3), -np.inf, -np.inf])
    d = np.log(p[1]) - np.log(0.3)
    found = grad(losses.squared_logit_loss)(Z, told)
    assert np.allclose(found, d * (np.eye(4)[1] - p), rtol=0, atol=1e-15)
    steep = [abs(grad(losses.squared_logit_loss)([-gap, 0.0], [np.log(0.5), -np.inf])[0]) for gap in (10.0, 100.0)]
    assert steep[1] > 10 * steep[0] > 90  # unlike that of cross-entropy, at most 1
    assert losses.squared_logit_loss(Z, np.full(4, -np.inf)) == 0
    assert losses.squared_logit_loss([0.0, -np.inf], [-np.inf, -1.0]) == np.inf
    assert np.isnan(losses.squared_logit_loss([0.0, np.nan], [-1.0, -1.0]))
    assert np.isnan(losses.squared_logit_loss([0.0, 0.0], [-1.0, np.nan]))


def test_estimates_in_fractions():
    rng = np.random.default_rng(0)
    for classes in (1, 2, 5, 20):
        for _ in range(20):
            counts = rng.integers(0, 3, classes)
            weights = [Fraction(int(v)) for v in rng.integers(1, 9, classes)]
            q = [v / sum(weights) for v in weights]
            left = 1 - sum(a for a, n in zip(q, counts, strict=True) if n)
            unseen = int((counts == 0).sum())
            products = [int(n) * a for a, n in zip(q, counts, strict=True)]
            even = [Fraction(1, classes)] * classes
            right = {"hard": [Fraction(int(n), int(counts.sum())) for n in counts] if counts.any() else even,
                     "naive": [v / sum(products) for v in products] if counts.any() else even,
                     "squared_logit": [a if n else left / unseen for a, n in zip(q, counts, strict=True)]}
            for learner, expected in right.items():
                found = transfer_estimate(counts, [float(v) for v in q], learner=learner)
                assert np.allclose(found, [float(v) for v in expected], rtol=2e-15, atol=2e-16 * classes)


def test_the_natural_loss_is_biased():
    """Over many draws it is in proportion to q^2, where the squared-error logit loss has q."""
    q = np.array([0.5, 0.3, 0.2])
    found = transfer_estimate(1e9 * q, q, learner="naive")
    assert np.allclose(found, [0.6578947368421053, 0.23684210526315788, 0.10526315789473686], rtol=1e-14)
    assert np.array_equal(transfer_estimate([9, 9, 9], q), q)
    even = np.full(4, 0.25)
    assert np.allclose(transfer_estimate([5, 5, 5, 5], even, learner="naive"), even)


def test_estimates_never_spread_a_mass_below_0():
    found = transfer_estimate([1, 1, 0], [0.7, 0.3 + 1e-12, 0.0])
    assert (found >= 0).all() and found[2] == 0
    assert np.isnan(transfer_estimate([np.nan, 1.0], [0.5, 0.5])).any()


@pytest.mark.parametrize("alpha, value", [(0, 1.380647805397056), (0.5, 0.7904737027572739), (1, 0.4621307367372369)])
def test_reference_values_of_information(alpha, value):
    assert mutual_information_alpha(SCORES, alpha=alpha) == pytest.approx(value, rel=1e-14)
    assert mutual_information_alpha(SCORES, 1.0, alpha=0) == pytest.approx(1.0882133401754415, rel=1e-14)
    assert kernels.information_nce(SCORES) == pytest.approx(0.682415432072264, rel=1e-14)


def information(s, b, alpha):
    n = len(s)
    loo = [[mp.log(mp.fsum(mp.exp(s[i][k]) for k in range(n) if k != j) / (n - 1)) for j in range(n)] for i in range(n)]
    bound = [[mp.log(alpha * mp.exp(loo[i][j]) + (1 - alpha) * mp.exp(b[i])) for j in range(n)] for i in range(n)]
    pairs = [(i, j) for i in range(n) for j in range(n) if i != j]
    terms = [mp.exp(s[i][j] - bound[i][i]) for i, j in pairs]
    value = 1 + mp.fsum(s[i][i] for i in range(n)) / n - mp.fsum(bound[i][j] for i, j in pairs) / len(
        pairs) - mp.fsum(terms) / len(pairs)
    size = 1 + mp.fsum(abs(s[i][i]) for i in range(n)) / n + mp.fsum(abs(bound[i][j]) for i, j in pairs) / len(
        pairs) + mp.fsum((1 + abs(s[i][j])) * t for (i, j), t in zip(pairs, terms, strict=True)) / len(pairs)
    return value, size


@pytest.mark.parametrize("scale", [0.01, 1, 30, 300])
def test_information_against_many_digits(scale):
    rng = np.random.default_rng(3)
    for n in (2, 3, 9):
        s, b = rng.normal(0, scale, (n, n)), rng.normal(size=n)
        for alpha in (0.0, 0.3, 1.0):
            with mp.workdps(60):
                exact = [[mpf(v) for v in row] for row in s.tolist()], [mpf(v) for v in b.tolist()], mpf(alpha)
                value, size = information(*exact)
                found = mutual_information_alpha(s, b, alpha=alpha)
                assert abs(found - value) <= 1e-13 * size or found == -np.inf and value < -1e308
                if scale > 30:
                    continue
                slopes = vjp(mutual_information_alpha, s, baseline=b, alpha=alpha)[1](1.0)
                step, worst, largest = mpf(10) ** -25, 0, np.abs(slopes).max()
                for i, j in ((0, 0), (0, 1), (1, 0)):
                    moved = [[list(row) for row in exact[0]] for _ in range(2)]
                    moved[0][i][j], moved[1][i][j] = exact[0][i][j] + step, exact[0][i][j] - step
                    up, down = (information(each, *exact[1:])[0] for each in moved)
                    worst = max(worst, abs((up - down) / (2 * step) - slopes[i, j]))
                assert worst <= 1e-12 * (1 + largest)


def test_gradient_of_information_in_the_baseline():
    b, alpha, step = np.array([0.1, -0.2, 0.3]), 0.4, 1e-6
    for given in (b, 0.2):
        found = vjp(mutual_information_alpha, SCORES, of="baseline", baseline=given, alpha=alpha)[1](1.0)
        for k in range(np.size(given)):
            e = step * np.eye(3)[k] if np.ndim(given) else step
            up, down = (mutual_information_alpha(SCORES, given + sign * e, alpha=alpha) for sign in (1, -1))
            assert np.ravel(found)[k] == pytest.approx((up - down) / (2 * step), abs=1e-9)


def test_hazards_of_information():
    """A difference of logarithms is exactly 0 in float32 past a gap of 17; one pair that does not belong overflows."""
    s = np.array([[40.0, 0.0, 0.0], [0.0, 40.0, 0.0], [0.0, 0.0, 40.0]])
    loo = np.empty_like(s)
    kernels.leave_one_out(s, loo)
    assert np.allclose(np.diag(loo), 0.0, atol=1e-15)  # log of the mean of two ones, where lse - S is 0 in float32
    assert np.float32(np.logaddexp.reduce(s[0]) - s[0, 0]) < 1e-16
    assert mutual_information_alpha([[0.0, 800.0], [0.0, 0.0]], alpha=0) == -np.inf
    assert np.isnan(mutual_information_alpha([[0.0, np.nan], [0.0, 0.0]]))
    for scale in (1, 10, 100):
        assert kernels.information_nce(scale * np.eye(3)) <= np.log(3)
    assert mutual_information_alpha(100 * np.eye(3), alpha=1) == pytest.approx(np.log(2))  # no InfoNCE
