"""Exercises of the chapter *Softmax at the memory wall*."""
from toolkit.course.exercises._check import Exercise, close_to

__all__ = ["EXERCISES"]


def _best(bandwidth, cost):
    two_pass = max(4 / bandwidth, cost) + max(12 / bandwidth, cost)
    reload = 4 / bandwidth + max(12 / bandwidth, cost) + 8 / bandwidth
    return "reload" if reload < two_pass else "two-pass"


def _by_bytes_alone(bandwidth, cost):
    return "two-pass"


def _by_exponentials_alone(bandwidth, cost):
    return "reload" if cost > 4 / bandwidth else "two-pass"


def _judge_best(best):
    if not callable(best):
        return f"expected a function best(B, e), got {best!r}"
    for bandwidth in (2.0, 20.0, 300.0):
        for share in (0.1, 0.5, 0.9, 1.1, 2.0, 10.0):
            cost = share * 12 / bandwidth
            if best(bandwidth, cost) != _best(bandwidth, cost):
                return (f"at B = {bandwidth:g} and e = {cost:.3g} the faster one is {_best(bandwidth, cost)!r}, and"
                        f" yours says {best(bandwidth, cost)!r}")
    return None


EXERCISES = {
    "wall.numpy": Exercise(
        solution=44,
        judge=close_to(44, 1e-9, (32, "five reads and three writes are right; each write also fetches its line first"),
                       (11, "that many floats; how many bytes?"),
                       (20, "only the reads; the three new arrays are written as well"),
                       otherwise="five reads, three writes, and a read for ownership with each write"),
        wrong=(32, 11, 20, 24),
        praise="44 bytes, where two passes would do with 16: a line of NumPy is a pass, and mostly into a new array.",
    ),
    "wall.break_even": Exercise(
        solution=0.6,
        judge=close_to(0.6, 2e-3, (0.2, "that hides the first pass of two-pass; reload still does more than that"),
                       (0.4, "that is the last pass of reload; it has a first one too"),
                       (1.2, "that is the time for one logit; how much of it may an exponential take?"),
                       otherwise="write the times of both as sums of two and of three maxima, and put them equal"),
        wrong=(0.2, 0.4, 1.2, 600),
        praise="12 bytes at 20 GB/s: what reload moves more pays for one exponential of 0.6 ns, and for no more.",
    ),
    "wall.threads": Exercise(
        solution=25_000,
        judge=close_to(25_000, 1e-3, (12_500, "one thread takes 0.8 ns, but two do not take 0"),
                       (25, "mind the units: 10 µs are 10 000 ns"),
                       otherwise="put 0.8 K equal to 0.4 K + 10 000 ns"),
        wrong=(12_500, 25, 10_000),
        praise="below 25 000 logits waking the second thread costs more than it saves.",
    ),
    "wall.best": Exercise(
        solution=_best,
        judge=_judge_best,
        wrong=(_by_bytes_alone, _by_exponentials_alone, "reload"),
        praise="one comparison, e against 12 / B: the whole question is which of the two is the dearer.",
    ),
}
