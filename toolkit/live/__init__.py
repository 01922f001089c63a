"""Live figures: Numba kernels, drawn by JupyterLab natively and by the book's pages as WebAssembly."""
from toolkit._core.public import publish
from toolkit.live import controls, figure, hosts, marks, plot, readout, simulation
from toolkit.live.controls import *
from toolkit.live.figure import *
from toolkit.live.marks import *
from toolkit.live.plot import *
from toolkit.live.readout import *
from toolkit.live.simulation import *

__all__ = [*controls.__all__, *figure.__all__, *marks.__all__, *plot.__all__, *readout.__all__, *simulation.__all__,
           "hosts"]

publish(__name__)
