"""Live figures: Numba kernels, drawn by JupyterLab natively and by the book's pages as WebAssembly."""
from toolkit.live import hosts
from toolkit.live.controls import Bits, Choice, Format, Integer, Logits, Slider, Toggle
from toolkit.live.figure import LiveFigure, live_figure
from toolkit.live.marks import Band, Bars, HeatMap, Level, Line, Markers, Rule
from toolkit.live.plot import Axis, Plot
from toolkit.live.readout import Readout
from toolkit.live.simulation import Simulation, live_simulation

__all__ = ["Axis", "Band", "Bars", "Bits", "Choice", "Format", "HeatMap", "Integer", "Level", "Line", "LiveFigure",
           "Logits", "Markers", "Plot", "Readout", "Rule", "Simulation", "Slider", "Toggle", "hosts", "live_figure",
           "live_simulation"]
