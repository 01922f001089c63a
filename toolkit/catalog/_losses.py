"""Rows of the losses."""
from toolkit import losses
from toolkit._core.kernel import kernel
from toolkit._core.templates import copy_of
from toolkit.catalog._method import Method, Variant
from toolkit.losses import kernels

__all__ = ["METHODS"]

_LOSS = frozenset({"nonnegative", "certain"})
_OF_LABEL = _LOSS | {"shift", "zero_sum"}
_FORMS = ("naive", "common", "stable")


def _with_one(z, y, grad):
    return of_form(z, y, a, grad)


def _with_two(z, y, grad):
    return of_form(z, y, a, b, grad)


def _with_three(z, y, grad):
    return of_form(z, y, a, b, c, grad)


def _forms(name, *parameters):
    """The forms of a loss with its parameters filled in."""
    rows = [getattr(kernels, f"{name}_{form}") for form in _FORMS]
    if parameters:
        template = (_with_one, _with_two, _with_three)[len(parameters) - 1]
        given = dict(zip("abc", parameters, strict=False))
        label = "_".join([name, *map(str, parameters)])
        rows = [kernel(copy_of(template, template, f"{label}_{form}", of_form=row, **given))
                for form, row in zip(_FORMS, rows, strict=True)]
    return tuple(Variant(form, row, form) for form, row in zip(_FORMS, rows, strict=True))


def _gradient(loss):
    def gradient(logits, labels, **options):
        return loss.value_and_gradient(logits, labels, **options)[1]

    return gradient


METHODS = (
    Method(
        "cross_entropy", "loss", "Cross-entropy",
        r"\ell = -\log p_y = \log \Bigl(1 + \sum_{k \ne y} e^{z_k - z_y}\Bigr)",
        losses.cross_entropy, _gradient(losses.cross_entropy), "loss", _forms("cross_entropy"), None,
        "prieto2025grokking", "vanishing_loss", (-30, 30), selector="form", holds=_OF_LABEL),
    Method(
        "stablemax_cross_entropy", "loss", "StableMax cross-entropy",
        r"\ell = \log \Bigl(1 + \sum_{k \ne y} \frac{s(z_k)}{s(z_y)}\Bigr)",
        losses.stablemax_cross_entropy, _gradient(losses.stablemax_cross_entropy), "loss",
        _forms("stablemax_cross_entropy"), None, "prieto2025grokking", "vanishing_loss",
        (-100, 100), selector="form", holds=_LOSS),
    Method(
        "sum_exponential", "loss", "Sum-exponential loss", r"L = \sum_{k \ne y} e^{z_k - z_y} = e^{\ell} - 1",
        losses.comp_sum, _gradient(losses.comp_sum), "loss", _forms("comp_sum", 0.0), None,
        "mao2023crossentropy", "one_family", (-12, 12),
        selector="form", parameters=(("tau", 0.0),), holds=_OF_LABEL),
    Method(
        "generalized_cross_entropy", "loss", "Generalized cross-entropy",
        r"L = \frac{1 - p_y^{\tau - 1}}{\tau - 1},\ \tau = 1.7",
        losses.comp_sum, _gradient(losses.comp_sum), "loss", _forms("comp_sum", 1.7), None,
        "zhang2018generalized", "one_family", (-20, 20),
        selector="form", parameters=(("tau", 1.7),), holds=_OF_LABEL),
    Method(
        "mean_absolute_error", "loss", "Mean absolute error", r"L = 1 - p_y",
        losses.comp_sum, _gradient(losses.comp_sum), "loss", _forms("comp_sum", 2.0), None,
        "mao2023crossentropy", "one_family", (-20, 20),
        selector="form", parameters=(("tau", 2.0),), holds=_OF_LABEL),
    Method(
        "symmetric_cross_entropy", "loss", "Symmetric cross-entropy",
        r"L = \alpha \ell - \beta A (1 - p_y),\ \alpha = 0.1,\ \beta = 1,\ A = -4",
        losses.symmetric_cross_entropy, _gradient(losses.symmetric_cross_entropy), "loss",
        _forms("symmetric_cross_entropy", 0.1, 1.0, -4.0), None, "wang2019symmetric", "one_family", (-20, 20),
        selector="form", holds=_OF_LABEL),
    Method(
        "label_smoothing", "loss", "Cross-entropy with label smoothing",
        r"L = -\sum_k q_k \log p_k,\ q = (1 - \epsilon) e_y + \tfrac{\epsilon}{K},\ \epsilon = 0.1",
        losses.cross_entropy, _gradient(losses.cross_entropy), "loss",
        _forms("smoothed_cross_entropy", 0.1), None, "szegedy2016rethinking", "one_family", (-20, 20),
        selector="form", parameters=(("label_smoothing", 0.1),), holds=_OF_LABEL),
    Method(
        "focal_loss", "loss", "Focal loss", r"L = (1 - p_y)^\gamma \ell,\ \gamma = 2",
        losses.focal_loss, _gradient(losses.focal_loss), "loss", _forms("focal_loss", 2.0), None,
        "lin2017focal", "one_family", (-20, 20), selector="form", holds=_OF_LABEL),
    Method(
        "poly1_loss", "loss", "Poly-1 loss", r"L = \ell + \epsilon (1 - p_y),\ \epsilon = 1",
        losses.poly1_loss, _gradient(losses.poly1_loss), "loss", _forms("poly1_loss", 1.0), None,
        "leng2022polyloss", "one_family", (-20, 20), selector="form", holds=_OF_LABEL),
    Method(
        "z_loss", "loss", "Cross-entropy with z-loss",
        r"L = \ell + \lambda \operatorname{lse}(z)^2,\ \lambda = 10^{-4}",
        losses.z_loss, _gradient(losses.z_loss), "loss", _forms("z_loss", 1e-4), None,
        "chowdhery2022palm", "one_family", (-20, 20), selector="form", holds=frozenset({"nonnegative"})),
    Method(
        "ldr_kl", "loss", "LDR-KL loss",
        r"L = \lambda \log \frac{1}{K} \sum_k e^{d_k / \lambda},\ d_k = z_k - z_y + c [k \ne y],\ \lambda = c = 1",
        losses.ldr_kl, _gradient(losses.ldr_kl), "loss", _forms("ldr_kl", 1.0, 1.0), None,
        "zhu2023ldr", "one_family", (-20, 20), selector="form", holds=_OF_LABEL - {"nonnegative"}),
    Method(
        "aldr_kl", "loss", "ALDR-KL loss",
        r"L = \max_\lambda \, L_\lambda - \frac{\alpha \log K}{2 \lambda_0} (\lambda - \lambda_0)^2,\ \alpha = 2",
        losses.aldr_kl, _gradient(losses.aldr_kl), "loss", _forms("aldr_kl", 2.0, 1.0, 1.0), None,
        "zhu2023ldr", "one_family", (-10, 10), selector="form", holds=_OF_LABEL - {"nonnegative"}),
)
