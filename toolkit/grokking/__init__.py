"""The paper *Grokking at the Edge of Numerical Stability*: its experiments by name, and recordings of their runs."""
from toolkit._core.public import publish
from toolkit.grokking import presets
from toolkit.grokking.presets import *

__all__ = [*presets.__all__]

publish(__name__)
