"""Filters of decoding and draws, which users build from PyTorch: exact masses, order of temperature, ties, dtypes."""
import numpy as np
from exact import softmax as exact_softmax
from mpmath import mpf
from peer import Case, check, each, f32, installed

from toolkit import sampling, softmax
from toolkit.gradients import vjp

torch = installed("torch")
inf = np.inf
Z = f32([0.5, 3, 1.5, 2])
P = f32([0.25, 0.5, 0.0625, 0.1875])


def filtered(name, **options):
    return lambda z: getattr(softmax, name)(z, **options)


def kept(*places, tau=1):
    """The truth of a softmax over some classes."""
    def truth(z):
        p = np.zeros(z.size, object)
        p[list(places)] = exact_softmax([mpf(float(z[k])) for k in places], tau)
        return p

    return truth


def over(z, keep):
    return torch.softmax(torch.where(keep, z, -inf), -1)


def nucleus(z, mass):
    """The usual way: sort, add up in float32, keep what stands before the mass."""
    p, order = torch.sort(torch.softmax(z, -1), descending=True)
    return over(z, torch.zeros_like(z, dtype=bool).scatter(0, order, p.cumsum(-1) - p < mass))


CASES = [
    Case("a nucleus", (Z,), filtered("top_p_softmax", mass=0.8), kept(1, 3), lambda z: nucleus(z, 0.8)),
    Case("a nucleus of equal classes", (np.zeros(4, np.float32),), filtered("top_p_softmax", mass=0.5),
         [0.5, 0.5, 0, 0], lambda z: nucleus(z, 0.5)),
    Case("a nucleus of many equal classes", (np.zeros(1000, np.float32),),
         lambda z: (softmax.top_p_softmax(z, mass=0.7) > 0).sum(dtype=np.float32), 700,
         lambda z: (nucleus(z, 0.7) > 0).sum()),
    Case("a mass just above nine tenths", (np.zeros(1000, np.float32),),
         lambda z: (softmax.top_p_softmax(z, mass=0.9) > 0).sum(dtype=np.float32), 901,
         lambda z: (nucleus(z, 0.9) > 0).sum(), "absorbs"),
    Case("a nucleus after the temperature", (Z,), filtered("top_p_softmax", mass=0.6, temperature=4),
         kept(1, 3, 2, tau=4), lambda z: nucleus(z / 4, 0.6)),
    Case("a nucleus of at least three", (Z,), filtered("top_p_softmax", mass=0.1, min_tokens_to_keep=3), kept(1, 3, 2)),
    Case("the logits of a nucleus", (Z,), filtered("top_p_softmax", mass=0.8, temperature=2, result="logits"),
         [-inf, 1.5, 0.75, 1]),
    Case("a mass of 0 keeps the top", (Z,), filtered("top_p_softmax", mass=0.0), kept(1)),
    Case("min-p beside its bound", (f32([0, -2.3025849, -2.3025851]),), filtered("min_p_softmax", ratio=0.1),
         kept(0, 1)),
    Case("min-p of ratio 1 keeps what is on top", (f32([2, 1, 2]),), filtered("min_p_softmax", ratio=1.0),
         [0.5, 0, 0.5], lambda z: over(z, torch.softmax(z, -1) >= torch.softmax(z, -1).max())),
    Case("min-p after the temperature", (Z,), filtered("min_p_softmax", ratio=0.5, temperature=3),
         kept(1, 2, 3, tau=3), lambda z: over(z / 3, torch.softmax(z / 3, -1) >= 0.5 * torch.softmax(z / 3, -1).max())),
    Case("typical classes without the likeliest", (np.log(f32([0.4, 0.2, 0.2, 0.2])),),
         filtered("typical_softmax", mass=0.5), kept(1, 2, 3)),
    Case("typical classes of mass 1", (Z,), filtered("typical_softmax", mass=1.0), kept(0, 1, 2, 3)),
    Case("probabilities of at least epsilon", (np.log(P),), filtered("epsilon_softmax", epsilon=0.125), kept(0, 1, 3)),
    Case("an epsilon above all keeps the top", (np.log(P),), filtered("epsilon_softmax", epsilon=0.75), kept(1)),
    Case("a bound that falls with the entropy", (np.zeros(8, np.float32),),
         filtered("eta_softmax", epsilon=0.5, alpha=0.5), np.full(8, 0.125)),
    Case("a temperature of 0 shares among the top", (f32([7, 7, 1]),), filtered("softmax", temperature=0.0),
         [0.5, 0.5, 0], lambda z: torch.softmax(z / 0.0, -1), "limit"),
    Case("an infinite temperature", (f32([7, -1, -inf]),), filtered("softmax", temperature=inf), [0.5, 0.5, 0],
         lambda z: torch.softmax(z / inf, -1), "limit"),
    Case("a temperature for each row", (np.stack([Z, Z, Z]), f32([[0.5], [2], [64]])),
         lambda z, tau: softmax.softmax(z, temperature=tau),
         lambda z, tau: [kept(0, 1, 2, 3, tau=mpf(float(t)))(row) for row, t in zip(z, tau[:, 0])],
         lambda z, tau: torch.softmax(z / tau, -1), ulp=4),
    Case("a tie of three at a choice of two", (f32([1, 3, 3, 3]),), filtered("top_k_softmax", k=2), [0, 0.5, 0.5, 0],
         lambda z: over(z, torch.zeros_like(z, dtype=bool).scatter(0, torch.topk(z, 2).indices, True)), "ties"),
    Case("a hard draw beside float64 noise", (Z, np.array([3.0, 0, 0, 0.5])),
         lambda z, noise: sampling.gumbel_softmax(z, noise, hard=True), [1, 0, 0, 0],
         lambda z, noise: torch.nn.functional.one_hot((z + noise).argmax(-1), 4)),
    Case("the gradient of a hard draw", (f32([0, 0]), f32([0, 0]), f32([1, 0])),
         lambda z, noise, g: vjp(sampling.gumbel_softmax, z, noise, temperature=0.5, hard=True)[1](g), [0.5, -0.5]),
    Case("many draws from one row", (Z, f32([[9, 0, 0, 0], [0, 0, 9, 0]])), sampling.gumbel_max,
         [[1, 0, 0, 0], [0, 0, 1, 0]]),
]


def tensor(x):
    return torch.from_numpy(x.copy())


@each(CASES)
def test_case(case):
    check(case, torch, tensor)
