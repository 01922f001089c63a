"""Cross-entropy as what cannot be learnt away and what can: the entropy of the truth, and the divergence from it."""
from typing import NamedTuple

import numpy as np

from toolkit.information._entropies import entropy, kl_divergence

__all__ = ["CrossEntropyParts", "cross_entropy_parts"]


class CrossEntropyParts(NamedTuple):
    """``H(p, q) = H(p) + KL(p, q)``, in nats.

    entropy : (...), of the truth: the floor of the loss · divergence : (...), what a better model saves
    """

    entropy: np.ndarray
    divergence: np.ndarray

    @property
    def total(self):
        """The cross-entropy."""
        return self.entropy + self.divergence


def cross_entropy_parts(p, q, *, axis=-1, where=None):
    """Cross-entropy ``-sum p log q`` in its two parts: entropy of p and divergence of q from p.

    No model q gets below the entropy. Each part is a sum of its own, so that a divergence of 1e-12 is not lost
    beside an entropy of 1.

    Parameters
    ----------
    p, q : array_like (..., K)
        Probabilities: the truth and the model.
    axis : int, tuple of ints or None
    where : array_like of booleans, optional

    Returns
    -------
    CrossEntropyParts
        Two arrays, (..., K), (..., K) -> (...) each, and their sum as `total`.

    Accuracy
    --------
    That of `entropy` and of `kl_divergence`.

    References
    ----------
    Henighan, Kaplan, Katz et al., Scaling Laws for Autoregressive Generative Modeling, 2020, arXiv:2010.14701.

    Examples
    --------
    >>> parts = cross_entropy_parts([0.5, 0.3, 0.2], [0.4, 0.4, 0.2])
    >>> f"{parts.total:.6f} = {parts.entropy:.6f} + {parts.divergence:.6f}"
    '1.054920 = 1.029653 + 0.025267'
    """
    divergence = kl_divergence(p, q, axis=axis, where=where)
    return CrossEntropyParts(entropy(p, axis=axis, where=where), divergence)
