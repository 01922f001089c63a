"""Rows of entropies and divergences."""
from functools import partial

import numpy as np

from toolkit import information
from toolkit.catalog._method import Gradient, forms
from toolkit.catalog._scalar import Scalar
from toolkit.information import kernels
from toolkit.information._entropies import entropy_pull
from toolkit.information._entropy_change import entropy_change_of_advantage_pull, entropy_change_pull

__all__ = ["METHODS"]

_number = partial(Scalar, family="information")
_divergence = partial(_number, arrays=2, domain=(0.0, np.inf), plot_range=(0.0, 2.0),
                      beside=lambda p: (np.full_like(p, 1 / p.shape[-1]),))



def _advantages(z):
    """One for each action."""
    return np.broadcast_to(np.resize(np.array([1.0, -0.5, 0.25]), z.shape[-1]), z.shape).astype(z.dtype),


METHODS = (
    _number("entropy", "Entropy", r"H = -\sum_j p_j \log p_j", information.entropy, "shannon1948mathematical",
            "one_family", parameters=(("from_logits", True),), numbers=(), plot_range=(-20, 20),
            variants=forms(stable=kernels.entropy_of_logits),
            gradient=Gradient(entropy_pull, kernels.entropy_of_logits_vjp)),
    _divergence("kl_divergence", "Kullback-Leibler divergence", r"\sum_j p_j \log \tfrac{p_j}{q_j} - p_j + q_j",
                information.kl_divergence, "kullback1951information", "one_family",
                variants=forms(stable=kernels.kl_row)),
    _divergence("js_divergence", "Jensen-Shannon divergence",
                r"\tfrac12 \sum_j p_j \log \tfrac{p_j}{m_j} + q_j \log \tfrac{q_j}{m_j},\ m = \tfrac{p + q}{2}",
                information.js_divergence, "lin1991divergence", "one_family", variants=forms(stable=kernels.js_row)),
    _number("entropy_change", "Change of entropy by a policy gradient",
            r"-\eta \operatorname{Cov}_p(\log p, p A),\ \eta = 1", information.entropy_change, "cui2025entropy",
            "decoding_and_entropy", arrays=2, beside=_advantages, numbers=(1.0, False), plot_range=(-8, 8),
            variants=forms(stable=kernels.entropy_change_row),
            gradient=Gradient(entropy_change_pull, others=(("advantage", entropy_change_of_advantage_pull),))),
)
