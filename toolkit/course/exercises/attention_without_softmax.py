"""Exercises of the chapter *Attention without softmax*."""
from toolkit.course.exercises._check import Exercise, close_to, exactly

__all__ = ["EXERCISES"]

EXERCISES = {
    "attention.mass": Exercise(
        solution=256 / 2049,
        judge=close_to(256 / 2049, 1e-3, (1.0, "that is softmax, which divides by the sum"),
                       (256 / 257, "that is with a bias of its own, -log 256"), (1 / 2049, "that is one weight"),
                       (128.0, "that is without the bias"), otherwise="256 times the sigmoid of the bias"),
        wrong=(1.0, 0.996, 1 / 2049, 128.0),
        praise="an eighth: with one bias for all queries an early token takes little from anybody.",
    ),
    "attention.features": Exercise(
        solution=210,
        judge=exactly(210, (5461, "that counts products in each order: 4 + 16 + ... + 4^6 and 1"),
                      (4096, "those of degree 6 alone, in each order"), (84, "those of degree 6 alone"),
                      (15, "and all lower degrees of four numbers"), otherwise="binomial(d + J, J)"),
        wrong=(5461, 4096, 84, 24),
        praise="binomial(10, 6), the constant 1 among them: the order of the factors does not count.",
    ),
    "attention.half": Exercise(
        solution=7,
        judge=exactly(7, (6, "0.9^6 is 0.53"), (5, "it is multiplied, not subtracted"),
                      otherwise="the least n with 0.9^n < 1/2"),
        wrong=(6, 5, 10),
        praise="0.9^7 is 0.478. A half-life is log 2 / -log a, here 6.58 steps.",
    ),
    "attention.parity": Exercise(
        solution={1, 3, 4},
        judge=exactly({1, 3, 4}, ({1, 4}, "what does ⟨β, x⟩² do when x turns around?"),
                      ({4}, "s does not change when both its vectors turn around, nor does s³"),
                      ({3, 4}, "s does not change when both its vectors turn around, nor does s³"),
                      ({2}, "those that it cannot learn"),
                      otherwise="turn all vectors around: which targets stay as they are?"),
        wrong=({2}, {1, 4}, {3, 4}, {4}),
        praise="s, |s| and squares stay as they are under the flip, so that these are even; only (2) changes its sign.",
    ),
    "attention.early": Exercise(
        solution=12,
        judge=exactly(12, (7, "that is for 1024 tokens"), (13, "log 13 is above 0.3 log 4096"),
                      (63, "θ alone is the middle of the band"), otherwise="log i < (θ - γ) log 4096"),
        wrong=(7, 13, 63, 0),
        praise="4096^0.3 is 12.1, so that the first twelve rows are pulled at for ever.",
    ),
}
