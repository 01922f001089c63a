"""Rows of the losses."""
from toolkit import losses
from toolkit._core.kernel import kernel
from toolkit._core.numbers import like
from toolkit._core.rounding import rnd
from toolkit._core.templates import copy_of
from toolkit.catalog._method import Method, Variant, forms
from toolkit.losses import kernels

__all__ = ["METHODS"]

_LOSS = frozenset({"nonnegative", "certain"})
_OF_LABEL = _LOSS | {"shift", "zero_sum"}
_FORMS = {"naive": "naive", "common": "common", "complement": "stable"}


def _with_one(z, y, grad, fmt):
    return of_form(code, z, y, rnd(like(a, z[0]), fmt), grad, fmt)


def _with_two(z, y, grad, fmt):
    return of_form(code, z, y, rnd(like(a, z[0]), fmt), rnd(like(b, z[0]), fmt), grad, fmt)


def _with_three(z, y, grad, fmt):
    return of_form(code, z, y, rnd(like(a, z[0]), fmt), rnd(like(b, z[0]), fmt), rnd(like(c, z[0]), fmt), grad, fmt)


def _bound(of_form, *parameters):
    """The forms of a loss with its parameters filled in."""
    template = (_with_one, _with_two, _with_three)[len(parameters) - 1]
    given = dict(zip("abc", parameters, strict=False)) | {"of_form": of_form}
    label = "_".join([of_form.__name__, *map(str, parameters)])
    rows = [copy_of(template, template, f"{label}_{form}", code=code, **given) for code, form in enumerate(_FORMS)]
    return tuple(Variant(form, kernel(row), role) for row, (form, role) in zip(rows, _FORMS.items(), strict=True))


METHODS = (
    Method(
        "cross_entropy", "loss", "Cross-entropy",
        r"\ell = -\log p_y = \log \Bigl(1 + \sum_{k \ne y} e^{z_k - z_y}\Bigr)",
        losses.cross_entropy, losses.cross_entropy_grad, "loss", forms("cross_entropy", kernels), None,
        "prieto2025grokking", "vanishing_loss", (-30, 30), selector="form", holds=_OF_LABEL),
    Method(
        "stablemax_cross_entropy", "loss", "StableMax cross-entropy",
        r"\ell = \log \Bigl(1 + \sum_{k \ne y} \frac{s(z_k)}{s(z_y)}\Bigr)",
        losses.stablemax_cross_entropy, losses.stablemax_cross_entropy_grad, "loss",
        forms("stablemax_cross_entropy", kernels), None, "prieto2025grokking", "vanishing_loss",
        (-100, 100), selector="form", holds=_LOSS),
    Method(
        "sum_exponential", "loss", "Sum-exponential loss", r"L = \sum_{k \ne y} e^{z_k - z_y} = e^{\ell} - 1",
        losses.comp_sum, losses.comp_sum_grad, "loss", _bound(kernels.comp_sum_row, 0.0), None,
        "mao2023crossentropy", "one_family", (-12, 12),
        selector="form", parameters=(("tau", 0.0),), holds=_OF_LABEL),
    Method(
        "generalized_cross_entropy", "loss", "Generalized cross-entropy",
        r"L = \frac{1 - p_y^{\tau - 1}}{\tau - 1},\ \tau = 1.7",
        losses.comp_sum, losses.comp_sum_grad, "loss", _bound(kernels.comp_sum_row, 1.7), None,
        "zhang2018generalized", "one_family", (-20, 20),
        selector="form", parameters=(("tau", 1.7),), holds=_OF_LABEL),
    Method(
        "mean_absolute_error", "loss", "Mean absolute error", r"L = 1 - p_y",
        losses.comp_sum, losses.comp_sum_grad, "loss", _bound(kernels.comp_sum_row, 2.0), None,
        "mao2023crossentropy", "one_family", (-20, 20),
        selector="form", parameters=(("tau", 2.0),), holds=_OF_LABEL),
    Method(
        "symmetric_cross_entropy", "loss", "Symmetric cross-entropy",
        r"L = \alpha \ell - \beta A (1 - p_y),\ \alpha = 0.1,\ \beta = 1,\ A = -4",
        losses.symmetric_cross_entropy, losses.symmetric_cross_entropy_grad, "loss",
        _bound(kernels.symmetric_row, 0.1, 1.0, -4.0), None, "wang2019symmetric", "one_family", (-20, 20),
        selector="form", holds=_OF_LABEL),
    Method(
        "label_smoothing", "loss", "Cross-entropy with label smoothing",
        r"L = -\sum_k q_k \log p_k,\ q = (1 - \epsilon) e_y + \tfrac{\epsilon}{K},\ \epsilon = 0.1",
        losses.cross_entropy, losses.cross_entropy_grad, "loss",
        _bound(kernels.smoothed_row, 0.1), None, "szegedy2016rethinking", "one_family", (-20, 20),
        selector="form", parameters=(("label_smoothing", 0.1),), holds=_OF_LABEL),
    Method(
        "focal_loss", "loss", "Focal loss", r"L = (1 - p_y)^\gamma \ell,\ \gamma = 2",
        losses.focal_loss, losses.focal_loss_grad, "loss", _bound(kernels.focal_row, 2.0), None,
        "lin2017focal", "one_family", (-20, 20), selector="form", holds=_OF_LABEL),
    Method(
        "poly1_loss", "loss", "Poly-1 loss", r"L = \ell + \epsilon (1 - p_y),\ \epsilon = 1",
        losses.poly1_loss, losses.poly1_loss_grad, "loss", _bound(kernels.combined_row, 1.0, 1.0), None,
        "leng2022polyloss", "one_family", (-20, 20), selector="form", holds=_OF_LABEL),
    Method(
        "z_loss", "loss", "Cross-entropy with z-loss",
        r"L = \ell + \lambda \operatorname{lse}(z)^2,\ \lambda = 10^{-4}",
        losses.z_loss, losses.z_loss_grad, "loss", _bound(kernels.z_loss_row, 1e-4), None,
        "chowdhery2022palm", "one_family", (-20, 20), selector="form", holds=frozenset({"nonnegative"})),
    Method(
        "ldr_kl", "loss", "LDR-KL loss",
        r"L = \lambda \log \frac{1}{K} \sum_k e^{d_k / \lambda},\ d_k = z_k - z_y + c [k \ne y],\ \lambda = c = 1",
        losses.ldr_kl, losses.ldr_kl_grad, "loss", _bound(kernels.ldr_kl_row, 1.0, 1.0), None,
        "zhu2023ldr", "one_family", (-20, 20), selector="form", holds=_OF_LABEL - {"nonnegative"}),
    Method(
        "aldr_kl", "loss", "ALDR-KL loss",
        r"L = \max_\lambda \, L_\lambda - \frac{\alpha \log K}{2 \lambda_0} (\lambda - \lambda_0)^2,\ \alpha = 2",
        losses.aldr_kl, losses.aldr_kl_grad, "loss", _bound(kernels.aldr_kl_row, 2.0, 1.0, 1.0), None,
        "zhu2023ldr", "one_family", (-10, 10), selector="form", holds=_OF_LABEL - {"nonnegative"}),
)
