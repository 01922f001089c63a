"""Live figures: Numba kernels, drawn by JupyterLab natively and by the book's pages as WebAssembly."""
from toolkit.live import hosts as hosts
from toolkit.live.controls import Bits, Choice, Format, Integer, Logits, Slider, Toggle
from toolkit.live.figure import LiveFigure, Number, live_figure
from toolkit.live.marks import Band, Bars, Curve, HeatMap, Level, Line, Markers, Rule
from toolkit.live.plot import Axis, Plot
from toolkit.live.readout import Readout
from toolkit.live.simulation import Simulation, live_simulation

__all__ = ["Axis", "Band", "Bars", "Bits", "Choice", "Curve", "Format", "HeatMap", "Integer", "Level", "Line",
           "LiveFigure", "Logits", "Markers", "Number", "Plot", "Readout", "Rule", "Simulation", "Slider", "Toggle",
           "live_figure", "live_simulation"]
