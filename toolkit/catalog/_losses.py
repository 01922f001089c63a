"""Rows of the losses."""
from toolkit import losses
from toolkit.catalog._method import Method, forms
from toolkit.losses import kernels

__all__ = ["METHODS"]

METHODS = (
    Method(
        "cross_entropy", "loss", "Cross-entropy",
        r"\ell = -\log p_y = \log \Bigl(1 + \sum_{k \ne y} e^{z_k - z_y}\Bigr)",
        losses.cross_entropy, losses.cross_entropy_grad, "loss", forms("cross_entropy", kernels), None,
        "prieto2025grokking", "vanishing_loss", (-30, 30), selector="form",
        holds=frozenset({"shift", "zero_sum"})),
    Method(
        "stablemax_cross_entropy", "loss", "StableMax cross-entropy",
        r"\ell = \log \Bigl(1 + \sum_{k \ne y} \frac{s(z_k)}{s(z_y)}\Bigr)",
        losses.stablemax_cross_entropy, losses.stablemax_cross_entropy_grad, "loss",
        forms("stablemax_cross_entropy", kernels), None, "prieto2025grokking", "vanishing_loss",
        (-100, 100), selector="form"),
)
