"""Losses around cross-entropy: one declaration each; `functions_of` makes the public functions."""
from toolkit.losses._declare import functions_of, number
from toolkit.losses._family_driver import ALDR_KL, COMBINED, COMP_SUM, FOCAL, LDR_KL, SYMMETRIC, Z_LOSS


def _comp_sum(*, tau=1.7):
    """Comp-sum loss ``((1 + u)^(1 - tau) - 1) / (1 - tau)``, ``u = sum_{k != y} e^{z_k - z_y}``; log(1 + u) at 1.

    One family: ``tau = 0`` is the sum-exponential loss u, 1 cross-entropy, between 1 and 2 the generalized
    cross-entropy ``(1 - p_y^q) / q`` with ``q = tau - 1``, and 2 the mean absolute error ``1 - p_y``. Computed
    as ``expm1((1 - tau) l) / (1 - tau)`` from the cross-entropy l, since ``1 + u = e^l``: no power of a
    probability that rounded to 0 or 1, and no jump near 1. Only ``tau = 1`` is proper: against label
    probabilities eta the minimum is at p_k proportional to ``eta_k^(1 / (2 - tau))``.

    Parameters
    ----------
    tau : float >= 0
        The larger, the less a row far from its label counts: its gradient weighs ``p_y^(tau - 1)``.

    Special values
    --------------
    As `cross_entropy`. For tau < 1 the loss grows like ``p_y^(tau - 1)`` and overflows to inf where that does,
    and so does the gradient.

    Accuracy
    --------
    "complement", ``reduction="none"``, float32 and float64, tested: the loss within
    ``3 + abs(1 - tau) l`` epsilon, the gradient ``4 + abs(1 - tau) l`` and K/2 more at the label, for K <= 300
    where probabilities are normal numbers.

    References
    ----------
    Mao, Mohri, Zhong, Cross-Entropy Loss Functions: Theoretical Analysis and Applications, 2023,
    arXiv:2304.07288; Zhang, Sabuncu, Generalized Cross Entropy Loss, 2018, arXiv:1805.07836. The map from tau to
    the names and the gradient were checked here numerically.

    Examples
    --------
    >>> import numpy as np
    >>> q, p = np.float32(1e-8), np.float32(0.3)
    >>> z = np.log(np.float32([0.3, 0.7]))
    >>> f"{(1 - p**q) / q:.6g}", f"{comp_sum(z, 0, tau=1 + 2.0**-23):.6g}"
    ('0', '1.20397')
    """
    return (number("tau", tau, 0),)


def _symmetric_cross_entropy(*, alpha=0.1, beta=1.0, floor=-4.0):
    """Symmetric cross-entropy ``alpha H(q, p) + beta H(p, q)`` with ``log q`` no lower than `floor`.

    For a class label ``H(p, q) = -floor (1 - p_y)``: cross-entropy beside a multiple of the mean absolute error,
    which resists wrong labels. Label probabilities q, a teacher's, are constants: no gradient flows
    through them. ``H(p, q) = -sum p_k max(log q_k, floor)`` is finite where the teacher rounded q_k to 0.

    Parameters
    ----------
    labels : array_like of integers (...) or of floats (..., K)
        Classes, or probabilities q; these take ``form="complement"`` and no `weight`.
    alpha, beta : float >= 0
    floor : float < 0
        What log 0 counts as.

    Special values
    --------------
    As `cross_entropy`.

    Accuracy
    --------
    "complement", ``reduction="none"``, float32 and float64, class labels, tested: the loss within
    5 epsilon, the gradient 6 and K/2 more at the label, for K <= 300 where probabilities are normal numbers.

    References
    ----------
    Wang et al., Symmetric Cross Entropy for Robust Learning with Noisy Labels, 2019, arXiv:1908.06112; with a
    teacher: Döbler, Marsden, Yang, Robust Mean Teacher, 2023, arXiv:2211.13081 (both weights 0.5).

    Examples
    --------
    >>> import numpy as np
    >>> f"{symmetric_cross_entropy(np.array([2, 1, -1, 0.5]), 1):.6f}"
    '3.252687'
    """
    if not floor < 0 or floor == float("-inf"):
        raise ValueError(f"floor is {floor!r}; allowed: a finite number < 0")
    alpha, beta = number("alpha", alpha, 0), number("beta", beta, 0)
    return alpha, beta, float(floor)


