"""What an `Experiment` allows: each argument by itself, and all together."""
import math
import operator
from dataclasses import fields

import numpy as np

from toolkit._core.arguments import check_choice, shown
from toolkit.collapse.kernels import ORDERS
from toolkit.formats import FORMATS, get_format
from toolkit.networks.activation import ACTIVATIONS
from toolkit.optimizers import NORMS, OPTIMIZERS, SCHEDULES
from toolkit.training.ordered_losses import LOSSES
from toolkit.training.registered import ACTIVATIONS_BY_KERNEL, LOSSES_BY_KERNEL, default_parameters, parameter_names
from toolkit.training.task_rows import OPERATIONS

__all__ = ["OF_TRANSFORMERS", "check_experiment", "check_together", "in_one_form"]

TASKS = (*OPERATIONS, "parity", "digits", "arrays")
INITIAL = ("uniform", "normal")
ARITHMETIC = ("strict", "fast")
FLATNESS = ("none", "sam", "gam")
MODELS = ("mlp", "transformer")
PRECISIONS = {"float32": 1e-45, "float64": 5e-324}  # and the smallest positive number of each

_CHOICES = {"task": TASKS, "model": MODELS, "activation": tuple(dict.fromkeys([*ACTIVATIONS, *ACTIVATIONS_BY_KERNEL])),
            "loss": tuple(dict.fromkeys(name for name, _ in [*LOSSES, *LOSSES_BY_KERNEL])),
            "form": ("common", "complement", "naive", "stable"), "initial": INITIAL, "arithmetic": ARITHMETIC,
            "summation": tuple(ORDERS), "training_precision": tuple(PRECISIONS), "optimizer": tuple(OPTIMIZERS),
            "schedule": tuple(SCHEDULES), "norm": tuple(NORMS), "flatness": FLATNESS}
_INTEGERS = {"p": (2, 4096), "relevant": (1, 4096), "bits": (1, 4096), "samples": (2, 10**7), "seed": (0, 2**63 - 1),
             "warmup": (0, 10**9), "steps": (1, 10**9), "log_every": (1, 10**9), "heads": (1, 4096),
             "batch": (0, 10**9)}
OF_TRANSFORMERS = ("heads", "dropout")
_OPEN, _CLOSED = (operator.lt, "above"), (operator.le, "at least")
_NUMBERS = {  # lower bound, upper bound (never reached)
    "train_fraction": (_OPEN, 0.0, 1.0), "gain": (_OPEN, 0.0, math.inf), "radius": (_OPEN, 0.0, math.inf),
    "temperature": (_OPEN, 0.0, math.inf),
    "logit_penalty": (_CLOSED, 0.0, math.inf), "lr": (_OPEN, 0.0, math.inf),
    "weight_decay": (_CLOSED, 0.0, math.inf), "beta1": (_CLOSED, 0.0, 1.0), "beta2": (_CLOSED, 0.0, 1.0),
    "eps": (_OPEN, 0.0, math.inf), "momentum": (_CLOSED, 0.0, 1.0), "dropout": (_CLOSED, 0.0, 0.99)}


def in_one_form(e):
    """(name, value) of each argument of an experiment whose value is brought into one form; others are only checked."""
    for name, allowed in _CHOICES.items():
        check_choice(name, getattr(e, name), allowed)
    for name, bounds in _INTEGERS.items():
        yield name, _integer(name, getattr(e, name), *bounds)
    for name, bounds in _NUMBERS.items():
        yield name, _number(name, getattr(e, name), *bounds)
    for field in fields(e):
        if field.type is bool and not isinstance(getattr(e, field.name), bool):
            raise TypeError(f"{field.name} is {shown(getattr(e, field.name))}; allowed: True, False")
    if not isinstance(e.data, str):
        raise TypeError(f"data is {shown(e.data)}; allowed: the digest of `toolkit.training.given`, a text")
    yield "widths", _widths(e.widths)
    yield "sizes", tuple(_integer("each of sizes", n, 0, 2**31 - 1) for n in _sequence("sizes", e.sizes, "integers"))
    yield "loss_parameters", _loss_parameters(e)
    yield "loss_format", _format_name(e.loss_format)


def check_experiment(name, given):
    """An `Experiment`, or an error that names the argument."""
    if not (hasattr(given, "training_precision") and hasattr(given, "n_train")):
        raise TypeError(f"{name} is {shown(given)}; allowed: toolkit.training.Experiment")
    return given


