"""Losses with parameters: against definitions in 40 digits, published values, limits and what papers claim."""
import loss_definitions
import mpmath as mp
import numpy as np
import pytest
from accuracy_cases import exactly
from loss_oracle import gradient_of

from toolkit import losses
from toolkit.formats import FLOAT16

mp.mp.dps = 60
TV, TV_LABEL = np.array([2.0, 1.0, -1.0, 0.5]), 1
TEACHER = np.exp([1.5, 1.2, -2.0, 0.0]) / np.exp([1.5, 1.2, -2.0, 0.0]).sum()
DTYPES = (np.float32, np.float64)


def exact_cross_entropy(z, y):
    """``(l, p)`` in many digits."""
    l = loss_definitions.surprises(exactly(z))
    return l[y], [mp.exp(-v) for v in l]


def exact_pair(definition, *numbers):
    """The loss and its gradient by a definition, from a row and its label."""
    def exact(z, y):
        right = definition(exactly(z), y, *exactly(numbers))
        return right.loss, right.slopes
    return exact


def exact_comp_sum(tau):
    return exact_pair(loss_definitions.COMP_SUM.of_class, tau)


def exact_focal(gamma):
    return exact_pair(loss_definitions.FOCAL.of_class, gamma)


def exact_combined(a, b):
    return exact_pair(loss_definitions.SYMMETRIC.of_class, a, b, -1.0)


def exact_z_loss(scale):
    return exact_pair(loss_definitions.z_loss, scale)


def exact_ldr(strength, margin):
    return exact_pair(loss_definitions.ldr_kl, strength, margin)


