"""Rows of the tasks: which input symbols are on, and the label.

A row of modular arithmetic is two symbols, a and p + b; a row of sparse parity is the list of the bits that are 1,
filled up with -1.
"""
from toolkit._core.kernel import kernel
from toolkit._core.random import below, seeded, uniform

__all__ = ["OPERATIONS", "fill_modular", "fill_parity", "shuffle_rows", "with_wrong_labels"]

_LABEL_STREAM = 3

OPERATIONS = {"add": 0, "subtract": 1, "multiply": 2, "divide": 3}


@kernel
def fill_modular(operation, p, inputs, labels):
    """All pairs (a, b) and ``(a op b) mod p``; division leaves out b = 0, since its rows are (label b, b)."""
    row = 0
    for first in range(p):
        for b in range(1 if operation == 3 else 0, p):
            a, label = first, first
            if operation == 0:
                label = (a + b) % p
            elif operation == 1:
                label = (a + p - b) % p
            elif operation == 2:
                label = (a * b) % p
            else:
                a = (first * b) % p
            inputs[2 * row] = a
            inputs[2 * row + 1] = p + b
            labels[row] = label
            row += 1


@kernel
def same_row(inputs, arity, i, j):
    for slot in range(arity):
        if inputs[i * arity + slot] != inputs[j * arity + slot]:
            return False
    return True


@kernel
def fill_parity(relevant, arity, state, inputs, labels):
    """Distinct random bit strings of `arity` bits; the label is the parity of the first `relevant` bits."""
    row = 0
    while row < labels.size:
        label = 0
        for slot in range(arity):
            bit = uniform(state) < 0.5
            inputs[row * arity + slot] = slot if bit else -1
            if slot < relevant and bit:
                label = 1 - label
        labels[row] = label
        repeated = False
        for earlier in range(row):
            if same_row(inputs, arity, earlier, row):
                repeated = True
        if not repeated:
            row += 1


@kernel
def shuffle_rows(inputs, labels, arity, state):
    """Fisher-Yates over rows, in place: the first ones then are a random split."""
    for i in range(labels.size - 1, 0, -1):
        j = below(state, i + 1)
        for slot in range(arity):
            held = inputs[i * arity + slot]
            inputs[i * arity + slot] = inputs[j * arity + slot]
            inputs[j * arity + slot] = held
        label = labels[i]
        labels[i] = labels[j]
        labels[j] = label


@kernel
def with_wrong_labels(share, classes, seed, state, labels):
    """Replace each label by a random class, the right one included, with probability `share`."""
    seeded(state, seed, _LABEL_STREAM)
    for i in range(labels.size):
        luck, other = uniform(state), below(state, classes)
        if luck < share:
            labels[i] = other
