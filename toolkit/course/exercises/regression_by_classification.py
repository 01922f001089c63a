"""Exercises of the chapter *Regression by classification*."""
import numpy as np

from toolkit.course.exercises._check import Exercise, close_to

__all__ = ["EXERCISES"]


def _label(value, atoms):
    inside = np.clip(value, atoms[0], atoms[-1])
    return np.clip(1 - np.abs(inside - atoms) / (atoms[1] - atoms[0]), 0, 1)


def _floor_and_ceiling(value, atoms):
    place = (np.clip(value, atoms[0], atoms[-1]) - atoms[0]) / (atoms[1] - atoms[0])
    label = np.zeros(len(atoms))
    label[int(np.floor(place))] += np.ceil(place) - place
    label[int(np.ceil(place))] += place - np.floor(place)
    return label


def _swapped(value, atoms):
    place = (np.clip(value, atoms[0], atoms[-1]) - atoms[0]) / (atoms[1] - atoms[0])
    left = min(int(np.floor(place)), len(atoms) - 2)
    label = np.zeros(len(atoms))
    label[left], label[left + 1] = place - left, 1 - (place - left)
    return label


def _judge_label(function):
    if not callable(function):
        return f"expected a function label(T, atoms), got {function!r}"
    atoms = np.linspace(-2, 2, 9)
    for value in (0.3, -1.9, 0.5, 2.0, -2.0, 7.0, -3.0):
        found, expected = np.asarray(function(value, atoms), float), _label(value, atoms)
        if found.shape != expected.shape or not np.allclose(found, expected, atol=1e-12):
            return f"for T = {value} on {atoms.tolist()} the label is {expected.tolist()}, yours is {found.tolist()}"
    return None


_BIAS = float(np.exp(-np.pi**2 / 2) / np.pi)

EXERCISES = {
    "regression.bias": Exercise(
        solution=_BIAS,
        judge=close_to(_BIAS, 2e-2, (_BIAS * np.pi, "divide by pi"), (0.0927, "that is for a quarter of a bin"),
                       otherwise="put s/w = 0.5 into exp(-2 pi^2 (s/w)^2) / pi"),
        wrong=(_BIAS * np.pi, 0.0927, 4.8e-6),
        praise="0.0023 of a bin: with half a bin the labels already keep two to three digits more than the bins.",
    ),
    "regression.two_hot": Exercise(
        solution=0.4,
        judge=close_to(0.4, 1e-6, (0.6, "that goes to the location 2.5, which is nearer"),
                       (0.2, "the locations are half a unit apart"),
                       otherwise="the mean of 2.5 and 3 with these weights has to be 2.7"),
        wrong=(0.6, 0.2, 0.7),
        praise="0.6 on 2.5 and 0.4 on 3 have the mean 2.7; swapped, as sometimes printed, they would have 2.8.",
    ),
    "regression.mass": Exercise(
        solution=0.6,
        judge=close_to(0.6, 1e-6, (1.0, "0 and 1 are reached exactly, and floor = ceiling there"),
                       (0.4, "that is what is lost"), otherwise="where do the five locations land?"),
        wrong=(1.0, 0.4, 0.8, 0.0),
        praise="-0.5, 0.5 and 1.5 are split; 0 and 1 land on a location and vanish.",
    ),
    "regression.write_it": Exercise(
        solution=_label,
        judge=_judge_label,
        wrong=(_floor_and_ceiling, _swapped, 3.0),
        praise="a tent around each atom: no floor, no ceiling, and nothing to lose.",
    ),
}
