"""Every row of the register has a test that measures its numbers by something other than itself."""
import ast
from functools import cache
from pathlib import Path

import pytest
from catalog_cases import every_entry

from toolkit import catalog
from toolkit.catalog import METHODS

TESTS = Path(__file__).parent
# A test which loops over all rows of a kind, by an oracle that has a line for each of them.
BY_KIND = {
    "Elementwise": ("activations/test_activation_rows.py", "test_accuracy_is_what_the_docstring_says"),
    "RowMap": ("test_row_maps.py", "test_it_is_as_accurate_as_its_docstring_says"),
    "RowOfNumber": ("test_row_maps.py", "test_it_is_as_accurate_as_its_docstring_says"),
    "Scalar": ("test_scalars.py", "test_it_is_as_accurate_as_its_docstring_says"),
    "Loss": ("losses/test_accuracy_of_losses.py", "test_a_class_label"),
    "EntryLoss": ("losses/test_accuracy_of_entry_losses.py", "test_it_is_as_accurate_as_its_docstring_says"),
}
# Of the other kinds no two rows are measured alike: by a definition in many digits, another program, published numbers.
BY_ROW = {
    "transfer_estimate": ("losses/test_distillation.py", "test_estimates_in_fractions"),
    "mutual_information_alpha": ("losses/test_distillation.py", "test_information_against_many_digits"),
    "gradient_at_input": ("networks/test_attacks.py", "test_gradient_at_input_against_many_digits"),
    "fgsm": ("networks/test_attacks.py", "test_sign_attacks_are_their_definition"),
    "margin_sign_attack": ("networks/test_attacks.py", "test_sign_attacks_are_their_definition"),
    "carlini_wagner": ("networks/test_attacks.py", "test_carlini_wagner_on_a_line"),
    "fit_to_targets": ("networks/test_attacks.py", "test_gradient_of_a_student_by_differences"),
    "phatgoose_gate": ("softmax/test_expert_gates.py", "test_phatgoose_scores_are_as_accurate_as_promised"),
    "load_balancing_loss": ("softmax/test_expert_gates.py", "test_load_balancing_is_as_accurate_as_promised"),
    "sinkhorn": ("softmax/test_transport.py", "test_accuracy_with_zero_sums_and_forbidden_costs"),
    "sparse_transport": ("softmax/test_transport.py", "test_sparse_plans"),
    **{name: ("attention/test_attention.py", f"test_accuracy_of_{name}") for name in (
        "softmax_attention", "sigmoid_attention", "linear_attention", "recurrence")},
    "random_features": ("attention/test_random_features.py", "test_accuracy_of_random_features"),
    "box_iou": ("soft_operators/test_boxes.py", "test_overlaps_against_rational_arithmetic"),
    "soft_nms": ("soft_operators/test_boxes.py", "test_scores_against_the_definition"),
    "soft_nms_gaussian": ("soft_operators/test_boxes.py", "test_scores_against_the_definition"),
    "soft_nms_hard": ("soft_operators/test_boxes.py", "test_scores_against_the_definition"),
    "soft_bellman_backup": ("soft_operators/test_soft_values.py", "test_backup_against_the_best_process"),
    "utility_step": ("soft_operators/test_choices.py", "test_steps_against_many_digits"),
    "exponentiated_gradient_step": ("soft_operators/test_mirror_descent.py", "test_steps_against_many_digits"),
    "optimistic_gradient_step": ("soft_operators/test_mirror_descent.py", "test_steps_against_many_digits"),
    "consensus_point": ("soft_operators/test_consensus.py", "test_the_point_against_many_digits"),
    "consensus_step": ("soft_operators/test_consensus.py", "test_the_step_is_its_definition"),
    "regularized_newton": ("soft_operators/test_regularized_newton.py", "test_counts_and_values_of_the_authors_code"),
    "target_surrogate_step": ("soft_operators/test_target_surrogates.py", "test_inner_steps_are_the_definition"),
    "minimize_entropy": ("decoding/test_entropy_at_inference.py", "test_minimize_entropy"),
    "critical_tokens": ("decoding/test_entropy_at_inference.py", "test_critical_tokens"),
    "token_weights": ("decoding/test_groups_of_answers.py", "test_token_weights"),
    "length_bias": ("decoding/test_groups_of_answers.py", "test_length_bias"),
    "answer_lengths": ("decoding/test_groups_of_answers.py", "test_answer_lengths"),
    "categorical": ("losses/test_targets.py", "test_categorical_against_the_kernel_of_the_definition"),
    "sgd": ("training/test_optimizers.py", "test_rules_are_those_of_pytorch"),
    "adam": ("training/test_optimizers.py", "test_rules_are_those_of_pytorch"),
    "adamw": ("training/test_optimizers.py", "test_rules_are_those_of_pytorch"),
    "lion": ("training/test_optimizers.py", "test_lion_is_its_papers_algorithm"),
    "reliability": ("losses/test_calibration.py", "test_reliability_against_the_definition"),
    "expected_calibration_error": ("losses/test_calibration.py", "test_reference_values"),
    "fit_temperature": ("losses/test_calibration.py", "test_accuracy_of_a_temperature_of_every_scale"),
    "maximum_calibration_error": ("losses/test_calibration.py", "test_other_errors_against_their_definitions"),
    "root_mean_square_calibration_error": ("losses/test_calibration.py",
                                           "test_other_errors_against_their_definitions"),
    "classwise_calibration_error": ("losses/test_calibration.py", "test_other_errors_against_their_definitions"),
    "brier_score": ("losses/test_calibration.py", "test_other_errors_against_their_definitions"),
    "fit_correctness_temperature": ("uncertainty/test_correctness.py", "test_temperature_against_another_minimiser"),
    "temperature_slopes": ("uncertainty/test_correctness.py", "test_slopes_against_many_digits"),
    "balanced_confidence": ("uncertainty/test_correctness.py", "test_confidences_against_rational_arithmetic"),
    "h_calibration_error": ("uncertainty/test_h_calibration.py", "test_error_against_the_definition"),
    "log_softmax_plus": ("losses/test_scoring_rules.py", "test_log_softmax_plus_against_many_digits"),
    "expected_loss": ("losses/test_scoring_rules.py", "test_expected_loss_is_its_definition"),
    "propriety_gap": ("losses/test_scoring_rules.py", "test_who_is_proper"),
    "two_draw_loss": ("losses/test_black_box.py", "test_two_draws_by_enumeration"),
    "geometric_log_loss": ("losses/test_black_box.py", "test_harmonic_numbers_in_digits"),
    "poisson_log_loss": ("losses/test_black_box.py", "test_poisson_sums_in_fractions"),
    "black_box_losses": ("losses/test_black_box.py", "test_means_and_variances_of_trials"),
    **dict.fromkeys(("cumulative_loss", "stopping_ratio_loss", "adjacent_loss"),
                    ("losses/test_ordinal.py", "test_losses_against_many_digits")),
    "ordinal_probabilities": ("losses/test_ordinal.py", "test_probabilities_against_many_digits"),
    "presto_objective": ("losses/test_presto.py", "test_objective_reference_values"),
    "fit_presto": ("losses/test_presto.py", "test_a_fit_is_where_the_penalty_balances_the_gradient"),
    "monotone_link": ("networks/test_learned_link.py", "test_link_against_many_digits"),
    "fit_link": ("networks/test_learned_link.py", "test_gradient_of_training_by_differences"),
    "conformal_rank": ("uncertainty/test_conformal.py", "test_conformal_rank_in_rational_arithmetic"),
    "conformal_quantile": ("uncertainty/test_conformal.py", "test_conformal_quantile_reference_values"),
    "weighted_conformal_quantile": ("uncertainty/test_conformal.py",
                                    "test_weights_of_one_are_split_conformal_and_weights_follow_the_definition"),
    **dict.fromkeys(("conformal_sets", "conformal_sets_of_probability", "adaptive_prediction_sets"),
                    ("uncertainty/test_conformal.py", "test_conformal_sets_against_their_scores")),
    "coverage_quantile": ("uncertainty/test_conformal.py", "test_coverage_quantile_against_scipy"),
    "binomial_p_value": ("uncertainty/test_conformal.py", "test_binomial_p_value_against_scipy"),
    "control_risk": ("uncertainty/test_conformal.py", "test_control_risk_reference_values"),
    **dict.fromkeys(("risk_floor", "drift_bound"),
                    ("uncertainty/test_conformal.py", "test_drift_bound_and_risk_floor")),
    "early_stopping_sets": ("uncertainty/test_early_stopping.py", "test_early_stopping_sets_against_the_definition"),
    "early_stopping_interval": ("uncertainty/test_early_stopping.py", "test_early_stopping_interval_against_a_grid"),
    "lower_envelope": ("uncertainty/test_early_stopping.py", "test_lower_envelope_against_every_point"),
    "early_stopping_p_value": ("uncertainty/test_early_stopping.py", "test_early_stopping_p_value"),
    **dict.fromkeys(("reuse_bound", "reuse_bound_markov"),
                    ("uncertainty/test_early_stopping.py", "test_reuse_bound_reference_values")),
    "halting_thresholds": ("uncertainty/test_early_stopping.py", "test_halting_thresholds_against_the_definition"),
    "halting_threshold": ("uncertainty/test_early_stopping.py", "test_halting_threshold_of_the_mean_gap"),
    "log_partition": ("unnormalized/test_log_partition.py", "test_accuracy_against_many_digits"),
    "boltzmann_log_partition": ("unnormalized/test_log_partition.py", "test_all_states_against_many_digits"),
    "meco": ("unnormalized/test_fits.py", "test_meco_step_against_fifty_digits"),
    **dict.fromkeys(("fit_unnormalized", "noise_contrastive_estimation", "unnormalized_likelihood"),
                    ("unnormalized/test_fits.py", "test_fits_against_numpy")),
    **dict.fromkeys(("cross_correlation", "barlow_twins_loss"),
                    ("representations/test_batches.py", "test_correlations_and_loss_in_forty_digits")),
    "decorrelation_floor": ("representations/test_batches.py", "test_decorrelation_floor_is_reached_by_descent"),
    "mixed_barlow_twins": ("representations/test_batches.py", "test_mixed_barlow_twins_in_forty_digits"),
    "cauchy_schwarz_divergence": ("representations/test_batches.py", "test_divergence_in_forty_digits"),
    "cauchy_schwarz_of_normals": ("representations/test_batches.py",
                                  "test_normal_laws_against_integrals_and_a_sample"),
    "cauchy_schwarz_information": ("representations/test_batches.py", "test_information_in_forty_digits"),
    "conditional_cauchy_schwarz": ("representations/test_batches.py", "test_conditional_divergence_in_forty_digits"),
    "cauchy_schwarz_bottleneck": ("representations/test_batches.py", "test_the_bottleneck_is_the_sum_of_its_parts"),
    **dict.fromkeys(("info_nce_loss", "info_nce_bound"),
                    ("representations/test_dependencies.py", "test_info_nce_in_forty_digits")),
    "wasserstein_dependency": ("representations/test_dependencies.py", "test_wasserstein_dependency_against_scipy"),
    "gaussian_dependency": ("representations/test_dependencies.py", "test_gaussian_dependency_in_forty_digits"),
    "equiangular_basis": ("representations/test_neural_collapse.py", "test_no_basis_beats_the_welch_bound"),
    **dict.fromkeys(("welch_bound", "cosine_loss_floor"),
                    ("representations/test_neural_collapse.py", "test_welch_bound_and_loss_floor_reference_values")),
    "cosine_logits": ("representations/test_neural_collapse.py", "test_cosine_logits_in_forty_digits"),
    "simplex_etf": ("representations/test_neural_collapse.py", "test_simplex_etf"),
    "neural_collapse": ("representations/test_neural_collapse.py", "test_neural_collapse_against_numpy"),
    "imbalanced_collapse": ("representations/test_neural_collapse.py", "test_imbalanced_collapse_reference_values"),
    "deep_linear_collapse": ("representations/test_neural_collapse.py",
                             "test_deep_linear_collapse_is_the_least_of_the_objective"),
    "minority_threshold": ("representations/test_neural_collapse.py", "test_minority_threshold"),
    "fit_unconstrained_features": ("representations/test_neural_collapse.py",
                                   "test_descent_ends_at_the_closed_form"),
    "dirichlet_kl": ("uncertainty/test_beliefs.py", "test_divergences_in_forty_digits"),
    "fit_dirichlet": ("uncertainty/test_beliefs.py", "test_a_fitted_belief_is_the_minimum"),
    "evidential_weight": ("uncertainty/test_beliefs.py", "test_the_weight_rises_to_one"),
    **dict.fromkeys(("sdm_similarity", "sdm_distance"),
                    ("uncertainty/test_distance.py", "test_similarity_and_distance_by_sorting")),
    "dkw_band": ("uncertainty/test_distance.py", "test_band_reference_value_and_coverage"),
    "fit_gaussians": ("uncertainty/test_distance.py", "test_gaussians_are_those_of_scikit_learn"),
    "mahalanobis_confidence": ("uncertainty/test_distance.py", "test_confidence_in_forty_digits"),
    "gaussian_logits": ("uncertainty/test_distance.py", "test_logits_are_those_of_scikit_learn"),
    **dict.fromkeys(("exit_features", "exit_probabilities", "conditional_exits", "exit_targets", "exit_loss"),
                    ("uncertainty/test_early_exit.py", "test_pieces_by_their_definitions")),
    "threshold_exits": ("uncertainty/test_early_exit.py", "test_exits_by_loops"),
    "fit_exit_gates": ("uncertainty/test_early_exit.py", "test_gates_are_steps_of_adam"),
    "preference_offset": ("preferences/test_preferences.py", "test_offsets_of_ratings"),
    "full_step_dpo": ("preferences/test_preferences.py", "test_full_step_dpo_against_numpy"),
    "bradley_terry": ("preferences/test_population.py", "test_bradley_terry"),
    **dict.fromkeys(("population_optimum", "population_optimum_ipo", "population_optimum_exo",
                     "population_optimum_expo", "population_optimum_smoothed"),
                    ("preferences/test_population.py", "test_population_optimum_against_scipy")),
    "population_optimum_pre_dpo": ("preferences/test_population.py", "test_closed_forms"),
    "population_optimum_srpo": ("preferences/test_population.py", "test_srpo_is_where_all_residuals_are_zero"),
    "preference_descent": ("preferences/test_population.py", "test_preference_descent_is_gradient_descent"),
    "diagnose": ("test_collapse.py", "test_counts_against_rational_arithmetic"),
    "collapse_margin": ("test_collapse.py", "test_margins_and_underflow_gaps"),
    "underflow_gap": ("test_collapse.py", "test_margins_and_underflow_gaps"),
    "collapse_gap": ("test_collapse.py", "test_exact_gap"),
    **dict.fromkeys(("evonorm_b0", "evonorm_s0"),
                    ("activations/test_evonorm.py", "test_accuracy_against_thirty_digits")),
    **dict.fromkeys(("biper", "biper_sine", "straight_through_sign", "approximate_sign"),
                    ("activations/test_biper.py", "test_accuracy_is_what_the_docstring_says")),
    "periodic_quantization_error": ("activations/test_periodic_errors.py", "test_errors_of_weights_in_digits"),
    "periodic_penalty": ("activations/test_periodic_errors.py", "test_errors_of_weights_in_digits"),
    "laplace_quantization_error": ("activations/test_periodic_errors.py", "test_expected_errors_are_integrals"),
    "spline_basis": ("networks/test_kan.py", "test_splines_are_those_of_scipy"),
    "relu_kan_basis": ("networks/test_kan.py", "test_relu_kan_in_digits"),
    "af_kan_basis": ("networks/test_kan.py", "test_af_kan_in_digits"),
    "kan_layer": ("networks/test_kan.py", "test_a_layer_is_a_sum_over_its_bases"),
    **dict.fromkeys(("soft_hebbian_update", "hard_hebbian_update", "anti_hebbian_update", "power_hebbian_update"),
                    ("networks/test_hebbian.py", "test_steps_against_forty_digits")),
    "hebbian_bias_update": ("networks/test_hebbian.py", "test_bias_update_against_forty_digits"),
    "fit_soft_hebbian": ("networks/test_hebbian.py", "test_learning_is_its_steps"),
    "oja": ("networks/test_hebbian.py", "test_oja_finds_the_leading_eigenvector_and_one_soft_neuron_the_mean"),
    **dict.fromkeys(("neuro_modulated_adaptation", "entropy_adaptation"),
                    ("networks/test_hebbian.py", "test_adaptation_against_numpy")),
    "interval_bounds": ("networks/test_interval_bounds.py", "test_interval_bounds_hold_in_rational_arithmetic"),
    "margin_bounds": ("networks/test_interval_bounds.py", "test_interval_bounds_hold_in_rational_arithmetic"),
    "softmax_bounds": ("networks/test_interval_bounds.py", "test_softmax_bounds_against_fifty_digits"),
    "linear_bounds": ("networks/test_linear_relaxations.py", "test_linear_bounds_hold_in_rational_arithmetic"),
    "relu_relaxation": ("networks/test_linear_relaxations.py", "test_relu_relaxation_against_its_definition"),
    "local_lipschitz": ("networks/test_linear_relaxations.py", "test_local_lipschitz_reference_values_and_samples"),
    "interval_loss": ("networks/test_certified.py", "test_interval_loss_against_fifty_digits"),
    "interval_regularizers": ("networks/test_certified.py", "test_regularizers_against_numpy"),
    "interval_deviation": ("networks/test_certified.py", "test_interval_deviation_keeps_the_radius"),
    "fit_certified": ("networks/test_certified.py", "test_first_step_of_fit_certified_is_adam_on_the_gradient"),
    "propagation_tightness": ("networks/test_certified.py", "test_propagation_tightness_against_numpy"),
    **dict.fromkeys(("sparse_code", "sparse_code_l0"),
                    ("networks/test_sparse_code.py", "test_codes_against_numpy")),
    "learn_dictionary": ("networks/test_sparse_code.py", "test_a_round_against_numpy"),
    "dual_activation": ("networks/test_infinite_width.py", "test_duals_within_their_bound"),
    "nngp_kernel": ("networks/test_infinite_width.py", "test_kernels_after_sixty_layers_within_their_bounds"),
    "neural_tangent_kernel": ("networks/test_infinite_width.py",
                              "test_kernels_after_sixty_layers_within_their_bounds"),
    "limit_of_depth": ("networks/test_infinite_width.py", "test_limit_of_depth_by_many_digits"),
    "singularity_exponent": ("networks/test_infinite_width.py", "test_exponents"),
    "kernel_classifier": ("networks/test_infinite_width.py", "test_kernel_classifier_has_three_limits"),
    **dict.fromkeys(("minimum_entropy_coupling", "zero_seeking_coupling"),
                    ("information/test_codes.py", "test_greedy_matchings_against_their_definition")),
    "exact_coupling": ("information/test_codes.py", "test_exact_is_the_least_over_all_vertices"),
    "huffman_lengths": ("information/test_codes.py", "test_no_code_without_commas_is_shorter"),
    "entropy_bottleneck": ("information/test_codes.py", "test_bottleneck_reference_values"),
    **dict.fromkeys(("best_map", "greedy_map"),
                    ("information/test_codes.py", "test_plans_are_what_the_numbers_say")),
    "bottleneck_coupling": ("information/test_codes.py", "test_coupling_through_a_code"),
    "scaling_law": ("information/test_scaling_laws.py", "test_accuracy_of_the_law"),
    "fit_scaling_law": ("information/test_scaling_laws.py", "test_the_fit_is_that_of_scipy"),
    "scaling_profile": ("information/test_scaling_laws.py", "test_profile_and_interval_are_their_definition"),
    "bootstrap_scaling_law": ("information/test_scaling_laws.py", "test_bootstrap"),
    "cross_entropy_parts": ("information/test_scaling_laws.py", "test_reference_values"),
    "entropy_rate": ("information/test_scaling_laws.py", "test_entropy_rates_in_digits"),
    "distinct_information": ("information/test_estimators.py", "test_distinct_rows_against_the_definition"),
    "bin_edges": ("information/test_estimators.py", "test_edges_against_numpy"),
    **dict.fromkeys(("binned_information", "equal_bins_information", "fixed_bins_information"),
                    ("information/test_estimators.py", "test_bins_against_the_definition")),
    **dict.fromkeys(("kde_information", "kde_lower_information", "kde_information_of_max",
                     "kde_information_of_square"), ("information/test_estimators.py", "test_bounds_in_forty_digits")),
    "empirical_ntk": ("networks/test_learning_rates.py", "test_empirical_ntk_against_differences"),
    "sharpness": ("networks/test_learning_rates.py", "test_sharpness_against_the_whole_matrix"),
    "maximal_learning_rate": ("networks/test_learning_rates.py",
                              "test_maximal_learning_rate_is_where_the_engine_stops_learning"),
}
WHERE = "BY_ROW of tests/test_measured.py"


