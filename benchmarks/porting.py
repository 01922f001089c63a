"""What a line of PyTorch, JAX, optax, Keras, SciPy or the entmax package becomes here, and where the two differ.

    python -m benchmarks.porting

runs the peers' side of each pair, for the peers that are installed, and keeps the pairs and what they gave in
notebooks/data/porting.json. The book's page *Coming from PyTorch, JAX, SciPy, Keras* runs our side and shows both.
"""
import importlib
import json
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np

FILE = Path(__file__).parents[1] / "notebooks/data/porting.json"
CLOSE = 1e-5  # relative difference up to which two float32 results agree

INPUTS = {
    "z": np.array([[2, -1, 0.5], [0, 3, 1]], np.float32), "y": np.array([0, 2]),
    "q": np.array([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8]], np.float32), "w": np.array([1, 2, 0.5], np.float32),
    "hard": np.array([[1, 0, 0], [0, 0, 1]], np.float32),
    "gap": np.array([[20, 0, 0]], np.float32), "masked": np.array([[2, -1, -np.inf]], np.float32),
    "x": np.array([-4, -1, 0, 0.5, 3], np.float32), "big": np.array([8, 11, 25], np.float32),
    "u": np.array([1, 2], np.float32), "v": np.array([0.5, -1], np.float32),
    "nan": np.array([np.nan], np.float32),
}
PEERS = {
    "PyTorch": ("torch", {"F": "torch.nn.functional"}), "JAX": ("jax", {"jnp": "jax.numpy"}), "optax": ("optax", {}),
    "Keras": ("keras", {}), "SciPy": ("scipy", {"special": "scipy.special"}), "entmax": ("entmax", {}),
}


class Pair(NamedTuple):
    """A call of a peer, ours, and what differs between their results; nothing if they agree to `CLOSE`."""

    peer: str
    theirs: str
    ours: str
    differs: str = ""


