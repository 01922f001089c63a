"""Softmax Collapse on anybody's logits: measures, thresholds and a report.

Where one logit leads by a wide enough gap, the sum of exponentials rounds to 1: the loss is exactly 0 and its
largest gradient vanishes. `diagnose` counts such rows format by format; `collapse_gap`, `collapse_margin` and
`underflow_gap` say where it begins.
"""
from toolkit.collapse.diagnosis import diagnose
from toolkit.collapse.gaps import collapse_gap, collapse_margin, underflow_gap
from toolkit.collapse.report import CollapseReport, FormatLosses

__all__ = ["CollapseReport", "FormatLosses", "collapse_gap", "collapse_margin", "diagnose", "underflow_gap"]
