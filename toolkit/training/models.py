"""From an experiment to the engine: its network, loss and optimizer, its arrays, and the names of its tensors."""
import numpy as np

from toolkit.collapse.kernels import ORDERS
from toolkit.formats import get_format
from toolkit.networks.activation import ACTIVATIONS
from toolkit.networks.initial import fill_normal_weights, fill_transformer, fill_weights
from toolkit.networks.plan import bias_of, plan_of, size_of, weights_of
from toolkit.networks.transformer_plan import TENSORS, numbers_in_row, shape_of, tensor_of
from toolkit.optimizers import NORMS, OPTIMIZERS, SCHEDULES, Flatness, Settings
from toolkit.training.batches import Batch
from toolkit.training.loss import Loss, LossSettings, mode_of
from toolkit.training.ordered_losses import ORDERED
from toolkit.training.registered import ACTIVATIONS_BY_KERNEL, LOSSES_BY_KERNEL
from toolkit.training.state import Data
from toolkit.training.tasks import rows_of
from toolkit.training.workspace import Workspace

__all__ = ["activation_of", "build", "data_of", "fused_of", "loss_of", "products_per_step", "settings_of",
           "state_names", "tensor_names", "tensors_of"]


def loss_of(experiment):
    """The loss of an experiment as the engine takes it."""
    e, ordered = experiment, (experiment.loss, experiment.form) in ORDERED
    code = get_format(e.loss_format).code
    settings = LossSettings(which=ORDERED.get((e.loss, e.form), 0), order=ORDERS[e.summation], code=code,
                            scale=1.0 / e.temperature, penalty=e.logit_penalty)
    mode = mode_of(code, ordered and e.training_precision == "float32")
    if ordered:
        return Loss(None, (0.0,), mode, settings)
    return Loss(LOSSES_BY_KERNEL[e.loss, e.form], e.loss_parameters, mode, settings)


def settings_of(experiment):
    """The numbers of the optimizer of an experiment."""
    e = experiment
    return Settings(lr=e.lr, weight_decay=e.weight_decay, beta1=e.beta1, beta2=e.beta2, eps=e.eps, momentum=e.momentum,
                    schedule=SCHEDULES[e.schedule], warmup=float(e.warmup), steps=float(e.steps),
                    decoupled=OPTIMIZERS[e.optimizer].decoupled, perp=e.perp_grad, cautious=e.cautious,
                    norm=NORMS[e.norm], turning=e.layca)


def flatness_of(experiment):
    """How an experiment's steps look around, or None."""
    radius = experiment.radius
    passes = {"none": 0, "sam": 2, "gam": 4}[experiment.flatness]
    return Flatness(passes, radius, radius / 10, 0.6, 0.5, 0.03) if passes else None


def data_of(experiment, rows):
    """Rows as the engine takes them."""
    if experiment.arity:
        return Data(np.ascontiguousarray(rows.inputs.reshape(-1), np.int32), rows.labels)
    return Data(np.ascontiguousarray(rows.inputs, experiment.training_precision), rows.labels)


def batch_of(experiment, data):
    """Room for the rows of a step, or None where it takes all."""
    e = experiment
    if not e.batch:
        return None
    inputs = np.zeros(e.batch * e.arity, np.int32) if e.arity else np.zeros_like(data.inputs[:e.batch])
    return Batch(Data(inputs, np.zeros(e.batch, np.int32)), np.zeros(e.n_train, np.int32), np.full(1, -1, np.int32),
                 np.zeros(1, np.uint64), e.seed)


def activation_of(experiment):
    """Kernels of an experiment's activation and its slope, or None where it is chosen while running.

    Where the engine is compiled for a kernel of the loss, it is for those of the activation, too: that takes less time
    than all of `ACTIVATIONS`.
    """
    e = experiment
    chosen = e.activation in ACTIVATIONS and ((e.loss, e.form) in ORDERED or e.model == "transformer")
    return (None, None) if chosen else ACTIVATIONS_BY_KERNEL[e.activation]


def fused_of(experiment):
    """How the products of an experiment's arithmetic round: `fused` of `toolkit.networks.product.add_product`."""
    return True if experiment.arithmetic == "fast" else None


def build(experiment, rows=None):
    """A `Workspace` at step 0; `rows` are those of given arrays."""
    e = experiment
    data = data_of(e, rows_of(e, rows))
    plan, shape = network_of(e)
    network = plan, shape, *activation_of(e), fused_of(e)
    work = Workspace(network, data, loss_of(e), OPTIMIZERS[e.optimizer], settings_of(e), e.training_precision,
                     batch_of(e, data), flatness_of(e))
    random = np.zeros(1, np.uint64)
    if e.initial == "normal":
        fill_normal_weights(plan, work.state.parameters, e.seed, e.gain, random)
    elif shape is None:
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
    activation = e.activation if e.activation in ACTIVATIONS else "identity"  # a kernel says which, not the plan
    return plan_of(n_train=e.n_train, n_all=e.n_rows, arity=e.arity, sizes=(e.n_inputs, *e.widths, e.n_classes),
                   biased=e.bias, activation=activation), None


def products_per_step(experiment):
    """About how many multiplications one training step takes; a first layer that gathers needs few."""
    sizes = (*experiment.widths, experiment.n_classes)
    if not experiment.arity:
        sizes = (experiment.n_inputs, *sizes)
    if experiment.model == "transformer":
        width, ffn = experiment.widths
        sizes = (width, width, ffn, width, experiment.n_classes)
    return 3 * (experiment.batch or experiment.n_train) * sum(a * b for a, b in zip(sizes, sizes[1:]))


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
