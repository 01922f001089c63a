"""Marks of a plot, one module each: declaration, slots, and how pages and Plotly draw it."""
from toolkit._core.public import publish
from toolkit.live.marks import band, bars, boxes, curve, heat_map, line, markers, rule
from toolkit.live.marks.band import *
from toolkit.live.marks.bars import *
from toolkit.live.marks.boxes import *
from toolkit.live.marks.curve import *
from toolkit.live.marks.heat_map import *
from toolkit.live.marks.line import *
from toolkit.live.marks.markers import *
from toolkit.live.marks.rule import *

__all__ = [*band.__all__, *bars.__all__, *boxes.__all__, *curve.__all__, *heat_map.__all__, *line.__all__,
           *markers.__all__, *rule.__all__]

_MARKS = (Line, Markers, Bars, Rule, Band, HeatMap, Boxes)
FILLED_BY = {mark.fills: mark for mark in _MARKS}  # by the kind of a binding
DRAWN_BY = {mark.draws: mark for mark in _MARKS}  # by the kind of a look

publish(__name__)
