"""The longest sentence that a figure says: a page keeps its height free, so that nothing below it jumps.

A figure is asked at the ends of its controls, in the middle and at every option, in all combinations where these are
few. A simulation is asked at the start of each preset and on the way to its poster. What is longer still makes the room
grow in the page.
"""
from itertools import product
from math import sqrt
from random import Random

from toolkit.live.simulation import Simulation

__all__ = ["longest_sentence"]

_STATES = 300  # about a tenth of a second
_FEW = 3  # places of a control, where all combinations would be more than that; number formats are all asked
_STOPS = 8  # of a simulation


def longest_sentence(figure):
    """Of those at a few states, with the hidden controls where they stand; the first of the longest."""
    values = _of_simulation(figure) if isinstance(figure, Simulation) else _of_figure(figure)
    return max(map(figure.sentence, values), key=len)


def _of_figure(figure):
    for state in _states(figure):
        yield figure.values(**state)


def _of_simulation(figure):
    for state in (figure.default_state, *figure.presets.values()):
        run = figure.start(**state)
        yield run.values()
    run = figure.start(**figure.default_state)
    for _ in range(_STOPS):
        run.advance(max(1, figure.poster // _STOPS))
        yield run.values()


def _states(figure):
    places = {name: [value] if name in figure.hidden_names else _places(figure.controls[name], value)
              for name, value in figure.default_state.items()}
    few = {name: some if figure.controls[name].kind == "format" else some[:_FEW] for name, some in places.items()}
    return _combinations(places) or _combinations(few) or [
        {name: random.choice(some) for name, some in places.items()} for random in [Random(0)] for _ in range(_STATES)]


def _combinations(places):
    count = 1
    for some in places.values():
        count *= len(some)
    return [dict(zip(places, values)) for values in product(*places.values())] if count <= _STATES else None


def _places(control, value):
    """Where a control is asked, its default and its ends, or longest words, first."""
    match control.kind:
        case "choice" | "format":
            return [value, *sorted((option for option in control.options if option != value), key=len, reverse=True)]
        case "toggle":
            return [value, not value]
        case "logits":
            size = len(value)
            rising = [control.low + (control.high - control.low) * i / max(1, size - 1) for i in range(size)]
            return [value, [control.low] * size, [control.high] * size, rising, rising[::-1]]
        case "bits":
            exponent = control.spec()["exponent_bits"]
            special = [0] + [1] * exponent + [0] * (len(value) - exponent - 1)
            return [value, [0] * len(value), [1] * len(value), special]
    low, high = control.low, control.high
    middle = sqrt(low * high) if getattr(control, "scale", "linear") == "log" else (low + high) / 2
    places = [value, low, high, middle, (low + middle) / 2]
    return list(dict.fromkeys(map(round, places) if control.kind == "integer" else places))
