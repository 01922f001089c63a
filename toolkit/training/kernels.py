"""Kernels of the training engine, for live figures and for kernels of your own.

`pocket_sizes`, `taken` and `train` run whole trainings from within a kernel; the others are the pieces of an optimizer.
"""
from toolkit._core.inner_products import inner, norm_squared
from toolkit.networks.initial import fill_normal_weights, fill_weights
from toolkit.optimizers import (
    adam_direction,
    adam_rule,
    adam_settings,
    descend,
    keep_agreeing,
    lion_direction,
    lion_rule,
    perp_grad,
    sgd_direction,
    sgd_rule,
)
from toolkit.training import page
from toolkit.training.loss import Loss, LossSettings, any_mode, emulated, native32, native64
from toolkit.training.page import *
from toolkit.training.prediction import fill_activations
from toolkit.training.task_rows import with_wrong_labels

__all__ = ["Loss", "LossSettings", "adam_direction", "adam_rule", "adam_settings", "any_mode", "descend", "emulated",
           "fill_activations", "fill_normal_weights", "fill_weights", "inner", "keep_agreeing", "lion_direction",
           "lion_rule", "native32", "native64", "norm_squared", "perp_grad", "sgd_direction", "sgd_rule",
           "with_wrong_labels", *page.__all__]
