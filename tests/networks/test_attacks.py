"""Attacks on small networks, gradients of their inputs, and students of a teacher's probabilities."""
import numpy as np
import pytest
from mpmath import mp, mpf

from toolkit import losses, networks
from toolkit.formats import FLOAT32
from toolkit.networks import carlini_wagner, fgsm, fit_to_targets, gradient_at_input, kernels
from toolkit.networks._fit_to_targets import TOLD
from toolkit.networks._gradient_at_input import logit_gradient

RNG = np.random.default_rng(5)
WEIGHTS = [RNG.normal(size=(5, 7)), RNG.normal(size=(7, 6)), RNG.normal(size=(6, 4))]
X, Y = RNG.uniform(0, 1, (9, 5)), RNG.integers(0, 4, 9)


def logits(weights, x):
    for w in weights[:-1]:
        x = np.maximum(x @ w, 0)
    return x @ weights[-1]


def jacobian(weights, x):
    """(classes, inputs) of one row, as products of matrices."""
    j = np.eye(len(x))
    for w in weights[:-1]:
        x = x @ w
        j = (j @ w) * (x > 0)
        x = np.maximum(x, 0)
    return (j @ weights[-1]).T


@pytest.mark.parametrize("tau", [1.0, 7.0])
def test_gradient_at_input_against_many_digits(tau):
    found = gradient_at_input(WEIGHTS, X, Y, tau=tau)
    margin = gradient_at_input(WEIGHTS, X, Y, loss="margin")
    for i, (x, y) in enumerate(zip(X, Y, strict=True)):
        z, j = logits(WEIGHTS, x), jacobian(WEIGHTS, x)
        with mp.workdps(40):
            e = [mp.exp(mpf(float(v)) / mpf(tau)) for v in z]
            p = np.array([float(v / mp.fsum(e)) for v in e])
        expected = (p - np.eye(4)[y]) @ j
        assert np.abs(found[i] - expected).max() <= 1e-12 * np.abs(expected).max()
        other = max((k for k in range(4) if k != y), key=lambda k: z[k])
        assert np.abs(margin[i] - (j[other] - j[y])).max() <= 1e-12 * np.abs(margin[i]).max()


def test_gradient_at_input_by_differences():
    step, found = 1e-6, gradient_at_input(WEIGHTS, X, Y)
    for k in range(5):
        up, down = (losses.cross_entropy(logits(WEIGHTS, X + s * step * np.eye(5)[k]), Y, reduction="none")
                    for s in (1, -1))
        assert np.allclose(found[:, k], (up - down) / (2 * step), rtol=0, atol=1e-6)


@pytest.mark.parametrize("format, cliff", [("float16", 17.3), ("float32", 104.0)])
def test_the_gradient_is_0_from_the_cliff_of_the_format_on(format, cliff):
    """p - onehot(y) of a right label that leads by more than exp can say is 0; the margin's gradient is not."""
    weights = [np.eye(3), np.eye(3)]
    for gap, zero in ((cliff - 1, False), (cliff + 1, True)):
        x = [[gap, 0.0, 0.0]]
        g = gradient_at_input(weights, x, [0], format=format)
        assert (not g.any()) == zero
        assert gradient_at_input(weights, x, [0], tau=gap, format=format).any()
        assert gradient_at_input(weights, x, [0], loss="margin", format=format).any()


def test_reference_values_of_a_saturated_row():
    z = np.array([120.0, 0.0, -5.0])
    g, row = np.empty(3), np.empty(3)
    assert logit_gradient(z, 0, 0, 1.0, FLOAT32.code, row, g) == 0 and not g.any()
    assert logit_gradient(z, 0, 0, 10.0, FLOAT32.code, row, g) == 3
    assert np.allclose(g, [-9.9e-6, 6.1e-6, 3.7e-6], atol=5e-8)


@pytest.mark.parametrize("loss", ["cross_entropy", "margin"])
def test_sign_attacks_are_their_definition(loss):
    """fgsm and margin_sign_attack."""
    g = gradient_at_input(WEIGHTS, X, Y, loss=loss)
    found = fgsm(WEIGHTS, X, Y, epsilon=0.2, loss=loss)
    assert np.array_equal(found, np.clip(X + 0.2 * np.sign(g), 0, 1))
    assert np.array_equal(fgsm(WEIGHTS, X, Y, epsilon=0.0, loss=loss), X)
    assert np.isnan(fgsm(WEIGHTS, np.full((1, 5), np.nan), [0], loss=loss)).all()


