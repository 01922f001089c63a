"""Rows of the softmax family."""
from toolkit import softmax
from toolkit._kernel import kernel, like
from toolkit.catalog._method import Method, Variant, forms
from toolkit.softmax import kernels

__all__ = ["METHODS"]


@kernel
def softmax_at_2(z, p, fmt):
    kernels.softmax_tempered(z, like(2.0, z[0]), p, fmt)


@kernel
def softmax_at_2_vjp_row(p, g, out, fmt):
    kernels.softmax_tempered_vjp_row(p, g, like(2.0, g[0]), out, fmt)


_ALGORITHMS = (
    Variant("naive", kernels.softmax_naive, "naive"),
    Variant("three_pass_recompute", kernels.softmax_three_pass_recompute, "stable"),
    Variant("two_pass", kernels.softmax_two_pass, "stable"),
    Variant("online", kernels.softmax_online, "stable"),
    Variant("three_pass_reload", kernels.softmax_three_pass_reload, "stable"),
)

METHODS = (
    Method(
        "softmax", "softmax", "Softmax", r"p_i = \frac{e^{z_i}}{\sum_j e^{z_j}}",
        softmax.softmax, softmax.softmax_vjp, "probabilities", _ALGORITHMS, kernels.softmax_vjp_row,
        "dukhan2020twopass", "softmax_five_ways", (-20, 20), selector="algorithm", gradient_at="output",
        holds=frozenset({"shift", "order", "zero_sum"})),
    Method(
        "softmax_temperature", "softmax", "Softmax with temperature",
        r"p_i = \frac{e^{z_i / \tau}}{\sum_j e^{z_j / \tau}},\ \tau = 2",
        softmax.softmax, softmax.softmax_vjp, "probabilities",
        (Variant("three_pass_reload", softmax_at_2, "stable"),), softmax_at_2_vjp_row,
        "hinton2015distilling", "softmax_five_ways", (-16, 16), gradient_at="output",
        parameters=(("temperature", 2.0),), holds=frozenset({"shift", "order", "zero_sum"})),
    Method(
        "log_softmax", "softmax", "Log-softmax", r"\log p_i = z_i - \log \sum_j e^{z_j}",
        softmax.log_softmax, softmax.log_softmax_vjp, "logs", forms("log_softmax", kernels),
        kernels.log_softmax_vjp_row, "blanchard2021accurately", "vanishing_loss", (-30, 30),
        selector="form", gradient_at="output", holds=frozenset({"shift", "order", "zero_sum"})),
    Method(
        "logsumexp", "softmax", "Log-sum-exp", r"\operatorname{lse} z = \log \sum_j e^{z_j}",
        softmax.logsumexp, softmax.logsumexp_vjp, "number",
        (Variant("complement", kernels.logsumexp_row, "stable"),), kernels.logsumexp_vjp_row,
        "blanchard2021accurately", "vanishing_loss", (-30, 30)),
    Method(
        "stablemax", "softmax", "StableMax",
        r"p_i = \frac{s(z_i)}{\sum_j s(z_j)},\ s(x) = (1 + \lvert x \rvert)^{\operatorname{sign} x}",
        softmax.stablemax, softmax.stablemax_vjp, "probabilities",
        (Variant("naive", kernels.stablemax_naive, "naive"),
         Variant("scaled", kernels.stablemax_row, "stable")),
        kernels.stablemax_vjp_row, "prieto2025grokking", "vanishing_loss", (-100, 100),
        selector="algorithm", holds=frozenset({"order"})),
    Method(
        "log_stablemax", "softmax", "Log-StableMax", r"\log p_i = \log s(z_i) - \log \sum_j s(z_j)",
        softmax.log_stablemax, softmax.log_stablemax_vjp, "logs",
        (Variant("naive", kernels.log_stablemax_naive, "naive"),
         Variant("common", kernels.log_stablemax_common, "common"),
         Variant("complement", kernels.log_stablemax_row, "stable")),
        kernels.log_stablemax_vjp_row, "prieto2025grokking", "vanishing_loss", (-100, 100),
        selector="form", holds=frozenset({"order"})),
)
