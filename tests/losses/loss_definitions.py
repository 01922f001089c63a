"""Every loss of the register with its gradient in mpmath, from its definition."""
from dataclasses import dataclass

import numpy as np
import row_map_oracle
from mpmath import mp, mpf


@dataclass
class Right:
    """The loss of a row and its gradient, and what the bounds speak of.

    `size` and `sizes` are what the errors are relative to, by default the results themselves; `surprise` is the largest
    ``-log p_k`` that counts; `factor` multiplies probabilities, which below the normal numbers have an error of units.
    """

    loss: mpf
    slopes: list
    y: int
    size: mpf = None
    sizes: list = None
    surprise: mpf = mpf(0)
    factor: mpf = mpf(1)
    near_kink: bool = False

    def __post_init__(self):
        self.size = abs(self.loss) if self.size is None else self.size
        self.sizes = list(map(abs, self.slopes)) if self.sizes is None else self.sizes

    @property
    def rest(self):
        """The size of the label's entry as a sum of the others."""
        return mp.fsum(size for k, size in enumerate(self.sizes) if k != self.y)


def surprises(z):
    """``-log p_k`` of every class."""
    return [-v for v in row_map_oracle.log_softmax(z)]


def less_label(p, y):
    """``p - onehot(y)``, whose entry at the label is minus the sum of the others."""
    return [-mp.fsum(b for j, b in enumerate(p) if j != y) if k == y else a for k, a in enumerate(p)]


class OfProbability:
    """A loss that is a function of the label's probability: ``value(l, p, 1 - p)`` of ``l = -log p``, and its slope."""

    def __init__(self, value, slope):
        self.value, self.slope = value, slope

    def both(self, l, numbers):
        p, miss = mp.exp(-l), -mp.expm1(-l)
        return self.value(l, p, miss, *numbers), self.slope(l, p, miss, *numbers)

    def of_class(self, z, y, *numbers):
        l = surprises(z)
        value, slope = self.both(l[y], numbers)
        slopes = [slope * v for v in less_label([mp.exp(-v) for v in l], y)]
        return Right(value, slopes, y, surprise=l[y], factor=slope)

    def of_probabilities(self, z, q, *numbers):
        """``sum q_k L_k``, and ``p_j sum q_k L'_k - q_j L'_j``, a difference."""
        counted = [(l, part, *self.both(l, numbers)) for l, part in zip(surprises(z), q, strict=True)]
        pull = mp.fsum(part * slope for _, part, _, slope in counted)
        terms = [(mp.exp(-l) * pull, part * slope) for l, part, _, slope in counted]
        return Right(mp.fsum(part * value for _, part, value, _ in counted), [a - b for a, b in terms],
                     max(range(len(q)), key=lambda k: q[k]), sizes=[max(pair) for pair in terms],
                     surprise=max(l for l, part, *_ in counted if part), factor=pull)


def comp_sum(l, p, miss, tau):
    return l if tau == 1 else mp.expm1((1 - tau) * l) / (1 - tau)


COMP_SUM = OfProbability(comp_sum, lambda l, p, miss, tau: mp.exp((1 - tau) * l))
CROSS_ENTROPY = OfProbability(lambda l, p, miss: l, lambda l, p, miss: mpf(1))
FOCAL = OfProbability(lambda l, p, miss, gamma: miss ** gamma * l,
                      lambda l, p, miss, gamma: miss ** gamma * (1 + gamma * p * l / miss) if miss else mpf(gamma == 0))
POLY1 = OfProbability(lambda l, p, miss, epsilon: l + epsilon * miss, lambda l, p, miss, epsilon: 1 + epsilon * p)
SYMMETRIC = OfProbability(lambda l, p, miss, alpha, beta, floor: alpha * l - beta * floor * miss,
                          lambda l, p, miss, alpha, beta, floor: alpha - beta * floor * p)


