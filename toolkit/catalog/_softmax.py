"""Rows of the softmax family."""
from toolkit import softmax
from toolkit._core.kernel import kernel
from toolkit.catalog._method import Method, Variant
from toolkit.softmax import kernels
from toolkit.softmax._dense_to_sparse_gate import dense_to_sparse_gate_pull
from toolkit.softmax._log_softmax import log_softmax_pull
from toolkit.softmax._log_stablemax import log_stablemax_pull
from toolkit.softmax._logsumexp import logsumexp_pull
from toolkit.softmax._quiet_softmax import quiet_softmax_pull
from toolkit.softmax._soft_capping import capped_softmax_pull
from toolkit.softmax._softmax import softmax_pull
from toolkit.softmax._sparse_maps import alpha_entmax_pull, entmax15_pull, sparsemax_pull
from toolkit.softmax._stablemax import stablemax_pull
from toolkit.softmax._taylor_softmax import taylor_softmax_pull
from toolkit.softmax._top_k import top_k_softmax_pull

__all__ = ["METHODS"]


@kernel
def softmax_at_2(z, p):
    kernels.softmax_tempered(z, 2.0, p)


@kernel
def softmax_at_2_vjp_row(p, g, out):
    kernels.softmax_tempered_vjp_row(p, g, 2.0, out)


@kernel
def alpha_entmax_bisection_at_125(z, p):
    kernels.alpha_entmax_bisection(z, 1.25, p)


@kernel
def alpha_entmax_at_125(z, p):
    kernels.alpha_entmax_row(z, 1.25, p)


@kernel
def alpha_entmax_at_125_vjp_row(p, g, out):
    kernels.alpha_entmax_vjp_row(p, g, 1.25, out)


@kernel
def capped_softmax_naive_at_5(z, p):
    kernels.capped_softmax_naive(z, 5.0, p)


@kernel
def capped_softmax_at_5(z, p):
    kernels.capped_softmax_row(z, 5.0, p)


@kernel
def capped_softmax_at_5_vjp_row(z, g, out):
    kernels.capped_softmax_vjp_row(z, g, 5.0, out)


@kernel
def dense_to_sparse_gate_at_2(z, p):
    kernels.dense_to_sparse_gate_row(z, None, 2.0, 0, p)


@kernel
def dense_to_sparse_gate_at_2_vjp_row(z, g, out):
    kernels.dense_to_sparse_gate_vjp_row(z, g, None, 2.0, 0, out)


@kernel
def sigmoid_gate_at_half(z, p):
    kernels.dense_to_sparse_gate_row(z, None, 0.5, 1, p)


@kernel
def sigmoid_gate_at_half_vjp_row(z, g, out):
    kernels.dense_to_sparse_gate_vjp_row(z, g, None, 0.5, 1, out)


@kernel
def top_2(z, p):
    kernels.top_k_softmax_row(z, None, 2, False, True, p)


@kernel
def top_2_vjp_row(z, g, out):
    kernels.top_k_softmax_vjp_row(z, g, None, 2, False, True, out)


@kernel
def top_2_of_all(z, p):
    kernels.top_k_softmax_row(z, None, 2, False, False, p)


@kernel
def top_2_of_all_vjp_row(z, g, out):
    kernels.top_k_softmax_vjp_row(z, g, None, 2, False, False, out)


@kernel
def nucleus_of_90_percent(z, p):
    kernels.top_p_softmax_row(z, 0.9, p)


@kernel
def from_a_tenth_on(z, p):
    kernels.min_p_softmax_row(z, 0.1, p)


