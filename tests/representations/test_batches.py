"""Barlow Twins and the divergence of Cauchy and Schwarz, against definitions in forty digits and published values."""
import mpmath as mp
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

import toolkit
from toolkit.representations import (
    barlow_twins_loss,
    cauchy_schwarz_bottleneck,
    cauchy_schwarz_divergence,
    cauchy_schwarz_information,
    cauchy_schwarz_of_normals,
    conditional_cauchy_schwarz,
    cross_correlation,
    decorrelation_floor,
    mixed_barlow_twins,
)

X = np.array([[1.0, 2.0], [2.0, 1.0], [3.0, 5.0], [4.0, 3.0]])
Y = np.array([[1.5, 1.0], [1.0, 2.0], [3.5, 4.0], [4.0, 2.5]])
RNG = np.random.default_rng(5)
LARGE, OTHER = RNG.normal(size=(2, 8, 3)) * [1.0, 100.0, 1e-3] + [0.0, 1e3, 5.0]


def differences(of, x, step=1e-5):
    """The gradient of a number by central differences of order 4."""
    grad, weights = np.zeros_like(x), {1: 2 / 3, 2: -1 / 12}
    for at in np.ndindex(x.shape):
        for steps, weight in weights.items():
            ahead, behind = x.copy(), x.copy()
            ahead[at] += steps * step
            behind[at] -= steps * step
            grad[at] += weight * (of(ahead) - of(behind)) / step
    return grad


def gradients_agree(function, arguments, names, tolerance=1e-8, **options):
    for place, name in names.items():
        _, pull = toolkit.vjp(function, *arguments, of=name, **options)

        def value(x, place=place):
            return function(*arguments[:place], x, *arguments[place + 1:], **options)

        expected = differences(value, np.asarray(arguments[place], float))
        np.testing.assert_allclose(pull(2.0), 2 * expected, rtol=tolerance, atol=tolerance * (1 + abs(expected).max()))


def exact_standardized(x, ddof=0):
    columns = [[mp.mpf(float(v)) for v in column] for column in np.asarray(x).T]
    out = []
    for c in columns:
        mean = mp.fsum(c) / len(c)
        scale = mp.sqrt(mp.fsum((v - mean)**2 for v in c) / (len(c) - ddof))
        out.append([(v - mean) / scale for v in c])
    return out


def exact_correlation(a, b):
    return [[mp.fsum(u * v for u, v in zip(p, q, strict=True)) / len(p) for q in b] for p in a]


def test_correlations_and_loss_in_forty_digits():
    with mp.workdps(40):
        c = exact_correlation(exact_standardized(LARGE), exact_standardized(OTHER))
        loss = mp.fsum((c[i][j] - 1)**2 if i == j else mp.mpf("0.0051") * c[i][j]**2
                       for i in range(3) for j in range(3))
        found = cross_correlation(LARGE, OTHER)
        assert max(abs(mp.mpf(float(found[i, j])) - c[i][j]) for i in range(3) for j in range(3)) < 1e-14
        assert abs(barlow_twins_loss(LARGE, OTHER) / loss - 1) < 1e-13


def test_barlow_twins_reference_values():
    np.testing.assert_allclose(cross_correlation(X, Y), [[0.8770580193, 0.6713171133], [0.7955922530, 0.8392740627]],
                               atol=5e-11)
    assert barlow_twins_loss(X, Y) == pytest.approx(0.04647408939431794, rel=1e-13)
    assert barlow_twins_loss(X, Y, ddof=1) == pytest.approx(0.2575171445182658, rel=1e-13)
    expected = [(-0.0221312100, 0.0453678966), (0.0430601800, -0.0354577629), (-0.0197267300, -0.0127738146),
                (-0.0012022400, 0.0028636808)]
    np.testing.assert_allclose(toolkit.grad(barlow_twins_loss)(X, Y), expected, atol=5e-9)
    gradients_agree(barlow_twins_loss, (X, Y), {0: "x", 1: "y"}, weight=0.1)
    gradients_agree(barlow_twins_loss, (X, Y), {0: "x", 1: "y"}, weight=0.1, ddof=1, eps=0.1)


