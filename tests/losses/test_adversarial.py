"""The smooth adversarial comp-sum loss: its gradients, and the bound it is made for, by brute force."""
import numpy as np
import pytest

from toolkit.losses import comp_sum
from toolkit.losses.adversarial import smooth_adversarial_comp_sum

OPTIONS = {"tau": 1.3, "rho": 0.7, "nu": 0.4}


def sample(dtype=np.float64):
    rng = np.random.default_rng(12)
    z, attacked = rng.standard_normal((2, 4, 5)).astype(dtype)
    return z, attacked, np.array([0, 1, 4, 2])


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_gradients_against_differences(reduction):
    *points, y = sample()
    _, grads = smooth_adversarial_comp_sum.value_and_gradient(*points, y, **OPTIONS, reduction=reduction)
    for which, grad in enumerate(grads):
        for place in np.ndindex(grad.shape):
            values = []
            for step in (1e-6, -1e-6):
                moved = [p.copy() for p in points]
                moved[which][place] += step
                values.append(smooth_adversarial_comp_sum(*moved, y, **OPTIONS, reduction=reduction))
            assert abs((values[0] - values[1]) / 2e-6 - grad[place]) < 1e-7


@pytest.mark.parametrize("tau", [0.0, 0.5, 1.0, 1.7, 2.0])
def test_upper_bound_of_the_adversarial_margin_loss(tau):
    """Of a linear model: the supremum of ``||D(x') - D(x)||`` over a ball is its radius times a singular value."""
    rng = np.random.default_rng(3)
    classes, rho, radius = 4, 0.8, 0.6
    for _ in range(30):
        weights, x, y = rng.standard_normal((classes, 3)), rng.standard_normal(3), int(rng.integers(classes))
        others = np.delete(weights, y, 0)
        reach = radius * np.linalg.svd(weights[y] - others, compute_uv=False)[0]
        bound = comp_sum(weights @ x / rho, y, tau=tau) + np.sqrt(classes - 1) / rho * reach
        moves = rng.standard_normal((200, 3))
        moves *= radius / np.linalg.norm(moves, axis=1, keepdims=True)
        attacked = (x + moves) @ weights.T
        margins = attacked[:, [y]] - np.delete(attacked, y, 1)
        u = np.clip(1 - margins / rho, 0, 1).sum(1)
        exact = np.log1p(u) if tau == 1 else ((1 + u) ** (1 - tau) - 1) / (1 - tau)
        assert exact.max() <= bound
        found = smooth_adversarial_comp_sum(np.broadcast_to(weights @ x, attacked.shape), attacked, np.full(200, y),
                                            tau=tau, rho=rho, nu=np.sqrt(classes - 1) / rho, reduction="none")
        assert found.max() <= bound * (1 + 1e-12)


def test_without_an_attack_it_is_the_comp_sum_loss():
    z, _, y = sample(np.float32)
    loss, (grad, attacked_grad) = smooth_adversarial_comp_sum.value_and_gradient(z, z, y, tau=1.7, nu=3.0)
    assert loss == comp_sum(z, y, tau=1.7) and loss.dtype == np.float32
    assert not attacked_grad.any() and grad.shape == z.shape


def test_sizes_whose_squares_overflow_or_vanish():
    for size in (1e30, 1e-30):
        moved = np.float32([0, size, 0])
        loss = smooth_adversarial_comp_sum(np.zeros(3, np.float32), moved, 0, nu=1.0)
        np.testing.assert_allclose(loss, np.log(3) + size, rtol=1e-6)


@pytest.mark.parametrize("wrong, message", [
    ({"rho": 0}, "rho is 0"), ({"nu": -1.0}, "nu is -1.0"), ({"tau": -1}, "tau is -1"),
    ({"reduction": "max"}, "reduction is 'max'")])
def test_wrong_arguments(wrong, message):
    z, attacked, y = sample()
    with pytest.raises(ValueError, match=message):
        smooth_adversarial_comp_sum(z, attacked, y, **wrong)


def test_shapes_must_agree():
    z, attacked, y = sample()
    with pytest.raises(ValueError, match=r"attacked has shape \(3, 5\)"):
        smooth_adversarial_comp_sum(z, attacked[1:], y)
