"""Noise-contrastive estimation: a density is learned by telling its data from noise."""
import numpy as np

from toolkit._core.arrays import real_array
from toolkit._core.kernel import kernel
from toolkit.elementary import log
from toolkit.losses._binary import binary_entropy_naive, binary_entropy_stable
from toolkit.losses._entries import LossOfEntries
from toolkit.losses._evaluate import above, loss

__all__ = ["noise_contrastive_loss"]
KERNELS = ["noise_contrastive_naive", "noise_contrastive_stable"]


@kernel
def noise_contrastive_stable(x, mass, ratio):
    """Binary cross-entropy of the logit ``x - log nu``."""
    return binary_entropy_stable(x - log(ratio), mass)


@kernel
def noise_contrastive_naive(x, mass, ratio):
    return binary_entropy_naive(x - log(ratio), mass)


@loss
def noise_contrastive_loss(log_ratio, labels, *, ratio=1.0, form="stable", reduction="mean", sample_weight=None,
                           format=None):
    """Noise-contrastive loss: binary cross-entropy of the logit ``G = log_ratio - log nu``, label 1 for data.

    With ``log_ratio = s(x) - c - log q(x)`` of a model ``exp(s - c)`` and the noise q, and with nu draws of noise for
    each of N data, the sum over N is ``E_data sp(-G) + nu E_q sp(G)``. Its minimum is at the model's density for any
    nu, and c, a number that is learned like the others, is then log Z. Where data and noise are far apart the loss is
    near 0 for many wrong models, and so is its slope.

    Parameters
    ----------
    log_ratio : array_like (...)
    labels : array_like of 0 and 1, broadcast to (...)
        1 for data, 0 for noise.
    ratio : float > 0
        nu, draws of noise for each one of data.
    form : {"stable", "naive"}
    reduction : {"mean", "sum", "none"}
        "mean" over data and noise together, which is 1 / (1 + nu) of the sum over N.
    sample_weight : array_like of numbers >= 0, broadcast to (...), optional
    format : Format or what `toolkit.formats.get_format` accepts, optional

    Returns
    -------
    loss : () or, with ``reduction="none"``, (...)
        In the dtype of `log_ratio`.

    Gradient
    --------
    ``-sigmoid(-G)`` of data, ``sigmoid(G)`` of noise.

    Special values
    --------------
    As `binary_cross_entropy`.

    Accuracy
    --------
    "stable", ``reduction="none"``, float32 and float64, tested: loss and gradient within ``4 + |G|`` epsilon, where
    these are normal numbers; with nu = 1 within 3 epsilon.

    References
    ----------
    Gutmann, Hyvärinen, Noise-Contrastive Estimation of Unnormalized Statistical Models, JMLR 13 (2012).

    Examples
    --------
    >>> f"{noise_contrastive_loss([1.3, -0.7], [1, 0], reduction='sum'):.6f}"
    '0.644195'
    """
    labels = real_array(labels, "labels").astype(np.float64)
    bad = ~np.isin(labels, (0, 1))
    if bad.any():
        raise ValueError(f"labels contains {labels[bad][0]:.3g}; allowed: 1 for data, 0 for noise")
    return LossOfEntries({"naive": noise_contrastive_naive, "stable": noise_contrastive_stable}, log_ratio,
                         (1 - labels, labels), above(0, "ratio", ratio), name="log_ratio", form=form,
                         reduction=reduction, format=format, weights={"sample_weight": sample_weight})