@cache
def functions_of(path):
    """Name -> syntax of the functions and classes of a test file."""
    tree = ast.parse((TESTS / path).read_text(encoding="utf-8"))
    return {node.name: node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}


def words_of(path, name):
    """Names and strings in a function, its decorators, and what it calls in its file."""
    seen, found, left = set(), set(), [name]
    while left:
        this = left.pop()
        if this in seen or this not in functions_of(path):
            continue
        seen.add(this)
        nodes = list(ast.walk(functions_of(path)[this]))
        names = {node.id for node in nodes if isinstance(node, ast.Name)}
        found |= names | {str(node.value) for node in nodes if isinstance(node, ast.Constant)}
        left += names
    return found


@every_entry
def test_its_numbers_are_measured(method):
    assert method.kind in BY_KIND or method.name in BY_ROW, (
        f"nobody knows whether {method.name} is right: write a test that measures its numbers, against its definition "
        f"in many digits or a published value, beside those of its family, and give {WHERE} a line that names it")
    path, name = BY_KIND.get(method.kind) or BY_ROW[method.name]
    assert name in functions_of(path), f"tests/{path} has no {name}, which is to measure {method.name}"
    if method.kind not in BY_KIND:
        assert {method.name, method.function.__name__} & words_of(path, name), (
            f"{WHERE} says that {name} of tests/{path} measures {method.name}, but it does not call it")


@pytest.mark.parametrize("kind", BY_KIND)
def test_a_test_of_a_kind_loops_over_all_its_rows(kind, monkeypatch):
    path, name = BY_KIND[kind]
    for folder in {TESTS, (TESTS / path).parent}:
        monkeypatch.syspath_prepend(folder)
    marks = __import__(Path(path).stem).__dict__[name].pytestmark
    looped = {case.name for mark in marks if mark.args[0] == "method" for case in mark.args[1]}
    left = {method.name for method in METHODS if method.kind == kind} - looped
    assert not left, f"{name} of tests/{path} leaves out {sorted(left)}"


def test_lines_are_of_the_register():
    kinds = {getattr(catalog, name).__name__ for name in BY_KIND}
    left = set(BY_ROW) - {method.name for method in METHODS if method.kind not in kinds}
    assert not left, f"{WHERE} has lines for {sorted(left)}, which are no such rows of the register"
