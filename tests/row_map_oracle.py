"""Every row map of the register in mpmath, from its definition, and how far its docstring lets a result be from it."""
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from mpmath import mp, mpf

DIGITS = 60
UNDECIDED = mpf(10) ** -9  # nearer to a bound, it is a matter of rounding which class is chosen


class Oracle(NamedTuple):
    """What is right for a row map, and what is promised.

    Attributes
    ----------
    exact : callable
        ``exact(z, *beside, **parameters)`` of mpmath numbers, with the row's parameters: the result as a list, or None
        where rounding may choose another class.
    says : str
        Words of the docstring's Accuracy section, or of that of the method which it refers to.
    allowed : callable
        ``allowed(z, right, unit, *beside)`` of mpmath numbers: the error of each entry that these words allow, `unit`
        being a function from a number to the distance of its neighbours in the dtype.
    most : dict of dtype to number
        The largest size of an entry for which that is promised; the largest number of a dtype that is not named.
    """

    exact: Callable
    says: str
    allowed: Callable
    most: dict = {}


def ulps(bound):
    return lambda z, right, unit, *beside: [bound * unit(p) for p in right]


def ulps_and_gap(bound, top=max, temperature=1):
    """So many ulp, and one more for each unit of the gap to the top over the temperature."""
    return lambda z, right, unit, *beside: [(bound + (top(z) - v) / temperature) * unit(p)
                                            for v, p in zip(z, right, strict=True)]


def of_largest(float32, float64):
    """So many units of roundoff of the largest probability."""
    def allowed(z, right, unit, *beside):
        units = float32 if unit(1) > 1e-10 else float64
        return [units * unit(1) / 2 * max(right)] * len(right)
    return allowed


def of_gaps(bound, temperature, terms):
    """So many epsilon of the size of an entry's terms, and one more for each unit of its gap over the temperature."""
    def allowed(z, right, unit, *beside):
        return [(bound + (max(z) - v) / temperature) * (unit(1) * size + unit(0))
                for v, size in zip(z, terms(z, *beside), strict=True)]
    return allowed


def shares(weights):
    total = mp.fsum(weights)
    return [w / total for w in weights]


def log_softmax(z, temperature=1):
    """The top class through its complement, lest it cancel here too."""
    top = max(range(len(z)), key=lambda i: z[i])
    gaps = [(v - z[top]) / temperature for v in z]
    rest = mp.fsum(mp.exp(d) for i, d in enumerate(gaps) if i != top)
    return [d - mp.log1p(rest) for d in gaps]


def softmax(z, temperature=1):
    return [mp.exp(v) for v in log_softmax(z, temperature)]


def losers_turned(z, tau, rule):
    """The shares of all but the first of the largest with a minus."""
    top = max(range(len(z)), key=lambda i: z[i])
    return [p if i == top else -p for i, p in enumerate(softmax(z, tau))]


def log_s(x):
    return mp.log1p(x) if x >= 0 else -mp.log1p(-x)


def entmax(z, alpha):
    """By Newton's steps from the left for the threshold u of a sum that is convex and falls, `z` less its largest."""
    order, gaps = mpf(alpha) - 1, [v - max(z) for v in z]
    u = mpf(0)
    for _ in range(400):
        bases = [base for d in gaps if (base := 1 + order * (d - u)) > 0]
        step = (mp.fsum(b ** (1 / order) for b in bases) - 1) / mp.fsum(b ** (1 / order - 1) for b in bases)
        u += step
        if abs(step) < mpf(10) ** (5 - DIGITS) * (1 + u):
            break
    return [max(1 + order * (d - u), mpf(0)) ** (1 / order) for d in gaps]


def among(z, kept, of=softmax):
    """A map of the classes that are kept, and 0 for the others."""
    found = iter(of([v for i, v in enumerate(z) if i in kept]))
    return [next(found) if i in kept else mpf(0) for i in range(len(z))]


def largest(z, k):
    return set(sorted(range(len(z)), key=lambda i: -z[i])[:k])


def top_k_of_all(z, k=2, **_):
    return [p if i in largest(z, k) else mpf(0) for i, p in enumerate(softmax(z))]


def at_least(z, sizes, bound):
    """Softmax of the classes whose size reaches a bound, or of the first of the largest; None where that is close."""
    if any(0 < abs(size - bound) <= UNDECIDED * bound for size in sizes):
        return None
    return among(z, {i for i, size in enumerate(sizes) if size >= bound} or largest(z, 1))


def entropy(z):
    return -mp.fsum(mp.exp(v) * v for v in log_softmax(z))


