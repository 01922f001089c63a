"""The losses as functions of N-d arrays."""
from toolkit.losses._driver import EXPONENTIAL, STABLEMAX
from toolkit.losses._evaluate import evaluate
from toolkit.losses._signature import parameters_of


def cross_entropy(logits, labels, *, form="complement", reduction="mean", label_smoothing=0.0,
                  ignore_index=None, weight=None, axis=-1, where=None, format=None):
    """Softmax cross-entropy ``-log p_y``, ``p = softmax(logits)``, whose loss and gradient do not collapse.

    With ``r = sum_{k != top} e^{z_k - max z}`` over all classes but the likeliest,
    ``loss = log1p(r) + (max z - z_y)``: two terms >= 0, so that nothing cancels. The usual
    ``log(1 + r) - (z_y - max z)`` rounds ``1 + r`` to 1 once the logit gap passes 17 in float32 (37 in
    float64): loss and label gradient are then exactly 0 although learning could go on, which is *Softmax
    Collapse*.

    Parameters
    ----------
    logits : array_like (..., K)
        float16 is computed in float32; integers become float64.
    labels : array_like of integers (...) or of floats (..., K)
        Classes 0 to K - 1, or probabilities of the classes (each row sums to 1). Booleans, and integers of
        the shape of `logits`, are ambiguous: an error. Probabilities are converted to the dtype of `logits`.
    form : {"complement", "common", "naive"}
        "complement" is the accurate one. "common" is what libraries compute, the lesson; its sum runs from
        the first class to the last. "naive" also leaves out the shift by the maximum, and warns where that
        broke.
    reduction : {"mean", "sum", "none"}
        "mean" divides by the number of rows not ignored or, with `weight`, by the sum of the weights of their
        labels (for probabilities ``sum_k weight_k q_k``, before smoothing). Sums over rows are accumulated in
        float64.
    label_smoothing : float from 0 to 1
        Labels become ``(1 - label_smoothing) q + label_smoothing / n`` on the n classes that are not masked.
    ignore_index : int, optional
        Rows with this class label have loss 0 and gradient 0 and do not count in the mean.
    weight : array_like (K,), optional
        Weights >= 0 of classes: ``-sum_k weight_k q_k log p_k``.
    axis : int, tuple of ints or None
        Where the K classes are; several axes count as one, in C order.
    where : array_like of booleans, broadcast to the shape of `logits`, optional
        True keeps a class, as if the others were not there. A masked class may not be a label.
    format : Format or what `toolkit.formats.get_format` accepts, optional
        Emulate this format: round the arguments, and then the result of every operation, to it.

    Returns
    -------
    loss : (..., K), (...) -> () or, with ``reduction="none"``, (...)
        In the dtype of `logits`; with `format`, in float64 unless that dtype holds the format.

    Special values
    --------------
    A NaN or +inf logit makes the loss of its row NaN, and so does a row of -inf. A logit of -inf counts as
    masked; as a label it has loss inf. The mean over no rows is NaN. One class: loss 0.

    Accuracy
    --------
    "complement", ``reduction="none"``, float32 and float64, tested: at most 3 ulp for class labels,
    through the subnormals (gaps to 104 and 745; of many classes together 130 and 1060), for K <= 5000.
    For probabilities and with label smoothing the exact kernels run: at most 3 ulp as long as
    ``e^{-gap}`` of the second class is a normal number (gaps to 87, 708); beyond, each class adds up to
    one smallest subnormal.

    References
    ----------
    Prieto, Barsbey, Mediano, Birdal, Grokking at the Edge of Numerical Stability, 2025, arXiv:2501.04697 (the
    collapse). The complement form is derived here.

    Examples
    --------
    >>> import numpy as np
    >>> z = np.float32([0, -17])
    >>> [f"{cross_entropy(z, 0, form=form):.6g}" for form in ("common", "complement")]
    ['0', '4.13994e-08']
    """
    return evaluate(EXPONENTIAL, logits, labels, form=form, reduction=reduction,
                    label_smoothing=label_smoothing, ignore_index=ignore_index, weight=weight, axis=axis,
                    where=where, format=format)[0]


