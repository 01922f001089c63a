"""Exercises of the chapter *Grokking, live*."""
import math

from toolkit.course.exercises._check import Exercise, close_to
from toolkit.training import Experiment, train

__all__ = ["EXERCISES"]

_HOUSE = Experiment(p=31, widths=(128,), activation="square", train_fraction=0.8, lr=0.01, beta2=0.9, steps=300)
_FIXED = {"loss_format": "the loss has to stay in float16", "p": "the table has to keep its 31 x 31 sums",
          "task": "it has to be addition", "train_fraction": "no larger share of the table, please",
          "steps": "300 steps have to do"}


def _judge_float16(changes):
    if not isinstance(changes, dict):
        return f"expected a dict of arguments of Experiment, got {changes!r}"
    for name, why in _FIXED.items():
        if name in changes:
            return why
    run = train(_HOUSE.replace(loss_format="float16", **changes), progress=False)
    best, end = run["test_accuracy"].max(), run["test_accuracy"][-1]
    if best >= 0.95:
        return None
    if run["zero_gradient"][-1] == 1 and run["zero_loss"][-1] < 0.5:
        return (f"{end:.0%} of the unseen sums: no loss is 0 now, but the gradients are, since p_k / N underflows from"
                f" a gap of {math.log(2.0**25 / 768):.1f} on; what would keep the gap small?")
    return f"{end:.0%} of the unseen sums at the end, {best:.0%} at best; what would keep the gap small?"


EXERCISES = {
    "live.float64": Exercise(
        solution=250 + (53 - 24) * math.log(2) * 20,
        judge=close_to(635, 0.07,
                       (20 * 53 * math.log(2),
                        "counted from 0; but the gap starts to rise evenly only at the collapse"),
                       (250 * 53 / 24, "not in proportion: from step 250 on the gap grows by 0.05 in each step"),
                       otherwise="how much more gap does float64 take, and how many steps at 0.05 each is that?"),
        wrong=(735, 552, 1000, 250),
        praise="the run says 610: float64 buys 360 steps, because it buys 20 more units of gap.",
    ),
    "live.decay": Exercise(
        solution=0.3,
        judge=close_to(0.3, 1e-9, (0.2, "that takes 200 steps"), (0.4, "a weaker one does it as well"),
                       otherwise="train with 0.1, 0.2 ... and steps=180; `run.first_step` says when"),
        wrong=(0.1, 0.2, 0.4, 2.0),
        praise="a seventh of what the button has.",
    ),
    "live.units": Exercise(
        solution=122,
        judge=close_to(122, 0.03, (128, "not all of them; compare the largest share of each column with 0.5"),
                       otherwise="shares of energy along a for each of the 128 columns: how many have one of 0.5 or"
                                 " more?"),
        wrong=(15, 128, 62),
        praise="nearly all of them: the units have become waves.",
    ),
    "live.float16": Exercise(
        solution={"weight_decay": 2.0},
        judge=_judge_float16,
        wrong=({}, {"form": "complement"}, {"loss_format": "float32"}, {"steps": 3000}, 2.0),
        praise="float16 has room enough, if the gap stays small.",
    ),
}
