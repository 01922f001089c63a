"""Rows of the softmax family."""
from functools import partial

import numpy as np

from toolkit import softmax
from toolkit.catalog._method import Gradient, forms
from toolkit.catalog._row_map import LOGS, WEIGHTS, RowMap
from toolkit.catalog._scalar import Scalar
from toolkit.softmax import kernels
from toolkit.softmax._dense_to_sparse_gate import dense_to_sparse_gate_pull
from toolkit.softmax._filtered import filtered_pull
from toolkit.softmax._log_softmax import log_softmax_pull
from toolkit.softmax._log_stablemax import log_stablemax_pull
from toolkit.softmax._logsumexp import logsumexp_pull
from toolkit.softmax._quiet_softmax import quiet_softmax_pull
from toolkit.softmax._soft_capping import capped_softmax_pull
from toolkit.softmax._softmax import softmax_pull
from toolkit.softmax._sparse_maps import alpha_entmax_order_pull, alpha_entmax_pull, entmax15_pull, sparsemax_pull
from toolkit.softmax._stablemax import stablemax_pull
from toolkit.softmax._taylor_softmax import taylor_softmax_pull
from toolkit.softmax._top_k import top_k_softmax_pull

__all__ = ["METHODS"]

_OF_SHIFT = frozenset({"shift", "order", "zero_sum"})
_SPARSE = frozenset({"shift", "weak_order", "zero_sum"})
_ORDER = frozenset({"order"})
_SOFTMAX = Gradient(softmax_pull, kernels.softmax_vjp_row, at="result")
_SPARSEMAX = Gradient(sparsemax_pull, kernels.sparsemax_vjp_row, at="result")
_GATE = Gradient(dense_to_sparse_gate_pull, kernels.dense_to_sparse_gate_vjp_row)
_FILTERED = Gradient(filtered_pull, at="result")
_TOP_K = Gradient(top_k_softmax_pull, kernels.top_k_softmax_vjp_row)

_map, _number = partial(RowMap, family="softmax"), partial(Scalar, family="softmax")

