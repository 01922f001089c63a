"""Self-checked exercises of the chapters: ``check("numbers.last_integer", answer)`` says right or gives a hint.

Each chapter has a module here with its `EXERCISES`, name -> `Exercise`. A new chapter adds a module and a line below.
"""
from difflib import get_close_matches

from toolkit._core.arguments import shown
from toolkit._core.public import publish
from toolkit.course.exercises import (
    _check,
    activation_gallery,
    attention_without_softmax,
    codes_and_laws,
    collapse_under_adam,
    competition,
    cost_of_exp,
    decoding_and_entropy,
    experts_and_gates,
    grokking_live,
    infinitely_wide,
    is_it_calibrated,
    keeping_gradients_alive,
    knowing_what_it_does_not_know,
    learned_activations,
    memory_wall,
    numbers_with_gaps,
    one_family,
    paper_rerun,
    preferences,
    primer,
    promises_about_outputs,
    proper_losses,
    quiz,
    regression_by_classification,
    sampling,
    sets_with_a_promise,
    shapes_of_representations,
    soft_choices,
    softmax_collapse,
    softmax_five_ways,
    sparse_maps,
    teachers_and_adversaries,
    temperature,
    thresholds_and_codes,
    vanishing_loss,
    weights_that_walk,
    what_does_a_layer_know,
    why_it_waits,
    without_the_sum,
)
from toolkit.course.exercises._check import *

__all__ = ["EXERCISES", *_check.__all__, "check"]

_CHAPTERS = (primer, numbers_with_gaps, cost_of_exp, softmax_five_ways, memory_wall, vanishing_loss, temperature,
             experts_and_gates, sparse_maps, sampling, attention_without_softmax, decoding_and_entropy, soft_choices,
             weights_that_walk, activation_gallery, learned_activations, keeping_gradients_alive, thresholds_and_codes,
             competition, infinitely_wide, what_does_a_layer_know, promises_about_outputs, one_family, proper_losses,
             regression_by_classification, is_it_calibrated, sets_with_a_promise, knowing_what_it_does_not_know,
             teachers_and_adversaries, preferences, without_the_sum, shapes_of_representations, codes_and_laws,
             softmax_collapse, collapse_under_adam, grokking_live, why_it_waits, paper_rerun, quiz)
EXERCISES = {name: exercise for chapter in _CHAPTERS for name, exercise in chapter.EXERCISES.items()}


def check(name, answer):
    """Check an answer to the exercise `name`.

    Parameters
    ----------
    name : str
        As printed with the exercise, ``"chapter.exercise"``.
    answer : object
        What the exercise asks for: a number, a word or a function. ``...`` counts as not answered yet.

    Returns
    -------
    Verdict : displays as one line, with `message` and `passed`: True, False, or None without an answer. While
        the book is built, what is not answered becomes a form that judges numbers and words by the same rules.

    Raises
    ------
    ValueError
        When no exercise has that name.
    """
    if not isinstance(name, str) or name not in EXERCISES:
        near = get_close_matches(name, EXERCISES, 3) if isinstance(name, str) else []
        allowed = " or ".join(map(repr, near)) or "the name that the exercise gives to check, as 'loss.first_zero'"
        raise ValueError(f"name is {shown(name)}; allowed: {allowed}")
    return _check.verdict(name, EXERCISES[name], answer)


publish(__name__)
