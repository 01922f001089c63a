"""The complement form in PyTorch's and JAX's own operations, beside ours: values, and gradients by their autograd.

    python -m benchmarks.complement

runs benchmarks/torch_complement.py and jax_complement.py where PyTorch and JAX are installed, and keeps what they gave
in notebooks/data/complement.json. The book's page *Use it in your work* shows these files.
"""
import importlib
import json
from pathlib import Path

import numpy as np

FILE = Path(__file__).parents[1] / "notebooks/data/complement.json"
LIBRARIES = {"PyTorch": ("torch", "torch_complement"), "JAX": ("jax", "jax_complement")}
# float32 rows and their labels: nearly sure, surer still, unsure, wrong, many classes, and a tie of two.
ROWS = [([20, 0, 0], 0), ([-3, 60, 0], 1), ([2, -1, 0.5], 2), ([0, 30, 1], 0), ([0] * 50 + [25], 50), ([7, 7, 0], 1)]


def measured(library):
    """What a library gives: for each row the loss with its gradient, the logs with the gradient of the label's."""
    module = importlib.import_module(f"benchmarks.{LIBRARIES[library][1]}")
    with_gradient = _by_torch if library == "PyTorch" else _by_jax
    found = []
    for row, label in ROWS:
        z, y = np.array([row], np.float32), np.array([label])
        loss, slope = with_gradient(module.cross_entropy, z, y)
        logs, pulled = with_gradient(module.log_softmax, z, None, label)
        found.append({"logits": row, "label": label, "loss": loss, "gradient": slope, "log_softmax": logs,
                      "gradient_of_log": pulled})
    return found


def _by_torch(function, z, y, label=None):
    torch = importlib.import_module("torch")
    z = torch.tensor(z, requires_grad=True)
    value = function(z) if y is None else function(z, torch.tensor(y))
    (value if y is not None else value[0, label]).backward()
    return value.detach().numpy().tolist(), z.grad.numpy().tolist()


def _by_jax(function, z, y, label=None):
    jax = importlib.import_module("jax")
    if y is None:
        slope = jax.grad(lambda z: function(z)[0, label])(z)
        return np.asarray(function(z)).tolist(), np.asarray(slope).tolist()
    value, slope = jax.value_and_grad(function)(z, y)
    return np.asarray(value).tolist(), np.asarray(slope).tolist()


def recorded():
    """What was kept: ``{library: {"version": ..., "rows": what `measured` gave}}``."""
    return json.loads(FILE.read_text(encoding="utf-8"))


def main():
    found = recorded() if FILE.exists() else {}
    for library, (name, _) in LIBRARIES.items():
        try:
            version = importlib.import_module(name).__version__
        except ImportError as error:
            print(f"{library}: not installed ({error}); what was recorded stays")
            continue
        found[library] = {"version": version, "rows": measured(library)}
        print(f"{library} {version}: {len(ROWS)} rows")
    FILE.write_text(json.dumps(found) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