def cross_entropy_of_probabilities(z, q):
    """The gradient is ``Q p - q``: an entry is as exact as the larger of both."""
    right, mass = CROSS_ENTROPY.of_probabilities(z, q), mp.fsum(q)
    right.sizes = [max(mass * mp.exp(-l), part) for l, part in zip(surprises(z), q, strict=True)]
    return right


def symmetric_of_probabilities(z, q, alpha, beta, floor):
    """``alpha H(q, p) + beta sum p_k A_k``, ``A_k = -max(log q_k, floor)``."""
    l = surprises(z)
    p, surprise = [mp.exp(-v) for v in l], [-max(mp.log(part), floor) if part else -floor for part in q]
    mass, back = mp.fsum(q), mp.fsum(a * b for a, b in zip(p, surprise, strict=True))
    loss = alpha * mp.fsum(part * v for part, v in zip(q, l, strict=True)) + beta * back
    parts = list(zip(p, q, surprise, strict=True))
    return Right(loss, [alpha * (mass * a - b) + beta * a * (c - back) for a, b, c in parts],
                 max(range(len(q)), key=lambda k: q[k]),
                 sizes=[alpha * max(mass * a, b) + beta * a * max(c, back) for a, b, c in parts],
                 factor=alpha + 2 * beta * max(surprise))


def smoothed(z, y, amount):
    """Of ``q = (1 - amount) e_y + amount / K``."""
    share = amount / len(z)
    right = CROSS_ENTROPY.of_class(z, y)
    right.loss += share * mp.fsum(z[y] - v for v in z)
    right.slopes = [(v + (amount if k == y else 0)) - share for k, v in enumerate(right.slopes)]
    right.size = right.loss
    right.sizes = [max(mp.exp(-l), share + (1 - amount) * (k == y)) for k, l in enumerate(surprises(z))]
    return right


def stablemax(z, y):
    """Cross-entropy of log s(z), whose slope is ``1 / (1 + |z|)``."""
    right = CROSS_ENTROPY.of_class([row_map_oracle.log_s(v) for v in z], y)
    right.slopes = [v / (1 + abs(x)) for v, x in zip(right.slopes, z, strict=True)]
    right.sizes = list(map(abs, right.slopes))
    return right


def stablemax_of_probabilities(z, q):
    right = cross_entropy_of_probabilities([row_map_oracle.log_s(v) for v in z], q)
    right.slopes = [v / (1 + abs(x)) for v, x in zip(right.slopes, z, strict=True)]
    right.sizes = [v / (1 + abs(x)) for v, x in zip(right.sizes, z, strict=True)]
    return right


def z_loss(z, y, scale):
    """``l + scale lse^2``; both slopes are sums of two parts, and lse near 0 is as exact as the logits' size."""
    l = surprises(z)
    p, lse = [mp.exp(-v) for v in l], l[y] + z[y]
    pairs = [(a, 2 * scale * lse * b) for a, b in zip(less_label(p, y), p, strict=True)]
    near = mpf(abs(lse) < 1)  # here the log-sum-exp cancels
    return Right(l[y] + scale * lse ** 2, [a + b for a, b in pairs], y, size=l[y] + scale * max(lse ** 2, near),
                 sizes=[max(abs(a), abs(b), 2 * scale * near * v) for (a, b), v in zip(pairs, p, strict=True)],
                 factor=1 + 2 * scale * abs(lse))


def above_label(z, y, margin):
    """``z_k - z_y + margin [k != y]``."""
    return [v - z[y] + (margin if k != y else 0) for k, v in enumerate(z)]


def weights(d, strength):
    """``e^{(d_k - max d) / strength}``."""
    top = max(d)
    return [mp.exp((v - top) / strength) for v in d]


def log_mean(w):
    return mp.log(mp.fsum(w) / len(w))