def _focal_loss(*, gamma=2.0):
    """Focal loss ``(1 - p_y)^gamma l`` of the cross-entropy l: rows that are nearly right count less.

    ``1 - p_y`` is the sum of the other probabilities and no difference. In float32 the usual form is exactly 0
    from a gap of 17 on, and for gamma < 1 its gradient is NaN there: ``(1 - p_y)^(gamma - 1)`` is infinite.
    Not proper: it is least where the model is less sure than the labels.

    Parameters
    ----------
    gamma : float >= 0
        0 is cross-entropy.

    Special values
    --------------
    As `cross_entropy`.

    Accuracy
    --------
    "complement", ``reduction="none"``, float32 and float64, tested: the loss within ``4 + 2 gamma``
    epsilon, the gradient ``8 + 2 gamma`` and K/2 more at the label, for K <= 10 where results are normal numbers.

    References
    ----------
    Lin et al., Focal Loss for Dense Object Detection, 2017, arXiv:1708.02002.

    Examples
    --------
    >>> import numpy as np
    >>> z = np.float32([20, 0])
    >>> [f"{focal_loss(z, 0, gamma=0.5, form=form):.6g}" for form in ("common", "complement")]
    ['0', '9.35762e-14']
    """
    return (number("gamma", gamma, 0),)


def _poly1_loss(*, epsilon=1.0):
    """Poly-1 loss ``l + epsilon (1 - p_y)``: cross-entropy l with its first polynomial coefficient changed.

    ``l = sum_j (1 - p_y)^j / j``; `epsilon` is added to the coefficient of ``j = 1``, which weighs rows that are
    nearly right.

    Parameters
    ----------
    epsilon : float >= -1
        0 is cross-entropy.

    Special values
    --------------
    As `cross_entropy`.

    Accuracy
    --------
    "complement", ``reduction="none"``, float32 and float64, for ``epsilon >= 0``, tested: the loss within
    3 epsilon of the dtype, the gradient 6 and K/2 more at the label, for K <= 300 where probabilities are normal
    numbers. Towards -1 the two terms cancel.

    References
    ----------
    Leng et al., PolyLoss, 2022, arXiv:2204.12511.

    Examples
    --------
    >>> import numpy as np
    >>> f"{poly1_loss(np.array([2, 1, -1, 0.5]), 1, epsilon=2):.6f}"
    '3.046766'
    """
    return 1.0, number("epsilon", epsilon, -1)


def _z_loss(*, scale=1e-4):
    """Cross-entropy plus z-loss, ``l + scale lse(z)^2``: keeps the logits from drifting.

    Cross-entropy does not see a constant added to all logits; the square of log-sum-exp does and pulls it to 0.
    ``(scale lse) lse`` stays finite in float16 where ``lse^2`` overflows, from ``abs(lse) = 256`` on.

    Parameters
    ----------
    scale : float >= 0
        0 is cross-entropy.

    Special values
    --------------
    As `cross_entropy`; one class has the loss ``scale z^2``.

    Accuracy
    --------
    "complement", ``reduction="none"``, float32 and float64, tested: within 4 epsilon where
    ``abs(lse) >= 1``, for K <= 300; nearer 0 the log-sum-exp itself cancels.

    References
    ----------
    Chowdhery et al., PaLM, 2022, arXiv:2204.02311; Zoph et al., ST-MoE, 2022, arXiv:2202.08906.

    Examples
    --------
    >>> import numpy as np
    >>> z = np.array([300.0, 0.0])
    >>> [f"{z_loss(z, 0, form=form, format='float16'):.4g}" for form in ("common", "complement")]
    ['inf', '9']
    """
    return (number("scale", scale, 0),)