PAIRS = [Pair(*each) for each in [
    ("PyTorch", "F.softmax(z, dim=-1)", "softmax(z, axis=-1)"),
    ("PyTorch", "F.log_softmax(gap, dim=-1)", "log_softmax(gap)",
     "The log of the top class: theirs is rounded to 0 here, and with two classes from a gap of 17 on."),
    ("PyTorch", "torch.logsumexp(z, dim=-1)", "logsumexp(z)"),
    ("PyTorch", "F.cross_entropy(z, y)", "cross_entropy(z, y)"),
    ("PyTorch", "F.cross_entropy(gap, y[:1])", "cross_entropy(gap, y[:1])", "As log_softmax: the loss vanishes."),
    ("PyTorch", "F.cross_entropy(z, y, weight=w, label_smoothing=0.1)",
     "cross_entropy(z, y, weight=w, label_smoothing=0.1)"),
    ("PyTorch", "F.cross_entropy(z, q)", "cross_entropy(z, q)"),
    ("PyTorch", "F.cross_entropy(z, q, weight=w)", "cross_entropy(z, q, weight=w)",
     "For probabilities as labels PyTorch divides the sum by the number of rows, we by the weights, as for integers."),
    ("PyTorch", "F.cross_entropy(z, torch.tensor([0, -100]))", "cross_entropy(z, [0, -100], ignore_index=-100)"),
    ("PyTorch", "F.cross_entropy(masked, y[:1], label_smoothing=0.1)",
     "cross_entropy(masked, y[:1], label_smoothing=0.1)",
     "A class with the logit -inf is left out here, from the smoothing too."),
    ("PyTorch", "F.gelu(x)", "gelu(x)", "The tail at -4: 1 + erf cancels in theirs."),
    ("PyTorch", "F.gelu(x, approximate='tanh')", "gelu_tanh(x)", "The tail at -4: 1 + tanh cancels in theirs."),
    ("PyTorch", "F.silu(x)", "silu(x)"),
    ("PyTorch", "F.mish(x)", "mish(x)"),
    ("PyTorch", "F.elu(x, alpha=2.0)", "elu(x, alpha=2.0)"),
    ("PyTorch", "F.leaky_relu(x)", "leaky_relu(x)"),
    ("PyTorch", "F.hardsigmoid(x)", "hard_sigmoid(x)"),
    ("PyTorch", "F.hardswish(x)", "hard_swish(x)"),
    ("PyTorch", "F.softplus(x, beta=2)", "softplus(x, beta=2)"),
    ("PyTorch", "F.glu(torch.cat([u, v]))", "glu(v, u)"),
    ("PyTorch", "F.hardtanh(x)", "hard_tanh(x)"),
    ("PyTorch", "F.softshrink(x)", "soft_shrink(x)"),
    ("PyTorch", "F.hardshrink(x)", "hard_shrink(x)"),
    ("PyTorch", "F.tanhshrink(x)", "tanh_shrink(x)"),
    ("PyTorch", "F.threshold(x, 1.0, -1.0)", "threshold(x, theta=1.0, value=-1.0)"),
    ("PyTorch", "F.binary_cross_entropy_with_logits(z, q, pos_weight=w)", "binary_cross_entropy(z, q, pos_weight=w)"),
    ("PyTorch", "F.kl_div(F.log_softmax(z, dim=-1), q, reduction='batchmean')", "kl_divergence(q, softmax(z)).mean()"),
    ("PyTorch", "F.nll_loss(F.log_softmax(z, dim=-1), y)", "negative_log_likelihood(log_softmax(z), y)"),
    ("PyTorch", "F.mse_loss(x, 0 * x)", "squared_error(x, 0)"),
    ("PyTorch", "F.huber_loss(x, 0 * x, delta=2.0)", "huber(x, 0, delta=2.0)"),
    ("PyTorch", "F.smooth_l1_loss(x, 0 * x, beta=2.0)", "huber(x, 0, delta=2.0)",
     "Theirs is Huber's loss divided by beta."),
    ("PyTorch", "F.multi_margin_loss(z, y)", "multiclass_hinge(z, y)"),
    ("PyTorch", "torch.autograd.functional.vjp(F.relu, nan, torch.ones(1))[1]", "vjp(relu, nan)[1](1.0)",
     "The gradient of ReLU at NaN: NaN here, so that a broken activation is seen."),
    ("JAX", "jax.nn.softmax(z, axis=-1)", "softmax(z, axis=-1)"),
    ("JAX", "jax.nn.softmax(z, where=jnp.array([True, False, True]))",
     "softmax(z, where=[True, False, True])"),
    ("JAX", "jax.nn.log_softmax(gap)", "log_softmax(gap)", "The log of the top class, as PyTorch's."),
    ("JAX", "jax.nn.logsumexp(z, axis=-1, b=w)", "logsumexp(z, axis=-1, b=w)"),
    ("JAX", "jax.nn.gelu(x)", "gelu(x)", "JAX's default is the tanh form: write gelu_tanh(x)."),
    ("JAX", "jax.nn.gelu(x)", "gelu_tanh(x)", "The tail at -4, as PyTorch's."),
    ("JAX", "jax.nn.gelu(x, approximate=False)", "gelu(x)"),
    ("JAX", "jax.nn.swish(x)", "silu(x)"),
    ("JAX", "jax.nn.hard_sigmoid(x)", "hard_sigmoid(x)"),
    ("JAX", "jax.nn.celu(x, alpha=2.0)", "celu(x, alpha=2.0)"),
    ("JAX", "jax.nn.selu(x)", "selu(x)"),
    ("JAX", "jax.nn.glu(jnp.concatenate([u, v]))", "glu(v, u)"),
    ("JAX", "jax.nn.squareplus(x)", "squareplus(x)"),
    ("JAX", "jax.nn.hard_tanh(x)", "hard_tanh(x)"),
    ("JAX", "jax.vjp(jax.nn.relu, nan)[1](jnp.ones(1))[0]", "vjp(relu, nan)[1](1.0)", "JAX's gradient at NaN is 0."),
    ("JAX", "jax.grad(lambda z: jax.nn.logsumexp(z))(z[0])", "grad(logsumexp)(z[0])"),
    ("optax", "optax.softmax_cross_entropy_with_integer_labels(z, y)", "cross_entropy(z, y, reduction='none')"),
    ("optax", "optax.softmax_cross_entropy(z, q)", "cross_entropy(z, q, reduction='none')"),
    ("optax", "optax.losses.poly_loss_cross_entropy(z, jax.nn.one_hot(y, 3), epsilon=1.0)",
     "poly1_loss(z, y, epsilon=1.0, reduction='none')"),
    ("optax", "optax.projections.projection_simplex(z[0])", "sparsemax(z[0])"),
    ("optax", "optax.sigmoid_binary_cross_entropy(z, q)", "binary_cross_entropy(z, q, reduction='none')"),
    ("optax", "optax.sigmoid_focal_loss(z, hard, gamma=2.0)",
     "sigmoid_focal_loss(z, hard, alpha=None, reduction='none')"),
    ("optax", "optax.sigmoid_focal_loss(z, q, gamma=2.0)", "sigmoid_focal_loss(z, q, alpha=None, reduction='none')",
     "Labels between 0 and 1: here each of the two terms has a factor of its own, there both have that of the mean."),
    ("optax", "optax.losses.kl_divergence(jax.nn.log_softmax(z), q)", "kl_divergence(q, softmax(z))"),
    ("optax", "optax.huber_loss(x, delta=2.0)", "huber(x, 0, delta=2.0, reduction='none')"),
    ("optax", "optax.l2_loss(x)", "squared_error(x, 0, reduction='none')", "Theirs is half the square."),
    ("optax", "optax.losses.multiclass_sparsemax_loss(z, y)", "entmax_loss(z, y, alpha=2.0, reduction='none')"),
    ("Keras", "keras.ops.softmax(z)", "softmax(z)"),
    ("Keras", "keras.ops.gelu(x)", "gelu(x)", "Keras' operation, too, is the tanh form by default."),
    ("Keras", "keras.ops.leaky_relu(x)", "leaky_relu(x)", "The default slope: 0.2 in Keras, 0.01 here."),
    ("Keras", "keras.losses.binary_crossentropy(q, z, from_logits=True)",
     "binary_cross_entropy(z, q, reduction='none').mean(axis=-1)"),
    ("Keras", "keras.losses.sparse_categorical_crossentropy(y, z, from_logits=True)",
     "cross_entropy(z, y, reduction='none')"),
    ("Keras", "keras.losses.sparse_categorical_crossentropy(y[:1], keras.ops.softmax(gap))",
     "cross_entropy(gap, y[:1], reduction='none')",
     "Keras takes probabilities by default and clips them at 1e-7: the loss of a confident row stops there."),
    ("SciPy", "special.softmax(z, axis=-1)", "softmax(z, axis=-1)"),
    ("SciPy", "special.softmax(z)", "softmax(z, axis=None)"),
    ("SciPy", "special.softmax(z)", "softmax(z)", "The default axis: all of the array in SciPy, the last one here."),
    ("SciPy", "special.log_softmax(gap, axis=-1)", "log_softmax(gap)", "The log of the top class, as PyTorch's."),
    ("SciPy", "special.logsumexp(z, axis=-1, b=w)", "logsumexp(z, axis=-1, b=w)"),
    ("SciPy", "special.expit(x)", "sigmoid(x)"),
    ("SciPy", "special.log_expit(x)", "log_sigmoid(x)"),
    ("SciPy", "special.logit(q)", "logit(q)"),
    ("SciPy", "special.entr(q).sum(axis=-1)", "entropy(q)"),
    ("SciPy", "special.rel_entr(q, q[::-1]).sum(axis=-1)", "kl_divergence(q, q[::-1])"),
    ("SciPy", "special.xlogy(0.0, 0.0)", "xlogy(0.0, 0.0)"),
    ("SciPy", "special.huber(2.0, x)", "huber(x, 0, delta=2.0, reduction='none')"),
    ("entmax", "entmax.sparsemax(z, dim=-1)", "sparsemax(z)"),
    ("entmax", "entmax.entmax15(z, dim=-1)", "entmax15(z)"),
    ("entmax", "entmax.entmax_bisect(z, alpha=1.25, dim=-1)", "alpha_entmax(z, alpha=1.25)"),
    ("entmax", "entmax.sparsemax_loss(z, y)", "entmax_loss(z, y, alpha=2.0, reduction='none')"),
    ("entmax", "entmax.entmax15_loss(z, y)", "entmax_loss(z, y, alpha=1.5, reduction='none')"),
]]


