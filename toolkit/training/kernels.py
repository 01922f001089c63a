"""Kernels of the training engine, for live figures and for kernels of your own.

`start_modular_addition`, `train_and_measure` and what follows them in `_pocket.py` run whole experiments from within a
kernel; the others are the pieces of an optimizer.
"""
from toolkit.training.engine import CHOICES, MEASURES, RATES
from toolkit.optimizers.rules import (adam_direction, descend, inner, keep_agreeing, lion_direction, norm_squared,
                                          perp_grad, sgd_direction)
from toolkit.training.pocket import (choose, correct_cells, embedding_spectrum, pocket_sizes, set_rates,
                                      start_modular_addition, steps_taken, train_and_measure)

__all__ = ["CHOICES", "MEASURES", "RATES", "adam_direction", "choose", "correct_cells", "descend",
           "embedding_spectrum", "inner", "keep_agreeing", "lion_direction", "norm_squared", "perp_grad",
           "pocket_sizes", "set_rates", "sgd_direction", "start_modular_addition", "steps_taken", "train_and_measure"]
