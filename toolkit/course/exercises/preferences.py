"""Exercises of the chapter *Preferences*."""
from toolkit.course.exercises._check import Exercise, close_to, exactly

__all__ = ["EXERCISES"]

EXERCISES = {
    "preferences.dpo_end": Exercise(
        solution=0.8,
        judge=close_to(0.8, 1e-4, (2 / 3, "that is what people like; β is not 1"),
                       (0.5857864376, "1/β is the exponent, not β"), (1.0, "people do not always agree"),
                       otherwise="multiply the reference by what people like to the power 1/β, and normalise"),
        wrong=(2 / 3, 0.5857864376, 1.0, 0.5),
        praise="2² : 1. A smaller β exaggerates what people like.",
    ),
    "preferences.ipo_end": Exercise(
        solution=0.8807970779778823,
        judge=close_to(0.8807970779778823, 1e-3, (1.0, "that is DPO's end; a square has a target"),
                       (0.8, "that is a share of odds 4; the margin is a difference of logarithms"),
                       (0.6224593312018546, "that is τ = 1"),
                       otherwise="the target of the margin is 1/(2τ); which share has such log-odds?"),
        wrong=(1.0, 0.8, 0.6224593312018546, 0.5),
        praise="The margin goes to 2 and stops there, and σ(2) is its share.",
    ),
    "preferences.bfloat16": Exercise(
        solution=-4.0,
        judge=exactly(-4, (-2, "that is the difference of the two numbers; which neighbours have they in bfloat16?"),
                      (0, "they are not rounded to the same number"),
                      (4, "the policy finds it less likely"),
                      otherwise="from 512 to 1024 the numbers of bfloat16 are 4 apart"),
        wrong=(-2, 0, 4, -8),
        praise="-516 and -512: both are rounded, away from each other, and the log-ratio is twice what it should be.",
    ),
    "preferences.exo_goal": Exercise(
        solution=4.59511985013459,
        judge=close_to(4.59511985013459, 1e-3, (4.605170185988091, "that is -log ε, nearly right: and 1 - ε?"),
                       (0.99, "that is the probability; which score has it?"),
                       otherwise="the policy's preference is then that of the label: which score has these odds?"),
        wrong=(4.605170185988091, 0.99, 0.0),
        praise="log 99: the log-odds of the label. Beyond it the loss rises again.",
    ),
    "preferences.keeps": Exercise(
        solution="expo",
        judge=exactly("expo", ("srpo", "it does not depend on who sampled, but it does on the reference"),
                      ("ipo", "it moves less than DPO, and it moves"), ("dpo", "drag the reference onto what people"
                       " like, in the first figure"), ("exo", "where labels are smoothed, its end is another one"),
                      otherwise="in which loss do the pairs not see the reference?"),
        wrong=("srpo", "ipo", "dpo", "exo"),
        praise="Its pairs say what people like, its anchor says the reference, and where these agree nothing moves.",
    ),
}
