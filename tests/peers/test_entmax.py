"""The entmax package: thresholds at kinks and among many classes, limits of alpha, gradients, and their losses."""
import numpy as np
from exact import entmax as exact_entmax
from exact import entmax_loss as exact_entmax_loss
from exact import softmax as exact_softmax
from mpmath import mp, mpf
from peer import Case, along_rows, check, each, f32, f64, installed

from toolkit import losses, softmax
from toolkit.gradients import vjp

entmax = installed("entmax")
torch = entmax and installed("torch")
inf, nan = np.inf, np.nan
FEW = f32([[1.5, 1.25, 0.25, -2], [0.5, 0.5, 0.5, 0.5]])
Y = np.array([1, 3])


def alpha_entmax(alpha):
    return lambda z: softmax.alpha_entmax(z, alpha=alpha)


def exactly(alpha):
    return along_rows(lambda z: exact_entmax(z, alpha))


def bisected(alpha):
    return lambda z: entmax.entmax_bisect(z, alpha=alpha)


def one_above(gap, classes, dtype=np.float32):
    """A logit of 0 and many that are `gap` below."""
    z = np.full(classes, -gap, dtype)
    z[0] = 0
    return z


def ends(f):
    """The first and the last class alone."""
    return lambda z: f(z)[[0, -1]]


def two_values(alpha):
    """The exact first and last part of `one_above`, by the one equation ``p + (K - 1) q = 1`` of its parts."""
    def truth(z):
        order, gap, many = mpf(alpha) - 1, mpf(float(z[0])) - mpf(float(z[-1])), z.size - 1
        low, high = mpf(0), mpf(1) / (many + 1)  # of q
        for _ in range(200):
            q = (low + high) / 2
            above = (q**order + order * gap) ** (1 / order) + many * q > 1
            low, high = (low, q) if above else (q, high)
        return [1 - many * low, low]

    return truth


def pulled(function, **options):
    return lambda z, g: vjp(function, z, **options)[1](g)


def their_pull(function):
    return lambda z, g: torch.autograd.functional.vjp(function, z, g)[1]


def exact_pull(alpha):
    """``s (g - <s, g> / sum s)`` with ``s = p^(2 - alpha)`` on the support."""
    def pull(z, g):
        s = [p ** (2 - mpf(alpha)) if p else mpf(0) for p in exact_entmax(z, alpha)]
        mean = sum(a * b for a, b in zip(s, g)) / sum(s)
        return [a * (b - mean) for a, b in zip(s, g)]

    return along_rows(pull)


def entmax_loss(alpha):
    return lambda z, y: losses.entmax_loss(z, y, alpha=alpha, reduction="none")


def exact_loss(alpha):
    return lambda z, y: along_rows(lambda z, q: exact_entmax_loss(z, q, alpha))(z, np.eye(z.shape[1])[y])


def exact_slope_in_alpha(alpha):
    def slope(z, g):
        return mp.diff(lambda each: sum(a * b for a, b in zip(exact_entmax(z, each), g)), alpha, h=mpf(10) ** -20)

    return along_rows(slope)


def their_slope_in_alpha(alpha):
    def slope(z, g):
        order = torch.tensor([alpha], requires_grad=True)
        (entmax.entmax_bisect(z, alpha=order) * g).sum().backward()
        return order.grad[0]

    return slope


