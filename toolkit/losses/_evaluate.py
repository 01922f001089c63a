"""What all public losses share: from arguments to rows, the driver, and the reduction."""
from numbers import Real

import numpy as np

from toolkit._core.arrays import Rows, warn_about_rows
from toolkit.formats import round_to
from toolkit.losses._driver import EXPONENTIAL, loss_rows, soft_loss_rows
from toolkit.losses._family_driver import SMOOTHED, SYMMETRIC, family_rows, soft_family_rows
from toolkit.losses._labels import label_rows
from toolkit.softmax import FORMS
from toolkit.softmax._softmax import check_choice
from toolkit.large_arrays import CrossEntropy, Lines, StablemaxCrossEntropy

REDUCTIONS = ("mean", "sum", "none")


def evaluate(scores, logits, labels, *, gradient=False, form="complement", reduction="mean",
             label_smoothing=0.0, ignore_index=None, weight=None, axis=-1, where=None, format=None):
    """``(loss, gradient or None)`` of the loss with these `scores`; other arguments as in `cross_entropy`."""
    code = check_choice("form", form, FORMS)
    check_choice("reduction", reduction, REDUCTIONS)
    if not (isinstance(label_smoothing, Real) and 0 <= label_smoothing <= 1):
        raise ValueError(f"label_smoothing is {label_smoothing!r}; allowed: a number from 0 to 1")
    layout = Rows(logits, axis=axis, where=where, format=format, name="logits")
    classes = np.asarray(labels).dtype.kind in "iu"
    if classes and format is None and form == "complement" and label_smoothing == 0:
        return _evaluate_lines(scores, layout, logits, labels, gradient, reduction, ignore_index, weight)
    if classes and label_smoothing > 0 and weight is None and scores == EXPONENTIAL:
        smoothing = (SMOOTHED, float(label_smoothing), 0.0, 0.0, code)
        return _evaluate_rows((family_rows, None), smoothing, layout, logits, labels, gradient, reduction, 0,
                              ignore_index, None, format)
    return _evaluate_rows((loss_rows, soft_loss_rows), (scores, code), layout, logits, labels, gradient, reduction,
                          label_smoothing, ignore_index, weight, format)


def evaluate_family(kind, parameters, logits, labels, *, gradient=False, form="complement", reduction="mean",
                    ignore_index=None, weight=None, axis=-1, where=None, format=None):
    """`evaluate` of a loss with up to three `parameters`."""
    code = check_choice("form", form, FORMS)
    check_choice("reduction", reduction, REDUCTIONS)
    layout = Rows(logits, axis=axis, where=where, format=format, name="logits")
    if np.asarray(labels).dtype.kind == "f":
        if kind != SYMMETRIC:
            raise TypeError("labels are probabilities; allowed: integers, the classes")
        if weight is not None or form != "complement":
            raise ValueError("labels are probabilities; allowed with these: form='complement' and weight=None")
    parameters = tuple(map(float, parameters)) + (0.0,) * (3 - len(parameters))
    return _evaluate_rows((family_rows, soft_family_rows), (kind, *parameters, code), layout, logits, labels, gradient,
                          reduction, 0, ignore_index, weight, format)


def _evaluate_rows(drivers, arguments, layout, logits, labels, gradient, reduction, label_smoothing, ignore_index,
                   weight, format):
    """From labels to the reduced loss by the exact kernels; `arguments` end with the code of the form."""
    z = layout.rows(logits, "logits")
    targets = label_rows(layout, z, labels, label_smoothing=label_smoothing, ignore_index=ignore_index,
                         weight=weight, format=format)
    losses = np.empty(layout.count, layout.compute)
    grads = np.empty((layout.count if gradient else 1, layout.classes), layout.compute)
    driver, arrays = (drivers[0], ()) if targets.q is None else (drivers[1], (targets.q,))
    factors = _gradient_factors(targets, reduction).astype(layout.compute)
    layout.call(driver, z, targets.index, *arrays, factors, *arguments, int(gradient), losses, grads)
    if arguments[-1] == FORMS.index("naive"):
        broken = ~np.isfinite(losses) & ~_labels_without_probability(z, targets)
        warn_about_rows(z, broken, "form='naive' gave a loss of inf or NaN", stacklevel=5)
    loss = _reduced(layout, losses, targets, reduction, format)
    return loss, layout.restore(grads, 0.0) if gradient else None


def _evaluate_lines(scores, layout, logits, labels, gradient, reduction, ignore_index, weight):
    """`evaluate` for class labels in the complement form, without an emulated format."""
    targets = label_rows(layout, None, labels, label_smoothing=0, ignore_index=ignore_index, weight=weight,
                         format=None)
    losses = np.zeros(layout.count, layout.compute)
    factors = _gradient_factors(targets, reduction).astype(layout.compute)
    lines = Lines(layout, logits)
    grads = np.empty(lines.flat.size if gradient else 1, layout.compute)
    if layout.count:
        task = CrossEntropy if scores == EXPONENTIAL else StablemaxCrossEntropy
        lines.run(task(targets.index, factors, losses, gradient), grads)
    return _reduced(layout, losses, targets, reduction, None), lines.restore(grads, 0.0) if gradient else None


def _labels_without_probability(z, targets):
    """Rows whose label has a logit of -inf: inf is their loss."""
    if targets.q is None:
        return z[np.arange(len(z)), targets.index] == -np.inf
    return ((z == -np.inf) & (targets.q > 0)).any(axis=1)


def _gradient_factors(targets, reduction):
    if reduction != "mean" or targets.divisor == 0:
        return targets.factors
    return targets.factors / targets.divisor


def _reduced(layout, losses, targets, reduction, format):
    with np.errstate(all="ignore"):
        if reduction == "none":
            return layout.restore_reduced(_rounded(losses * targets.factors.astype(layout.compute), format))
        total = np.sum(losses * targets.factors, dtype=np.float64)
        if reduction == "mean":
            total = total / np.float64(targets.divisor)
        return _rounded(total, format).astype(layout.dtype)


def _rounded(x, format):
    return x if format is None else round_to(x, format)
