"""From the arguments of a public loss to its rows, the one loop over them, and the reduction.

The way of ``focal_loss(logits, labels, gamma=2)``: its function checks gamma and returns a `LossOfRows`; the decorator
`loss` asks that for the value, or for value and gradient; `LossOfRows` makes rows of the arrays, picks the row kernel
of the form and hands both to `loss_rows`.
"""
import functools
import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from toolkit._core.arguments import check_choice, check_finite
from toolkit._core.arrays import Rows, real_array, warn_about_rows
from toolkit._core.kernel import Kernel, kernel
from toolkit._core.numbers import in_format
from toolkit.formats import get_format, round_to
from toolkit.large_arrays import ROWS_ALONE, Lines, is_plain, losses_of_plain
from toolkit.losses._forms import close_to_zero_sum
from toolkit.losses._labels import IGNORED, label_rows

__all__ = []

_PLAIN = {"axis": (-1, 1), "reduction": ("mean",), "form": ("stable",)}
REDUCTIONS = ("mean", "sum", "none")


class LossKernels(NamedTuple):
    """The row kernels of a loss, each of which returns the loss of a row and fills the row's gradient.

    of_class : form -> kernel ``(z, y, *parameters, grad)`` for a class y
    of_probabilities : form -> kernel ``(z, q, *parameters, grad)`` for probabilities q of the classes; may be empty
    zero_sum : whether gradients of the stable form sum to exactly 0
    lines : task of `toolkit.large_arrays` for classes in the stable form, if there is one
    soft_lines : that for probabilities
    positive : places of the parameters that may not round to 0
    more_classes : how many classes there are beyond the numbers of a row, as of ordinal losses
    """

    of_class: Mapping[str, Kernel]
    of_probabilities: Mapping[str, Kernel] = {}
    zero_sum: bool = True
    lines: type | None = None
    soft_lines: type | None = None
    positive: tuple = ()
    more_classes: int = 0


def loss(function=None, *, lines=None):
    """Decorator of a public loss: what its function returns, a `LossOfRows`, is computed for the caller.

    ``function.value_and_gradient(logits, labels, **options)`` gives the value and its gradient from one pass.

    Parameters
    ----------
    lines : task of `toolkit.large_arrays`, optional
        What the function leads to with its defaults, if labels are classes: for a plain call of it, at once.
    """
    if function is None:
        return functools.partial(loss, lines=lines)

    @functools.wraps(function)
    def value(*arrays, **options):
        found = None if lines is None or not are_plain(options) else of_plain_arrays(lines, False, *arrays)
        return found[0] if found else function(*arrays, **options).value()

    @functools.wraps(function)
    def value_and_gradient(*arrays, **options):
        found = None if lines is None or not are_plain(options) else of_plain_arrays(lines, True, *arrays)
        return found or function(*arrays, **options).value_and_gradient()

    value.value_and_gradient = value_and_gradient
    return value


def are_plain(options):
    """Whether the options of a call say what its defaults say, of two axes."""
    return all(type(value) in (int, str) and value in _PLAIN.get(name, ()) for name, value in options.items())


def of_plain_arrays(lines, gradient, *arrays):
    """``(mean loss, gradient)`` of plain rows of logits and their classes; None where something is not plain.

    A small call takes no longer than its checks, and these arrays need few.
    """
    if len(arrays) != 2:
        return None
    logits, labels = arrays
    if not (is_plain(logits, -1, None) and logits.ndim == 2 and type(labels) is np.ndarray and labels.dtype == np.int64
            and labels.shape == logits.shape[:1] and labels.flags.carray and are_classes(labels, logits.shape[1])):
        return None
    losses, grads = losses_of_plain(lines, logits, labels, gradient)
    mean = np.add.reduce(losses, dtype=np.float64) / len(losses)
    return (logits.dtype.type(mean), grads) if math.isfinite(mean) else None


@kernel
def are_classes(labels, classes):
    """Whether all of them are from 0 to ``classes - 1``."""
    for label in labels:
        if not 0 <= label < classes:
            return False
    return True


def at_least(low, name, value):
    """`value` as a float >= `low`, or an error that names it."""
    return check_finite(name, value, low)


def above(low, name, value):
    """`value` as a float > `low`, or an error that names it."""
    return check_finite(name, value, low, above=True)


def are_probabilities(labels):
    return real_array(labels, "labels").dtype.kind == "f"


@kernel
def multiply_by_factor(grad, factor, y, zero_sum):
    """Of a row that summed to 0 exactly, the label's entry is formed again: rounding opened the sum."""
    if factor == 1:
        return
    for k in range(grad.size):
        grad[k] = float(grad[k]) * float(factor)  # a weight may be beyond the format, and the product not
    if zero_sum:
        close_to_zero_sum(grad, y)


@kernel
def loss_rows(of, z, labels, parameters, index, factors, zero_sum, losses, grads):
    """``losses[i] = of(z[i], labels[i], *parameters, grads[i])``, and gradients times `factors`.

    `labels` are classes or rows of probabilities; `index` is the class or the likeliest one, or `IGNORED`: such rows
    get 0. If `grads` has one row, all share it.
    """
    for i in range(z.shape[0]):
        grad = grads[i % grads.shape[0]]
        if index[i] == IGNORED:
            losses[i] = 0
            for k in range(grad.size):
                grad[k] = 0
        else:
            losses[i] = of(*((z[i], labels[i]) + parameters + (grad,)))
            multiply_by_factor(grad, factors[i], index[i], zero_sum)