def test_a_saturated_network_comes_back_as_it_was():
    weights = [40 * np.eye(2), 3 * np.eye(2)]
    x = np.array([[0.95, 0.05]])
    for format, options, same in (("float32", {}, True), ("float64", {}, False), ("float32", {"tau": 10}, False),
                                  ("float32", {"loss": "margin"}, False)):
        found = fgsm(weights, x, [0], epsilon=0.3, format=format, **options)
        assert np.array_equal(found, x) == same


def test_the_other_class_is_masked_with_no_0():
    """With all logits below 0 a mask of 0 would win."""
    g = np.empty(3)
    assert kernels.margin_of_row(np.array([-3.0, -7.0, -5.0]), 0, g) == -2 and g.tolist() == [-1, 0, 1]
    assert kernels.margin_of_row(np.array([-3.0, -7.0, -5.0]), 1, g) == 4 and g.tolist() == [1, -1, 0]


def test_carlini_wagner_objective():
    z, g = np.array([2.0, 1.0, -1.0, 0.5]), np.empty(4)
    assert kernels.carlini_wagner_objective(z, 2, True, 0.0, g) == (3.0, False) and g.tolist() == [1, 0, -1, 0]
    assert kernels.carlini_wagner_objective(z, 0, False, 0.0, g) == (1.0, False) and g.tolist() == [1, -1, 0, 0]
    assert kernels.carlini_wagner_objective(z, 0, True, 0.0, g) == (0.0, True) and not g.any()
    assert kernels.carlini_wagner_objective(z, 0, True, 2.0, g) == (1.0, False)
    limit = losses.ldr_kl(z, 2, strength=1e-9, margin=0.0)
    assert limit == pytest.approx(3.0, abs=1e-7)  # the adversary of labels who picks one class


def test_carlini_wagner_on_a_line():
    """Two classes with the border x1 = x2 + 0.1 inside of the square: the distance is that to a line."""
    weights = [np.eye(3), np.array([[30.0, 0.0], [0.0, 30.0], [0.0, 3.0]])]
    x = np.array([[0.8, 0.3, 1.0], [0.6, 0.45, 1.0]])
    found = carlini_wagner(weights, x, [0, 0], steps=1000, lr=0.01)
    right = 30 * (x[:, 0] - x[:, 1]) - 3 * x[:, 2]  # the third number is at its end, 1, and may fall
    normal = np.array([30.0, -30.0])
    assert np.allclose(found.distance, right / np.linalg.norm(normal), rtol=0.01)
    assert (logits(weights, found.inputs).argmax(axis=1) == 1).all()
    assert np.allclose(np.linalg.norm(found.inputs - x, axis=1), found.distance)
    assert ((found.inputs >= 0) & (found.inputs <= 1)).all()


def test_an_attack_that_is_found_is_one():
    right = logits(WEIGHTS, X).argmax(axis=1)
    away = carlini_wagner(WEIGHTS, X, right)
    found = np.isfinite(away.distance)
    assert found.any() and (logits(WEIGHTS, away.inputs).argmax(axis=1) != right)[found].all()
    goal = (right + 1) % 4
    there = carlini_wagner(WEIGHTS, X, goal, targeted=True)
    reached = np.isfinite(there.distance)
    assert (logits(WEIGHTS, there.inputs).argmax(axis=1) == goal)[reached].all()
    assert (there.distance[reached & found] >= away.distance[reached & found] * 0.98).all()
    sure = carlini_wagner(WEIGHTS, X, right, confidence=0.5)
    z, label = logits(WEIGHTS, sure.inputs), right[:, None]
    lead = z.max(axis=1) - np.take_along_axis(z, label, axis=1)[:, 0]
    assert (lead[np.isfinite(sure.distance)] >= 0.5 - 1e-9).all()
    assert np.array_equal(away.inputs[~found], X[~found])