def top_p(z, mass=0.9):
    p, count, total = sorted(softmax(z), reverse=True), 0, mpf(0)
    while total < mass:
        if abs(total + p[count] - mass) <= UNDECIDED:
            return None
        total, count = total + p[count], count + 1
    return among(z, largest(z, count))


def typical(z, mass):
    """Classes whose surprise is nearest to the entropy; those equally near stay together."""
    p, h = softmax(z), entropy(z)
    distances = [abs(-v - h) for v in log_softmax(z)]
    for bound, value in sorted(zip(distances, z, strict=True)):
        others = [i for i, v in enumerate(z) if v != value]
        reached = {i for i in range(len(z)) if distances[i] <= bound or i not in others}
        share = mp.fsum(p[i] for i in reached)
        if abs(share - mass) <= UNDECIDED or any(abs(distances[i] - bound) <= UNDECIDED for i in others):
            return None
        if share > mass:
            return among(z, reached)
    return softmax(z)


def one_hot(z, noise):
    sums = [a + b for a, b in zip(z, noise, strict=True)]
    first, *others = sorted(sums, reverse=True)
    if others and first - others[0] <= max(map(abs, sums)) * mpf(2) ** -20:
        return None
    return [mpf(s == first) for s in sums]


def estimate(p, slope):
    """``J_p slope``."""
    mean = mp.fsum(a * b for a, b in zip(p, slope, strict=True))
    return [a * (b - mean) for a, b in zip(p, slope, strict=True)]


def reinmax(z, drawn, slope, temperature):
    middle = [(q + d) / 2 for q, d in zip(softmax(z, temperature), drawn, strict=True)]
    return [2 * a - b / 2 for a, b in zip(estimate(middle, slope), estimate(softmax(z), slope), strict=True)]


def spread(slope):
    return max(slope) - min(slope)


def tempered_sum(z, noise, temperature):
    return softmax([a + b for a, b in zip(z, noise, strict=True)], temperature)


def mixture(z, local, gate):
    """Of two experts, by the logit of the gate."""
    share = 1 / (1 + mp.exp(-mpf(gate)))
    return [(1 - share) * a + share * b for a, b in zip(softmax(z), softmax(local), strict=True)]


def mirrored(z, v):
    """``z - 2 min(0, v . z) v`` of each group, v divided by its length."""
    length = mp.sqrt(mp.fsum(mpf(a) ** 2 for a in v))
    v, result = [mpf(a) / length for a in v], []
    for first in range(0, len(z), len(v)):
        group = z[first:first + len(v)]
        side = min(mp.fsum(a * b for a, b in zip(v, group, strict=True)), mpf(0))
        result += [a - 2 * side * b for a, b in zip(group, v, strict=True)]
    return result


def in_groups(z, group=2):
    return [v for first in range(0, len(z), group) for v in sorted(z[first:first + group])]


def masses(value, low, high, bins, spread=0.75):
    """Shares of a normal distribution in the bins, each from the tail on its side."""
    width = (mpf(high) - low) / bins
    edges = [(low + width * i - value[0]) / (spread * width) for i in range(bins + 1)]
    return shares([mp.ncdf(b) - mp.ncdf(a) if a < 0 else mp.ncdf(-a) - mp.ncdf(-b) for a, b in zip(edges, edges[1:])])


def two_hot(value, low, high, bins):
    place = (min(max(value[0], mpf(low)), mpf(high)) - low) * (bins - 1) / (mpf(high) - low)
    return [max(1 - abs(place - i), mpf(0)) for i in range(bins)]


def advantages(rewards, baseline, divide=True):
    """Rewards less the baseline, over their unbiased deviation; 0 where they are equal."""
    if max(rewards) == min(rewards):
        return [mpf(0)] * len(rewards)
    return [(r - baseline) / (deviation(rewards) if divide else 1) for r in rewards]


def deviation(rewards):
    return mp.sqrt(mp.fsum((r - average(rewards)) ** 2 for r in rewards) / (len(rewards) - 1))


def average(rewards):
    return mp.fsum(rewards) / len(rewards)


def of_spread(divide=True):
    """16 epsilon of the range of the rewards, over their deviation."""
    def allowed(z, right, unit, *beside):
        size = max(z) - min(z)
        return [16 * unit(1) * (size / deviation(z) if divide and size else size) + unit(0)] * len(z)
    return allowed


SQUARES = {np.float32: 1e18, np.float64: 1e150}
HALF = {dtype: float(np.finfo(dtype).max) / 2 for dtype in (np.float32, np.float64)}
OF_KEPT = "As `softmax`, of the classes kept"

def so_far(terms):
    return [mp.fsum(terms[:t + 1]) for t in range(len(terms))]


