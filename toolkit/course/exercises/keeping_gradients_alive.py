"""Exercises of the chapter *Keeping gradients alive*."""
import numpy as np

from toolkit import activations
from toolkit.course.exercises._check import Exercise, close_to

__all__ = ["EXERCISES"]

# E gelu(x)**2 and E gelu'(x)**2 for a standard normal x; the tests compare with a quadrature.
GELU_SQUARE, GELU_SLOPE_SQUARE = 0.4252214826, 0.4558508656
_GROWTH = GELU_SLOPE_SQUARE / GELU_SQUARE


def _pairs(z):
    a, b = z[..., ::2], z[..., 1::2]
    out = np.empty_like(z)
    out[..., ::2], out[..., 1::2] = np.minimum(a, b), np.maximum(a, b)
    return out


def _halves(z):
    a, b = np.split(z, 2, axis=-1)
    return np.concatenate([np.minimum(a, b), np.maximum(a, b)], axis=-1)


def _max_first(z):
    return _pairs(z)[..., ::-1]


def _judge_max_min(max_min):
    if not callable(max_min):
        return f"expected a function max_min(z), got {max_min!r}"
    for shape in ((4,), (3, 6), (2, 2, 8)):
        z = np.random.default_rng(0).normal(size=shape)
        found = np.asarray(max_min(z.copy()))
        if found.shape != z.shape:
            return f"expected the shape {z.shape}, got {found.shape}"
        if not np.array_equal(found, activations.max_min(z)):
            return f"for z = {z.ravel()[:4].round(2).tolist()} ... the pairs are (z1, z2), (z3, z4), as (min, max)"
    return None


EXERCISES = {
    "gradients.relu_factor": Exercise(
        solution=2.0**-10,
        judge=close_to(2.0**-10, 1e-3, (2.0**-20, "that is the factor of the mean square; take the root"),
                       (2.0**10, "it shrinks"), otherwise="each layer halves the mean square"),
        wrong=(2.0**-20, 2.0**10, 0.05),
        praise="about a thousandth: half of the mean square per layer, and twenty layers.",
    ),
    "gradients.gelu_variance": Exercise(
        solution=1 / GELU_SQUARE,
        judge=close_to(1 / GELU_SQUARE, 2e-3, (GELU_SQUARE, "that is the mean square; which c brings it back to 1?"),
                       (1 / GELU_SLOPE_SQUARE, "that c keeps the gradient; the signal needs E f²"),
                       (2.0, "that is ReLU's"), otherwise="c E f² = 1"),
        wrong=(GELU_SQUARE, 2.0, 1 / GELU_SLOPE_SQUARE),
        praise="2.352. With ReLU's 2 a deep GELU network fades.",
    ),
    "gradients.gelu_explodes": Exercise(
        solution=_GROWTH**25,
        judge=close_to(_GROWTH**25, 2e-2, (_GROWTH**50, "that is the factor of the mean square; take the root"),
                       (_GROWTH**-25, "c E f'² is above 1: it grows"),
                       otherwise="per layer the mean square is multiplied by E f'² / E f²"),
        wrong=(_GROWTH**50, _GROWTH**-25, 1.0),
        praise="about 5.7: held at 1 forwards, GELU explodes gently backwards.",
    ),
    "gradients.write_max_min": Exercise(
        solution=_pairs,
        judge=_judge_max_min,
        wrong=(_halves, _max_first, 2.0),
        praise="two comparisons per pair; the derivative only remembers which way they went.",
    ),
}
