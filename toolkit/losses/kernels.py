"""Row kernels of the losses: ``name_form(z, y, *parameters, grad) -> loss`` on one row of logits.

`z` and `grad` are rows that know their format, `y` is a class; the ``soft_`` kernels take a row `q` of label
probabilities in its place. Parameters are those of the public function, as floats and in its order; of
``smoothed_cross_entropy`` it is the amount of smoothing. `grad` receives the gradient with respect to `z`. Forms are
naive, common and stable.

Below them are what such kernels are made of: scores of a row, and the three ways from scores to a loss.
"""
from toolkit._core.collect import collect

__all__ = [*collect(__name__, "KERNELS")]
