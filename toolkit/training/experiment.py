"""What to train and how: `Experiment`, a frozen description that checks itself."""
import hashlib
import json
import math
import operator
from dataclasses import asdict, dataclass, fields, replace

from toolkit.collapse.kernels import ORDERS
from toolkit.formats import FORMATS, get_format
from toolkit.networks.activation import ACTIVATIONS
from toolkit.optimizers import OPTIMIZERS, SCHEDULES
from toolkit.training.loss import LOSSES
from toolkit.training.registered import (ACTIVATIONS_BY_KERNEL, LOSSES_BY_KERNEL, default_parameters,
                                         parameter_names)
from toolkit.training.task_rows import OPERATIONS

__all__ = ["Experiment"]

VERSION = 1
TASKS = (*OPERATIONS, "parity", "digits", "arrays")
INITIAL = ("uniform", "normal")
MODELS = ("mlp", "transformer")
PRECISIONS = {"float32": 1e-45, "float64": 5e-324}  # and the smallest positive number of each

_CHOICES = {"task": TASKS, "model": MODELS, "activation": tuple(dict.fromkeys([*ACTIVATIONS, *ACTIVATIONS_BY_KERNEL])),
            "loss": tuple(dict.fromkeys(name for name, _ in [*LOSSES, *LOSSES_BY_KERNEL])),
            "form": ("common", "complement", "naive", "stable"), "initial": INITIAL, "summation": tuple(ORDERS), "training_precision": tuple(PRECISIONS),
            "optimizer": tuple(OPTIMIZERS), "schedule": tuple(SCHEDULES)}
_INTEGERS = {"p": (2, 4096), "relevant": (1, 4096), "bits": (1, 4096), "samples": (2, 10**7), "seed": (0, 2**63 - 1),
             "warmup": (0, 10**9), "steps": (1, 10**9), "log_every": (1, 10**9), "heads": (1, 4096),
             "batch": (0, 10**9)}