def worst_case(z, y, strength, margin):
    """The `Right` of LDR-KL, and ``KL(w || uniform)``."""
    d = above_label(z, y, margin)
    w, top = weights(d, strength), max(d)
    lack, w, gaps = log_mean(w), row_map_oracle.shares(w), [(top - v) / strength for v in d]
    loss = top + strength * lack
    right = Right(loss, less_label(w, y), y, size=max(abs(loss), top),
                  sizes=[v * (1 + gap / 8) for v, gap in zip(w, gaps, strict=True)])
    right.sizes[y] = right.rest
    return right, -lack - mp.fsum(a * b for a, b in zip(w, gaps, strict=True))


def ldr_kl(z, y, strength, margin):
    return worst_case(z, y, strength, margin)[0]


def aldr_kl(z, y, alpha, strength, margin):
    """At the zero of the slope in lambda."""
    price = alpha * mp.log(len(z)) / strength

    def slope(x):
        return price * (strength - x) - worst_case(z, y, x, margin)[1]

    low, best = strength - strength / alpha, strength
    if len(z) > 1 and slope(best) < 0:
        best = low if slope(low) <= 0 else mp.findroot(slope, (low, best), solver="anderson", verify=False,
                                                       tol=mpf(10) ** -60)
    right = worst_case(z, y, best, margin)[0]
    right.loss -= price / 2 * (best - strength) ** 2
    right.size = max(abs(right.loss), right.size)
    right.sizes = [v * 2 for v in right.sizes]
    return right


def adversarial(z, attacked, y, tau, rho, nu):
    """``L(z / rho) + nu ||d||`` with ``d_k = (z_k - z'_k) - (z_y - z'_y)``, and the slopes in z and z'."""
    right = COMP_SUM.of_class([v / rho for v in z], y, tau)
    moves = [a - b for a, b in zip(z, attacked, strict=True)]
    d = [v - moves[y] for v in moves]
    length, rounded = mp.sqrt(mp.fsum(v * v for v in d)), mp.sqrt(len(z)) * max(map(abs, moves))
    pulls = [nu * v / length if length else mpf(0) for v in d]
    pulls[y] = -mp.fsum(pulls)
    right.sizes = [abs(a) / rho + (nu * rounded / length if length else 0) for a in right.slopes]
    right.slopes = [a / rho + b for a, b in zip(right.slopes, pulls, strict=True)] + [-b for b in pulls]
    right.sizes += [nu * rounded / length if length else mpf(0)] * len(z)
    right.loss += nu * length
    right.size, right.factor = right.loss + nu * rounded, right.factor / rho
    right.near_kink = 0 < length < mpf(10) ** -6 * rounded
    return right


def entmax(z, y, alpha):
    """``<p - e_y, z> + H(p)``, of the logits less their largest."""
    p = row_map_oracle.entmax(z, alpha)
    mean = mp.fsum(a * (v - max(z)) for a, v in zip(p, z, strict=True) if a)
    loss = mean - (z[y] - max(z)) + (1 - mp.fsum(a ** alpha for a in p)) / (alpha * (alpha - 1))
    return Right(loss, less_label(p, y), y, size=(loss + mp.sqrt(abs(loss))) / 2,
                 sizes=[(mpf(1) if k == y else max(p)) / 2 for k in range(len(z))])


def brier(z, y):
    """``|p - e_y|^2``, and ``2 p_k (p_k (1 - p_k) + p_y m - s)``, m and s of the other classes, s but k."""
    p = [mp.exp(-v) for v in surprises(z)]

    def beside(*left, power=1):
        return mp.fsum(a ** power for k, a in enumerate(p) if k not in left)

    loss, both = beside(y) ** 2 + beside(y, power=2), p[y] * beside(y)
    terms = [(a * beside(k), both, beside(y, k, power=2)) for k, a in enumerate(p)]
    slopes = [2 * a * (b + c - d) for a, (b, c, d) in zip(p, terms, strict=True)]
    sizes = [2 * a * max(each) for a, each in zip(p, terms, strict=True)]
    slopes[y] = -2 * p[y] * loss
    sizes[y] = abs(slopes[y])
    return Right(loss, slopes, y, sizes=sizes)


