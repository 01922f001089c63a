"""Softmax Collapse on anybody's logits: measures, thresholds and a report.

Where one logit leads by a wide enough gap, the sum of exponentials rounds to 1: the loss is exactly 0 and its
largest gradient vanishes. `diagnose` counts such rows format by format; `collapse_gap`, `collapse_margin` and
`underflow_gap` say where it begins.
"""
from toolkit._core.public import publish
from toolkit.collapse import diagnosis, gaps, report
from toolkit.collapse.diagnosis import *
from toolkit.collapse.gaps import *
from toolkit.collapse.report import *

__all__ = [*diagnosis.__all__, *gaps.__all__, *report.__all__]

publish(__name__)
