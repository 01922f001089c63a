"""The longest sentence that a figure says: a page keeps its height free, so that nothing below it jumps.

A figure is asked at the ends of its controls, in the middle and at every option, in all combinations where these are
few. A simulation is asked at the start of each preset and on the way to its poster. What is longer still makes the room
grow in the page.
"""
from itertools import product
from math import sqrt

from toolkit.live.simulation import Simulation

__all__ = ["longest_sentence"]

_STATES = 300  # about a tenth of a second
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
    every = _combinations(places)
    if every is not None:
        return every
    ends = {name: some if isinstance(some[0], str) else some[:3] for name, some in places.items()}
    return _combinations(ends) or [figure.default_state | {name: value, other: another}
                                   for name in ends for other in ends if name < other or len(ends) == 1
                                   for value in ends[name] for another in ends[other]][:_STATES]


def _combinations(places):
    count = 1
    for some in places.values():
        count *= len(some)
    return [dict(zip(places, values)) for values in product(*places.values())] if count <= _STATES else None


def _places(control, value):
    """Where a control is asked, its default and its ends first."""
    match control.kind:
        case "choice" | "format":
            return [value, *(option for option in control.options if option != value)]
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
