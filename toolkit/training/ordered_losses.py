"""The losses of the engine that add up the classes in an order of their own: row kernels, by name and form."""
from toolkit._core.kernel import kernel
from toolkit._core.numbers import like
from toolkit._core.switch import switch
from toolkit.collapse.kernels import sum_of_terms
from toolkit.elementary import log, log1p
from toolkit.losses.kernels import chain_through_score, divide_by, scaled_scores, shifted_exponentials
from toolkit.softmax.kernels import log_stable_ratio

__all__ = ["LOSSES", "ORDERED", "loss_in_order"]


@kernel
def finish_common(g, y, gap, terms, order):
    """``log S + gap``; scores `g`, the largest of them 1, become p - onehot(y)."""
    for k in range(g.size):
        terms[k] = g[k]
    total = sum_of_terms(order, terms)
    divide_by(g, total)
    g[y] -= 1
    return log(total) + gap


@kernel
def finish_complement(g, y, gap, top, terms, order):
    """``log1p(rest) + gap``, where rest leaves out the top class; g_y is minus the sum of the others."""
    for k in range(g.size):
        terms[k] = g[k]
    terms[top] = g[top] - 1  # 0, or NaN when the top logit is infinite
    rest = sum_of_terms(order, terms)
    divide_by(g, 1 + rest)
    for k in range(g.size):
        terms[k] = g[k]
    terms[y] = 0
    g[y] = -sum_of_terms(order, terms)
    return log1p(rest) + gap


@kernel
def cross_entropy_common(z, y, terms, order, g):
    top = shifted_exponentials(z, g)
    return finish_common(g, y, z[top] - z[y], terms, order)


@kernel
def cross_entropy_complement(z, y, terms, order, g):
    top = shifted_exponentials(z, g)
    return finish_complement(g, y, z[top] - z[y], top, terms, order)


@kernel
def stablemax_common(z, y, terms, order, g):
    top = scaled_scores(z, g)
    value = finish_common(g, y, -log_stable_ratio(z[y], z[top]), terms, order)
    chain_through_score(z, g)
    return value


@kernel
def stablemax_complement(z, y, terms, order, g):
    top = scaled_scores(z, g)
    value = finish_complement(g, y, -log_stable_ratio(z[y], z[top]), top, terms, order)
    chain_through_score(z, g)
    return value


@kernel
def squared_error(z, y, terms, order, g):
    """``mean_k (z_k - [k = y])^2`` and its gradient."""
    loss = 0.0
    inverse = 1 / like(z.size, z)
    for k in range(z.size):
        error = z[k] - 1 if k == y else z[k]
        loss += error * error
        g[k] = (error + error) * inverse
    return loss * inverse


# Name and form -> kernel ``(z, y, terms, order, g)``, which returns the loss of a row and makes `g` its gradient;
# `terms` is work space.
LOSSES = {("cross_entropy", "common"): cross_entropy_common, ("cross_entropy", "complement"): cross_entropy_complement,
          ("stablemax", "common"): stablemax_common, ("stablemax", "complement"): stablemax_complement,
          ("mse", "common"): squared_error, ("mse", "complement"): squared_error}
ORDERED = {name: place for place, name in enumerate(LOSSES)}
# (which, z, y, terms, order, g): the loss at that place of `LOSSES`.
loss_in_order = switch(tuple(LOSSES.values()))
