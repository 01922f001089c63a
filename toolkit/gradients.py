"""Gradients with one face: `vjp`, `grad` and `value_and_grad` of every differentiable method of the register.

>>> from toolkit import grad, vjp
>>> from toolkit.losses import cross_entropy
>>> from toolkit.softmax import softmax
>>> value, pull = vjp(softmax, [0.0, 1.0], temperature=2.0)
>>> pull([1.0, 0.0]).round(3)
array([ 0.118, -0.118])
>>> grad(cross_entropy)([[0.0, 0.0], [0.0, 0.0]], [0, 1])
array([[-0.25,  0.25],
       [ 0.25, -0.25]])

The formula of a gradient, what it is at kinks and how accurate it is stand in the docstring of the function itself.
"""
import functools

import numpy as np

from toolkit._core.public import public, publish
from toolkit.catalog import method_of

__all__ = ["grad", "value_and_grad", "vjp"]


def vjp(function, /, *arguments, of=None, **options):
    """The value of a method, and how a gradient with respect to it becomes one with respect to its first argument.

    Parameters
    ----------
    function : callable
        A differentiable method of `toolkit.catalog`.
    *arguments, **options
        As the function takes them. What the gradient knows too (`axis`, `where`, `temperature`, of a loss and of an
        elementwise function also `form` and `format`) goes to both, the rest to the value alone.
    of : str, optional
        Another argument to have the gradient of, as ``"alpha"`` of `toolkit.softmax.alpha_entmax`.

    Returns
    -------
    value, pull
        ``pull(g)`` is the gradient of ``sum(g * value)``; arrays among the arguments may not change before.

    Examples
    --------
    >>> from toolkit.softmax import alpha_entmax
    >>> value, pull = vjp(alpha_entmax, [1.0, 0.0], alpha=1.5, of="alpha")
    >>> pull([1.0, 0.0]).round(4).item()
    0.2485
    """
    value, pull = method_of(function).vjp(arguments, options, of)
    return value, public(pull, "pull")


def value_and_grad(function, *, of=None):
    """A method whose result is a number, as a function that also returns its gradient.

    Parameters
    ----------
    function : callable
        A differentiable method of `toolkit.catalog`: a loss with ``reduction="mean"`` or ``"sum"``, or one of a single
        row or number.
    of : str, optional
        As in `vjp`.

    Returns
    -------
    callable
        ``(*arguments, **options) -> (value, gradient)``, with the arguments of the function.

    Examples
    --------
    >>> from toolkit.losses import focal_loss
    >>> value, gradient = value_and_grad(focal_loss)([[0.0, 0.0]], [0], gamma=2.0)
    >>> value.round(4).item(), gradient.round(4)
    (0.1733, array([[-0.2983,  0.2983]]))
    """
    method = method_of(function)

    @functools.wraps(function)
    def both(*arguments, **options):
        value, pull = method.vjp(arguments, options, of)
        if np.ndim(value):
            raise TypeError(f"{function.__name__} gives an array of shape {np.shape(value)}; allowed: a number, or vjp")
        return value, pull(1.0)

    return public(both)


def grad(function, *, of=None):
    """A method whose result is a number, as a function that returns its gradient alone; see `value_and_grad`.

    Examples
    --------
    >>> from toolkit.activations import tanh
    >>> grad(tanh)(0.0).item()
    1.0
    """
    both = value_and_grad(function, of=of)
    return public(functools.wraps(function)(lambda *arguments, **options: both(*arguments, **options)[1]))


publish(__name__)