_OF_TRANSFORMERS = ("heads", "dropout")
_LATER = ("loss_parameters", "batch", "initial", "data", "sizes")  # in `to_dict` only where they say something
_DIGITS = (1797, 64, 10)  # rows, pixels, classes
_OPEN, _CLOSED = (operator.lt, "above"), (operator.le, "at least")
_NUMBERS = {  # lower bound, upper bound (never reached)
    "train_fraction": (_OPEN, 0.0, 1.0), "gain": (_OPEN, 0.0, math.inf), "temperature": (_OPEN, 0.0, math.inf),
    "logit_penalty": (_CLOSED, 0.0, math.inf), "lr": (_OPEN, 0.0, math.inf),
    "weight_decay": (_CLOSED, 0.0, math.inf), "beta1": (_CLOSED, 0.0, 1.0), "beta2": (_CLOSED, 0.0, 1.0),
    "eps": (_OPEN, 0.0, math.inf), "momentum": (_CLOSED, 0.0, 1.0), "dropout": (_CLOSED, 0.0, 0.99)}


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """One training run, described completely: the same description gives the same bits.

    Parameters
    ----------
    task : {"add", "subtract", "multiply", "divide", "parity", "digits", "arrays"}
        All pairs (a, b) and (a op b) mod p; sparse parity: the XOR of the first bits of random bit strings;
        scikit-learn's handwritten digits; or arrays that `train` is given, see `toolkit.training.given`.
    p : int
        The modulus; a prime for division.
    relevant, bits, samples : int
        Sparse parity: how many bits decide, how many there are, and how many different strings.
    train_fraction : float
        Share of all rows that is trained on, rounded down to rows; the others are the test set.
    model : {"mlp", "transformer"}
        A perceptron on one-hot pairs, or PyTorch's ``TransformerEncoderLayer`` on the tokens a and b, without
        positions, read at b. Both operands then run from 1 to p - 1.
    widths : tuple of int
        Units of each hidden layer; of a transformer, its model width and its feed-forward width.
    activation : {"relu", "square", "gelu", "tanh", "identity"}, or another one of `toolkit.activations`
        The latter without a parameter, and the engine is compiled for it.
    bias : bool
    heads : int
        Of a transformer's attention.
    dropout : float
        Share of numbers that a transformer drops in training.
    initial : {"uniform", "normal"}
        Initial weights are uniform in ±gain / sqrt(fan_in), with a gain of 1 PyTorch's default; or, of a perceptron,
        normal with deviation gain sqrt(2 / fan_in), and biases 0.
    gain : float
    seed : int
        Of the split, the bit strings, the weights and dropout.
    loss : {"cross_entropy", "stablemax", "mse"}, or another one of `toolkit.losses`
        The latter in the order of summation of its own kernel, for which the engine is compiled.
    form : {"common", "complement"}, or of `toolkit.losses` {"naive", "common", "stable"}
        How the loss is computed: log of the whole sum and p_y - 1, or log1p of the others' sum and minus the sum of
        the others' gradients. The second form does not collapse.
    loss_parameters : tuple of float
        Those of a loss of `toolkit.losses`, in the order of its keywords; by default its own defaults.
    loss_format : str
        Format in which the loss and its gradient are computed, as `toolkit.formats.get_format` takes it.
    summation : {"lanes", "sequential", "pairwise", "exact"}
        Order in which the loss adds up the classes; the collapse threshold depends on it.
    training_precision : {"float32", "float64"}
        Of weights, activations and the optimizer's memory.
    temperature : float
        The loss sees logits / temperature.
    logit_penalty : float
        Adds ``logit_penalty * mean ||logits||^2`` to the loss that is minimised.
    optimizer : {"sgd", "adam", "adamw", "lion"}
    batch : int
        Training rows in a step, each epoch in a random order of its own; 0 for all of them.
    perp_grad : bool
        ⟂Grad: take from each tensor's gradient its component along the weights.
    cautious : bool
        Leave out the entries of a step that disagree with the gradient.
    lr, weight_decay, beta1, beta2, eps, momentum : float
    schedule : {"constant", "linear_decay", "warmup", "warmup_linear_decay"}
    warmup : int
        Steps over which the learning rate rises, in the schedules that warm up.
    steps : int
    log_every : int
        Steps between measures.
    log_early : bool
        Measure also at steps 1, 2, 4, 8 ... before the first `log_every`.
    data, sizes : str, tuple of int
        Of given arrays: their digest, and how many rows to train on, rows, numbers in a row and classes there are.

    Raises
    ------
    ValueError, TypeError
        Naming the argument, its value and what is allowed.

    Examples
    --------
    >>> Experiment(p=31, widths=(128,), activation="square", train_fraction=0.7, lr=0.02).n_train
    672
    """

    task: str = "add"
    p: int = 113
    relevant: int = 3
    bits: int = 43
    samples: int = 2000
    train_fraction: float = 0.4
    model: str = "mlp"
    widths: tuple = (200, 200)
    activation: str = "relu"
    bias: bool = False
    heads: int = 4
    dropout: float = 0.1
    gain: float = 1.0
    seed: int = 0
    loss: str = "cross_entropy"
    form: str = "common"
    loss_format: str = "float32"
    summation: str = "lanes"
    training_precision: str = "float32"
    temperature: float = 1.0
    logit_penalty: float = 0.0
    optimizer: str = "adamw"
    perp_grad: bool = False
    cautious: bool = False
    lr: float = 0.01
    weight_decay: float = 0.0
    beta1: float = 0.9
    beta2: float = 0.99
    eps: float = 1e-25
    momentum: float = 0.0
    schedule: str = "constant"
    warmup: int = 0
    steps: int = 1000
    log_every: int = 10
    log_early: bool = True
    loss_parameters: tuple = ()
    batch: int = 0
    initial: str = "uniform"
    data: str = ""
    sizes: tuple = ()

    def __post_init__(self):
        for name, allowed in _CHOICES.items():
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} is {getattr(self, name)!r}; allowed: {', '.join(map(repr, allowed))}")
        for name, bounds in _INTEGERS.items():
            self._set(name, _integer(name, getattr(self, name), *bounds))
        for name, bounds in _NUMBERS.items():
            self._set(name, _number(name, getattr(self, name), *bounds))
        for field in fields(self):
            if field.type is bool and not isinstance(getattr(self, field.name), bool):
                raise TypeError(f"{field.name} is {getattr(self, field.name)!r}; allowed: True, False")
        self._set("widths", _widths(self.widths))
        self._set("sizes", tuple(_integer("each of sizes", n, 0, 2**31 - 1) for n in self.sizes))
        self._set("loss_parameters", _loss_parameters(self))
        self._set("loss_format", _format_name(self.loss_format))
        self._check_together()

    def _set(self, name, value):
        object.__setattr__(self, name, value)

    def _check_together(self):
        _check_network(self)
        if (self.task == "arrays") != bool(self.data) or len(self.sizes) != (4 if self.data else 0):
            raise ValueError(f"task is {self.task!r}, data {self.data!r} and sizes {self.sizes}; allowed for 'arrays', "
                             f"and only there: what `toolkit.training.given` says of them")
        if self.batch > self.n_train:
            raise ValueError(f"batch is {self.batch}; allowed: at most {self.n_train}, the rows for training, or 0")
        if self.task == "divide" and any(self.p % d == 0 for d in range(2, math.isqrt(self.p) + 1)):
            raise ValueError(f"p is {self.p}; allowed for division: a prime, since others leave no inverse")
        if self.task == "parity":
            if self.relevant > self.bits:
                raise ValueError(f"relevant is {self.relevant}; allowed: at most bits, {self.bits}")
            if self.samples > 2.0 ** (self.bits - 1):
                raise ValueError(f"samples is {self.samples}; allowed with {self.bits} bits: at most half of all "
                                 f"strings, {2 ** (self.bits - 1)}")
        if self.eps < PRECISIONS[self.training_precision]:
            raise ValueError(f"eps is {self.eps}, which is 0 in {self.training_precision}; allowed: at least "
                             f"{PRECISIONS[self.training_precision]}")
        if OPTIMIZERS[self.optimizer].decoupled and self.lr * self.weight_decay >= 1.0:
            raise ValueError(f"lr * weight_decay is {self.lr * self.weight_decay:g}; allowed: below 1, the share of "
                             f"the weights that a step takes away")
        if self.schedule == "warmup_linear_decay" and self.warmup >= self.steps:
            raise ValueError(f"warmup is {self.warmup}; allowed: below steps, {self.steps}")

    @property
    def n_rows(self):
        """Rows of the whole task."""
        if self.task == "parity":
            return self.samples
        if self.task == "digits":
            return _DIGITS[0]
        if self.task == "arrays":
            return self.sizes[1]
        if self.model == "transformer":
            return (self.p - 1) ** 2
        return self.p * (self.p - 1 if self.task == "divide" else self.p)

    @property
    def n_train(self):
        """Rows trained on."""
        return self.sizes[0] if self.task == "arrays" else int(self.train_fraction * self.n_rows)

    @property
    def n_classes(self):
        other = {"parity": 2, "digits": _DIGITS[2], "arrays": self.sizes[-1] if self.sizes else 0}
        return other.get(self.task, self.p)

    @property
    def n_inputs(self):
        """Length of an input row: numbers, or symbols that may be on."""
        other = {"parity": self.bits, "digits": _DIGITS[1], "arrays": self.sizes[2] if self.sizes else 0}
        return other.get(self.task, self.p if self.model == "transformer" else 2 * self.p)

    @property
    def arity(self):
        """Symbols in a row; 0 where it has numbers."""
        return {"parity": self.bits, "digits": 0, "arrays": 0}.get(self.task, 2)

    def replace(self, **changes):
        """The same experiment, some arguments changed."""
        _refuse_unknown(changes)
        return replace(self, **changes)

    def to_dict(self):
        """All arguments that the model has, and the version of their meaning, as JSON can hold them."""
        values = {"version": VERSION} | asdict(self)
        foreign = set() if self.model == "transformer" else set(_OF_TRANSFORMERS)
        foreign |= {name for name in _LATER if values[name] == getattr(Experiment, name)}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()
                if name not in foreign}

    @classmethod
    def from_dict(cls, values):
        """The experiment of `to_dict`; arguments of a later version are refused, missing ones take their default."""
        values = dict(values)
        version = values.pop("version", None)
        if version != VERSION:
            raise ValueError(f"version is {version!r}; allowed: {VERSION}")
        _refuse_unknown(values)
        return cls(**values)

    @property
    def digest(self):
        """16 hexadecimal digits that stand for this experiment, in names of files."""
        return hashlib.sha256(json.dumps(self.to_dict(), sort_keys=True).encode()).hexdigest()[:16]

    def __str__(self):
        return describe(self)


