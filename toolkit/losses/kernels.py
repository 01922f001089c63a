"""Row kernels of the losses: ``name_form(z, y, *parameters, grad) -> loss`` on one row of logits.

`z` and `grad` are rows that know their format, `y` is a class; the ``soft_`` kernels take a row `q` of label
probabilities in its place. Parameters are those of the public function, as floats and in its order; of
``smoothed_cross_entropy`` it is the amount of smoothing. `grad` receives the gradient with respect to `z`. Forms are
naive, common and stable.

Below them are what such kernels are made of: scores of a row, and the three ways from scores to a loss.
"""
# ruff: noqa: F401
from toolkit.losses._comp_sum import comp_sum_common, comp_sum_naive, comp_sum_stable
from toolkit.losses._cross_entropy import (
    cross_entropy_common,
    cross_entropy_naive,
    cross_entropy_stable,
    soft_cross_entropy_common,
    soft_cross_entropy_naive,
    soft_cross_entropy_stable,
)
from toolkit.losses._distributionally_robust import (
    aldr_kl_common,
    aldr_kl_naive,
    aldr_kl_stable,
    ldr_kl_common,
    ldr_kl_naive,
    ldr_kl_stable,
)
from toolkit.losses._exponential_scores import accurate_exponentials, exponentials, shifted_exponentials
from toolkit.losses._focal_loss import focal_loss_common, focal_loss_naive, focal_loss_stable
from toolkit.losses._forms import (
    close_to_zero_sum,
    common_form,
    divide_by,
    label_mass,
    likeliest,
    naive_form,
    rest_beside_top,
    soft_common_form,
    soft_naive_form,
    soft_stable_form,
    stable_form,
    sum_in_order,
)
from toolkit.losses._label_smoothing import (
    smoothed_cross_entropy_common,
    smoothed_cross_entropy_naive,
    smoothed_cross_entropy_stable,
)
from toolkit.losses._of_probability import common_of, naive_of, stable_of
from toolkit.losses._poly1_loss import poly1_loss_common, poly1_loss_naive, poly1_loss_stable
from toolkit.losses._stablemax_cross_entropy import (
    chain_through_score,
    scaled_scores,
    soft_stablemax_cross_entropy_common,
    soft_stablemax_cross_entropy_naive,
    soft_stablemax_cross_entropy_stable,
    stablemax_cross_entropy_common,
    stablemax_cross_entropy_naive,
    stablemax_cross_entropy_stable,
)
from toolkit.losses._symmetric_cross_entropy import (
    soft_symmetric_cross_entropy_stable,
    symmetric_cross_entropy_common,
    symmetric_cross_entropy_naive,
    symmetric_cross_entropy_stable,
)
from toolkit.losses._z_loss import z_loss_common, z_loss_naive, z_loss_stable

__all__ = [name for name in dir() if not name.startswith("_")]
