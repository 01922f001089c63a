"""Marks of a plot, one module each: declaration, slots, and how pages and Plotly draw it."""
from toolkit.live.marks.band import Band
from toolkit.live.marks.bars import Bars
from toolkit.live.marks.curve import Curve
from toolkit.live.marks.heat_map import HeatMap, Level
from toolkit.live.marks.line import Line
from toolkit.live.marks.markers import Markers
from toolkit.live.marks.rule import Rule

__all__ = ["DRAWN_BY", "FILLED_BY", "Band", "Bars", "Curve", "HeatMap", "Level", "Line", "Markers", "Rule"]

_MARKS = (Line, Markers, Bars, Rule, Band, HeatMap)
FILLED_BY = {mark.fills: mark for mark in _MARKS}  # by the kind of a binding
DRAWN_BY = {mark.draws: mark for mark in _MARKS}  # by the kind of a look