def _check_network(e):
    if e.model != "transformer":
        for name in _OF_TRANSFORMERS:
            if (value := getattr(e, name)) != getattr(Experiment, name):
                raise ValueError(f"{name} is {value}; allowed where there is none: {getattr(Experiment, name)}")
        return
    if e.initial != "uniform":
        raise ValueError(f"initial is {e.initial!r}; allowed for a transformer: 'uniform'")
    if e.task not in OPERATIONS:
        raise ValueError(f"task is {e.task!r}; allowed for a transformer: {', '.join(map(repr, OPERATIONS))}")
    if len(e.widths) != 2 or e.widths[0] % e.heads:
        raise ValueError(f"widths is {e.widths}; allowed for a transformer: its model width, a multiple of its "
                         f"{e.heads} heads, and its feed-forward width")
    if e.activation != "relu" or not e.bias:
        raise ValueError(f"activation is {e.activation!r} and bias {e.bias}; allowed for a transformer: 'relu', True")


def _loss_parameters(e):
    """The parameters of a loss, checked, or its defaults."""
    given = e.loss_parameters
    if isinstance(given, str) or not hasattr(given, "__iter__"):
        raise TypeError(f"loss_parameters is {given!r}; allowed: a tuple of numbers")
    given = tuple(_number("each of loss_parameters", value, _OPEN, -math.inf, math.inf) for value in given)
    if (e.loss, e.form) in LOSSES:
        if given:
            raise ValueError(f"loss_parameters is {given}; allowed for {e.loss!r}: none")
        return ()
    if (e.loss, e.form) not in LOSSES_BY_KERNEL:
        forms = [form for loss, form in [*LOSSES, *LOSSES_BY_KERNEL] if loss == e.loss]
        raise ValueError(f"form is {e.form!r}; allowed for {e.loss!r}: {', '.join(map(repr, dict.fromkeys(forms)))}")
    names = parameter_names(e.loss, e.form)
    given = given or default_parameters(e.loss, e.form)
    if given is None or len(given) != len(names):
        raise ValueError(f"loss_parameters is {given}; allowed for {e.loss!r}: {len(names)} numbers, "
                         f"{', '.join(names) or 'none'}")
    return given


