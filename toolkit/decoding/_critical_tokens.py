"""Where a sampled answer was least sure of its next token: from there it may be begun again."""
import numpy as np

from toolkit._core import loops
from toolkit._core.arguments import check_count, check_whole
from toolkit._core.arrays import Rows
from toolkit._core.kernel import kernel
from toolkit.softmax.kernels import top_k_logits

__all__ = ["critical_tokens"]
KERNELS = ["critical_row"]


@kernel
def critical_row(scores, count, chosen):
    """1 at the `count` largest scores, of equal ones at the first; 0 elsewhere, and where a score is -inf or NaN."""
    top_k_logits(scores, None, count, False, chosen)
    for t in range(scores.size):
        chosen[t] = 1.0 if chosen[t] > -np.inf else 0.0


def critical_tokens(entropy, *, count=20, skip=1, axis=-1, where=None):
    """Which tokens of an answer were drawn with the largest entropy.

    CURE takes one of these at random, keeps the answer before it, and draws the rest anew from that token on. What is
    not to be a beginning is left out by `where`: special tokens, padding, tokens of one character.

    Parameters
    ----------
    entropy : array_like (..., T)
        Of the distribution that each token was drawn from, as ``toolkit.information.entropy(z, from_logits=True)``.
    count : int >= 1
        How many; fewer where there are no more.
    skip : int >= 0
        So many of the first tokens do not count: a new beginning at the first is another answer.
    axis : int, tuple of ints or None
    where : array_like of booleans, optional
        True keeps.

    Returns
    -------
    (..., T) booleans

    Special values
    --------------
    Of equal entropies the first come first. NaN and -inf are never chosen.

    References
    ----------
    Q. Li et al., CURE: Critical-Token-Guided Re-concatenation for Entropy-collapse Prevention, 2025, arXiv:2508.11016.

    Examples
    --------
    >>> critical_tokens([0.37, 1.10, 1.02, 0.08, 1.02], count=2).tolist()
    [False, True, True, False, False]
    """
    count, skip = check_count(count, "count"), check_whole("skip", skip, 0)
    layout = Rows(entropy, axis=axis, where=where, name="entropy", allow_empty=True)
    scores, chosen = layout.rows(entropy, "entropy"), np.zeros((layout.count, layout.classes))
    if layout.classes > skip:
        late = np.where(np.isnan(scores), -np.inf, scores)[:, skip:]
        found = np.empty_like(late)
        layout.call(loops.map_rows, critical_row, (np.ascontiguousarray(late),), (count,), found)
        chosen[:, skip:] = found
    return layout.restore(chosen, 0.0).astype(bool)