def test_saturation_is_no_obstacle_to_carlini_and_wagner():
    """A network times 1000 has no cross-entropy gradient in float32, and the same nearest attack within a tenth."""
    weights = [np.eye(2), 2 * np.eye(2)]
    loud = [np.eye(2), 2000 * np.eye(2)]
    x = np.array([[0.9, 0.2]])
    assert not gradient_at_input(loud, x, [0], format="float32").any()
    first, second = (carlini_wagner(w, x, [0]).distance[0] for w in (weights, loud))
    assert second == pytest.approx(first, rel=0.1)


@pytest.mark.parametrize("loss", TOLD)
@pytest.mark.parametrize("tau", [1.0, 5.0])
def test_gradient_of_a_student_by_differences(loss, tau):
    """That of fit_to_targets: of probabilities, also where they do not sum to 1, and of a few log-probabilities."""
    sizes, targets = np.array([5, 7, 6, 4]), RNG.uniform(0.1, 0.4, (9, 4))
    if loss == "squared_logit":
        targets = np.where(RNG.random((9, 4)) < 0.5, np.log(targets), -np.inf)
    run = kernels.student_in(np.zeros(int(kernels.student_size(sizes))), sizes)
    run.w[:] = np.concatenate([w.ravel() for w in WEIGHTS])

    def total():
        run.grads[:] = 0
        return sum(kernels.add_target_gradient(sizes, run, x, q, TOLD[loss], tau, 0.5)
                   for x, q in zip(X, targets, strict=True))

    value, slopes = total(), run.grads.copy()
    logs = np.log(np.exp(logits(WEIGHTS, X) / tau) / np.exp(logits(WEIGHTS, X) / tau).sum(axis=1, keepdims=True))
    if loss == "cross_entropy":
        expected = -tau**2 * (targets * logs).sum() / 2
    else:
        expected = tau**2 * losses.squared_logit_loss(logits(WEIGHTS, X) / tau, targets).sum() / 2
    assert value == pytest.approx(expected, rel=1e-12)
    trained = fit_to_targets(X, targets, loss=loss, tau=tau, start=WEIGHTS, steps=1)
    assert trained.losses[0] == pytest.approx(value / 4.5, rel=1e-12)
    for i in RNG.choice(run.w.size, 30, replace=False):
        kept, step = run.w[i], 1e-5
        run.w[i] = kept + step
        up = total()
        run.w[i] = kept - step
        down = total()
        run.w[i] = kept
        assert slopes[i] == pytest.approx((up - down) / (2 * step), abs=1e-8 * np.abs(slopes).max() + 1e-8 * abs(value))


def test_a_student_begins_where_it_is_told():
    one_hot = np.eye(4)[Y]
    first = fit_to_targets(X, one_hot, hidden=(8,), steps=5, seed=3)
    again = fit_to_targets(X, one_hot, steps=5, start=networks.normal_weights((5, 8, 4), seed=3))
    assert np.array_equal(first.losses, again.losses)
    assert first.losses[0] == pytest.approx(losses.cross_entropy(
        logits(networks.normal_weights((5, 8, 4), seed=3), X), Y), rel=1e-12)
    assert first.logits(X).shape == (9, 4) and first.losses[-1] < first.losses[0]
    with pytest.raises(ValueError, match="start has 3 classes; allowed: 4"):
        fit_to_targets(X, one_hot, start=[np.ones((5, 2)), np.ones((2, 3))])


def test_the_natural_loss_of_partial_knowledge_is_biased_in_training_too():
    """One input, labels in proportion to q: a student of -q log p ends at q^2, one of the squared loss at q."""
    q = np.array([0.5, 0.3, 0.2])
    labels = np.repeat([0, 1, 2], [5, 3, 2])
    partial = np.eye(3)[labels] * q
    x = np.ones((10, 2))
    naive = fit_to_targets(x, partial, hidden=(4,), steps=2000)
    with np.errstate(divide="ignore"):
        squared = fit_to_targets(x, np.log(partial), loss="squared_logit", hidden=(4,), steps=2000)
    for student, right in ((naive, q**2 / (q**2).sum()), (squared, q)):
        p = np.exp(student.logits(x[:1])[0])
        assert np.allclose(p / p.sum(), right, atol=2e-3)