def rows_of_logits(dtype, classes, largest=60.0, count=60):
    """Rows of scales 0.01 to 30, some with the label or another class far above."""
    rng = np.random.default_rng(classes)
    z = rng.normal(size=(count, classes)) * 10 ** rng.uniform(-2, 1.3, size=(count, 1))
    z[::3, classes // 2] += rng.uniform(0, largest, size=len(z[::3]))
    z = z.astype(dtype)
    return z, np.where(np.arange(count) % 2, rng.integers(classes, size=count), z.argmax(axis=1))


def ulps(actual, exact, dtype):
    """Errors in units of epsilon of the exact value, where that is a normal number."""
    exact = np.array(exact)
    normal = np.array([abs(v) >= float(np.finfo(dtype).tiny) for v in exact.ravel()]).reshape(exact.shape)
    error = [float(abs(mp.mpf(float(a)) / e - 1)) if n else 0.0
             for a, e, n in zip(np.ravel(actual), exact.ravel(), normal.ravel(), strict=True)]
    return np.reshape(error, exact.shape) / np.finfo(dtype).eps


def losses_of(z, y):
    return np.array([float(exact_cross_entropy(row, label)[0]) for row, label in zip(z, y, strict=True)])


# Name, keywords, exact pair, bound of the loss and of the gradient in units of epsilon, from l and (1 - tau).
TAUS = (0.0, 0.5, 1.0, 1.0 + 2.0**-20, 1.25, 1.7, 2.0, 3.0)
CASES = [
    *[("comp_sum", {"tau": tau}, lambda d, tau=tau: exact_comp_sum(d(tau)),
       lambda l, tau=tau: 3 + abs(1 - tau) * l, lambda l, tau=tau: 4 + abs(1 - tau) * l) for tau in TAUS],
    *[("focal_loss", {"gamma": g}, lambda d, g=g: exact_focal(d(g)),
       lambda l, g=g: 4 + 2 * g, lambda l, g=g: 8 + 2 * g) for g in (0.0, 0.5, 2.0, 5.0)],
    ("poly1_loss", {"epsilon": 2.0}, lambda d: exact_combined(1.0, 2.0), lambda l: 3, lambda l: 6),
    ("poly1_loss", {"epsilon": -0.9}, lambda d: exact_combined(1.0, d(-0.9)), lambda l: 6, lambda l: 6),
    ("poly1_loss", {"epsilon": -1.0}, lambda d: exact_combined(1.0, -1.0), lambda l: 6, lambda l: 6),
    ("symmetric_cross_entropy", {}, lambda d: exact_combined(d(0.1), -d(1.0) * d(-4.0)), lambda l: 5, lambda l: 6),
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", CASES, ids=[f"{name}-{keywords}" for name, keywords, *_ in CASES])
def test_accuracy(case, dtype):
    name, keywords, exact, loss_bound, gradient_bound = case
    function = getattr(losses, name).value_and_gradient
    for classes in (2, 10) if name == "focal_loss" else (2, 10, 300):
        z, y = rows_of_logits(dtype, classes, count=60 if classes < 300 else 6)
        loss, grad = function(z, y, reduction="none", **keywords)
        pairs = [exact(dtype)(row, label) for row, label in zip(z, y, strict=True)]
        l = losses_of(z, y)
        assert (ulps(loss, [value for value, _ in pairs], dtype) <= loss_bound(l)).all()
        at_label = np.arange(classes) == y[:, None]
        error = ulps(grad, [row for _, row in pairs], dtype)
        tiny = float(np.finfo(dtype).tiny)  # a probability below loses digits, whatever multiplies it
        error[[[p < tiny for p in exact_cross_entropy(r, k)[1]] for r, k in zip(z, y, strict=True)]] = 0
        allowed = np.broadcast_to(gradient_bound(l), l.shape)[:, None] + np.where(at_label, classes / 2, 0)
        assert (error <= allowed).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_accuracy_of_z_loss(dtype):
    for classes in (2, 10, 300):
        z, y = rows_of_logits(dtype, classes, count=30)
        loss = losses.z_loss(z, y, reduction="none")
        pairs = [exact_z_loss(dtype(1e-4))(row, label) for row, label in zip(z, y, strict=True)]
        lse = np.array([float(exact_cross_entropy(r, k)[0]) + r[k] for r, k in zip(z, y, strict=True)])
        calm = np.abs(lse) >= 1
        assert calm.any() and (ulps(loss, [value for value, _ in pairs], dtype)[calm] <= 4).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("strength", [0.01, 0.5, 1.0, 30.0, 1e4])
@pytest.mark.parametrize("margin", [0.0, 1.0])
def test_accuracy_of_ldr(dtype, strength, margin):
    for classes in (2, 10, 300):
        z, y = rows_of_logits(dtype, classes, largest=20.0, count=12)
        loss = losses.ldr_kl(z, y, strength=strength, margin=margin, reduction="none")
        exact = [exact_ldr(dtype(strength), margin)(row, label)[0] for row, label in zip(z, y, strict=True)]
        d = np.maximum((z - z[np.arange(len(z)), y][:, None]).max(axis=1) + margin, 0)
        error = [float(abs(mp.mpf(float(a)) - e)) for a, e in zip(loss, exact, strict=True)]
        size = np.maximum(np.abs(np.array(exact, float)), d)
        assert (np.array(error) <= 8 * np.finfo(dtype).eps * size).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("alpha", "strength", "margin"), [(2.0, 1.0, 1.0), (1.2, 3.0, 0.0), (50.0, 0.5, 2.0)])
def test_accuracy_of_aldr_against_a_scan_over_lambda(dtype, alpha, strength, margin):
    for classes in (2, 10):
        z, y = rows_of_logits(np.float64, classes, largest=5.0, count=10)
        z = np.clip(z, -10, 10).astype(dtype)
        loss = losses.aldr_kl(z, y, alpha=alpha, strength=strength, margin=margin, reduction="none")
        for row, label, value in zip(z, y, loss, strict=True):
            d = loss_definitions.above_label(exactly(row), label, margin)

            def minus(x, d=d):
                price = mp.mpf(float(dtype(alpha))) * mp.log(classes) / (2 * strength) * (x - strength)**2
                return max(d) + x * loss_definitions.log_mean(loss_definitions.weights(d, x)) - price
            grid = np.linspace(strength * (1 - 1 / alpha), strength, 65)
            best = max((float(minus(mp.mpf(x))), x) for x in grid)[1]
            width = grid[1] - grid[0]
            fine = np.linspace(max(best - width, grid[0]), min(best + width, strength), 65)
            coarse = max((float(minus(mp.mpf(x))), x) for x in fine)
            low, high = mp.mpf(coarse[1] - width / 16), mp.mpf(coarse[1] + width / 16)
            for _ in range(40):  # thirds
                a, b = low + (high - low) / 3, high - (high - low) / 3
                low, high = (a, high) if minus(a) < minus(b) else (low, b)
            exact = minus((low + high) / 2)
            size = max(abs(float(exact)), float((row - row[label]).max() + margin))
            assert float(abs(mp.mpf(float(value)) - exact)) <= 16 * np.finfo(dtype).eps * size


def test_published_values():
    """Of ``z = (2, 1, -1, 0.5)``, ``y = 1``, in float64 by another program; LDR's at 1e4 in 40 digits."""
    for tau, value in ((0, 3.460147771408291), (0.5, 2.2238123875988105), (1, 1.495181898085856),
                       (1.7, 0.9269714762524893), (2, 0.7757921819517989)):
        assert float(losses.comp_sum(TV, TV_LABEL, tau=tau)) == pytest.approx(value, rel=4e-16)
    grad = (0.21399358805992696, -0.2723961250334997, 0.010654113399024097, 0.04774842357454863)
    assert gradient_of(losses.comp_sum, TV, TV_LABEL, tau=1.7).tolist() == pytest.approx(grad, rel=2e-15)
    assert float(losses.symmetric_cross_entropy(TV, TV_LABEL)) == pytest.approx(3.2526869176157813, rel=4e-16)
    loss, grad = losses.symmetric_cross_entropy.value_and_gradient(TV, TEACHER, alpha=0.5, beta=0.5, floor=-100.0)
    assert float(loss) == pytest.approx(1.073804583797183, rel=1e-15)
    expected = (-0.06102334617683308, -0.08232647, 0.05497427512084373, 0.0883755378398993)
    assert grad.tolist() == pytest.approx(expected, rel=1e-7)
    assert float(losses.focal_loss(TV, TV_LABEL, gamma=0.5)) == pytest.approx(1.3169422467682537, rel=4e-16)
    assert float(losses.focal_loss(TV, TV_LABEL)) == pytest.approx(0.8998804728197699, rel=1e-15)
    assert float(losses.poly1_loss(TV, TV_LABEL, epsilon=2)) == pytest.approx(3.046766261989454, rel=4e-16)
    extra = losses.z_loss(TV, TV_LABEL) - losses.cross_entropy(TV, TV_LABEL)
    assert float(extra) == pytest.approx(6.225932704535335e-4, rel=1e-12)
    for margin, strength, value in ((0, 1, 0.10888753696596543), (1, 1, 0.9560552212699316),
                                    (1, 0.01, 1.986137056388801), (1, 1e4, 0.37505859443353),
                                    (2, 0.5, 2.3335021326648784)):
        loss = losses.ldr_kl(TV, TV_LABEL, strength=strength, margin=margin)
        assert float(loss) == pytest.approx(value, rel=1e-12)
    assert float(losses.aldr_kl(TV, TV_LABEL)) == pytest.approx(1.0258225763693412, rel=4e-16)


def test_neutral_parameters_give_cross_entropy():
    rng = np.random.default_rng(0)
    z, y = rng.normal(size=(20, 6)) * 8, rng.integers(6, size=20)
    loss, grad = losses.cross_entropy.value_and_gradient(z, y, reduction="none", format="float64")
    for name, keywords in (("comp_sum", {"tau": 1}), ("focal_loss", {"gamma": 0}), ("poly1_loss", {"epsilon": 0}),
                           ("z_loss", {"scale": 0}), ("symmetric_cross_entropy", {"alpha": 1, "beta": 0})):
        value, slope = getattr(losses, name).value_and_gradient(z, y, reduction="none", **keywords)
        np.testing.assert_allclose(value, loss, rtol=1e-15)
        np.testing.assert_allclose(slope, grad, rtol=4e-15)
    np.testing.assert_allclose(losses.ldr_kl(z, y, margin=0, reduction="none"), loss - np.log(6), rtol=1e-13)


def test_the_family_falls_with_tau_and_sums_as_claimed():
    rng = np.random.default_rng(1)
    z = rng.normal(size=(30, 5)) * 3
    for y in range(5):
        values = [losses.comp_sum(z, np.full(30, y), tau=tau, reduction="none") for tau in np.linspace(0, 3, 13)]
        assert (np.diff(values, axis=0) < 0).all()
    sums = {tau: sum(losses.comp_sum(z, np.full(30, y), tau=tau, reduction="none") for y in range(5))
            for tau in (1.25, 1.7, 2.0)}
    np.testing.assert_allclose(sums[2.0], 4, rtol=1e-15)
    for q in (0.25, 0.7):  # Zhang and Sabuncu: bounded from both sides, the claim behind robustness to noise
        assert ((5 - 5**(1 - q)) / q - 1e-12 <= sums[1 + q]).all() and (sums[1 + q] <= 4 / q).all()


@pytest.mark.parametrize(("tau", "expected"), [(0.0, (0.472733875, 0.334273329, 0.192992796)), (1.0, (0.6, 0.3, 0.1)),
                                               (1.7, (0.907638399, 0.090049134, 0.002312466))])
def test_where_the_minimum_sits(tau, expected):
    """``p_k`` proportional to ``eta_k^(1 / (2 - tau))``: there the expected gradient vanishes."""
    eta = np.array([0.6, 0.3, 0.1])
    p = eta ** (1 / (2 - tau))
    z = np.log(p / p.sum())
    assert (p / p.sum()).tolist() == pytest.approx(expected, abs=1e-9)
    pulls = sum(eta[y] * gradient_of(losses.comp_sum, z, y, tau=tau) for y in range(3))
    assert np.abs(pulls).max() < 1e-15


def test_a_focal_minimum_is_underconfident():
    """eta = 0.7, gamma = 2: the logit gap is 0.3165..., that of the labels 0.8473."""
    z = np.array([0.3165366898, 0.0])
    pulls = 0.7 * gradient_of(losses.focal_loss, z, 0) + 0.3 * gradient_of(losses.focal_loss, z, 1)
    assert np.abs(pulls).max() < 1e-10


def test_limits_of_the_adversary():
    z, y = np.array([2.0, 1.0, -1.0, 0.5]), 1
    d = z - z[y] + (np.arange(4) != y)
    assert losses.ldr_kl(z, y, strength=1e-9) == pytest.approx(d.max(), abs=1e-8)
    assert losses.ldr_kl(z, y, strength=1e12) == pytest.approx(d.mean(), rel=1e-11)
    assert sum(losses.ldr_kl(z, k, strength=1e14) for k in range(4)) == pytest.approx(3.0, rel=1e-12)
    assert losses.aldr_kl(z, y, alpha=1e12) == pytest.approx(losses.ldr_kl(z, y), rel=1e-10)
    assert losses.aldr_kl(z, y) >= losses.ldr_kl(z, y)
    masked = losses.ldr_kl(np.append(z, -np.inf), y)
    assert masked == losses.ldr_kl(z, y)


def test_what_breaks_and_what_does_not():
    tiny, label = np.float32([120, 0]), 1
    assert np.isnan(gradient_of(losses.comp_sum, tiny, label, tau=1.7, form="naive")).all()
    grad = gradient_of(losses.comp_sum, tiny, label, tau=1.7)
    assert np.isfinite(grad).all() and grad[1] < 0
    assert losses.comp_sum(np.float32([90, 0]), 1, tau=0) == np.inf
    assert np.isnan(gradient_of(losses.focal_loss, np.float32([20, 0]), 0, gamma=0.5, form="naive")).any()
    assert losses.focal_loss(np.float32([20, 0]), 0, gamma=0.5) == pytest.approx(9.357622949e-14, rel=1e-6)
    assert np.isfinite(gradient_of(losses.focal_loss, np.float32([20, 0]), 0, gamma=0.5)).all()
    with pytest.warns(RuntimeWarning):
        assert not np.isfinite(losses.ldr_kl(np.float32([2, 1, -1]), 1, strength=0.01, form="naive"))
    big = np.array([FLOAT16.max / 200, 0.0])
    assert losses.z_loss(big, 0, format="float16") < np.inf == losses.z_loss(big, 0, form="common", format="float16")
    zeros = np.array([1.0, 0.0, 0.0])  # a teacher that rounded to certainty
    assert np.isfinite(losses.symmetric_cross_entropy(TV[:3], zeros))


def test_a_teacher_and_its_own_label():
    """With probabilities that are one-hot the symmetric loss is that of the class."""
    rng = np.random.default_rng(3)
    z, y = rng.normal(size=(20, 4)) * 5, rng.integers(4, size=20)
    hard, hard_grad = losses.symmetric_cross_entropy.value_and_gradient(z, y, reduction="none")
    soft, soft_grad = losses.symmetric_cross_entropy.value_and_gradient(z, np.eye(4)[y], reduction="none")
    np.testing.assert_allclose(soft, hard, rtol=1e-13)
    np.testing.assert_allclose(soft_grad, hard_grad, rtol=1e-12, atol=1e-15)


def test_equal_predictions_are_no_rest_for_the_symmetric_loss():
    p = np.exp(TV) / np.exp(TV).sum()
    grad = gradient_of(losses.symmetric_cross_entropy, TV, p, alpha=0.5, beta=0.5, floor=-100.0)
    assert grad.tolist() == pytest.approx([-0.15822219, 0.05389722, 0.03763742, 0.06668754], abs=1e-8)


@pytest.mark.parametrize(("name", "keywords", "message"), [
    ("comp_sum", {"tau": -1}, "tau is -1; allowed: a finite number >= 0"),
    ("focal_loss", {"gamma": np.nan}, "gamma is nan"),
    ("poly1_loss", {"epsilon": -2}, "epsilon is -2; allowed: a finite number >= -1"),
    ("z_loss", {"scale": "a"}, "scale is 'a'"),
    ("ldr_kl", {"strength": 0}, "strength is 0; allowed: a finite number > 0"),
    ("aldr_kl", {"alpha": 1}, "alpha is 1; allowed: a finite number > 1"),
    ("symmetric_cross_entropy", {"floor": 0}, "floor is 0.0; allowed: a finite number < 0")])
def test_wrong_parameters(name, keywords, message):
    with pytest.raises((TypeError, ValueError), match=message):
        getattr(losses, name)(TV, TV_LABEL, **keywords)


def test_labels_that_a_loss_does_not_take():
    with pytest.raises(TypeError, match="labels are probabilities; allowed: integers"):
        losses.ldr_kl(TV, TEACHER)
    for name in ("symmetric_cross_entropy", "focal_loss", "poly1_loss", "comp_sum"):
        with pytest.raises(ValueError, match="form is 'naive' but labels .* allowed with these: 'stable'"):
            getattr(losses, name)(TV, TEACHER, form="naive")
    with pytest.raises(TypeError, match="gama"):
        losses.focal_loss(TV, TV_LABEL, gama=2)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("amount", [0.1, 0.5, 1.0])
def test_accuracy_of_label_smoothing(amount, dtype):
    for classes in (2, 10, 300):
        z, y = rows_of_logits(dtype, classes, count=30 if classes < 300 else 6)
        loss = losses.cross_entropy(z, y, label_smoothing=amount, reduction="none")
        share = mp.mpf(float(dtype(amount)))
        exact = []
        for row, label in zip(z, y, strict=True):
            gap = mp.fsum(mp.mpf(float(row[label])) - mp.mpf(float(v)) for v in row) / classes
            exact.append(exact_cross_entropy(row, label)[0] + share * gap)
        assert (ulps(loss, exact, dtype) <= 3).all()