def correctness(z, y):
    """``(c - p_top)^2`` and ``2 (p_top - c) p_top (e_top - p)``, with ``1 - p_top`` as the sum of the others."""
    p = [mp.exp(-v) for v in surprises(z)]
    top = max(range(len(z)), key=lambda k: z[k])
    miss = mp.fsum(a for k, a in enumerate(p) if k != top)
    off = -miss if top == y else p[top]
    return Right(off ** 2, [2 * off * p[top] * (miss if k == top else -a) for k, a in enumerate(p)], y)


def spherical(z, y):
    """``1 - p_y / |p|``, as a quotient of sums of squares."""
    p = [mp.exp(-v) for v in surprises(z)]
    others, length = mp.fsum(a * a for k, a in enumerate(p) if k != y), mp.sqrt(mp.fsum(a * a for a in p))
    slopes = [p[y] * a * a / length ** 3 for a in p]
    slopes[y] = -p[y] * others / length ** 3
    return Right(others / (length * (length + p[y])), slopes, y)


def multiclass_hinge(z, y, margin, power):
    over = [margin - (z[y] - v) if k != y else mpf(0) for k, v in enumerate(z)]
    near = any(k != y and abs(v) <= mpf(10) ** -6 * margin for k, v in enumerate(over))
    slopes = [power * v ** (power - 1) / len(z) if v > 0 else mpf(0) for v in over]
    slopes[y] = -mp.fsum(slopes)
    loss = mp.fsum(v ** power for v in over if v > 0) / len(z)
    return Right(loss, slopes, y, size=margin ** power + loss, near_kink=near,
                 sizes=[mpf(v != 0) * (power - 1) * margin / len(z) + abs(v) for v in slopes])


def likelihood(z, q):
    return Right(-mp.fsum(a * b for a, b in zip(q, z, strict=True) if a), [-v for v in q],
                 max(range(len(q)), key=lambda k: q[k]), size=mp.fsum(abs(a * b) for a, b in zip(q, z, strict=True)))


def likelihood_of_class(z, y):
    return likelihood(z, [mpf(k == y) for k in range(len(z))])


def focal_of_yes(x, gamma):
    """``(1 - p)^gamma (-log p)``, and its slope."""
    miss, p, loss = 1 / (1 + mp.exp(x)), 1 / (1 + mp.exp(-x)), mp.log1p(mp.exp(-x))
    return miss ** gamma * loss, -miss ** gamma * (miss + gamma * p * loss)


def of_both(of, x, label, *numbers):
    """The losses of no and of yes by their shares, their slopes, and the larger of these two."""
    (no, fall), (yes, rise) = of(-x, *numbers), of(x, *numbers)
    terms = -(1 - label) * fall, label * rise
    return (1 - label) * no + label * yes, sum(terms), max(map(abs, terms))


def hinge(x, label, margin):
    """Of an entry, with its slope; what follows is alike, and None says that the slope's error is relative to it."""
    sign = 1 if label > 0 else -1
    return max(margin - sign * x, mpf(0)), mpf(-sign if sign * x < margin else 0), None


def pushed_up(score, scale, size):
    """``-log sigmoid(score)`` and its slope where the score's is `scale`; `size` is that of the terms of the score."""
    loss, slope = mp.log1p(mp.exp(-score)), -scale / (1 + mp.exp(score))
    return loss, slope, (1 + size) * abs(slope), (1 + size) * abs(loss)


def dpo(x, other, beta):
    return pushed_up(beta * (x - other), beta, beta * (abs(x) + abs(other)))


def dpo_smoothed(x, other, beta, wrong):
    size = beta * (abs(x) + abs(other))
    up, up_slope, *_ = pushed_up(beta * (x - other), beta, 0)
    down, down_slope, *_ = pushed_up(-beta * (x - other), -beta, 0)
    terms = [(1 - wrong) * up, wrong * down], [(1 - wrong) * up_slope, wrong * down_slope]
    return sum(terms[0]), sum(terms[1]), (1 + size) * max(map(abs, terms[1])), (1 + size) * max(terms[0])


