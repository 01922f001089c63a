"""Small training runs on the engine, and the same networks in plain NumPy with float64."""
import numpy as np

from toolkit._core.random import seeded
from toolkit.collapse.kernels import ORDERS
from toolkit.formats import get_format
from toolkit.networks.activation import ACTIVATIONS
from toolkit.networks.initial import fill_weights
from toolkit.networks.plan import ACTIVATION, BIASED, DEPTH, N_ALL, N_TRAIN, SIZES, plan_of
from toolkit.optimizers import OPTIMIZERS, SCHEDULES, Settings
from toolkit.training.loss import Loss, LossSettings, mode_of
from toolkit.training.ordered_losses import ORDERED
from toolkit.training.state import Data
from toolkit.training.task_rows import OPERATIONS, fill_modular, fill_parity, shuffle_rows
from toolkit.training.workspace import Workspace

BATCH = {"lr": 0.02, "weight_decay": 0.0, "beta1": 0.9, "beta2": 0.99, "eps": 1e-25, "momentum": 0.0, "scale": 1.0,
         "penalty": 0.0, "warmup": 0.0, "steps": 1000.0}


def rows(task, p, seed):
    """(flat inputs, labels, symbols, arity); for "parity", p is the number of bits, of which the first 3 count."""
    state = np.zeros(1, np.uint64)
    arity = p if task == "parity" else 2
    n = 200 if task == "parity" else p * (p - 1 if task == "divide" else p)
    inputs, labels = np.zeros(arity * n, np.int32), np.zeros(n, np.int32)
    if task == "parity":
        seeded(state, seed, 0)
        fill_parity(3, p, state, inputs, labels)
    else:
        fill_modular(OPERATIONS[task], p, inputs, labels)
    seeded(state, seed, 1)
    shuffle_rows(inputs, labels, arity, state)
    return inputs, labels, p if task == "parity" else 2 * p, arity


def make(*, task="add", p=31, widths=(128,), activation="square", biased=False, fraction=0.7, seed=0, gain=1.0,
         dtype="float32", loss="cross_entropy", form="common", order="lanes", loss_format="float32", optimizer="adamw",
         perp=False, cautious=False, schedule="constant", **rates):
    """A `Workspace` at step 0; configuration A of the method card unless told otherwise."""
    inputs, labels, symbols, arity = rows(task, p, seed)
    code = get_format(loss_format).code
    assert set(rates) <= set(BATCH), rates
    numbers = BATCH | rates
    loss_settings = LossSettings(which=ORDERED[loss, form], order=ORDERS[order], code=code,
                                 scale=numbers.pop("scale"), penalty=numbers.pop("penalty"))
    settings = Settings(**numbers, schedule=SCHEDULES[schedule], decoupled=OPTIMIZERS[optimizer].decoupled, perp=perp,
                        cautious=cautious, norm=0, turning=False)
    plan = plan_of(n_train=int(fraction * labels.size), n_all=labels.size, arity=arity,
                   sizes=(symbols, *widths, 2 if task == "parity" else p), biased=biased, activation=activation)
    loss_kernel = Loss(None, (0.0,), mode_of(code), loss_settings)
    work = Workspace((plan, None, None, None, None), Data(inputs, labels), loss_kernel, OPTIMIZERS[optimizer], settings,
                     dtype)
    fill_weights(plan, work.arrays["parameters"], seed, gain, np.zeros(1, np.uint64))
    return work


def tensors(work, which="parameters"):
    """[(weights, bias or None)] of each layer, views without padding."""
    sizes = work.plan[SIZES:SIZES + work.plan[DEPTH] + 1].tolist()
    flat, start, layers = work.arrays[which], 0, []
    for fan_in, units in zip(sizes[:-1], sizes[1:], strict=True):
        width = -(-units // 16) * 16
        n = fan_in + int(work.plan[BIASED])
        block = flat[start:start + n * width].reshape(n, width)[:, :units]
        layers.append((block[:fan_in], block[fan_in] if work.plan[BIASED] else None))
        start += n * width
    assert start == flat.size
    return layers


def numbers(work, which="parameters"):
    """All numbers without padding, one after the other."""
    return np.concatenate([part.ravel() for layer in tensors(work, which) for part in layer if part is not None])


def dense_inputs(work):
    """One-hot rows of all data, (n, symbols)."""
    n, symbols = work.plan[N_ALL], work.plan[SIZES]
    x = np.zeros((n, symbols))
    for row, on in zip(x, work.data.inputs.reshape(n, -1), strict=True):
        row[on[on >= 0]] = 1.0
    return x


def erf(x):
    from scipy.special import erf
    return erf(x)


def bell(x):
    return np.exp(-x * x / 2) / np.sqrt(2 * np.pi)


def cdf(x):
    return (1 + erf(x / np.sqrt(2))) / 2


PHI = {
    "relu": (lambda x: np.maximum(x, 0), lambda x: (x > 0) * 1.0),
    "square": (lambda x: x * x, lambda x: 2 * x),
    "gelu": (lambda x: x * cdf(x), lambda x: cdf(x) + x * bell(x)),
    "tanh": (np.tanh, lambda x: 1 - np.tanh(x) ** 2),
    "identity": (lambda x: x, lambda x: np.ones_like(x)),
}


def logits(work):
    """Logits of all data in float64."""
    return _forward(work, dense_inputs(work))[0][-1]


def _forward(work, x):
    phi = PHI[list(ACTIVATIONS)[work.plan[ACTIVATION]]][0]
    zs, hs = [], [x]
    for w, bias in tensors(work):
        zs.append(hs[-1] @ w.astype(np.float64) + (0 if bias is None else bias.astype(np.float64)))
        hs.append(phi(zs[-1]))
    return zs, hs


def row_losses(z, y, loss):
    """(losses, their gradients) of rows of logits in float64, from the definitions."""
    right = np.eye(z.shape[1])[y]
    if loss == "mse":
        return np.mean((z - right) ** 2, axis=1), 2 * (z - right) / z.shape[1]
    slope = 1.0
    if loss == "stablemax":
        z, slope = np.sign(z) * np.log1p(np.abs(z)), 1 / (1 + np.abs(z))
    top = z.max(axis=1, keepdims=True)
    e = np.exp(z - top)
    total = e.sum(axis=1, keepdims=True)
    others = np.where(right, 0, e / total)  # p_y - 1 would be 0 from a gap of 37 on
    losses = (np.log(total) + top)[:, 0] - z[np.arange(len(y)), y]
    return losses, (others - right * others.sum(axis=1)[:, None]) * slope


def gradients(work, loss, penalty=0.0):
    """[(dL/dW, dL/db)] of the mean training loss, and `penalty` mean ||z||^2, by NumPy's products in float64."""
    n = work.plan[N_TRAIN]
    derivative = PHI[list(ACTIVATIONS)[work.plan[ACTIVATION]]][1]
    zs, hs = _forward(work, dense_inputs(work)[:n])
    d = (row_losses(zs[-1], work.data.labels[:n], loss)[1] + 2 * penalty * zs[-1]) / n
    found = []
    layers = tensors(work)
    for layer in range(len(layers) - 1, -1, -1):
        found.insert(0, (hs[layer].T @ d, d.sum(axis=0)))
        if layer:
            d = (d @ layers[layer][0].astype(np.float64).T) * derivative(zs[layer - 1])
    return found
