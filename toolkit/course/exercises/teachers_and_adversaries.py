"""Exercises of the chapter *Teachers and adversaries*."""
import numpy as np

from toolkit.course.exercises._check import Exercise, close_to, exactly

__all__ = ["EXERCISES"]


def _sign_attack(x, gradient, epsilon):
    return np.clip(x + epsilon * np.sign(gradient), 0, 1)


def _without_range(x, gradient, epsilon):
    return x + epsilon * np.sign(gradient)


def _downhill(x, gradient, epsilon):
    return np.clip(x - epsilon * np.sign(gradient), 0, 1)


def _no_sign(x, gradient, epsilon):
    return np.clip(x + epsilon * gradient, 0, 1)


def _judge_attack(function):
    if not callable(function):
        return f"expected a function sign_attack(x, gradient, epsilon), got {function!r}"
    rng = np.random.default_rng(0)
    for _ in range(3):
        x, gradient = rng.random(64), rng.normal(size=64) * (rng.random(64) < 0.8)
        found, expected = np.asarray(function(x.copy(), gradient.copy(), 0.2)), _sign_attack(x, gradient, 0.2)
        if found.shape != expected.shape or not np.allclose(found, expected):
            if np.shape(found) == expected.shape and np.allclose(np.clip(found, 0, 1), expected):
                return "some numbers leave the range from 0 to 1"
            return "a number moves by epsilon up where its slope is above 0, down where below, and stays where it is 0"
    return None


EXERCISES = {
    "teachers.limit": Exercise(
        solution=1 / 3,
        judge=close_to(1 / 3, 1e-3, (1.0, "right but for the number of classes"),
                       (2.0, "each row less its own mean first"), (-1 / 3, "the pull is q - p, not p - q"),
                       otherwise="take from each row its mean, then the difference, and divide by K"),
        wrong=(1.0, 2.0, -1 / 3),
        praise="The teacher's 3 is 2 above its mean, the student's 1 is 1 above its own: a third of what is missing.",
    ),
    "teachers.biased": Exercise(
        solution=0.64 / 0.68,
        judge=close_to(0.64 / 0.68, 1e-3, (0.8, "that would be unbiased"), (0.64, "and the second one? Both sum to 1"),
                       otherwise="square both, and divide by the sum"),
        wrong=(0.8, 0.64, 0.2),
        praise="0.64 / 0.68: a sure teacher is made surer.",
    ),
    "teachers.batch": Exercise(
        solution=float(np.log(256)),
        judge=close_to(np.log(256), 5e-3, (8.0, "that is in bits"), (256.0, "in nats: a logarithm"),
                       otherwise="what is the logarithm of the number of pairs in a row?"),
        wrong=(8.0, 256.0, 5.0),
        praise="8 bits, 5.55 nats. A truth of 10 nats cannot be seen with such a batch.",
    ),
    "teachers.cliff": Exercise(
        solution=float(25 * np.log(2)),
        judge=close_to(25 * np.log(2), 2e-2, (24 * np.log(2), "that number itself is still there, and so is more than"
                                              " half of it"),
                       (16.6, "the smallest number is still there"), (11.09, "that is where exp overflows"),
                       otherwise="where is exp of minus the lead half of the smallest number?"),
        wrong=(float(24 * np.log(2)), 11.09, 104.0),
        praise="17.3: a teacher at a temperature of 1, and an attack on a sure network, see nothing beyond it.",
    ),
    "teachers.check": Exercise(
        solution="zero gradients",
        judge=exactly("zero gradients", ("parameters", "a small network can be robust, and a large one fragile"),
                      ("epochs", "what did the attack have to go by?"),
                      otherwise="what did the attack have to go by?"),
        wrong=("parameters", "epochs"),
        praise="If it is 93 %, too, the model has not been attacked.",
    ),
    "teachers.write_it": Exercise(
        solution=_sign_attack,
        judge=_judge_attack,
        wrong=(_without_range, _downhill, _no_sign),
        praise="One step, and most networks fall.",
    ),
}
