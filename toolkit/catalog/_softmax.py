"""Rows of the softmax family."""
from toolkit import softmax
from toolkit._core.kernel import kernel
from toolkit._core.numbers import like
from toolkit.catalog._method import Method, Variant, forms
from toolkit.softmax import kernels

__all__ = ["METHODS"]


@kernel
def softmax_at_2(z, p, fmt):
    kernels.softmax_tempered(z, like(2.0, z[0]), p, fmt)


@kernel
def softmax_at_2_vjp_row(p, g, out, fmt):
    kernels.softmax_tempered_vjp_row(p, g, like(2.0, g[0]), out, fmt)


@kernel
def alpha_entmax_bisection_at_125(z, p, fmt):
    kernels.alpha_entmax_bisection(z, like(1.25, z[0]), p, fmt)


@kernel
def alpha_entmax_at_125(z, p, fmt):
    kernels.alpha_entmax_row(z, like(1.25, z[0]), p, fmt)


@kernel
def alpha_entmax_at_125_vjp_row(p, g, out, fmt):
    kernels.alpha_entmax_vjp_row(p, g, like(1.25, p[0]), out, fmt)


@kernel
def capped_softmax_naive_at_5(z, p, fmt):
    kernels.capped_softmax_naive(z, like(5.0, z[0]), p, fmt)


@kernel
def capped_softmax_at_5(z, p, fmt):
    kernels.capped_softmax_row(z, like(5.0, z[0]), p, fmt)


@kernel
def capped_softmax_at_5_vjp_row(z, g, out, fmt):
    kernels.capped_softmax_vjp_row(z, g, like(5.0, z[0]), out, fmt)


@kernel
def dense_to_sparse_gate_at_2(z, p, fmt):
    kernels.dense_to_sparse_gate_row(z, None, like(2.0, z[0]), 0, p, fmt)


@kernel
def dense_to_sparse_gate_at_2_vjp_row(z, g, out, fmt):
    kernels.dense_to_sparse_gate_vjp_row(z, g, None, like(2.0, z[0]), 0, out, fmt)


@kernel
def sigmoid_gate_at_half(z, p, fmt):
    kernels.dense_to_sparse_gate_row(z, None, like(0.5, z[0]), 1, p, fmt)


@kernel
def sigmoid_gate_at_half_vjp_row(z, g, out, fmt):
    kernels.dense_to_sparse_gate_vjp_row(z, g, None, like(0.5, z[0]), 1, out, fmt)


@kernel
def top_2(z, p, fmt):
    kernels.top_k_softmax_row(z, None, 2, 0, 1, p, fmt)


@kernel
def top_2_vjp_row(z, g, out, fmt):
    kernels.top_k_softmax_vjp_row(z, g, None, 2, 0, 1, out, fmt)


@kernel
def top_2_of_all(z, p, fmt):
    kernels.top_k_softmax_row(z, None, 2, 0, 0, p, fmt)


@kernel
def top_2_of_all_vjp_row(z, g, out, fmt):
    kernels.top_k_softmax_vjp_row(z, g, None, 2, 0, 0, out, fmt)


@kernel
def nucleus_of_90_percent(z, p, fmt):
    kernels.top_p_softmax_row(z, like(0.9, z[0]), p, fmt)


@kernel
def from_a_tenth_on(z, p, fmt):
    kernels.min_p_softmax_row(z, like(0.1, z[0]), p, fmt)


@kernel
def k_sparsemax_at_2(z, p, fmt):
    kernels.k_sparsemax_row(z, 2, p, fmt)


