"""Row kernels of the softmax family, for other kernels and for live figures: rows in, rows to fill.

``p`` and ``out`` of the softmax and log-softmax kernels may be ``z`` itself; the kernels that sort need a row of their
own.
"""
from toolkit._core.collect import collect
from toolkit._core.exact_sums import add_compensated, add_exactly
from toolkit._core.sorting import sort_descending

__all__ = ["add_compensated", "add_exactly", "sort_descending", *collect(__name__, "KERNELS")]
