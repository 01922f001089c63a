"""The optimizers by name: a row says all that a run needs to know about one."""
from typing import NamedTuple

from toolkit._core.kernel import Kernel
from toolkit.optimizers._adam import adam_rule
from toolkit.optimizers._lion import lion_rule
from toolkit.optimizers._sgd import sgd_rule

__all__ = ["OPTIMIZERS", "Optimizer"]


class Optimizer(NamedTuple):
    """A rule for one parameter tensor.

    Attributes
    ----------
    title : str
    rule : Kernel
        ``rule(w, g, *memory, settings, clock, u)`` turns a gradient and its memory into a direction u; the weights then
        move by ``-lr u``. These are rows; `settings` are `Settings`, `clock` holds `STEP`, `POWER1` and `POWER2`.
    memory : tuple of str
        Names of its arrays, 1 to 3, each as long as the tensor and 0 at the start. A checkpoint keeps them by these
        names.
    decoupled : bool
        Whether weight decay shrinks the weights beside the step, and is not added to the gradient.
    """

    title: str
    rule: Kernel
    memory: tuple
    decoupled: bool


OPTIMIZERS = {
    "sgd": Optimizer("SGD", sgd_rule, ("first",), decoupled=False),
    "adam": Optimizer("Adam", adam_rule, ("first", "second"), decoupled=False),
    "adamw": Optimizer("AdamW", adam_rule, ("first", "second"), decoupled=True),
    "lion": Optimizer("Lion", lion_rule, ("first",), decoupled=True),
}
