"""Self-checked exercises of the chapters: ``check("numbers.last_integer", answer)`` says right or gives a hint.

Each chapter has a module here with its `EXERCISES`, name -> `Exercise`. A new chapter adds a module and a line below.
"""
from toolkit.exercises import (activation_gallery, cost_of_exp, grokking_live, keeping_gradients_alive, memory_wall,
                               numbers_with_gaps, paper_rerun, softmax_collapse, softmax_five_ways, vanishing_loss, why_it_waits)
from toolkit.exercises._check import Exercise, Verdict, verdict

__all__ = ["EXERCISES", "Exercise", "Verdict", "check"]

EXERCISES = {**numbers_with_gaps.EXERCISES, **cost_of_exp.EXERCISES, **softmax_five_ways.EXERCISES,
             **memory_wall.EXERCISES, **vanishing_loss.EXERCISES, **softmax_collapse.EXERCISES,
             **activation_gallery.EXERCISES, **keeping_gradients_alive.EXERCISES,
             **grokking_live.EXERCISES, **why_it_waits.EXERCISES, **paper_rerun.EXERCISES}


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
    Verdict : displays as one line, with `passed` and `message`.

    Raises
    ------
    ValueError
        When no exercise has that name.
    """
    if name not in EXERCISES:
        raise ValueError(f"name is {name!r}; allowed: {', '.join(map(repr, sorted(EXERCISES)))}")
    return verdict(name, EXERCISES[name], answer)
