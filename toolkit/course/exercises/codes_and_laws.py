"""Exercises of the chapter *Codes and laws*."""
from toolkit.course.exercises._check import Exercise, close_to, exactly

__all__ = ["EXERCISES"]

EXERCISES = {
    "codes.coins": Exercise(
        solution=1.5,
        judge=close_to(1.5, 1e-3, (1.8112781244591327, "that is for independent coins; tie them as close as they go"),
                       (1.0, "that is the first coin alone; the second one is no function of it"),
                       (2.0, "that would be two fair coins without a tie"),
                       otherwise="the entropy of the table at one of the two ends: three cells"),
        wrong=(1.8112781244591327, 1.0, 2.0, 0.8112781244591328),
        praise="cells of 1/4, 1/4 and 1/2: the second coin shows heads only where the first one does, or only where it"
               " does not.",
    ),
    "codes.huffman": Exercise(
        solution=1.9,
        judge=close_to(1.9, 1e-9, (2.0, "that is a code whose words are all alike"),
                       (1.846439344671015, "that is the entropy; a word has a whole number of bits"),
                       (2.25, "weigh the lengths by the probabilities"),
                       otherwise="merge 0.1 and 0.2, then 0.3 and 0.3, then the rest, and add up what was merged"),
        wrong=(2.0, 1.846439344671015, 2.25, 1.0),
        praise="0.3 + 0.6 + 1: each merge makes the words of all that it merges one bit longer.",
    ),
    "codes.place": Exercise(
        solution="an empty place",
        judge=exactly("an empty place", ("the heaviest place", "that makes the places less even: the rate falls"),
                      otherwise="which of the two makes the entropy of T larger?"),
        wrong=("the heaviest place", "nowhere"),
        praise="A new place raises the entropy at once; the heaviest one takes it down.",
    ),
    "codes.left": Exercise(
        solution=2.0**-7,
        judge=close_to(2.0**-7, 1e-4, (2 + 2.0**-7, "that is the loss; its floor cannot be learnt away"),
                       (2.0**-20, "mind the exponent of the law"),
                       (2.0**7, "the other way round: the loss falls"), otherwise="(50 / x) to the power 0.35"),
        wrong=(2 + 2.0**-7, 2.0**-20, 2.0**7, 2.0),
        praise="2 to the power -20 · 0.35: less than half a percent of the loss, and every further halving takes"
               " a factor of 7 in size.",
    ),
}