def _refuse_unknown(values):
    known = [field.name for field in fields(Experiment)]
    for name in values:
        if name not in known:
            raise ValueError(f"unknown argument {name!r}; allowed: {', '.join(known)}")


def _integer(name, value, low, high):
    if isinstance(value, bool) or not hasattr(type(value), "__index__"):
        raise TypeError(f"{name} is {value!r}; allowed: an integer")
    value = operator.index(value)
    if not low <= value <= high:
        raise ValueError(f"{name} is {value}; allowed: {low} to {high}")
    return value


def _number(name, value, lower, low, high):
    (holds, words) = lower
    if isinstance(value, (bool, str)) or not hasattr(type(value), "__float__"):
        raise TypeError(f"{name} is {value!r}; allowed: a number")
    value = float(value)
    if not (holds(low, value) and value < high):
        limit = "finite" if math.isinf(high) else f"below {high:g}"
        raise ValueError(f"{name} is {value}; allowed: {words} {low:g} and {limit}")
    return value


def _widths(widths):
    if isinstance(widths, str) or not hasattr(widths, "__iter__"):
        raise TypeError(f"widths is {widths!r}; allowed: a tuple of integers, one per hidden layer")
    widths = tuple(_integer("each of widths", width, 1, 65536) for width in widths)
    if not 1 <= len(widths) <= 16:
        raise ValueError(f"widths is {widths}; allowed: 1 to 16 hidden layers")
    return widths


def _format_name(spec):
    found = get_format(spec)
    if found.name in FORMATS:
        return found.name
    if found.finite_only:
        raise ValueError(f"loss_format is {found.name!r}; allowed: {', '.join(FORMATS)} or a format with infinities")
    return f"e{found.exponent_bits}m{found.fraction_bits}"


def describe(experiment):
    """One line in words."""
    e = experiment
    words = {"add": f"a + b mod {e.p}", "subtract": f"a - b mod {e.p}", "multiply": f"a b mod {e.p}",
             "divide": f"a / b mod {e.p}", "parity": f"parity of {e.relevant} of {e.bits} bits",
             "digits": "handwritten digits", "arrays": f"arrays {e.data}"}
    task = f"{words[e.task]}, " + (f"{e.n_train} of {e.n_rows} rows" if e.task == "arrays" else f"{e.train_fraction:.0%}")
    loss = {"cross_entropy": "softmax", "stablemax": "StableMax", "mse": "squared error"}.get(e.loss, e.loss)
    if e.loss_parameters:
        loss += f"({', '.join(f'{value:g}' for value in e.loss_parameters)})"
    form = f", {e.form} form" if e.form != "common" and e.loss != "mse" else ""
    optimizer = OPTIMIZERS[e.optimizer].title
    decay = f", weight decay {e.weight_decay:g}" if e.weight_decay else ""
    widths = "-".join(map(str, e.widths))
    network = f"{widths} {e.activation}" if e.model == "mlp" else f"transformer {widths}, {e.heads} heads"
    batch = f" in batches of {e.batch}" if e.batch else ""
    return (f"{task} for training{batch}, {network}; {loss} in {e.loss_format}{form}; "
            f"{'Cautious ' if e.cautious else ''}{'⟂' if e.perp_grad else ''}{optimizer}, lr {e.lr:g}{decay}; "
            f"{e.steps} steps, seed {e.seed}")
