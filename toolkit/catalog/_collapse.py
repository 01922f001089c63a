"""Rows of where Softmax Collapse begins, and of what it takes from rows of logits."""
import math

import numpy as np

from toolkit import collapse
from toolkit._core.kernel import kernel
from toolkit._core.numbers import in_format, like
from toolkit.catalog._bound import Bound
from toolkit.catalog._fit import Fit
from toolkit.catalog._method import forms
from toolkit.elementary import exp, log
from toolkit.formats import FLOAT16, FLOAT32
from toolkit.live import Axis

__all__ = ["METHODS"]

_GAPS = np.sort(np.random.default_rng(0).exponential(6.0, 200))
_FLOAT32 = FLOAT32.code
_ROUNDOFF, _SMALLEST = math.log(FLOAT32.unit_roundoff), math.log(FLOAT16.smallest_subnormal / 2)


@kernel
def margin(bits):
    return (bits + 1.0) * log(2.0)


@kernel
def gap_of_classes(classes):
    return log(classes - 1.0) - _ROUNDOFF


@kernel
def gap_of_rows(rows):
    return 0.0 - _SMALLEST - log(rows)


@kernel
def collapsed_share(scale, x, work, y):
    """The share of 200 rows of two classes whose float32 sum is 1, at each factor of their gaps, and at `scale`."""
    one = in_format(1.0, _FLOAT32)
    for i in range(x.size + 1):
        factor = scale if i == x.size else x[i]
        share = 0.0
        for k in range(_GAPS.size):
            if one + exp(like(-factor * _GAPS[k], one)) == 1:
                share += 1.0 / _GAPS.size
        if i == x.size:
            return share
        y[i] = share
    return 0.0


METHODS = (
    Bound("collapse_margin", "Margin of collapse", r"m = -\log u", collapse.collapse_margin, "prieto2025grokking",
          "softmax_collapse", family="collapse", variants=forms(stable=margin), plot_range=(2, 52),
          given=lambda bits: (((8, int(bits)),), {}), coordinate="fraction bits", axis=Axis("margin", (0, 40))),
    Bound("collapse_gap", "Gap of collapse", r"\text{gap} = -\log u + \log (K - 1),\ u = 2^{-24}",
          collapse.collapse_gap, "prieto2025grokking", "softmax_collapse", family="collapse",
          variants=forms(stable=gap_of_classes), plot_range=(2, 1000),
          given=lambda classes: (("float32", int(classes)), {}), coordinate="classes K", axis=Axis("gap", (0, 30))),
    Bound("underflow_gap", "Gap of underflow", r"\text{gap} = -\log \tfrac{s}{2} - \log n,\ s = 2^{-24}",
          collapse.underflow_gap, "prieto2025grokking", "softmax_collapse", family="collapse",
          variants=forms(stable=gap_of_rows), plot_range=(1, 5000),
          given=lambda rows: (("float16",), {"rows": int(rows)}), coordinate="rows of the mean n",
          axis=Axis("gap in float16", (0, 20))),
    Fit("diagnose", "Report of collapse", r"\tfrac1n \#\{i : \textstyle\sum_k e^{z_{ik} - \max z_i} = 1\}",
        collapse.diagnose, "prieto2025grokking", "softmax_collapse", family="collapse",
        variants=forms(stable=collapsed_share), given=lambda rng, rows, classes: (rng.normal(0, 3, (rows, classes)),),
        knob=("scale of the logits", 0.1, 10.0, 2.0), x=Axis("factor of the logits", (0.1, 10.0), scale="log"),
        y=Axis("share of collapsed rows, float32", (0, 1)), found="Share of rows that collapse",
        upright=False),
)