def names_of(peer):
    """What a peer's line can name, and the inputs as its arrays; ImportError where it is not installed."""
    os.environ.setdefault("KERAS_BACKEND", "jax")
    module, others = PEERS[peer]
    names = {module: importlib.import_module(module)}
    names |= {name: importlib.import_module(path) for name, path in others.items()}
    as_array = np.asarray
    if peer in ("PyTorch", "entmax"):
        as_array = importlib.import_module("torch").from_numpy
    elif peer in ("JAX", "optax", "Keras"):
        as_array = importlib.import_module("jax.numpy").asarray
        names["jax"] = importlib.import_module("jax")
    return names | {name: as_array(value) for name, value in INPUTS.items()}


def names_of_ours():
    """All public functions of the toolkit and the inputs."""
    names = {}
    for path in ("toolkit", "toolkit.softmax", "toolkit.activations", "toolkit.losses", "toolkit.losses.targets",
                 "toolkit.information", "toolkit.sampling", "toolkit.transport", "toolkit.uncertainty"):
        module = importlib.import_module(path)
        names |= {name: getattr(module, name) for name in module.__all__}
    return names | INPUTS


def result_of(call, names):
    """The numbers that a line gives, as nested lists."""
    return np.asarray(eval(call, dict(names))).tolist()


def recorded():
    """What was kept: ``{peer: {"version": ..., "pairs": [a pair with what the peer "gives", ...]}}``."""
    return json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}


def main():
    found = recorded()
    for peer, (module, _) in PEERS.items():
        try:
            names = names_of(peer)
        except ImportError as error:
            print(f"{peer}: not installed ({error}); what was recorded stays")
            continue
        pairs = [pair for pair in PAIRS if pair.peer == peer]
        found[peer] = {"version": names[module].__version__,
                       "pairs": [pair._asdict() | {"gives": result_of(pair.theirs, names)} for pair in pairs]}
        print(f"{peer} {found[peer]['version']}: {len(pairs)} lines")
    FILE.write_text(json.dumps(found) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
