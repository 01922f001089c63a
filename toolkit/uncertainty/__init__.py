"""How sure a model is, and how sure it may be."""
from toolkit._core.public import publish
from toolkit.uncertainty import calibration
from toolkit.uncertainty.calibration import *

__all__ = [*calibration.__all__]

publish(__name__)