@parameters_of(cross_entropy)
def cross_entropy_grad(logits, labels, **options):
    """Gradient of `cross_entropy` with respect to the logits: ``p_k - [k == y]``, which sums to 0.

    The entry of a label on top is ``-r / (1 + r)``, r the sum of the others, and not ``p_y - 1``, which
    rounds to 0 long before the other entries do: then the row no longer sums to 0 and pushes all logits
    down.

    Returns
    -------
    grad : (..., K), the shape and dtype of `logits`
        Of the reduced loss; with ``reduction="none"``, of each row's own. Masked classes and ignored rows
        have 0.

    Special values
    --------------
    A row whose loss is NaN has a gradient of NaN.

    Accuracy
    --------
    "complement", for class labels: every entry within 3 ulp, the label's too, tested for K <= 5000. Each is
    rounded by itself, so that a row sums to 0 within 4 ulp of the label's entry and not exactly. For
    probabilities, with label smoothing or a format the exact kernels run: entries within 4 ulp, but the
    likeliest label's is minus a plain sum of the others, so that in the dtype of the kernels a row sums to 0
    exactly when that entry is added last, tested; this holds after the factor of the reduction too.

    Examples
    --------
    >>> import numpy as np
    >>> z = np.float32([0, -17])
    >>> [[f"{g:.6g}" for g in cross_entropy_grad(z, 0, form=form)] for form in ("common", "complement")]
    [['0', '4.13994e-08'], ['-4.13994e-08', '4.13994e-08']]
    """
    return evaluate(EXPONENTIAL, logits, labels, gradient=True, **options)[1]


@parameters_of(cross_entropy)
def cross_entropy_and_grad(logits, labels, **options):
    """`cross_entropy` and `cross_entropy_grad` from one pass over the rows.

    Returns
    -------
    loss, grad : as of the two functions
    """
    return evaluate(EXPONENTIAL, logits, labels, gradient=True, **options)


@parameters_of(cross_entropy)
def stablemax_cross_entropy(logits, labels, **options):
    """StableMax cross-entropy ``-log(s(z_y) / sum_k s(z_k))``, s(z) = z + 1 for z >= 0 and 1 / (1 - z) below.

    The loss falls off like a power of the logits instead of exponentially, so that it survives gaps that
    collapse softmax. It does collapse, later: the published form is exactly 0 in float32 for logits (a, -a)
    from a = 5000 on. ``loss = log1p(sum_{k != top} s(z_k) / s(max z)) + log(s(max z) / s(z_y))`` does not.

    Returns
    -------
    loss : (..., K), (...) -> () or, with ``reduction="none"``, (...)
        In the dtype of `logits`; with `format`, in float64 unless that dtype holds the format.

    Special values
    --------------
    As `cross_entropy`. StableMax is not shift-invariant: s depends on the logits, not on their differences.

    Accuracy
    --------
    "complement", ``reduction="none"``, float32 and float64, tested: at most 2 ulp for class labels,
    logits up to 1e18 (1e150) and K <= 5000; at most 4 ulp for probabilities, logits up to 1e6.

    References
    ----------
    Prieto, Barsbey, Mediano, Birdal, Grokking at the Edge of Numerical Stability, 2025, arXiv:2501.04697. The
    complement form is derived here.

    Examples
    --------
    >>> import numpy as np
    >>> z = np.float32([10000, -10000])
    >>> [f"{stablemax_cross_entropy(z, 0, form=form):.4g}" for form in ("naive", "complement")]
    ['0', '9.998e-09']
    """
    return evaluate(STABLEMAX, logits, labels, **options)[0]


@parameters_of(cross_entropy)
def stablemax_cross_entropy_grad(logits, labels, **options):
    """Gradient of `stablemax_cross_entropy` with respect to the logits: ``(p_k - [k == y]) / (1 + |z_k|)``.

    ``s'(z) / s(z) = 1 / (1 + |z|)`` on both branches, and at 0, where s has the slope 1 on both sides. Rows
    do not sum to 0; ``sum_k (1 + |z_k|) g_k`` does.

    Returns
    -------
    grad : (..., K), the shape and dtype of `logits`
        Of the reduced loss; with ``reduction="none"``, of each row's own. Masked classes and ignored rows
        have 0.

    Special values
    --------------
    Finite at a logit of exactly 1, where the published form's automatic derivative is NaN below float64.

    Accuracy
    --------
    "complement", for class labels: every entry within 4 ulp, tested for K <= 5000.

    Examples
    --------
    >>> import numpy as np
    >>> stablemax_cross_entropy_grad(np.float32([1, 0]), 0).tolist()
    [-0.1666666716337204, 0.3333333432674408]
    """
    return evaluate(STABLEMAX, logits, labels, gradient=True, **options)[1]


@parameters_of(cross_entropy)
def stablemax_cross_entropy_and_grad(logits, labels, **options):
    """`stablemax_cross_entropy` and `stablemax_cross_entropy_grad` from one pass over the rows.

    Returns
    -------
    loss, grad : as of the two functions
    """
    return evaluate(STABLEMAX, logits, labels, gradient=True, **options)