def offset_dpo(x, other, beta):
    """With the offset log 2."""
    offset = mpf(float(np.log(2.0)))
    return pushed_up(beta * (x - other) - offset, beta, beta * (abs(x) + abs(other)) + offset)


def ipo(x, other, goal):
    off, size = x - other - goal, abs(x - other) + goal
    return off**2, 2 * off, size, size**2


def exo(x, other, beta, odds):
    score, size = beta * (x - other), 1 + beta * (abs(x) + abs(other))
    parts = []
    for side in (1, -1):
        share = 1 / (1 + mp.exp(-side * score))
        own, label = mp.log1p(mp.exp(-side * score)), mp.log1p(mp.exp(-side * odds))
        parts.append((share * (label - own), share * (odds + own)))
    slope = beta / (1 + mp.exp(-score)) / (1 + mp.exp(score))
    return (mp.fsum(a for a, _ in parts), slope * (score - odds), size * slope * (size + odds),
            size * mp.fsum(b for _, b in parts))


def cpl(x, other, alpha, bias):
    return pushed_up(alpha * x - alpha * bias * other, alpha, alpha * (abs(x) + bias * abs(other)))


def poft(x, other, beta, margin):
    return pushed_up(beta * (x - other) + margin, beta, beta * (abs(x) + abs(other)) + abs(margin))


def implicit_reward_loss(x, label, beta):
    side = 2 * label - 1
    return pushed_up(side * beta * x, side * beta, beta * abs(x))


def imitation_loss(x, other, beta, value):
    size = 1 + beta * (abs(x) + abs(other)) + abs(value)
    return -beta * (x - other), -beta, beta * size, size**2


def imitation_loss_pearson(x, other, beta, value):
    reward, size = beta * (x - other) + value, 1 + beta * (abs(x) + abs(other)) + abs(value)
    return reward**2 / 4 - reward + value, beta * (reward / 2 - 1), beta * size, size**2


def imitation_loss_hellinger(x, other, beta, value):
    reward, size = beta * (x - other) + value, 1 + beta * (abs(x) + abs(other)) + abs(value)
    if reward <= -1 or reward + 1 < size / 10**5:
        undecided = mp.inf if abs(reward + 1) < size / 10**5 else mpf(0)
        return mp.inf, -mp.inf, undecided, undecided
    allowed = size * (1 + 1 / (1 + reward)) ** 3
    return value - reward / (1 + reward), -beta / (1 + reward) ** 2, allowed, allowed


def srpo(x, other, beta, share):
    """With hard labels, and what the reviser has of each answer."""
    residual = (1 - beta * (mpf(0.75) - mpf(-0.25) + x - other)) / 2
    size = 1 + beta * (1 + abs(x) + abs(other))
    return (1 - share) * residual**2, -(1 - share) * beta * residual, beta * size, size**2


def expo(x, other, anchor):
    return pushed_up(x - other, mpf(1), abs(x) + abs(other))


def squared_error(x, target):
    return (x - target) ** 2, 2 * (x - target), None


def huber(x, target, delta):
    d = x - target
    return (d * d / 2 if abs(d) <= delta else delta * (abs(d) - delta / 2)), min(max(d, -delta), delta), None


def clipped_surrogate(x, old, low, high):
    """At an advantage of 1."""
    ratio = mp.exp(x - old)
    return (-(1 + high), mpf(0), None) if ratio > 1 + high else (-ratio, -ratio, None)


def kl_estimate(x, reference):
    d = reference - x
    return mp.expm1(d) - d, -mp.expm1(d), None


def kl_estimate_k2(x, reference):
    return (x - reference) ** 2 / 2, x - reference, None


def kl_estimate_k1(x, reference):
    return x - reference, mpf(1), None