_SPARSE = frozenset({"shift", "weak_order", "zero_sum"})

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
        "hinton2015distilling", "temperature_and_gates", (-16, 16), gradient_at="output",
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
    Method(
        "sparsemax", "softmax", "Sparsemax", r"p_i = [z_i - \tau]_+,\ \textstyle\sum_i p_i = 1",
        softmax.sparsemax, softmax.sparsemax_vjp, "probabilities",
        (Variant("naive", kernels.sparsemax_sorted, "naive"), Variant("newton", kernels.sparsemax_row, "stable")),
        kernels.sparsemax_vjp_row, "martins2016sparsemax", "sparse_maps", (-2, 2), selector="algorithm",
        gradient_at="output", holds=_SPARSE),
    Method(
        "entmax15", "softmax", "Entmax-1.5", r"p_i = [z_i / 2 - \tau]_+^2,\ \textstyle\sum_i p_i = 1",
        softmax.entmax15, softmax.entmax15_vjp, "probabilities",
        (Variant("naive", kernels.entmax15_sorted, "naive"), Variant("newton", kernels.entmax15_row, "stable")),
        kernels.entmax15_vjp_row, "peters2019sparse", "sparse_maps", (-4, 4), selector="algorithm",
        gradient_at="output", holds=_SPARSE),
    Method(
        "alpha_entmax", "softmax", "α-entmax",
        r"p_i = [(\alpha - 1) z_i - \tau]_+^{1 / (\alpha - 1)},\ \textstyle\sum_i p_i = 1,\ \alpha = 1.25",
        softmax.alpha_entmax, softmax.alpha_entmax_vjp, "probabilities",
        (Variant("bisection", alpha_entmax_bisection_at_125, "common"),
         Variant("newton", alpha_entmax_at_125, "stable")),
        alpha_entmax_at_125_vjp_row, "peters2019sparse", "sparse_maps", (-8, 8), selector="algorithm",
        gradient_at="output", parameters=(("alpha", 1.25),), holds=_SPARSE),
    Method(
        "quiet_softmax", "softmax", "Quiet softmax", r"p_i = \frac{e^{z_i}}{1 + \sum_j e^{z_j}}",
        softmax.quiet_softmax, softmax.quiet_softmax_vjp, "weights",
        (Variant("naive", kernels.quiet_softmax_naive, "naive"),
         Variant("shifted", kernels.quiet_softmax_row, "stable")),
        kernels.quiet_softmax_vjp_row, "miller2023attention", "temperature_and_gates", (-20, 20),
        selector="algorithm", holds=frozenset({"order"})),
    Method(
        "capped_softmax", "softmax", "Softmax with soft-capping",
        r"p_i = \frac{e^{s_i}}{\sum_j e^{s_j}},\ s_i = c \tanh(z_i / c),\ c = 5",
        softmax.capped_softmax, softmax.capped_softmax_vjp, "probabilities",
        (Variant("naive", capped_softmax_naive_at_5, "naive"), Variant("shifted", capped_softmax_at_5, "stable")),
        capped_softmax_at_5_vjp_row, "gemma2024gemma2", "temperature_and_gates", (-20, 20), selector="algorithm",
        parameters=(("cap", 5.0),), holds=frozenset({"order"})),
    Method(
        "taylor_softmax", "softmax", "Taylor softmax",
        r"p_i = \frac{1 + z_i + z_i^2 / 2}{\sum_j (1 + z_j + z_j^2 / 2)}",
        softmax.taylor_softmax, softmax.taylor_softmax_vjp, "probabilities",
        (Variant("naive", kernels.taylor_softmax_naive, "naive"),
         Variant("scaled", kernels.taylor_softmax_row, "stable")),
        kernels.taylor_softmax_vjp_row, "debrebisson2016exploration", "temperature_and_gates", (-20, 20),
        selector="algorithm"),
    Method(
        "dense_to_sparse_gate", "softmax", "Dense-to-sparse gate",
        r"p_i = \frac{e^{z_i / \tau}}{\sum_j e^{z_j / \tau}},\ \tau = 2",
        softmax.dense_to_sparse_gate, softmax.dense_to_sparse_gate_vjp, "probabilities",
        (Variant("shifted", dense_to_sparse_gate_at_2, "stable"),), dense_to_sparse_gate_at_2_vjp_row,
        "nguyen2024temperature", "temperature_and_gates", (-16, 16), parameters=(("temperature", 2.0),),
        holds=frozenset({"shift", "order", "zero_sum"})),
    Method(
        "activation_dense_to_sparse_gate", "softmax", "Activation dense-to-sparse gate",
        r"p_i = \frac{e^{\sigma(z_i) / \tau}}{\sum_j e^{\sigma(z_j) / \tau}},\ \sigma(x) = \frac{1}{1 + e^{-x}},"
        r"\ \tau = \tfrac12",
        softmax.dense_to_sparse_gate, softmax.dense_to_sparse_gate_vjp, "probabilities",
        (Variant("shifted", sigmoid_gate_at_half, "stable"),), sigmoid_gate_at_half_vjp_row,
        "nguyen2024temperature", "temperature_and_gates", (-8, 8),
        parameters=(("temperature", 0.5), ("activation", "sigmoid")), holds=frozenset({"order"})),
    Method(
        "top_k_softmax", "softmax", "Top-k gate",
        r"p_i = \frac{e^{z_i}}{\sum_{j \in S} e^{z_j}},\ S = \text{the } k = 2 \text{ largest}",
        softmax.top_k_softmax, softmax.top_k_softmax_vjp, "probabilities", (Variant("sort", top_2, "stable"),),
        top_2_vjp_row, "nguyen2024topk", "temperature_and_gates", (-8, 8), holds=_SPARSE),
    Method(
        "top_k_softmax_of_all", "softmax", "Top-k gate, not renormalised",
        r"p_i = \frac{e^{z_i}}{\sum_j e^{z_j}}\ (i \in S),\ S = \text{the } k = 2 \text{ largest}",
        softmax.top_k_softmax, softmax.top_k_softmax_vjp, "weights", (Variant("sort", top_2_of_all, "stable"),),
        top_2_of_all_vjp_row, "fedus2022switch", "temperature_and_gates", (-8, 8),
        parameters=(("renormalize", False),), holds=_SPARSE),
    Method(
        "top_p_softmax", "softmax", "Top-p filter (nucleus)",
        r"p_i = \frac{e^{z_i}}{\sum_{j \in S} e^{z_j}},\ S = \text{the likeliest, } 90\,\% \text{ of the mass}",
        softmax.top_p_softmax, softmax.softmax_vjp, "probabilities",
        (Variant("sort", nucleus_of_90_percent, "stable"),), kernels.softmax_vjp_row, "holtzman2020curious",
        "temperature_and_gates", (-8, 8), gradient_at="output", holds=_SPARSE),
    Method(
        "min_p_softmax", "softmax", "Min-p filter",
        r"p_i = \frac{e^{z_i}}{\sum_{j \in S} e^{z_j}},\ S = \{i : z_i \ge \max z + \log r\},\ r = 0.1",
        softmax.min_p_softmax, softmax.softmax_vjp, "probabilities",
        (Variant("gap", from_a_tenth_on, "stable"),), kernels.softmax_vjp_row, "nguyen2025turning",
        "temperature_and_gates", (-8, 8), gradient_at="output", holds=_SPARSE),
    Method(
        "k_sparsemax", "softmax", "k-sparse projection",
        r"p = \operatorname{argmin} \{\lVert p - z \rVert : p \in \Delta,\ \text{at most } k = 2 \text{ parts}\}",
        softmax.k_sparsemax, softmax.sparsemax_vjp, "probabilities",
        (Variant("sort", k_sparsemax_at_2, "stable"),), kernels.sparsemax_vjp_row, "liu2023sparsity",
        "sparse_maps", (-2, 2), gradient_at="output", holds=_SPARSE),
)
