"""Filling a plot's slots: kernel outputs in, drawable points out. The page's runtime does the same."""
from toolkit.live.marks import FILLED_BY

__all__ = ["fill_slots"]


def fill_slots(bindings, values):
    """What each mark of a plot draws.

    Parameters
    ----------
    bindings : list of dict, from `Plot.bindings`
    values : dict, name -> sequence of numbers (outputs and controls)

    Returns
    -------
    list of dict, one per binding, with lists ``x``, ``y`` (None where there is a gap) and ``text``, and for series
    ``rail``, the same for what cannot be drawn at its place, with ``symbol``. A heat map has ``z``, its ``rows`` and
    ``columns``, and the edges of all cells in ``x`` and ``y``.
    """
    return [FILLED_BY[binding["kind"]].fill(binding, values) for binding in bindings]