METHODS = (
    _map("softmax", "Softmax", r"p_i = \frac{e^{z_i}}{\sum_j e^{z_j}}", softmax.softmax, "dukhan2020twopass",
         "softmax_five_ways", plot_range=(-20, 20), gradient=_SOFTMAX, holds=_OF_SHIFT,
         variants=forms(naive=kernels.softmax_naive, three_pass_recompute=kernels.softmax_three_pass_recompute,
                        two_pass=kernels.softmax_two_pass, online=kernels.softmax_online,
                        three_pass_reload=kernels.softmax_three_pass_reload)),
    _map("softmax_temperature", "Softmax with temperature",
         r"p_i = \frac{e^{z_i / \tau}}{\sum_j e^{z_j / \tau}},\ \tau = 2", softmax.softmax, "hinton2015distilling",
         "temperature", plot_range=(-16, 16), parameters=(("temperature", 2.0),), holds=_OF_SHIFT,
         variants=forms(three_pass_reload=kernels.softmax_tempered),
         gradient=Gradient(softmax_pull, kernels.softmax_tempered_vjp_row, at="result")),
    _map("log_softmax", "Log-softmax", r"\log p_i = z_i - \log \sum_j e^{z_j}", softmax.log_softmax,
         "blanchard2021accurately", "vanishing_loss", plot_range=(-30, 30), result=LOGS, holds=_OF_SHIFT,
         variants=forms(naive=kernels.log_softmax_naive, common=kernels.log_softmax_common,
                        stable=kernels.log_softmax_stable),
         gradient=Gradient(log_softmax_pull, kernels.log_softmax_vjp_row, at="result")),
    _number("logsumexp", "Log-sum-exp", r"\operatorname{lse} z = \log \sum_j e^{z_j}", softmax.logsumexp,
            "blanchard2021accurately", "vanishing_loss", plot_range=(-30, 30),
            variants=forms(stable=kernels.logsumexp_row),
            gradient=Gradient(logsumexp_pull, kernels.logsumexp_vjp_row)),
    _map("stablemax", "StableMax",
         r"p_i = \frac{s(z_i)}{\sum_j s(z_j)},\ s(x) = (1 + \lvert x \rvert)^{\operatorname{sign} x}",
         softmax.stablemax, "prieto2025grokking", "vanishing_loss", plot_range=(-100, 100), holds=_ORDER,
         variants=forms(naive=kernels.stablemax_naive, stable=kernels.stablemax_row),
         gradient=Gradient(stablemax_pull, kernels.stablemax_vjp_row)),
    _map("log_stablemax", "Log-StableMax", r"\log p_i = \log s(z_i) - \log \sum_j s(z_j)", softmax.log_stablemax,
         "prieto2025grokking", "vanishing_loss", plot_range=(-100, 100), result=LOGS, holds=_ORDER,
         variants=forms(naive=kernels.log_stablemax_naive, common=kernels.log_stablemax_common,
                        stable=kernels.log_stablemax_row),
         gradient=Gradient(log_stablemax_pull, kernels.log_stablemax_vjp_row)),
    _map("sparsemax", "Sparsemax", r"p_i = [z_i - \theta]_+,\ \textstyle\sum_i p_i = 1", softmax.sparsemax,
         "martins2016sparsemax", "sparse_maps", plot_range=(-2, 2), gradient=_SPARSEMAX, holds=_SPARSE,
         variants=forms(naive=kernels.sparsemax_sorted, stable=kernels.sparsemax_row)),
    _map("entmax15", "Entmax-1.5", r"p_i = [z_i / 2 - \theta]_+^2,\ \textstyle\sum_i p_i = 1", softmax.entmax15,
         "peters2019sparse", "sparse_maps", plot_range=(-4, 4), holds=_SPARSE,
         variants=forms(naive=kernels.entmax15_sorted, stable=kernels.entmax15_row),
         gradient=Gradient(entmax15_pull, kernels.entmax15_vjp_row, at="result")),
    _map("alpha_entmax", "α-entmax",
         r"p_i = [(\alpha - 1) z_i - \theta]_+^{1 / (\alpha - 1)},\ \textstyle\sum_i p_i = 1,\ \alpha = 1.25",
         softmax.alpha_entmax, "peters2019sparse", "sparse_maps", plot_range=(-8, 8), parameters=(("alpha", 1.25),),
         variants=forms(common=kernels.alpha_entmax_bisection, stable=kernels.alpha_entmax_row), holds=_SPARSE,
         gradient=Gradient(alpha_entmax_pull, kernels.alpha_entmax_vjp_row, at="result",
                           others=(("alpha", alpha_entmax_order_pull),))),
    _map("quiet_softmax", "Quiet softmax", r"p_i = \frac{e^{z_i}}{1 + \sum_j e^{z_j}}", softmax.quiet_softmax,
         "miller2023attention", "temperature", plot_range=(-20, 20), result=WEIGHTS, holds=_ORDER,
         variants=forms(naive=kernels.quiet_softmax_naive, stable=kernels.quiet_softmax_row),
         gradient=Gradient(quiet_softmax_pull, kernels.quiet_softmax_vjp_row)),
    _map("capped_softmax", "Softmax with soft-capping",
         r"p_i = \frac{e^{s_i}}{\sum_j e^{s_j}},\ s_i = c \tanh(z_i / c),\ c = 5", softmax.capped_softmax,
         "gemma2024gemma2", "temperature", plot_range=(-20, 20), parameters=(("cap", 5.0),), holds=_ORDER,
         variants=forms(naive=kernels.capped_softmax_naive, stable=kernels.capped_softmax_row),
         gradient=Gradient(capped_softmax_pull, kernels.capped_softmax_vjp_row)),
    _map("taylor_softmax", "Taylor softmax", r"p_i = \frac{1 + z_i + z_i^2 / 2}{\sum_j (1 + z_j + z_j^2 / 2)}",
         softmax.taylor_softmax, "debrebisson2016exploration", "temperature", plot_range=(-20, 20),
         variants=forms(naive=kernels.taylor_softmax_naive, stable=kernels.taylor_softmax_row),
         gradient=Gradient(taylor_softmax_pull, kernels.taylor_softmax_vjp_row)),
    _map("dense_to_sparse_gate", "Dense-to-sparse gate",
         r"p_i = \frac{e^{z_i / \tau}}{\sum_j e^{z_j / \tau}},\ \tau = 2", softmax.dense_to_sparse_gate,
         "nguyen2024temperature", "experts_and_gates", plot_range=(-16, 16), parameters=(("temperature", 2.0),),
         numbers=(None, 2.0, 0), variants=forms(stable=kernels.dense_to_sparse_gate_row), gradient=_GATE,
         holds=_OF_SHIFT),
    _map("activation_dense_to_sparse_gate", "Activation dense-to-sparse gate",
         r"p_i = \frac{e^{\sigma(z_i) / \tau}}{\sum_j e^{\sigma(z_j) / \tau}},\ \sigma(x) = \frac{1}{1 + e^{-x}},"
         r"\ \tau = \tfrac12", softmax.dense_to_sparse_gate, "nguyen2024temperature", "experts_and_gates",
         plot_range=(-8, 8), parameters=(("temperature", 0.5), ("activation", "sigmoid")), numbers=(None, 0.5, 1),
         variants=forms(stable=kernels.dense_to_sparse_gate_row), gradient=_GATE, holds=_ORDER),
    _map("top_k_softmax", "Top-k gate",
         r"p_i = \frac{e^{z_i}}{\sum_{j \in S} e^{z_j}},\ S = \text{the } k = 2 \text{ largest}",
         softmax.top_k_softmax, "nguyen2024topk", "experts_and_gates", plot_range=(-8, 8),
         numbers=(None, 2, False, True), variants=forms(stable=kernels.top_k_softmax_row), gradient=_TOP_K,
         holds=_SPARSE),
    _map("top_k_softmax_of_all", "Top-k gate, not renormalised",
         r"p_i = \frac{e^{z_i}}{\sum_j e^{z_j}}\ (i \in S),\ S = \text{the } k = 2 \text{ largest}",
         softmax.top_k_softmax, "fedus2022switch", "experts_and_gates", plot_range=(-8, 8),
         parameters=(("renormalize", False),), numbers=(None, 2, False, False), result=WEIGHTS,
         variants=forms(stable=kernels.top_k_softmax_row), gradient=_TOP_K, holds=_SPARSE),
    _map("top_p_softmax", "Top-p filter (nucleus)",
         r"p_i = \frac{e^{z_i}}{\sum_{j \in S} e^{z_j}},\ S = \text{the likeliest, } 90\,\% \text{ of the mass}",
         softmax.top_p_softmax, "holtzman2020curious", "temperature", plot_range=(-8, 8), numbers=(0.9,),
         variants=forms(stable=kernels.top_p_softmax_row), gradient=_FILTERED, holds=_SPARSE),
    _map("min_p_softmax", "Min-p filter",
         r"p_i = \frac{e^{z_i}}{\sum_{j \in S} e^{z_j}},\ S = \{i : z_i \ge \max z + \log r\},\ r = 0.1",
         softmax.min_p_softmax, "nguyen2025turning", "temperature", plot_range=(-8, 8), numbers=(0.1,),
         variants=forms(stable=kernels.min_p_softmax_row), gradient=_FILTERED, holds=_SPARSE),
    _map("k_sparsemax", "k-sparse projection",
         r"p = \operatorname{argmin} \{\lVert p - z \rVert : p \in \Delta,\ \text{at most } k = 2 \text{ parts}\}",
         softmax.k_sparsemax, "liu2023sparsity", "sparse_maps", plot_range=(-2, 2), numbers=(2,),
         variants=forms(stable=kernels.k_sparsemax_row), gradient=Gradient(sparsemax_pull, at="result"),
         holds=_SPARSE),
    _map("typical_softmax", "Typical filter",
         r"p_i = \frac{e^{z_i}}{\sum_{j \in S} e^{z_j}},\ S = \text{the least } \lvert -\log p_i - H \rvert,\ 50\,\%"
         r" \text{ of the mass}", softmax.typical_softmax, "meister2023typical", "temperature",
         plot_range=(-8, 8), parameters=(("mass", 0.5),), variants=forms(stable=kernels.typical_softmax_row),
         gradient=_FILTERED, holds=frozenset({"shift", "zero_sum"})),
    _map("eta_softmax", "Eta filter",
         r"p_i = \frac{e^{z_i}}{\sum_{j \in S} e^{z_j}},\ S = \{i : p_i \ge \min(\epsilon, \alpha e^{-H})\}",
         softmax.eta_softmax, "hewitt2022truncation", "temperature", plot_range=(-8, 8),
         parameters=(("epsilon", 0.1), ("alpha", 0.3)), variants=forms(stable=kernels.eta_softmax_row),
         gradient=_FILTERED, holds=_SPARSE),
    _map("epsilon_softmax", "Epsilon filter",
         r"p_i = \frac{e^{z_i}}{\sum_{j \in S} e^{z_j}},\ S = \{i : p_i \ge \epsilon\},\ \epsilon = 0.1",
         softmax.epsilon_softmax, "hewitt2022truncation", "temperature", plot_range=(-8, 8),
         parameters=(("epsilon", 0.1),), numbers=(0.1, np.inf), variants=forms(stable=kernels.eta_softmax_row),
         gradient=_FILTERED, holds=_SPARSE),
    _number("logmeanexp", "Log-mean-exp", r"\log \tfrac1K \sum_j e^{z_j}", softmax.logmeanexp,
            "blanchard2021accurately", "vanishing_loss", plot_range=(-30, 30),
            variants=forms(stable=kernels.logmeanexp_row),
            gradient=Gradient(logsumexp_pull, kernels.logsumexp_vjp_row)),
)
