"""From an experiment to the engine: its network, loss and optimizer, its arrays filled, and the names of its tensors."""
import numpy as np

from toolkit.collapse.kernels import ORDERS
from toolkit.formats import FLOAT32, FLOAT64, get_format
from toolkit.networks.initial import fill_transformer, fill_weights
from toolkit.networks.plan import bias_of, plan_of, size_of, weights_of
from toolkit.networks.transformer_plan import TENSORS, numbers_in_row, shape_of, tensor_of
from toolkit.optimizers import OPTIMIZERS, SCHEDULES, Settings
from toolkit.training.loss import EMULATED, NATIVE32, NATIVE64, ORDERED, Loss, LossSettings
from toolkit.training.state import Data
from toolkit.training.tasks import rows_of
from toolkit.training.workspace import Workspace

__all__ = ["build", "loss_of", "products_per_step", "settings_of", "state_names", "tensor_names", "tensors_of"]


def loss_of(experiment):
    """The loss of an experiment as the engine takes it."""
    e = experiment
    code = get_format(e.loss_format).code
    mode = {FLOAT32.code: NATIVE32, FLOAT64.code: NATIVE64}.get(code, EMULATED)
    return Loss(None, (0.0,), LossSettings(which=ORDERED[e.loss, e.form], order=ORDERS[e.summation], mode=mode,
                                           code=code, scale=1.0 / e.temperature, penalty=e.logit_penalty))


def settings_of(experiment):
    """The numbers of the optimizer of an experiment."""
    e = experiment
    return Settings(lr=e.lr, weight_decay=e.weight_decay, beta1=e.beta1, beta2=e.beta2, eps=e.eps, momentum=e.momentum,
                    schedule=SCHEDULES[e.schedule], warmup=float(e.warmup), steps=float(e.steps),
                    decoupled=OPTIMIZERS[e.optimizer].decoupled, perp=e.perp_grad, cautious=e.cautious)


def build(experiment):
    """A `Workspace` at step 0."""
    e, rows = experiment, rows_of(experiment)
    plan, shape = network_of(e)
    work = Workspace((plan, shape, None, None), Data(rows.inputs.reshape(-1), rows.labels), loss_of(e),
                     OPTIMIZERS[e.optimizer], settings_of(e), e.training_precision)
    random = np.zeros(1, np.uint64)
    if shape is None:
        fill_weights(plan, work.state.parameters, e.seed, e.gain, random)
    else:
        fill_transformer(plan, shape, work.state.parameters, e.seed, e.gain, random)
    return work


def network_of(experiment):
    """The plan of an experiment's network, and the shape of a transformer or None."""
    e = experiment
    if e.model == "transformer":
        plan = plan_of(n_train=e.n_train, n_all=e.n_rows, arity=2, sizes=(e.p, e.n_classes), biased=True,
                       activation=e.activation)
        return plan, shape_of(width=e.widths[0], heads=e.heads, ffn=e.widths[1], dropout=e.dropout, seed=e.seed)
    symbols, arity = (e.bits, e.bits) if e.task == "parity" else (2 * e.p, 2)
    return plan_of(n_train=e.n_train, n_all=e.n_rows, arity=arity, sizes=(symbols, *e.widths, e.n_classes),
                   biased=e.bias, activation=e.activation), None


def products_per_step(experiment):
    """About how many multiplications one training step takes; the first layer gathers, and needs few."""
    sizes = (*experiment.widths, experiment.n_classes)
    if experiment.model == "transformer":
        width, ffn = experiment.widths
        sizes = (width, width, ffn, width, experiment.n_classes)
    return 3 * experiment.n_train * sum(a * b for a, b in zip(sizes, sizes[1:]))


def state_names(experiment):
    """Names of the arrays that a checkpoint keeps."""
    return ("parameters", *OPTIMIZERS[experiment.optimizer].memory, "clock")


def tensor_names(experiment):
    """Names of the parameter tensors, in the order of their norms."""
    if experiment.model == "transformer":
        return list(TENSORS)
    parts = ("weights", "bias") if experiment.bias else ("weights",)
    return [f"{part} {layer}" for layer in range(1, len(experiment.widths) + 2) for part in parts]


def tensors_of(experiment, parameters):
    """Parameter tensors by name, without padding: weights (inputs, outputs) and biases (outputs,).

    Those of a transformer have PyTorch's names and shapes.
    """
    plan, shape = network_of(experiment)
    if shape is not None:
        return _transformer_tensors(plan, shape, parameters)
    tensors = {}
    for name in tensor_names(experiment):
        part, layer = name.split()
        view = (weights_of if part == "weights" else bias_of)(parameters, plan, int(layer))
        tensors[name] = view[..., :size_of(plan, int(layer))].copy()
    return tensors


def _transformer_tensors(plan, shape, parameters):
    tensors = {}
    for t, name in enumerate(TENSORS):
        view = tensor_of(parameters, plan, shape, t)[:, :numbers_in_row(plan, shape, t)]
        if not name.endswith("weight") and name != "embedding" or name.startswith("norm"):
            view = view.reshape(-1)
        tensors[name] = (view.T if name == "linear2.weight" else view).copy()
    return tensors