def check_together(e):
    """What arguments of an experiment, each of them right, must not be together."""
    _check_network(e)
    if (e.task == "arrays") != bool(e.data) or len(e.sizes) != (4 if e.data else 0):
        raise ValueError(f"task is {shown(e.task)}, data {shown(e.data)} and sizes {shown(e.sizes)}; allowed for "
                         f"'arrays', and only there: what `toolkit.training.given` says of them")
    if e.batch > e.n_train:
        raise ValueError(f"batch is {e.batch}; allowed: at most {e.n_train}, the rows for training, or 0")
    if e.task == "divide" and any(e.p % d == 0 for d in range(2, math.isqrt(e.p) + 1)):
        raise ValueError(f"p is {e.p}; allowed for division: a prime, since others leave no inverse")
    if e.task == "parity":
        if e.relevant > e.bits:
            raise ValueError(f"relevant is {e.relevant}; allowed: at most bits, {e.bits}")
        if e.samples > 2.0 ** (e.bits - 1):
            raise ValueError(f"samples is {e.samples}; allowed with {e.bits} bits: at most half of all "
                             f"strings, {2 ** (e.bits - 1)}")
    if e.eps < PRECISIONS[e.training_precision]:
        raise ValueError(f"eps is {e.eps}, which is 0 in {e.training_precision}; allowed: at least "
                         f"{PRECISIONS[e.training_precision]}")
    if OPTIMIZERS[e.optimizer].decoupled and e.lr * e.weight_decay >= 1.0:
        raise ValueError(f"lr * weight_decay is {e.lr * e.weight_decay:g}; allowed: below 1, the share of "
                         f"the weights that a step takes away")
    if e.schedule == "warmup_linear_decay" and e.warmup >= e.steps:
        raise ValueError(f"warmup is {e.warmup}; allowed: below steps, {e.steps}")


def _check_network(e):
    if e.model != "transformer":
        for name in OF_TRANSFORMERS:
            if (value := getattr(e, name)) != getattr(type(e), name):
                raise ValueError(f"{name} is {value}; allowed where there is none: {getattr(type(e), name)}")
        return
    if e.initial != "uniform":
        raise ValueError(f"initial is {shown(e.initial)}; allowed for a transformer: 'uniform'")
    if e.task not in OPERATIONS:
        raise ValueError(f"task is {shown(e.task)}; allowed for a transformer: {', '.join(map(repr, OPERATIONS))}")
    if len(e.widths) != 2 or e.widths[0] % e.heads:
        raise ValueError(f"widths is {e.widths}; allowed for a transformer: its model width, a multiple of its "
                         f"{e.heads} heads, and its feed-forward width")
    if e.activation != "relu" or not e.bias:
        raise ValueError(f"activation is {shown(e.activation)} and bias {e.bias}; allowed for a transformer: 'relu', "
                         "True")


def _loss_parameters(e):
    """The parameters of a loss, checked, or its defaults."""
    given = e.loss_parameters
    given = tuple(_number("each of loss_parameters", value, _OPEN, -math.inf, math.inf)
                  for value in _sequence("loss_parameters", given, "numbers"))
    if (e.loss, e.form) in LOSSES:
        if given:
            raise ValueError(f"loss_parameters is {given}; allowed for {e.loss!r}: none")
        return ()
    if (e.loss, e.form) not in LOSSES_BY_KERNEL:
        forms = [form for loss, form in [*LOSSES, *LOSSES_BY_KERNEL] if loss == e.loss]
        raise ValueError(f"form is {shown(e.form)}; allowed for {e.loss!r}: "
                         f"{', '.join(map(repr, dict.fromkeys(forms)))}")
    names = parameter_names(e.loss, e.form)
    given = given or default_parameters(e.loss, e.form)
    if given is None or len(given) != len(names):
        raise ValueError(f"loss_parameters is {given}; allowed for {e.loss!r}: {len(names)} numbers, "
                         f"{', '.join(names) or 'none'}")
    return given


def _sequence(name, given, of):
    """A tuple of what is given, which is neither a text nor a dict."""
    if isinstance(given, (str, dict)) or not hasattr(given, "__iter__"):
        raise TypeError(f"{name} is {shown(given)}; allowed: a tuple of {of}")
    return tuple(given)


def _integer(name, value, low, high):
    if isinstance(value, (bool, np.ndarray)) or not hasattr(type(value), "__index__"):
        raise TypeError(f"{name} is {shown(value)}; allowed: an integer")
    value = operator.index(value)
    if not low <= value <= high:
        raise ValueError(f"{name} is {shown(value)}; allowed: {low} to {high}")
    return value


def _number(name, value, lower, low, high):
    (holds, words) = lower
    if isinstance(value, (bool, str, np.ndarray)) or not hasattr(type(value), "__float__"):
        raise TypeError(f"{name} is {shown(value)}; allowed: a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not (holds(low, number) and number < high):
        limit = "finite" if math.isinf(high) else f"below {high:g}"
        told = number if math.isfinite(number) else shown(value)
        raise ValueError(f"{name} is {told}; allowed: {words} {low:g} and {limit}")
    return number


def _widths(widths):
    widths = tuple(_integer("each of widths", width, 1, 65536)
                   for width in _sequence("widths", widths, "integers, one per hidden layer"))
    if not 1 <= len(widths) <= 16:
        raise ValueError(f"widths is {widths}; allowed: 1 to 16 hidden layers")
    return widths


def _format_name(spec):
    try:
        found = get_format(spec)
    except (TypeError, ValueError):
        raise ValueError(f"loss_format is {shown(spec)}; allowed: {', '.join(FORMATS)}, (exponent_bits, fraction_bits)"
                         ) from None
    if found.name in FORMATS:
        return found.name
    if found.finite_only:
        raise ValueError(f"loss_format is {found.name!r}; allowed: {', '.join(FORMATS)} or a format with infinities")
    return f"e{found.exponent_bits}m{found.fraction_bits}"