CASES = [Case(*each, row=True) for each in [
    ("sparsemax of ties and of far classes", (FEW,), softmax.sparsemax, [[0.625, 0.375, 0, 0], [0.25] * 4],
     lambda z: entmax.sparsemax(z, dim=-1)),
    ("1.5-entmax of ties and of far classes", (FEW,), softmax.entmax15, exactly(1.5),
     lambda z: entmax.entmax15(z, dim=-1)),
    ("a class on the threshold", (f32([1, 0, -1]),), softmax.sparsemax, [1, 0, 0], lambda z: entmax.sparsemax(z)),
    ("a class just above the threshold", (f32([1, 2.0**-24, -1]),), softmax.sparsemax, [1 - 2.0**-25, 2.0**-25, 0],
     lambda z: entmax.sparsemax(z)),
    ("a large common shift", (f64([1e8 + 1.5, 1e8 + 1.25, 1e8]),), softmax.sparsemax, [0.625, 0.375, 0],
     lambda z: entmax.sparsemax(z)),
    ("-inf is left out", (f32([0.5, -inf, 0.25]),), softmax.sparsemax, [0.625, 0, 0.375],
     lambda z: entmax.sparsemax(z)),
    ("-inf in 1.5-entmax", (f32([0.5, -inf, 0.5]),), softmax.entmax15, [0.5, 0, 0.5], lambda z: entmax.entmax15(z)),
    ("NaN among the logits", (f32([0.5, nan, 0.25]),), softmax.sparsemax, [nan] * 3, lambda z: entmax.sparsemax(z),
     "refuses"),
    ("the first of two axes", (FEW,), lambda z: softmax.sparsemax(z, axis=0),
     [[1, 0.875, 0.375, 0], [0, 0.125, 0.625, 1]], lambda z: entmax.sparsemax(z, dim=0)),
    ("alpha = 1 is softmax", (FEW,), alpha_entmax(1.0), along_rows(exact_softmax), bisected(1.0), "limit"),
    ("alpha just above 1", (FEW,), alpha_entmax(1.0009765625), exactly(1.0009765625), bisected(1.0009765625)),
    ("alpha = 1.25", (FEW,), alpha_entmax(1.25), exactly(1.25), bisected(1.25)),
    ("alpha = 4", (FEW,), alpha_entmax(4.0), exactly(4), bisected(4.0), "steps"),
    ("alpha = 2.5 with a common shift", (f64([5000.5, 5000.25, 4999]),), alpha_entmax(2.5), exactly(2.5),
     bisected(2.5)),
    ("sparsemax of one above 3000", (one_above(0.4375, 3001),), ends(softmax.sparsemax), two_values(2),
     ends(lambda z: entmax.sparsemax(z))),
    ("1.5-entmax of one above 3000", (one_above(1.1875, 3001),), ends(softmax.entmax15), two_values(1.5),
     ends(lambda z: entmax.entmax15(z)), "cancels"),
    ("alpha = 3 of one above 3000", (one_above(0.28125, 3001),), ends(alpha_entmax(3.0)), two_values(3),
     ends(bisected(3.0)), "steps"),
    ("alpha = 1.75 of one above 60 000", (one_above(0.75, 60_001),), ends(alpha_entmax(1.75)), two_values(1.75),
     ends(bisected(1.75)), "steps"),
    ("float64, one above 60 000", (one_above(0.75, 60_001, np.float64),), ends(alpha_entmax(2.25)), two_values(2.25),
     ends(bisected(2.25))),
    ("the gradient of sparsemax", (FEW, f32([[1, 3, 7, -1], [0, 1, 2, 4]])), pulled(softmax.sparsemax), exact_pull(2),
     their_pull(lambda z: entmax.sparsemax(z))),
    ("the gradient of 1.5-entmax", (FEW, f32([[1, 3, 7, -1], [0, 1, 2, 4]])), pulled(softmax.entmax15), exact_pull(1.5),
     their_pull(lambda z: entmax.entmax15(z)), "", 8),
    ("the gradient at alpha = 2.5", (f32([1.25, 1, 0.5]), f32([2, -1, 0.5])), pulled(softmax.alpha_entmax, alpha=2.5),
     exact_pull(2.5), their_pull(bisected(2.5)), "", 8),
    ("the gradient in alpha", (f32([1.25, 1, 0.5]), f32([2, -1, 0.5])),
     lambda z, g: vjp(softmax.alpha_entmax, z, alpha=1.5, of="alpha")[1](g), exact_slope_in_alpha(1.5),
     their_slope_in_alpha(1.5), "", 16),
    ("an alpha for each row", (FEW, f32([[1.5], [2]])), lambda z, alpha: softmax.alpha_entmax(z, alpha=alpha[:, 0]),
     lambda z, alpha: [exact_entmax([*map(mpf, row.tolist())], a) for row, a in zip(z, (1.5, 2))],
     lambda z, alpha: entmax.entmax_bisect(z, alpha=alpha)),
    ("alpha = 1/2", (FEW,), alpha_entmax(0.5), exactly(0.5), bisected(0.5), "", 4),
    ("the sparsemax loss", (FEW, Y), entmax_loss(2), exact_loss(2), lambda z, y: entmax.sparsemax_loss(z, y), "", 8),
    ("the loss of 1.5-entmax", (FEW, Y), entmax_loss(1.5), exact_loss(1.5),
     lambda z, y: entmax.entmax15_loss(z, y), "", 8),
    ("the loss at alpha = 1.25", (FEW, Y), entmax_loss(1.25), exact_loss(1.25),
     lambda z, y: entmax.entmax_bisect_loss(z, y, alpha=1.25), "", 8),
    ("a loss beside a large common shift", (f32([[3000.3, 2999.7, 2999.6]]), np.array([0])), entmax_loss(2),
     exact_loss(2), lambda z, y: entmax.sparsemax_loss(z, y), "cancels", 8),
    ("a loss of a label with the margin", (f32([[0.3, 2.5, -1]]), np.array([1])), entmax_loss(1.5), [0],
     lambda z, y: entmax.entmax15_loss(z, y)),
]]


def tensor(x):
    return torch.from_numpy(x.copy())


@each(CASES)
def test_case(case):
    check(case, torch, tensor)