class LossOfRows:
    """A loss of logits and labels, which can be computed alone or with its gradient.

    Parameters
    ----------
    kernels : LossKernels
    logits, labels : array_like
    parameters : float
        As the row kernels take them.
    label_smoothing, form, reduction, ignore_index, weight, sample_weight, axis, where, format
        As in `toolkit.losses.cross_entropy`.
    """

    def __init__(self, kernels, logits, labels, *parameters, form, reduction, ignore_index, weight, axis, where,
                 format, sample_weight=None, label_smoothing=0.0, name="logits"):
        check_choice("form", form, tuple(kernels.of_class))
        self.reduction = REDUCTIONS[check_choice("reduction", reduction, REDUCTIONS)]
        self.layout = Rows(logits, axis=axis, where=where, format=format, name=name)
        soft = are_probabilities(labels)
        if soft and not kernels.of_probabilities:
            raise TypeError("labels are probabilities; allowed: integers, the classes")
        if soft and form not in kernels.of_probabilities:
            raise ValueError(f"form is {form!r} but labels are probabilities; allowed with these: "
                             f"{', '.join(map(repr, kernels.of_probabilities))}")
        self.kernels, self.logits, self.parameters, self.form, self.format = kernels, logits, parameters, form, format
        self.soft = soft or label_smoothing > 0
        self.task = kernels.soft_lines if self.soft else kernels.lines
        self.by_lines = self.task is not None and form == "stable" and format is None
        self.rows = None if self.by_lines and not self.soft else self.layout.rows(logits, name)
        self.targets = label_rows(self.layout, self.rows, labels, label_smoothing=label_smoothing,
                                  ignore_index=ignore_index, weight=weight, sample_weight=sample_weight,
                                  format=format, mean=reduction == "mean", more_classes=kernels.more_classes)
        factors = self.targets.factors
        if reduction == "mean" and self.targets.divisor != 0:
            factors = factors / self.targets.divisor
        self.gradient_factors = factors
        if self.by_lines and not (factors <= np.finfo(self.layout.compute).max).all():
            self.by_lines, self.rows = False, self.layout.rows(logits, name)

    def value(self):
        return (self._from_lines if self.by_lines else self._from_rows)(False)[0]

    def value_and_gradient(self):
        return (self._from_lines if self.by_lines else self._from_rows)(True)

    def _from_rows(self, gradient):
        """By the exact kernels."""
        layout, z, (index, q, _, _) = self.layout, self.rows, self.targets
        of, labels = (self.kernels.of_class, index) if q is None else (
            self.kernels.of_probabilities, in_format(q, layout.fmt))
        losses = np.empty(layout.count, layout.compute)
        grads = np.empty((layout.count if gradient else 1, layout.classes), layout.compute)
        z_rows, factors, grad_rows = (in_format(x, layout.fmt) for x in (z, self.gradient_factors, grads))
        parameters = layout.parameters(self._within(*each) for each in enumerate(self.parameters))
        with np.errstate(all="ignore"):  # uncompiled kernels would warn on paths that are right
            loss_rows(of[self.form], z_rows, labels, parameters, index, factors,
                      self.kernels.zero_sum and self.form == "stable", losses, grad_rows)
        if self.form == "naive":
            broken = ~np.isfinite(losses) & ~self._labels_without_probability()
            warn_about_rows(z, broken, "form='naive' gave a loss of inf or NaN")
        return self._reduced(losses), layout.restore(grads, 0.0) if gradient else None

    def _from_lines(self, gradient):
        """By the kernels for large arrays."""
        layout = self.layout
        losses = np.zeros(layout.count, layout.compute)
        of_rows = issubclass(self.task, ROWS_ALONE)
        lines = Lines(layout, self.logits, in_place=not of_rows)
        grads = np.empty(lines.flat.size if gradient else 1, layout.compute)
        if layout.count:
            factors = self.gradient_factors.astype(layout.compute)
            more = (self.targets.q.reshape(-1),) if self.soft else map(float, layout.parameters(self.parameters))
            lines.run(self.task(self.targets.index, factors, losses, gradient, *more), grads)
        return self._reduced(losses), lines.restore(grads, 0.0) if gradient else None

    def _labels_without_probability(self):
        """Rows whose label has a logit of -inf: inf is their loss."""
        z, (index, q, _, _) = self.rows, self.targets
        if self.kernels.more_classes:
            return np.zeros(len(z), np.bool_)
        if q is None:
            return z[np.arange(len(z)), index] == -np.inf
        return ((z == -np.inf) & (q > 0)).any(axis=1)

    def _reduced(self, losses):
        layout, targets = self.layout, self.targets
        with np.errstate(all="ignore"):
            if self.reduction == "none":
                return layout.restore_reduced(self._rounded(losses * targets.factors))
            total = np.sum(losses * targets.factors, dtype=np.float64)
            if self.reduction == "mean":
                total = total / np.float64(targets.divisor)
                if np.isinf(total) and np.isfinite(losses).all():  # the sum overflowed, the mean need not
                    total = np.sum(losses * self.gradient_factors, dtype=np.float64)
            return self._rounded(total).astype(layout.dtype)

    def _within(self, place, parameter):
        """A parameter beyond the numbers of the format, moved to the last of them."""
        limits = np.finfo(self.layout.compute) if self.format is None else get_format(self.format)
        low = float(limits.smallest_subnormal) if place in self.kernels.positive else -float(limits.max)
        return min(max(parameter, low), float(limits.max))

    def _rounded(self, x):
        return x if self.format is None else round_to(x, self.format)
