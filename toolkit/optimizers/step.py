"""One optimizer step on all parameter tensors of a network."""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit._core.numbers import in_format
from toolkit.optimizers._steepest import orthogonalize, take_signs
from toolkit.optimizers.settings import STEP, learning_rate, tick
from toolkit.optimizers.wrappers import descend, keep_agreeing, perp_grad, turn_layer

__all__ = ["update"]


@kernel(inline=True)
def row_of(array, a, b):
    """Numbers [a, b) as a row: those of a float32 array stay float32 beside literals and settings."""
    return in_format(array[a:b], None)


@kernel
def turn_by(rule, w, g, memory, a, b, settings, clock, u):
    """Call a rule with its part [a, b) of each array of the memory: their number says which call is compiled."""
    first = row_of(memory[0], a, b)
    if len(memory) == 1:
        rule(w, g, first, settings, clock, u)
    elif len(memory) == 2:
        rule(w, g, first, row_of(memory[1], a, b), settings, clock, u)
    else:
        rule(w, g, first, row_of(memory[1], a, b), row_of(memory[2], a, b), settings, clock, u)


@kernel
def orthogonalize_tensor(steps, grads, a, b, columns, numbers, squares):
    """`orthogonalize` with Muon's scale, the root of outputs / inputs where that is above 1."""
    rows = (b - a) // columns
    room = squares[:2 * columns * columns].reshape((2, columns, columns))
    orthogonalize(steps[a:b].reshape((rows, columns)), grads[a:b].reshape((rows, columns)), room,
                  np.sqrt(max(1.0, numbers / rows / rows)))


@kernel
def update(rule, settings, tensors, numbers, columns, parameters, grads, memory, clock, steps, squares):
    """Move `parameters` along `grads`, tensor by tensor, by the rule of an `Optimizer`.

    Parameters
    ----------
    tensors : where each tensor begins, and where the last one ends
    numbers : how many numbers each has without padding
    columns : how many numbers a row of each has in memory, 0 for a bias; or None, where settings know no matrices
    memory : tuple of the arrays that the rule keeps, 1 to 3
    clock : `STEP`, `POWER1` and `POWER2` before the step; moves on
    steps : receives the directions
    squares : room for two squares of the largest number of columns, or None
    """
    lr = learning_rate(settings, clock[STEP])
    tick(clock, settings)
    for t in range(tensors.size - 1):
        a, b = tensors[t], tensors[t + 1]
        w, g, u = row_of(parameters, a, b), row_of(grads, a, b), row_of(steps, a, b)
        if settings.perp and numbers[t] > 1:  # padding hides a tensor of one element from perp_grad
            perp_grad(w, g)
        turn_by(rule, w, g, memory, a, b, settings, clock, u)
        if settings.cautious:
            keep_agreeing(u, g, numbers[t])
        if columns is not None:
            if settings.norm == 1:
                take_signs(u)
            if settings.norm == 2 and columns[t] > 0:
                orthogonalize_tensor(steps, grads, a, b, np.int64(columns[t]), np.int64(numbers[t]), squares)
            if settings.turning:
                if columns[t] > 0:
                    turn_layer(w, u, lr)
                continue
        descend(w, u, lr, settings.weight_decay if settings.decoupled else 0.0)