def gaps_of(z, reference):
    return [a - b for a, b in zip(z, reference, strict=True)]


ORACLES = {
    "softmax": Oracle(softmax, "at most 4 ulp of p_i", ulps(4)),
    "softmax_temperature": Oracle(softmax, "at most 4 + |z_i - max z| / tau ulp",
                                  ulps_and_gap(4, temperature=2)),
    "hebbian_competition": Oracle(lambda z, tau: softmax(z, tau), "at most 4 + |u_i - max u| / tau ulp",
                                  ulps_and_gap(4, temperature=mpf(1) / 2)),
    "anti_hebbian_competition": Oracle(losers_turned, "at most 4 + |u_i - max u| / tau ulp",
                                       ulps_and_gap(4, temperature=mpf(1) / 2)),
    "log_softmax": Oracle(log_softmax, "at most 3 ulp in float32 and float64", ulps(3)),
    "sdm": Oracle(lambda z, similarity, distance: softmax([distance * mp.log(2 + similarity) * v for v in z]),
                  "At most 6 + 2 d ln(2 + q) (max z - z_i) ulp", ulps_and_gap(6, temperature=1 / mp.log(12))),
    "log_sdm": Oracle(
        lambda z, similarity, distance: [v / mp.log(2 + similarity) for v in log_softmax(
            [distance * mp.log(2 + similarity) * v for v in z])],
        "at most 8 + log K + g ulp", lambda z, right, unit: [
            (8 + mp.log(len(z)) + mp.log(12) / 2 * min([max(z) - v for i, v in enumerate(z) if i != z.index(max(z))],
                                                       default=0)) * unit(p) for p in right], HALF),
    "stablemax": Oracle(lambda z: softmax(list(map(log_s, z))), "At most 3 ulp in float32 and float64", ulps(3),
                        SQUARES),
    "log_stablemax": Oracle(lambda z: log_softmax(list(map(log_s, z))), "at most 2 ulp in float32 and float64",
                            ulps(2), SQUARES),
    "sparsemax": Oracle(lambda z: entmax(z, 2), "Within 1 unit of roundoff of the largest probability",
                        of_largest(1, 8)),
    "entmax15": Oracle(lambda z: entmax(z, 1.5), "Within 1 unit of roundoff of the largest probability",
                       of_largest(1, 8)),
    "alpha_entmax": Oracle(entmax, "Within 1 unit of roundoff of the largest probability", of_largest(1, 8)),
    "quiet_softmax": Oracle(lambda z: softmax([*z, mpf(0)])[:-1], "At most 6 + |z_i - m| ulp",
                            ulps_and_gap(6, lambda z: max(*z, 0))),
    "capped_softmax": Oracle(lambda z, cap: softmax([cap * mp.tanh(v / cap) for v in z]), "At most 8 + 3c ulp",
                             ulps(8 + 3 * 5)),
    "taylor_softmax": Oracle(lambda z: shares([1 + v + v * v / 2 for v in z]), "At most 8 ulp", ulps(8), HALF),
    "dense_to_sparse_gate": Oracle(softmax, "As `softmax` with a temperature, of the rounded activations",
                                   ulps_and_gap(4, temperature=2)),
    "activation_dense_to_sparse_gate": Oracle(
        lambda z, temperature, activation: softmax([1 / (1 + mp.exp(-v)) for v in z], temperature),
        "As `softmax` with a temperature, of the rounded activations", ulps(10)),  # σ to 1 ulp, gaps to 1, tau 1/2
    "top_k_softmax": Oracle(lambda z, k=2: among(z, largest(z, k)), "|z_i - max z| ulp more", ulps_and_gap(4)),
    "top_k_softmax_of_all": Oracle(top_k_of_all, "|z_i - max z| ulp more", ulps_and_gap(4)),
    "top_p_softmax": Oracle(top_p, OF_KEPT, ulps(4)),
    "min_p_softmax": Oracle(lambda z, ratio=0.1: at_least(z, [mp.exp(v - max(z)) for v in z], mpf(ratio)), OF_KEPT,
                            ulps(4)),
    "k_sparsemax": Oracle(lambda z, k=2: among(z, largest(z, k), lambda kept: entmax(kept, 2)),
                          "As `sparsemax`, of the classes kept", of_largest(1, 8)),
    "typical_softmax": Oracle(typical, OF_KEPT, ulps(4)),
    "eta_softmax": Oracle(lambda z, epsilon, alpha: at_least(z, softmax(z), min(mpf(epsilon),
                                                                                alpha * mp.exp(-entropy(z)))),
                          OF_KEPT, ulps(4)),
    "epsilon_softmax": Oracle(lambda z, epsilon: at_least(z, softmax(z), mpf(epsilon)), OF_KEPT, ulps(4)),
    "gumbel_max": Oracle(one_hot, "exact where the largest two of the rounded sums differ", ulps(0)),
    "gumbel_softmax": Oracle(tempered_sum, "``4 + 4 size / tau`` ulp", lambda z, right, unit, noise: [
        (4 + 4 * max(abs(a + b) for a, b in zip(z, noise, strict=True)) / mpf(0.5)) * unit(p) for p in right]),
    "score_function": Oracle(
        lambda z, drawn, value: [mp.fsum(a * b for a, b in zip(drawn, value, strict=True)) * (d - p)
                                 for d, p in zip(drawn, softmax(z), strict=True)],
        "within ``6 + gap_i`` epsilon of ``|f(D)| max(D_i, p_i)``",
        of_gaps(6, 1, lambda z, drawn, value: [abs(mp.fsum(a * b for a, b in zip(drawn, value, strict=True)))
                                               * max(d, p) for d, p in zip(drawn, softmax(z), strict=True)])),
    "straight_through": Oracle(
        lambda z, slope, temperature: [v / temperature for v in estimate(softmax(z, temperature), slope)],
        "within ``8 + gap_i / tau`` epsilon of ``q_i spread / tau``",
        of_gaps(8, 2, lambda z, slope: [q * spread(slope) / 2 for q in softmax(z, 2)])),
    "reinmax": Oracle(
        reinmax, "within ``8 + gap_i`` epsilon of ``(r_i + p_i) spread``",
        of_gaps(8, 1, lambda z, drawn, slope: [((q + d) / 2 + p) * spread(slope) for q, d, p in zip(
            softmax(z, 2), drawn, softmax(z), strict=True)])),
    "group_advantage": Oracle(lambda z: advantages(z, average(z)),
                              "within 16 epsilon of ``(max R - min R) / (std R + delta)``", of_spread(), HALF),
    "group_advantage_without_std": Oracle(lambda z, divide_by_std: advantages(z, average(z), False),
                                          "``max R - min R`` without the division", of_spread(False), HALF),
    "quantile_advantage": Oracle(lambda z: advantages(z, sorted(z)[int(mp.ceil(mpf("0.4") * len(z))) - 1]),
                                 "within 16 epsilon of ``(max R - min R) / (std R + delta)``", of_spread(), HALF),
    "process_values": Oracle(
        lambda z, reference, beta: so_far([beta * v for v in gaps_of(z, reference)]), "each within 4 epsilon of beta",
        lambda z, right, unit, reference: [4 * unit(1) * size + unit(0)
                                           for size in so_far([abs(v) for v in gaps_of(z, reference)])],
        {np.float32: 1e36, np.float64: 1e306}),
    "step_weights": Oracle(
        lambda z, sharpness: [len(z) * p for p in softmax(z, 1 / mpf(sharpness))], "``16 + 4 abs(sharpness) gap``",
        lambda z, right, unit: [(16 + 2 * (max(z) - min(z))) * unit(1) * p + len(z) * unit(0) for p in right], HALF),
    "global_local_mixture": Oracle(mixture, "Within ``16 + 2 gap`` epsilon of p_i", lambda z, right, unit, local: [
        (16 + 2 * max(max(z) - a, max(local) - b)) * unit(1) * p + 2 * unit(0)
        for a, b, p in zip(z, local, right, strict=True)]),
    "max_min": Oracle(in_groups, "Exact", ulps(0)),
    "group_sort": Oracle(in_groups, "Exact", ulps(0)),
    "householder": Oracle(
        mirrored, "Within 3 m units of roundoff of the largest entry of the group", lambda z, right, unit: [
            6 * unit(1) / 2 * max(abs(z[i - i % 2]), abs(z[i - i % 2 + 1])) + unit(0) for i in range(len(z))], HALF),
    "svdd_choice": Oracle(lambda z, noise, temperature: one_hot([(v - max(z)) / temperature for v in z], noise),
                          "exact where the largest two of the rounded sums differ", ulps(0)),
    "luce_choice": Oracle(lambda z, beta: softmax([beta * v for v in z]), "at most 5 + beta |z_i - max z| ulp of p_i",
                          ulps_and_gap(5, temperature=mpf(1) / 2)),
    "hl_gauss": Oracle(masses, "within ``40 + 6 log(1 / p)`` epsilon", lambda z, right, unit: [
        (40 + 6 * mp.log(1 / p)) * unit(1) * p + unit(0) for p in right]),
    "two_hot": Oracle(two_hot, "within 1 ulp", ulps(1)),
}