def test_barlow_twins_ignores_scales_and_a_constant_feature_does_no_harm():
    scaled = X * [3.0, 1e9] + [7.0, -2.0]
    assert barlow_twins_loss(scaled, Y) == pytest.approx(barlow_twins_loss(X, Y), rel=1e-7)
    assert barlow_twins_loss(scaled[:, :1] * 1e200, Y[:, :1]) == pytest.approx(barlow_twins_loss(X[:, :1], Y[:, :1]))
    constant = np.full((7, 2), 0.7)
    assert barlow_twins_loss(constant, constant) == 2
    assert (toolkit.grad(barlow_twins_loss)(constant, constant) == 0).all()
    naive = cross_correlation(constant, constant, form="naive")
    assert not (naive == 0).all()  # 0/0, or a mean that is off by an ulp over a deviation of the same size
    assert np.isnan(cross_correlation(np.ones((4, 2)), np.ones((4, 2)), form="naive")).all()
    assert np.isnan(barlow_twins_loss(np.where(X == 5, np.nan, X), Y))


def test_the_unbiased_deviation_never_reaches_one():
    c = cross_correlation(X, X, ddof=1)
    np.testing.assert_allclose(np.diag(c), 0.75, rtol=1e-14)
    orthogonal = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1.0]])
    assert barlow_twins_loss(orthogonal, orthogonal) < 1e-30
    assert barlow_twins_loss(orthogonal, orthogonal, ddof=1) == pytest.approx(3 / 4**2)


def test_decorrelation_floor_is_reached_by_descent():
    assert decorrelation_floor(16, 64) == pytest.approx(1.06624, abs=1e-5)
    assert decorrelation_floor(16, 256) == pytest.approx(20.97664, abs=1e-5)
    assert decorrelation_floor(128, 64) == 0 == decorrelation_floor(16, 15)
    x = np.random.default_rng(0).normal(size=(4, 6))
    losses = []
    for _ in range(400):
        losses.append(barlow_twins_loss(x, x, weight=0.5))
        _, pull = toolkit.vjp(barlow_twins_loss, x, x, weight=0.5)
        x = x - 0.2 * (pull(1.0) + toolkit.vjp(barlow_twins_loss, x, x, of="y", weight=0.5)[1](1.0))
    floor = decorrelation_floor(4, 6, weight=0.5)
    assert floor - 1e-12 <= min(losses) <= floor + 1e-6 < losses[0]


def test_mixed_barlow_twins_reference_values():
    order = [1, 0, 3, 2]
    mixed = 0.3 * X + 0.7 * Y[order]
    given = X, Y, mixed, order, 0.3
    assert mixed_barlow_twins(*given) == pytest.approx(0.0258660837, abs=5e-11)
    assert mixed_barlow_twins(*given, variant="imagenet") == pytest.approx(0.0261194566, abs=5e-11)
    assert mixed_barlow_twins(X, Y, X, order, 1.0) < 1e-30  # nothing is mixed
    assert mixed_barlow_twins(X, X, X, order, 1.0, variant="imagenet") < 1e-30
    assert mixed_barlow_twins(X, Y, X, order, 1.0, variant="imagenet") > 1e-3
    for variant in ("small", "imagenet"):
        gradients_agree(mixed_barlow_twins, given, {0: "x", 1: "y", 2: "mixed"}, variant=variant)


def test_mixed_barlow_twins_in_forty_digits():
    x, y, m = RNG.normal(size=(3, 6, 2))
    order, a = RNG.permutation(6), 0.25
    with mp.workdps(40):
        p, q, r = (exact_standardized(each, 1) for each in (x, y, m))
        dealt = [[column[i] for i in order] for column in q]
        total, scale = mp.mpf(0), mp.mpf(0)
        for b in (p, q):
            first, second, own = exact_correlation(p, b), exact_correlation(dealt, b), exact_correlation(r, b)
            for i in range(2):
                for j in range(2):
                    target = a * first[i][j] + (1 - a) * second[i][j]
                    total += (own[i][j] - target)**2
                    scale += target**2
        assert abs(mixed_barlow_twins(x, y, m, order, a) - total) < 1e-13 * scale


