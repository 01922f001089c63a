"""How sure a model is, and how sure it may be."""
from toolkit._core.collect import collect
from toolkit._core.public import publish
from toolkit.uncertainty import calibration, calibration_errors, kernels
from toolkit.uncertainty.calibration import *
from toolkit.uncertainty.calibration_errors import *

__all__ = ["kernels", *calibration.__all__, *calibration_errors.__all__, *collect(__name__)]

publish(__name__)
