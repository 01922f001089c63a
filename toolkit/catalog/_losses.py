"""Rows of the losses."""
from functools import partial

from toolkit import losses
from toolkit.catalog._loss import Loss
from toolkit.catalog._method import forms
from toolkit.losses import kernels
from toolkit.losses.adversarial import smooth_adversarial_comp_sum, smooth_adversarial_comp_sum_stable

__all__ = ["METHODS"]

_LOSS = frozenset({"nonnegative", "certain"})
_OF_LABEL = _LOSS | {"shift", "zero_sum"}
_BELOW_ZERO = _OF_LABEL - {"nonnegative"}


def _forms(name):
    return forms(**{form: getattr(kernels, f"{name}_{form}") for form in ("naive", "common", "stable")})


_comp_sum = _forms("comp_sum")
_ENTMAX_LOSS = forms(naive=kernels.entmax_loss_naive, stable=kernels.entmax_loss_stable)
_loss = partial(Loss, family="loss")

METHODS = (
    _loss("cross_entropy", "Cross-entropy", r"\ell = -\log p_y = \log \Bigl(1 + \sum_{k \ne y} e^{z_k - z_y}\Bigr)",
          losses.cross_entropy, "prieto2025grokking", "vanishing_loss", variants=_forms("cross_entropy"),
          plot_range=(-30, 30), holds=_OF_LABEL),
    _loss("stablemax_cross_entropy", "StableMax cross-entropy",
          r"\ell = \log \Bigl(1 + \sum_{k \ne y} \frac{s(z_k)}{s(z_y)}\Bigr)", losses.stablemax_cross_entropy,
          "prieto2025grokking", "vanishing_loss", variants=_forms("stablemax_cross_entropy"),
          plot_range=(-100, 100), holds=_LOSS),
    _loss("sum_exponential", "Sum-exponential loss", r"L = \sum_{k \ne y} e^{z_k - z_y} = e^{\ell} - 1",
          losses.comp_sum, "mao2023crossentropy", "one_family", variants=_comp_sum, parameters=(("tau", 0.0),),
          plot_range=(-12, 12), holds=_OF_LABEL),
    _loss("generalized_cross_entropy", "Generalized cross-entropy",
          r"L = \frac{1 - p_y^{\tau - 1}}{\tau - 1},\ \tau = 1.7", losses.comp_sum, "zhang2018generalized",
          "one_family", variants=_comp_sum, parameters=(("tau", 1.7),), plot_range=(-20, 20), holds=_OF_LABEL),
    _loss("mean_absolute_error", "Mean absolute error", r"L = 1 - p_y", losses.comp_sum, "mao2023crossentropy",
          "one_family", variants=_comp_sum, parameters=(("tau", 2.0),), plot_range=(-20, 20), holds=_OF_LABEL),
    _loss("symmetric_cross_entropy", "Symmetric cross-entropy",
          r"L = \alpha \ell - \beta A (1 - p_y),\ \alpha = 0.1,\ \beta = 1,\ A = -4",
          losses.symmetric_cross_entropy, "wang2019symmetric", "one_family",
          variants=_forms("symmetric_cross_entropy"), numbers=(0.1, 1.0, -4.0), plot_range=(-20, 20),
          holds=_OF_LABEL),
    _loss("label_smoothing", "Cross-entropy with label smoothing",
          r"L = -\sum_k q_k \log p_k,\ q = (1 - \epsilon) e_y + \tfrac{\epsilon}{K},\ \epsilon = 0.1",
          losses.cross_entropy, "szegedy2016rethinking", "one_family", variants=_forms("smoothed_cross_entropy"),
          parameters=(("label_smoothing", 0.1),), plot_range=(-20, 20), holds=_OF_LABEL),
    _loss("focal_loss", "Focal loss", r"L = (1 - p_y)^\gamma \ell,\ \gamma = 2", losses.focal_loss, "lin2017focal",
          "one_family", variants=_forms("focal_loss"), numbers=(2.0,), plot_range=(-20, 20), holds=_OF_LABEL),
    _loss("poly1_loss", "Poly-1 loss", r"L = \ell + \epsilon (1 - p_y),\ \epsilon = 1", losses.poly1_loss,
          "leng2022polyloss", "one_family", variants=_forms("poly1_loss"), numbers=(1.0,), plot_range=(-20, 20),
          holds=_OF_LABEL),
    _loss("z_loss", "Cross-entropy with z-loss", r"L = \ell + \lambda \operatorname{lse}(z)^2,\ \lambda = 10^{-4}",
          losses.z_loss, "chowdhery2022palm", "one_family", variants=_forms("z_loss"), numbers=(1e-4,),
          plot_range=(-20, 20), holds=frozenset({"nonnegative"})),
    _loss("ldr_kl", "LDR-KL loss",
          r"L = \lambda \log \frac{1}{K} \sum_k e^{d_k / \lambda},\ d_k = z_k - z_y + c [k \ne y],\ \lambda = c = 1",
          losses.ldr_kl, "zhu2023ldr", "one_family", variants=_forms("ldr_kl"), numbers=(1.0, 1.0),
          plot_range=(-20, 20), holds=_BELOW_ZERO),
    _loss("aldr_kl", "ALDR-KL loss",
          r"L = \max_\lambda \, L_\lambda - \frac{\alpha \log K}{2 \lambda_0} (\lambda - \lambda_0)^2,\ \alpha = 2",
          losses.aldr_kl, "zhu2023ldr", "one_family", variants=_forms("aldr_kl"), numbers=(2.0, 1.0, 1.0),
          plot_range=(-10, 10), points=41, holds=_BELOW_ZERO),
    _loss("smooth_adversarial_comp_sum", "Smooth adversarial comp-sum loss",
          r"L = L_\tau(z / \rho, y) + \nu \lVert D(x') - D(x) \rVert_2,\ D_k = z_y - z_k,\ \tau = \rho = \nu = 1",
          smooth_adversarial_comp_sum, "mao2023crossentropy", "one_family", numbers=(1.0, 1.0, 1.0), width=6,
          variants=forms(stable=smooth_adversarial_comp_sum_stable), beside=lambda z: (0.5 * z,),
          plot_range=(-20, 20), holds=frozenset({"nonnegative"})),
    _loss("sparsemax_loss", "Sparsemax loss",
          r"L = \tfrac12 \lVert p - e_y \rVert^2 + [\tau - z_y]_+,\ p_i = [z_i - \tau]_+", losses.entmax_loss,
          "martins2016sparsemax", "sparse_maps", variants=_ENTMAX_LOSS, parameters=(("alpha", 2.0),),
          plot_range=(-4, 4), holds=_OF_LABEL | {"margin"}),
    _loss("entmax_loss", "Entmax loss",
          r"L = \langle p - e_y, z \rangle + \frac{1 - \sum_i p_i^\alpha}{\alpha (\alpha - 1)},\ \alpha = 1.5",
          losses.entmax_loss, "blondel2020learning", "sparse_maps", variants=_ENTMAX_LOSS, parameters=(("alpha", 1.5),),
          plot_range=(-8, 8), holds=_OF_LABEL | {"margin"}),
    _loss("multiclass_hinge", "Multiclass hinge loss", r"L = \tfrac1K \sum_{k \ne y} \max(0, 1 - z_y + z_k)",
          losses.multiclass_hinge, "crammer2001algorithmic", "one_family", numbers=(1.0, 1.0),
          variants=forms(stable=kernels.multiclass_hinge_stable), plot_range=(-4, 4), holds=_OF_LABEL),
    _loss("negative_log_likelihood", "Negative log-likelihood", r"L = -z_y,\ z = \log p",
          losses.negative_log_likelihood, "bishop2006pattern", "vanishing_loss",
          variants=forms(stable=kernels.negative_log_likelihood_stable), plot_range=(-4, 4)),
)