def _ldr_kl(*, strength=1.0, margin=1.0):
    """LDR-KL loss ``strength log mean_k e^{d_k / strength}`` with ``d_k = z_k - z_y + margin [k != y]``.

    The worst case ``max_w sum w_k d_k - strength KL(w || uniform)`` over weights w of the classes, reached at
    ``w = softmax(d / strength)``. Towards 0 it is the hinge ``max_k d_k`` of Crammer and Singer, at 1 without
    margin cross-entropy less log K, towards infinity the mean of d. It may be negative. Computed as ``max d +
    strength log1p(mean_k expm1((d_k - max d) / strength))``: neither overflows for a small strength nor cancels
    for a large one.

    Parameters
    ----------
    strength : float > 0
        lambda of the paper: how dear it is for w to leave the uniform weights.
    margin : float >= 0

    Special values
    --------------
    As `cross_entropy`. Masked classes do not count in the mean.

    Accuracy
    --------
    "complement", ``reduction="none"``, float32 and float64, tested: the loss within 8 epsilon of
    ``max(abs(loss), max d)``, for K <= 300, logits to 30 and strengths from 0.01 to 1e4.

    References
    ----------
    Zhu, Ying, Yang, Label Distributionally Robust Losses, 2023, ICML (PMLR 202). The authors' code divides the
    logits by their mean size first, which is left to the caller. The stable form is derived here.

    Examples
    --------
    >>> import numpy as np
    >>> z = np.float32([2, 1, -1, 0.5])
    >>> [f"{ldr_kl(z, 1, strength=1e6, form=form):.6f}" for form in ("common", "complement")]
    ['0.331070', '0.375001']
    """
    return number("strength", strength, 0, above=True), number("margin", margin, 0)


def _aldr_kl(*, alpha=2.0, strength=1.0, margin=1.0):
    """ALDR-KL loss: `ldr_kl` at the strength that each row chooses, between ``(1 - 1/alpha) strength`` and it.

    ``max over lambda of LDR(lambda) - alpha log K / (2 strength) (lambda - strength)^2``: a row whose weights w
    are far from uniform gets a smaller lambda. The best lambda is found by bisection of the slope. At it the
    gradient is that of `ldr_kl`, ``w - onehot(y)``. With many classes and alpha near 1 the
    slope can vanish more than once; the bisection ends at one of these places.

    Parameters
    ----------
    alpha : float > 1
        Stiffness; towards infinity the loss is that of `ldr_kl`.
    strength : float > 0
        lambda_0 of the paper, the largest lambda.
    margin : float >= 0

    Special values
    --------------
    As `ldr_kl`.

    Accuracy
    --------
    "complement", ``reduction="none"``, float32 and float64, tested: the loss within 16 epsilon of
    ``max(abs(loss), max d)``, for K <= 10 and logits to 10.

    References
    ----------
    Zhu, Ying, Yang, Label Distributionally Robust Losses, 2023, ICML (PMLR 202). The paper's code keeps a lambda
    per training example and moves it once per visit; the maximum is a reading of that code, checked here against
    brute force.

    Examples
    --------
    >>> import numpy as np
    >>> f"{aldr_kl(np.array([2, 1, -1, 0.5]), 1):.6f}"
    '1.025823'
    """
    return (number("alpha", alpha, 1, above=True), number("strength", strength, 0, above=True),
            number("margin", margin, 0))


comp_sum, comp_sum_grad, comp_sum_and_grad = functions_of(
    COMP_SUM, _comp_sum, "``p_y^(tau - 1) (p - onehot(y))``")
symmetric_cross_entropy, symmetric_cross_entropy_grad, symmetric_cross_entropy_and_grad = functions_of(
    SYMMETRIC, _symmetric_cross_entropy, "``(alpha - beta floor p_y) (p - onehot(y))``")
focal_loss, focal_loss_grad, focal_loss_and_grad = functions_of(
    FOCAL, _focal_loss, "``(1 - p_y)^gamma (1 + gamma p_y l / (1 - p_y)) (p - onehot(y))``")
poly1_loss, poly1_loss_grad, poly1_loss_and_grad = functions_of(
    COMBINED, _poly1_loss, "``(1 + epsilon p_y) (p - onehot(y))``")
z_loss, z_loss_grad, z_loss_and_grad = functions_of(
    Z_LOSS, _z_loss, "``p - onehot(y) + 2 scale lse(z) p``")
ldr_kl, ldr_kl_grad, ldr_kl_and_grad = functions_of(
    LDR_KL, _ldr_kl, "``softmax(d / strength) - onehot(y)``")
aldr_kl, aldr_kl_grad, aldr_kl_and_grad = functions_of(
    ALDR_KL, _aldr_kl, "``softmax(d / lambda) - onehot(y)`` at the best lambda")
