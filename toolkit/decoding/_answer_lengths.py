"""A policy of three logits that shows what averages over answers do to their length: in expectation, without draws."""
from typing import NamedTuple

import numpy as np

from toolkit._core.arguments import check_choice, check_finite, check_flag, check_number, check_whole
from toolkit._core.kernel import kernel
from toolkit.decoding._token_weights import length_bias_of, mean_weight
from toolkit.elementary import log, sigmoid

__all__ = ["AnswerLengths", "answer_lengths"]
KERNELS = ["begin_answers", "length_step"]

_RULES = ("answer", "constant")


class AnswerLengths(NamedTuple):
    """What `answer_lengths` returns: before the first and after each step.

    Attributes
    ----------
    accuracy : numpy.ndarray
        Probability of the right path.
    right, wrong : numpy.ndarray
        Mean length of right and of wrong answers, without the token that chooses the path.
    """

    accuracy: np.ndarray
    right: np.ndarray
    wrong: np.ndarray


@kernel
def begin_answers(right, stop, logits):
    """The logits of the right path, and of the end of a right and of a wrong answer."""
    logits[0] = log(right / (1.0 - right))
    logits[1] = logits[2] = log(stop / (1.0 - stop))


@kernel
def length_step(logits, rate, constant, divide):
    """A step along the expected gradient with many answers in a group, whose mean is the baseline.

    `constant` is 0 for a mean over each answer, else what each token counts.
    """
    p, stop_right, stop_wrong = sigmoid(logits[0]), sigmoid(logits[1]), sigmoid(logits[2])
    both = p * sigmoid(-logits[0])
    scale = rate * np.sqrt(both) if divide else rate * both  # p (1 - p), over the deviation of the rewards
    if constant > 0.0:  # the sum of the scores of a stop logit is 0 on average
        logits[0] += scale * constant
        return
    logits[0] += scale * ((1.0 - p) * mean_weight(stop_right, 1) + p * mean_weight(stop_wrong, 1))
    logits[1] += scale * length_bias_of(stop_right, 1)
    logits[2] -= scale * length_bias_of(stop_wrong, 1)


@kernel
def walk(logits, rate, constant, divide, path):
    for n in range(path.shape[1]):
        if n > 0:
            length_step(logits, rate, constant, divide)
        path[0, n] = sigmoid(logits[0])
        path[1, n], path[2, n] = 1.0 / sigmoid(logits[1]), 1.0 / sigmoid(logits[2])


def answer_lengths(steps, *, learning_rate=4.0, average="answer", divide_by_std=False, right=0.3, stop=0.1):
    """How long right and wrong answers get while only the choice between them is rewarded.

    The first token chooses a right or a wrong path; each path has a stop logit of its own. Only the path is rewarded,
    so that no length is better than another. Steps go along the exact expected gradient of a large group: GRPO's, with
    the mean over each answer, or Dr. GRPO's, with a constant, the expected weight of the first token at the start, so
    that both begin with the same step of the accuracy. (Our demonstration of the bias, not an experiment of the paper.)

    Parameters
    ----------
    steps : int >= 0
    learning_rate : float > 0
    average : {"answer", "constant"}
    divide_by_std : bool
        Whether the advantages are divided by the standard deviation of the rewards, ``sqrt(p (1 - p))``.
    right : float between 0 and 1
        Probability of the right path at the start.
    stop : float between 0 and 1
        Probability that a token is the last, at the start.

    Returns
    -------
    AnswerLengths of arrays (steps + 1,)

    References
    ----------
    Z. Liu et al., Understanding R1-Zero-Like Training: A Critical Perspective, COLM 2025, arXiv:2503.20783.

    Examples
    --------
    >>> answer_lengths(800).wrong[[0, 800]].round(1)
    array([ 10. , 170.2])
    """
    constant = check_choice("average", average, _RULES)
    right, stop = (check_number(name, value, 1e-6, 1 - 1e-6) for name, value in (("right", right), ("stop", stop)))
    rate = check_finite("learning_rate", learning_rate, 0, above=True)
    divide = check_flag("divide_by_std", divide_by_std)
    logits, path = np.zeros(3), np.empty((3, check_whole("steps", steps, 0, 10**6) + 1))
    begin_answers(right, stop, logits)
    walk(logits, rate, mean_weight(stop, 1) if constant else 0.0, divide, path)
    return AnswerLengths(*path)
