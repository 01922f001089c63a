"""From the arguments of a loss of entries to its value and gradient: each prediction beside its target, by itself."""
import numpy as np

from toolkit._core.arguments import check_choice, chosen
from toolkit._core.arrays import Rows, real_array, warn_about_rows
from toolkit._core.kernel import kernel
from toolkit._core.numbers import in_format
from toolkit.formats import get_format, round_to
from toolkit.losses._evaluate import REDUCTIONS
from toolkit.losses._labels import balanced, checked_weights

__all__ = []


@kernel
def entry_losses(of, x, targets, parameters, losses, slopes, fmt):
    """``losses[i], slopes[i] = of(x[i], row of targets, *parameters)``."""
    x, targets = in_format(x, fmt), in_format(targets, fmt)
    losses, slopes = in_format(losses, fmt), in_format(slopes, fmt)
    for i in range(x.size):
        losses[i], slopes[i] = of(*((x[i], targets[i]) + parameters))


def spread(x, shape, name):
    """`x`, broadcast to the shape of the predictions, or an error that names it."""
    try:
        return np.broadcast_to(x, shape)
    except ValueError:
        raise ValueError(f"{name} has shape {x.shape}; allowed: what broadcasts to {shape}") from None


def beyond_float32(x):
    """Whether a finite number other than 0 is no normal one of float32."""
    info, size = np.finfo(np.float32), np.abs(x)
    return bool((np.isfinite(size) & (size != 0) & ((size < info.tiny) | (size > info.max))).any())


class LossOfEntries:
    """A loss that is a sum over entries, which can be computed alone or with its gradient.

    Parameters
    ----------
    kernels : dict of str to kernel
        form -> ``(x, targets, *parameters)``, which returns the loss of an entry and its slope in x.
    predictions : array_like
    targets : tuple of array_like
        What the kernels see beside each prediction, broadcast to the shape of these.
    parameters : float
    name : str
        What error messages call the predictions.
    weights : dict of str to array_like or None
        Weights >= 0 by name, broadcast to the predictions.
    ignored : array of booleans or None
    form, reduction, format
        As in `toolkit.losses.binary_cross_entropy`.
    """

    def __init__(self, kernels, predictions, targets, *parameters, name, reduction, weights, format=None,
                 form="stable", ignored=None):
        self.of, self.form, self.format = chosen("form", form, kernels), form, format
        self.reduction = REDUCTIONS[check_choice("reduction", reduction, REDUCTIONS)]
        self.layout = layout = Rows(predictions, axis=None, format=format, name=name, allow_empty=True)
        targets = [each.astype(np.float64) for each in targets]  # a narrow dtype may not hold the largest
        if format is None and any(map(beyond_float32, (np.array(parameters), *targets))):
            layout.compute, layout.largest = np.dtype(np.float64), float(np.finfo(np.float64).max)
        self.x = layout.rows(predictions, name)[0]
        largest = float(np.finfo(layout.compute).max if format is None else get_format(format).max)
        self.parameters = layout.parameters(min(a, largest) for a in parameters)
        within = (np.where(np.isinf(each), each, np.clip(each, -largest, largest)) for each in targets)
        beside = "labels" if name == "logits" else "targets"
        self.targets = np.stack([layout.rows(each, beside)[0] for each in within], axis=1)
        self.factors, unit = np.ones(layout.classes), 1.0
        for each, given in weights.items():
            if given is not None:
                weight, part = balanced(self._weight(given, each))
                self.factors, unit = self.factors * weight, unit * part
        if ignored is not None:
            self.factors = np.where(np.broadcast_to(ignored, layout.shape).reshape(-1), 0.0, self.factors)
        self.divisor = 1.0
        if self.reduction == "mean":
            self.divisor, unit = float(self.factors.sum()), 1.0
        self.factors = self.factors * unit

    def _weight(self, given, name):
        weight = spread(real_array(given, name).astype(np.float64), self.layout.shape, name).reshape(-1)
        return checked_weights(weight, name, self.format)

    def value(self):
        return self.value_and_gradient()[0]

    def value_and_gradient(self):
        layout, dtype = self.layout, self.layout.compute
        losses, slopes = np.empty(layout.classes, dtype), np.empty(layout.classes, dtype)
        with np.errstate(all="ignore"):
            entry_losses(self.of, self.x, self.targets, self.parameters, losses, slopes, layout.fmt)
            over = (np.isinf(losses) | np.isinf(slopes)) & np.isfinite(self.x)
            if over.any() and dtype == np.float32 and self.form == "stable":  # a mean of them need not overflow
                found = losses, slopes = losses.astype(np.float64), slopes.astype(np.float64)
                wide = [each[over].astype(np.float64) for each in (self.x, self.targets, *found)]
                entry_losses(self.of, *wide[:2], self.parameters, *wide[2:], None)
                losses[over], slopes[over] = wide[2:]
            if self.form == "naive":
                warn_about_rows(self.x[:, None], ~np.isfinite(losses), "form='naive' gave a loss of inf or NaN")
            kept = self.factors != 0
            slopes = np.where(kept, slopes * (self.factors / self.divisor), 0.0)
            weighted = np.where(kept, losses * self.factors, 0.0)
            gradient = layout.restore(self._rounded(slopes), 0.0)
            if self.reduction == "none":
                return layout.restore(self._rounded(weighted), 0.0), gradient
            total = weighted.sum(dtype=np.float64) / np.float64(self.divisor)
            if np.isinf(total) and np.isfinite(losses).all():  # the sum overflowed, the mean need not
                total = np.where(kept, losses * (self.factors / self.divisor), 0.0).sum(dtype=np.float64)
            return self._rounded(total).astype(layout.dtype), gradient

    def _rounded(self, x):
        return x if self.format is None else round_to(x, self.format)
