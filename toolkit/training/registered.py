"""Losses and activations of the package by name, as the engine takes them: kernels for which it is then compiled."""
import inspect

from toolkit import activations, losses
from toolkit.activations._elementwise import EVERYWHERE
from toolkit.losses import kernels
from toolkit.networks.activation import BY_NAME

__all__ = ["ACTIVATIONS_BY_KERNEL", "LOSSES_BY_KERNEL", "default_parameters", "parameter_names"]

_FORMS = ("naive", "common", "stable")


def _signature(kernel):
    return tuple(inspect.signature(getattr(kernel, "py_func", kernel)).parameters)


def _losses():
    """(name, form) -> row kernel ``(z, y, *parameters, grad)``."""
    found = {}
    for label in kernels.__all__:
        name, _, form = label.rpartition("_")
        kernel = getattr(kernels, label)
        if form in _FORMS and _signature(kernel)[:2] == ("z", "y") and _signature(kernel)[-1] == "grad":
            found[name, form] = kernel
    return found


LOSSES_BY_KERNEL = _losses()

# Name -> (value, derivative), for activations of any number without a parameter; those of the networks go first.
ACTIVATIONS_BY_KERNEL = {
    name: (declared.forms["stable"], declared.slopes["stable"]) for name in activations.__all__
    if (declared := getattr(getattr(activations, name), "elementwise", None))
    and not declared.parameters and declared.domain == EVERYWHERE} | BY_NAME


def parameter_names(loss, form):
    """Names of a loss's parameters, in the order of its kernel."""
    return _signature(LOSSES_BY_KERNEL[loss, form])[2:-1]


def default_parameters(loss, form):
    """The defaults of the public function as floats, or None where it has none for some parameter."""
    function = getattr(losses, loss, None)
    given = inspect.signature(function).parameters if function else {}
    values = [given[name].default if name in given else inspect.Parameter.empty for name in parameter_names(loss, form)]
    return tuple(map(float, values)) if all(isinstance(value, (int, float)) for value in values) else None
