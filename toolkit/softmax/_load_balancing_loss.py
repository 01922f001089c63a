"""Load-balancing term of a mixture of experts."""
import numpy as np

from toolkit._core.arguments import check_count
from toolkit._core.arrays import Rows
from toolkit._core.kernel import kernel
from toolkit._core.sums import sum_like
from toolkit.softmax._algorithms import softmax_three_pass_reload
from toolkit.softmax._softmax import softmax_vjp_row
from toolkit.softmax._top_k import top_k_logits

__all__ = ["load_balancing_loss"]
KERNELS = ["load_balancing_term", "load_balancing_vjp", "router_loads"]


@kernel
def router_loads(z, k, load, p):
    """Fill `load` with each expert's share of the choices of the rows z, k for each, and return how many may be chosen.

    An expert with a score of -inf in every row may not.
    """
    choices, present = 0, 0
    for i in range(load.size):
        load[i] = 0.0
    for n in range(z.shape[0]):
        top_k_logits(z[n], None, k, False, p)
        for i in range(p.size):
            chosen_here = p[i] != -np.inf
            load[i] += chosen_here
            choices += chosen_here
    for i in range(load.size):
        load[i] /= max(choices, 1)
        anywhere = False
        for n in range(z.shape[0]):
            anywhere |= z[n, i] != -np.inf
        present += anywhere
    return present


@kernel
def load_balancing_term(z, k, load, p):
    """``K <f, P>`` of rows of scores; fills the loads f. The mean of <f, softmax(row)> is <f, P>."""
    present = router_loads(z, k, load, p)
    total = sum_like(load)
    for n in range(z.shape[0]):
        softmax_three_pass_reload(z[n], p)
        for i in range(p.size):
            total += load[i] * p[i]
    return present * total.value / max(z.shape[0], 1)


@kernel
def load_balancing_vjp(z, k, g, load, p, out):
    """``g K p * (f - <p, f>) / N`` of each row: the loads f are counts and stay as they are."""
    scale = g * router_loads(z, k, load, p) / max(z.shape[0], 1)
    for n in range(z.shape[0]):
        softmax_three_pass_reload(z[n], p)
        softmax_vjp_row(p, load, out[n])
        for i in range(p.size):
            out[n, i] *= scale


def scores_of_tokens(z, axis, where):
    """The layout of `z`, its rows, and two rows to work in."""
    layout = Rows(z, axis=axis, where=where)
    return layout, layout.rows(z, "z"), *np.empty((2, layout.classes), layout.compute)


def load_balancing_loss(z, *, k=1, axis=-1, where=None):
    """Load-balancing term of a mixture of experts, ``K sum_i f_i P_i`` over a batch of tokens.

    f_i is the load of expert i, its share of all choices when each token chooses the k experts with the largest
    scores. P_i is the mean over the tokens of its weight in a softmax of the scores. With even weights the term is 1,
    and with all choices and all weight on one expert it is K. It is *not* least for an even load: weights that are
    close where the busy expert is chosen, and sharp where another one is, give less than 1.

    Parameters
    ----------
    z : array_like (..., K)
        Scores of the experts; all axes but `axis` count tokens.
    k : int
        Experts that a token chooses; ties go to the first.
    axis, where
        As in `softmax`. K counts the experts that are not masked for every token.

    Returns
    -------
    A number, (..., K) -> (), in the dtype that `softmax` would give. It is to be multiplied by a small coefficient.

    Special values
    --------------
    A NaN score gives NaN, and so does a token whose scores are all -inf. Without tokens it is 0.

    Accuracy
    --------
    Within ``16 + s`` epsilon in float32 and float64, tested, with s the largest distance of a score from the top one of
    its token: all terms are positive.

    Gradient
    --------
    ``K p * (f - <p, f>) / N`` for each of N tokens: the load is a count, whose derivative is 0 wherever it has one.

    References
    ----------
    W. Fedus, B. Zoph, N. Shazeer, Switch Transformers, JMLR 2022, arXiv:2101.03961 (k = 1).
    D. Lepikhin et al., GShard, ICLR 2021, arXiv:2006.16668 (its mean over experts instead of K times the sum).

    Examples
    --------
    >>> import numpy as np
    >>> load_balancing_loss(np.log([[0.7, 0.1, 0.1, 0.1]])).round(6).item()
    2.8
    >>> load_balancing_loss(np.log([[0.5001, 0.4999]] * 3 + [[1e-9, 1.0]])).round(3).item()
    0.875
    """
    k = check_count(k)
    layout, rows, load, p = scores_of_tokens(z, axis, where)
    with np.errstate(all="ignore"):
        return layout.dtype.type(load_balancing_term(rows, k, load, p))


def load_balancing_pull(z, g, *, k=1, axis=-1, where=None):
    """Gradient with respect to the scores `z`, from the number `g` with respect to the term.

    Examples
    --------
    >>> load_balancing_pull([[1.0, 1.0]], 1.0)
    array([[ 0.5, -0.5]])
    """
    k = check_count(k)
    layout, rows, load, p = scores_of_tokens(z, axis, where)
    out = layout.empty()
    with np.errstate(all="ignore"):
        load_balancing_vjp(rows, k, layout.compute.type(g), load, p, out)
    return layout.restore(out, 0.0)
