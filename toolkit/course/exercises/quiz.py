"""Questions of the *Closing quiz*, over the whole book."""
import math

from toolkit.course.exercises._check import Exercise, close_to, exactly

__all__ = ["EXERCISES"]

_EDGE = 8 * math.log(2.0)


def _choice(right, praise, otherwise, **hints):
    """A question with a few answers to choose from: `hints` says of each wrong one why it is wrong."""
    judge = exactly(right, *hints.items(), otherwise=otherwise, among=sorted([right, *hints]))
    return Exercise(solution=right, judge=judge, wrong=tuple(hints), praise=praise)


EXERCISES = {
    "quiz.absorption": Exercise(
        solution=2048,
        judge=exactly(2048, (2049, "how far apart are float16 numbers from 2048 on? See Numbers with gaps"),
                      (2050, "2049 lies in the middle of two numbers; the tie goes to the even one"),
                      otherwise="see Numbers with gaps"),
        wrong=(2049, 2050, 65504),
        praise="the gap is 2 there, 2049 is a tie, and ties go to the number whose last bit is 0.",
    ),
    "quiz.naive": _choice(
        "naive", "exp(100) is inf in float32, and inf / inf is NaN.", "see Softmax, five ways",
        **{"three-pass": "with the maximum subtracted both are exp(0)", "online": "its maximum so far is 100, too"}),
    "quiz.price": _choice(
        "b", "an error in a difference of logits is a relative error of its exponential.",
        "see Softmax, five ways",
        a="that is the price of a long sum, which all forms pay", c="a common offset costs only what it rounds away"),
    "quiz.edge": Exercise(
        solution=_EDGE,
        judge=close_to(_EDGE, 2e-3, (7 * math.log(2.0), "u is half the gap behind 1"),
                       (24 * math.log(2.0), "that is float32"), (11 * math.log(2.0), "that is float16"),
                       otherwise="minus the logarithm of the unit roundoff; see The loss that vanishes"),
        wrong=(7 * math.log(2.0), 24 * math.log(2.0), 11 * math.log(2.0), 17),
        praise="at 5.55: a classifier that is right with probability 0.996 has no loss left in bfloat16.",
    ),
    "quiz.pull": _choice(
        "c", "nothing lifts the right logit, and the others go on falling.", "see Softmax Collapse",
        a="the exponentials of the wrong classes are not 0", b="the label's entry is p - 1, and p is exactly 1"),
    "quiz.gate": Exercise(
        solution=1.5,
        judge=close_to(1.5, 1e-6, (1 / 6, "the other way round: a larger weight needs a higher temperature"),
                       (0.5, "the weight has changed, and only the quotient counts"),
                       otherwise="keep β / τ; see Experts and gates"),
        wrong=(1 / 6, 0.5, 3.0),
        praise="only β / τ counts, so no data can tell the two gates apart.",
    ),
    "quiz.sparse": Exercise(
        solution=0.9,
        judge=close_to(0.9, 1e-3, (1 / (1 + math.exp(-0.8)), "that is softmax"),
                       (1.0, "the gap is 0.8, and the other class drops out from a gap of 1 on"),
                       otherwise="lower both logits by the same number until they sum to 1; see Sparse maps"),
        wrong=(1 / (1 + math.exp(-0.8)), 1.0, 0.6),
        praise="both logits less 0.1 sum to 1, and neither is negative.",
    ),
    "quiz.layers": Exercise(
        solution=24,
        judge=exactly(24, (14, "below 2^-14 there are the subnormal numbers"), (25, "2^-25 is a tie, and goes to 0"),
                      (50, "the smallest positive float16 is 2^-24"), otherwise="see Keeping gradients alive"),
        wrong=(14, 25, 50),
        praise="the smallest positive float16 is 2^-24, and half of it is a tie that goes to 0.",
    ),
    "quiz.proper": _choice(
        "focal", "it turns away from what the model knows, so its minimum is nearer to the middle.",
        "see One family around cross-entropy",
        **{"cross-entropy": "its minimum is at the true probabilities",
           "squared error of probabilities": "that is the Brier score, and its minimum is at the true probabilities"}),
    "quiz.cause": _choice(
        "no", "stuck is not always collapsed: here the optimizer's memory, or its ε, is the likely cause.",
        "see Grokking, live", yes="in the collapse losses are exactly 0"),    "quiz.sum": Exercise(
        solution=50,
        judge=close_to(50, 1e-6, (0.5, "that is one key alone: without competition the weights add up"),
                       (1.0, "that is softmax: its weights sum to 1"),
                       otherwise="nothing divides the weights; see Attention without softmax"),
        wrong=(0.5, 1.0, 100),
        praise="which is why a bias of about minus the logarithm of n is needed.",
    ),
    "quiz.lengths": _choice(
        "longer", "the sum is divided by the length, so a long wrong answer is punished less for each token.",
        "see Decoding and entropy",
        shorter="a penalty that is divided by the length is small for a long answer",
        neither="the length is not rewarded, but the penalty is divided by it"),
}