def exact_log_overlap(x, y, sigma):
    return mp.log(mp.fsum(mp.exp(-mp.fsum((mp.mpf(float(u)) - mp.mpf(float(v)))**2 for u, v in zip(p, q, strict=True))
                                 / (2 * mp.mpf(sigma)**2)) for p in x for q in y) / (len(x) * len(y)))


@pytest.mark.parametrize(("gap", "sigma"), [(0.3, 1.0), (4.0, 0.5), (1e3, 2.0)])
def test_divergence_in_forty_digits(gap, sigma):
    x, y = RNG.normal(size=(6, 2)), RNG.normal(size=(6, 2)) + gap
    with mp.workdps(40):
        parts = exact_log_overlap(x, x, sigma), exact_log_overlap(y, y, sigma), exact_log_overlap(x, y, sigma)
        scale = max(1, *(abs(each) for each in parts))
        expected = parts[0] + parts[1] - 2 * parts[2]
        assert abs(cauchy_schwarz_divergence(x, y, sigma=sigma) - expected) < 1e-14 * scale


def test_divergence_reference_values_and_hazards():
    x, y = [[0.0], [1.0]], [[0.5], [2.0]]
    assert cauchy_schwarz_divergence(x, y) == pytest.approx(0.3034597345440989, rel=1e-13)
    assert cauchy_schwarz_divergence(y, x) == pytest.approx(cauchy_schwarz_divergence(x, y), rel=1e-14)
    assert cauchy_schwarz_divergence(x, x) == 0
    far = [[0.0] * 20], [[20.0 / 20**0.5] * 20]  # a distance of 20
    assert cauchy_schwarz_divergence(*far, form="naive", format="float32") == np.inf
    assert cauchy_schwarz_divergence(*far, format="float32") == pytest.approx(400, rel=1e-6)
    near = [[10000.0]], [[10000.1]]
    truth = float(np.float32(10000.1) - np.float32(10000))**2  # 2 d^2 / (2 sigma^2)
    assert truth == pytest.approx(0.00992, rel=0.04)
    assert cauchy_schwarz_divergence(*near, form="naive", format="float32") == pytest.approx(-16)
    assert cauchy_schwarz_divergence(*near, format="float32") == pytest.approx(truth, rel=1e-14)
    assert np.isnan(cauchy_schwarz_divergence([[np.nan]], y)) and np.isnan(cauchy_schwarz_divergence([[np.inf]], y))
    gradients_agree(cauchy_schwarz_divergence, (x, y), {0: "x", 1: "y"}, sigma=0.7)
    slopes = toolkit.grad(cauchy_schwarz_divergence)([[0.0]], [[50.0]])
    assert slopes.tolist() == [[-100.0]]  # where every overlap underflows


def test_normal_laws_against_integrals_and_a_sample():
    assert cauchy_schwarz_of_normals(1, 1, 2) == pytest.approx(0.4231435513142098, rel=1e-14)
    assert cauchy_schwarz_of_normals(1, 1, 2, sigma=1) == pytest.approx(0.310507702892557, rel=1e-14)
    p, q = norm(0.5, 0.7).pdf, norm(-0.4, 1.3).pdf
    overlaps = [quad(lambda x, a=a, b=b: a(x) * b(x), -12, 12, epsabs=1e-13)[0] for a, b in ((p, q), (p, p), (q, q))]
    expected = -2 * np.log(overlaps[0]) + np.log(overlaps[1]) + np.log(overlaps[2])
    assert cauchy_schwarz_of_normals(0.9, 0.7, 1.3) == pytest.approx(expected, rel=1e-9)
    rng = np.random.default_rng(0)
    sample = rng.normal(size=(1500, 1)), rng.normal(1, 2, (1500, 1))
    assert cauchy_schwarz_divergence(*sample) == pytest.approx(0.3105, abs=0.05)
    with mp.workdps(40):
        for d, s, t in ((0.0, 0.01, 100.0), (3.0, 1.0, 1.5), (1e-3, 0.3, 0.3)):
            u, v = mp.mpf(s)**2, mp.mpf(t)**2
            expected = mp.mpf(d)**2 / (u + v) + mp.log((u + v) / (2 * mp.mpf(s) * mp.mpf(t)))
            assert abs(cauchy_schwarz_of_normals(d, s, t) - expected) < 1e-14 * max(1, expected)


