"""From an experiment to the engine: its network's arrays, filled, and the names of its tensors."""
import numpy as np

from toolkit.collapse.kernels import ORDERS
from toolkit.formats import FLOAT32, FLOAT64, get_format
from toolkit.training.engine import CHOICES, RATES, SCHEDULES
from toolkit.networks.initial import fill_transformer, fill_weights
from toolkit.training.loss import EMULATED, FORMS, LOSSES, NATIVE32, NATIVE64
from toolkit.optimizers.rules import OPTIMIZERS
from toolkit.networks.plan import bias_of, plan_of, size_of, weights_of
from toolkit.networks.transformer_plan import TENSORS, numbers_in_row, shape_of, tensor_of
from toolkit.training.workspace import Workspace
from toolkit.training.tasks import rows_of

__all__ = ["build", "products_per_step", "tensor_names", "tensors_of"]


def choices_of(experiment):
    """The integers of an experiment, in the order of the engine's `CHOICES`."""
    e = experiment
    code = get_format(e.loss_format).code
    mode = {FLOAT32.code: NATIVE32, FLOAT64.code: NATIVE64}.get(code, EMULATED)
    values = {"loss": LOSSES[e.loss], "form": FORMS[e.form], "order": ORDERS[e.summation], "mode": mode, "code": code,
              "optimizer": OPTIMIZERS[e.optimizer], "perp": e.perp_grad, "cautious": e.cautious,
              "schedule": SCHEDULES[e.schedule]}
    return np.array([values[name] for name in CHOICES], np.int32)


def rates_of(experiment):
    """The numbers of an experiment, in the order of the engine's `RATES`."""
    e = experiment
    other = {"scale": 1.0 / e.temperature, "penalty": e.logit_penalty}
    return np.array([other[name] if name in other else getattr(e, name) for name in RATES], np.float64)


def build(experiment):
    """A `Workspace` at step 0."""
    return _BUILDERS[experiment.model](experiment, rows_of(experiment))


def _plan(e, n_symbols):
    return plan_of(n_train=e.n_train, n_all=e.n_rows, arity=e.bits if e.task == "parity" else 2,
                   sizes=(n_symbols, *e.widths, e.n_classes), biased=e.bias, activation=e.activation)


def _build_mlp(e, rows):
    work = Workspace(_plan(e, rows.n_symbols), rows.inputs.reshape(-1), rows.labels, choices_of(e), rates_of(e),
                     e.training_precision)
    fill_weights(work.plan, work.arrays["parameters"], e.seed, e.gain, np.zeros(1, np.uint64))
    return work


def _transformer_plan(e):
    plan = plan_of(n_train=e.n_train, n_all=e.n_rows, arity=2, sizes=(e.p, e.n_classes), biased=True,
                   activation=e.activation)
    return plan, shape_of(width=e.widths[0], heads=e.heads, ffn=e.widths[1], dropout=e.dropout, seed=e.seed)


def _build_transformer(e, rows):
    plan, shape = _transformer_plan(e)
    work = Workspace(plan, rows.inputs.reshape(-1), rows.labels, choices_of(e), rates_of(e), e.training_precision,
                     shape)
    fill_transformer(plan, shape, work.arrays["parameters"], e.seed, e.gain, np.zeros(1, np.uint64))
    return work


_BUILDERS = {"mlp": _build_mlp, "transformer": _build_transformer}


def products_per_step(experiment):
    """About how many multiplications one training step takes; the first layer gathers, and needs few."""
    sizes = (*experiment.widths, experiment.n_classes)
    if experiment.model == "transformer":
        width, ffn = experiment.widths
        sizes = (width, width, ffn, width, experiment.n_classes)
    return 3 * experiment.n_train * sum(a * b for a, b in zip(sizes, sizes[1:]))


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
    if experiment.model == "transformer":
        return _transformer_tensors(*_transformer_plan(experiment), parameters)
    plan = _plan(experiment, experiment.bits if experiment.task == "parity" else 2 * experiment.p)
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
