"""What to train and how: `Experiment`, a frozen description that checks itself."""
import hashlib
import json
from dataclasses import asdict, dataclass, fields, replace

from toolkit._core.arguments import shown
from toolkit.training.checks import OF_TRANSFORMERS, check_together, in_one_form
from toolkit.training.words import describe

__all__ = ["Experiment"]

VERSION = 1
# In `to_dict` only where they say something.
_LATER = ("loss_parameters", "batch", "initial", "data", "sizes", "arithmetic",
          "norm", "layca", "flatness", "radius")
_DIGITS = (1797, 64, 10)  # rows, pixels, classes


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
    optimizer : str
        A name of `toolkit.optimizers.OPTIMIZERS`, as "adamw".
    batch : int
        Training rows in a step, each epoch in a random order of its own; 0 for all of them.
    perp_grad : bool
        ⟂Grad: take from each tensor's gradient its component along the weights.
    cautious : bool
        Leave out the entries of a step that disagree with the gradient.
    norm : {"euclidean", "sign", "spectral"}
        In which norm a step is the steepest: as the optimizer says, its signs, or the orthogonal factor of each matrix,
        as Muon takes it with "sgd" and a momentum.
    layca : bool
        Turn each matrix by the learning rate in the direction of the step and leave its norm; biases stay.
    flatness : {"none", "sam", "gam"}
        Take the gradient elsewhere: at the top of a ball (SAM), or along the gradient's own norm, too (GAM). A step
        takes two and four times as long.
    radius : float
        Of the ball; of GAM, whose other numbers are those of its paper, also a tenth of it.
    lr, weight_decay, beta1, beta2, eps, momentum : float
    schedule : {"constant", "linear_decay", "warmup", "warmup_linear_decay"}
    warmup : int
        Steps over which the learning rate rises, in the schedules that warm up.
    steps : int
    log_every : int
        Steps between measures.
    log_early : bool
        Measure also at steps 1, 2, 4, 8 ... before the first `log_every`.
    arithmetic : {"strict", "fast"}
        Of the matrix products: the same bits on every machine; or each product and its sum rounded at once where the
        machine can, with the same bits for any number of threads of one machine.
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
    arithmetic: str = "strict"
    norm: str = "euclidean"
    layca: bool = False
    flatness: str = "none"
    radius: float = 0.05
    data: str = ""
    sizes: tuple = ()

    def __post_init__(self):
        for name, value in in_one_form(self):
            object.__setattr__(self, name, value)
        check_together(self)

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
        foreign = set() if self.model == "transformer" else set(OF_TRANSFORMERS)
        foreign |= {name for name in _LATER if values[name] == getattr(Experiment, name)}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()
                if name not in foreign}

    @classmethod
    def from_dict(cls, values):
        """The experiment of `to_dict`; arguments of a later version are refused, missing ones take their default."""
        values = dict(values)
        version = values.pop("version", None)
        if version != VERSION:
            raise ValueError(f"version is {shown(version)}; allowed: {VERSION}")
        _refuse_unknown(values)
        return cls(**values)

    @property
    def digest(self):
        """16 hexadecimal digits that stand for this experiment, in names of files."""
        return hashlib.sha256(json.dumps(self.to_dict(), sort_keys=True).encode()).hexdigest()[:16]

    def __str__(self):
        return describe(self)


def _refuse_unknown(values):
    known = [field.name for field in fields(Experiment)]
    for name in values:
        if name not in known:
            raise ValueError(f"unknown argument {name!r}; allowed: {', '.join(known)}")