def gram(a, b, sigma):
    return [[mp.exp(-mp.fsum((mp.mpf(float(u)) - mp.mpf(float(v)))**2 for u, v in zip(p, q, strict=True))
                    / (2 * mp.mpf(sigma)**2)) for q in b] for p in a]


def test_information_in_forty_digits():
    assert cauchy_schwarz_information([[0], [1]], [[0.5], [2]]) == pytest.approx(0.11766469551718273, rel=1e-12)
    x, t = RNG.normal(size=(12, 2)), RNG.normal(size=(12, 3))
    with mp.workdps(40):
        a, b, every = gram(x, x, 0.8), gram(t, t, 0.8), range(12)
        both = mp.fsum(a[i][j] * b[i][j] for i in every for j in every)
        cross = mp.fsum(mp.fsum(a[i]) * mp.fsum(b[i]) for i in every)
        expected = mp.log(both * mp.fsum(map(mp.fsum, a)) * mp.fsum(map(mp.fsum, b)) / cross**2)
        assert abs(cauchy_schwarz_information(x, t, sigma=0.8) - expected) < 1e-14
    gradients_agree(cauchy_schwarz_information, (x[:5], t[:5]), {0: "x", 1: "y"}, sigma=0.8)
    assert abs(cauchy_schwarz_information(x, 0 * t)) < 1e-14


def test_conditional_divergence_in_forty_digits():
    y, predicted, x = [[0.0], [1.0], [4.0]], [[0.5], [1.0], [3.0]], [[0.0], [1.0], [2.0]]
    assert conditional_cauchy_schwarz(predicted, y, x) == pytest.approx(0.2811642495, abs=5e-11)
    assert conditional_cauchy_schwarz(y, predicted, x) == pytest.approx(0.3118942998, abs=5e-11)
    assert conditional_cauchy_schwarz(y, y, x) == 0
    p, q, x = RNG.normal(size=(8, 2)), RNG.normal(size=(8, 2)), RNG.normal(size=(8, 1))
    with mp.workdps(40):
        k, every = gram(x, x, 1.3), range(8)

        def part(table):
            return mp.log(mp.fsum(mp.fsum(k[i][j] * table[i][j] for j in every) / mp.fsum(v * v for v in k[i])
                                  for i in every))

        expected = part(gram(q, q, 1.3)) + part(gram(p, p, 1.3)) - 2 * part(gram(p, q, 1.3))
        assert abs(conditional_cauchy_schwarz(p, q, x, sigma=1.3) - expected) < 1e-14
    gradients_agree(conditional_cauchy_schwarz, (p[:4], q[:4], x[:4]), {0: "predicted", 1: "y"}, sigma=1.3)


def test_the_bottleneck_is_the_sum_of_its_parts():
    p, y, x, t = (RNG.normal(size=(5, d)) for d in (1, 1, 2, 2))
    shared = cauchy_schwarz_information(x, t) / np.sqrt(cauchy_schwarz_information(x, x)
                                                        * cauchy_schwarz_information(t, t))
    expected = conditional_cauchy_schwarz(p, y, x) + 0.4 * shared
    assert cauchy_schwarz_bottleneck(p, y, x, t, beta=0.4) == pytest.approx(expected, rel=1e-14) and shared < 1
    assert cauchy_schwarz_bottleneck(p, y, x, 0 * t) == pytest.approx(conditional_cauchy_schwarz(p, y, x), rel=1e-14)
    gradients_agree(cauchy_schwarz_bottleneck, (p, y, x, t), {0: "predicted", 3: "representation"}, beta=0.4)