@kernel
def k_sparsemax_at_2(z, p):
    kernels.k_sparsemax_row(z, 2, p)


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
        softmax.softmax, softmax_pull, "probabilities", _ALGORITHMS, kernels.softmax_vjp_row,
        "dukhan2020twopass", "softmax_five_ways", (-20, 20), selector="algorithm", gradient_at="output",
        holds=frozenset({"shift", "order", "zero_sum"})),
    Method(
        "softmax_temperature", "softmax", "Softmax with temperature",
        r"p_i = \frac{e^{z_i / \tau}}{\sum_j e^{z_j / \tau}},\ \tau = 2",
        softmax.softmax, softmax_pull, "probabilities",
        (Variant("three_pass_reload", softmax_at_2, "stable"),), softmax_at_2_vjp_row,
        "hinton2015distilling", "temperature_and_gates", (-16, 16), gradient_at="output",
        parameters=(("temperature", 2.0),), holds=frozenset({"shift", "order", "zero_sum"})),
    Method(
        "log_softmax", "softmax", "Log-softmax", r"\log p_i = z_i - \log \sum_j e^{z_j}",
        softmax.log_softmax, log_softmax_pull, "logs", 
        (Variant("naive", kernels.log_softmax_naive, "naive"),
         Variant("common", kernels.log_softmax_common, "common"),
         Variant("stable", kernels.log_softmax_stable, "stable")),
        kernels.log_softmax_vjp_row, "blanchard2021accurately", "vanishing_loss", (-30, 30),
        selector="form", gradient_at="output", holds=frozenset({"shift", "order", "zero_sum"})),
    Method(
        "logsumexp", "softmax", "Log-sum-exp", r"\operatorname{lse} z = \log \sum_j e^{z_j}",
        softmax.logsumexp, logsumexp_pull, "number",
        (Variant("stable", kernels.logsumexp_row, "stable"),), kernels.logsumexp_vjp_row,
        "blanchard2021accurately", "vanishing_loss", (-30, 30)),
    Method(
        "stablemax", "softmax", "StableMax",
        r"p_i = \frac{s(z_i)}{\sum_j s(z_j)},\ s(x) = (1 + \lvert x \rvert)^{\operatorname{sign} x}",
        softmax.stablemax, stablemax_pull, "probabilities",
        (Variant("naive", kernels.stablemax_naive, "naive"),
         Variant("stable", kernels.stablemax_row, "stable")),
        kernels.stablemax_vjp_row, "prieto2025grokking", "vanishing_loss", (-100, 100),
        selector="form", holds=frozenset({"order"})),
    Method(
        "log_stablemax", "softmax", "Log-StableMax", r"\log p_i = \log s(z_i) - \log \sum_j s(z_j)",
        softmax.log_stablemax, log_stablemax_pull, "logs",
        (Variant("naive", kernels.log_stablemax_naive, "naive"),
         Variant("common", kernels.log_stablemax_common, "common"),
         Variant("stable", kernels.log_stablemax_row, "stable")),
        kernels.log_stablemax_vjp_row, "prieto2025grokking", "vanishing_loss", (-100, 100),
        selector="form", holds=frozenset({"order"})),
    Method(
        "sparsemax", "softmax", "Sparsemax", r"p_i = [z_i - \tau]_+,\ \textstyle\sum_i p_i = 1",
        softmax.sparsemax, sparsemax_pull, "probabilities",
        (Variant("naive", kernels.sparsemax_sorted, "naive"), Variant("stable", kernels.sparsemax_row, "stable")),
        kernels.sparsemax_vjp_row, "martins2016sparsemax", "sparse_maps", (-2, 2), selector="form",
        gradient_at="output", holds=_SPARSE),
    Method(
        "entmax15", "softmax", "Entmax-1.5", r"p_i = [z_i / 2 - \tau]_+^2,\ \textstyle\sum_i p_i = 1",
        softmax.entmax15, entmax15_pull, "probabilities",
        (Variant("naive", kernels.entmax15_sorted, "naive"), Variant("stable", kernels.entmax15_row, "stable")),
        kernels.entmax15_vjp_row, "peters2019sparse", "sparse_maps", (-4, 4), selector="form",
        gradient_at="output", holds=_SPARSE),
    Method(
        "alpha_entmax", "softmax", "α-entmax",
        r"p_i = [(\alpha - 1) z_i - \tau]_+^{1 / (\alpha - 1)},\ \textstyle\sum_i p_i = 1,\ \alpha = 1.25",
        softmax.alpha_entmax, alpha_entmax_pull, "probabilities",
        (Variant("common", alpha_entmax_bisection_at_125, "common"),
         Variant("stable", alpha_entmax_at_125, "stable")),
        alpha_entmax_at_125_vjp_row, "peters2019sparse", "sparse_maps", (-8, 8), selector="form",
        gradient_at="output", parameters=(("alpha", 1.25),), holds=_SPARSE),
    Method(
        "quiet_softmax", "softmax", "Quiet softmax", r"p_i = \frac{e^{z_i}}{1 + \sum_j e^{z_j}}",
        softmax.quiet_softmax, quiet_softmax_pull, "weights",
        (Variant("naive", kernels.quiet_softmax_naive, "naive"),
         Variant("stable", kernels.quiet_softmax_row, "stable")),
        kernels.quiet_softmax_vjp_row, "miller2023attention", "temperature_and_gates", (-20, 20),
        selector="form", holds=frozenset({"order"})),
    Method(
        "capped_softmax", "softmax", "Softmax with soft-capping",
        r"p_i = \frac{e^{s_i}}{\sum_j e^{s_j}},\ s_i = c \tanh(z_i / c),\ c = 5",
        softmax.capped_softmax, capped_softmax_pull, "probabilities",
        (Variant("naive", capped_softmax_naive_at_5, "naive"), Variant("stable", capped_softmax_at_5, "stable")),
        capped_softmax_at_5_vjp_row, "gemma2024gemma2", "temperature_and_gates", (-20, 20), selector="form",
        parameters=(("cap", 5.0),), holds=frozenset({"order"})),
    Method(
        "taylor_softmax", "softmax", "Taylor softmax",
        r"p_i = \frac{1 + z_i + z_i^2 / 2}{\sum_j (1 + z_j + z_j^2 / 2)}",
        softmax.taylor_softmax, taylor_softmax_pull, "probabilities",
        (Variant("naive", kernels.taylor_softmax_naive, "naive"),
         Variant("stable", kernels.taylor_softmax_row, "stable")),
        kernels.taylor_softmax_vjp_row, "debrebisson2016exploration", "temperature_and_gates", (-20, 20),
        selector="form"),
    Method(
        "dense_to_sparse_gate", "softmax", "Dense-to-sparse gate",
        r"p_i = \frac{e^{z_i / \tau}}{\sum_j e^{z_j / \tau}},\ \tau = 2",
        softmax.dense_to_sparse_gate, dense_to_sparse_gate_pull, "probabilities",
        (Variant("stable", dense_to_sparse_gate_at_2, "stable"),), dense_to_sparse_gate_at_2_vjp_row,
        "nguyen2024temperature", "temperature_and_gates", (-16, 16), parameters=(("temperature", 2.0),),
        holds=frozenset({"shift", "order", "zero_sum"})),
    Method(
        "activation_dense_to_sparse_gate", "softmax", "Activation dense-to-sparse gate",
        r"p_i = \frac{e^{\sigma(z_i) / \tau}}{\sum_j e^{\sigma(z_j) / \tau}},\ \sigma(x) = \frac{1}{1 + e^{-x}},"
        r"\ \tau = \tfrac12",
        softmax.dense_to_sparse_gate, dense_to_sparse_gate_pull, "probabilities",
        (Variant("stable", sigmoid_gate_at_half, "stable"),), sigmoid_gate_at_half_vjp_row,
        "nguyen2024temperature", "temperature_and_gates", (-8, 8),
        parameters=(("temperature", 0.5), ("activation", "sigmoid")), holds=frozenset({"order"})),
    Method(
        "top_k_softmax", "softmax", "Top-k gate",
        r"p_i = \frac{e^{z_i}}{\sum_{j \in S} e^{z_j}},\ S = \text{the } k = 2 \text{ largest}",
        softmax.top_k_softmax, top_k_softmax_pull, "probabilities", (Variant("sort", top_2, "stable"),),
        top_2_vjp_row, "nguyen2024topk", "temperature_and_gates", (-8, 8), holds=_SPARSE),
    Method(
        "top_k_softmax_of_all", "softmax", "Top-k gate, not renormalised",
        r"p_i = \frac{e^{z_i}}{\sum_j e^{z_j}}\ (i \in S),\ S = \text{the } k = 2 \text{ largest}",
        softmax.top_k_softmax, top_k_softmax_pull, "weights", (Variant("sort", top_2_of_all, "stable"),),
        top_2_of_all_vjp_row, "fedus2022switch", "temperature_and_gates", (-8, 8),
        parameters=(("renormalize", False),), holds=_SPARSE),
    Method(
        "top_p_softmax", "softmax", "Top-p filter (nucleus)",
        r"p_i = \frac{e^{z_i}}{\sum_{j \in S} e^{z_j}},\ S = \text{the likeliest, } 90\,\% \text{ of the mass}",
        softmax.top_p_softmax, softmax_pull, "probabilities",
        (Variant("sort", nucleus_of_90_percent, "stable"),), kernels.softmax_vjp_row, "holtzman2020curious",
        "temperature_and_gates", (-8, 8), gradient_at="output", holds=_SPARSE),
    Method(
        "min_p_softmax", "softmax", "Min-p filter",
        r"p_i = \frac{e^{z_i}}{\sum_{j \in S} e^{z_j}},\ S = \{i : z_i \ge \max z + \log r\},\ r = 0.1",
        softmax.min_p_softmax, softmax_pull, "probabilities",
        (Variant("gap", from_a_tenth_on, "stable"),), kernels.softmax_vjp_row, "nguyen2025turning",
        "temperature_and_gates", (-8, 8), gradient_at="output", holds=_SPARSE),
    Method(
        "k_sparsemax", "softmax", "k-sparse projection",
        r"p = \operatorname{argmin} \{\lVert p - z \rVert : p \in \Delta,\ \text{at most } k = 2 \text{ parts}\}",
        softmax.k_sparsemax, sparsemax_pull, "probabilities",
        (Variant("sort", k_sparsemax_at_2, "stable"),), kernels.sparsemax_vjp_row, "liu2023sparsity",
        "sparse_maps", (-2, 2), gradient_at="output", holds=_SPARSE),
)
