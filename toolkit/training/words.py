"""An experiment in words."""
from toolkit.optimizers import OPTIMIZERS

__all__ = ["describe"]


def describe(experiment):
    """One line in words."""
    e = experiment
    words = {"add": f"a + b mod {e.p}", "subtract": f"a - b mod {e.p}", "multiply": f"a b mod {e.p}",
             "divide": f"a / b mod {e.p}", "parity": f"parity of {e.relevant} of {e.bits} bits",
             "digits": "handwritten digits", "arrays": f"arrays {e.data}"}
    share = f"{e.n_train} of {e.n_rows} rows" if e.task == "arrays" else f"{e.train_fraction:.0%}"
    loss = {"cross_entropy": "softmax", "stablemax": "StableMax", "mse": "squared error"}.get(e.loss, e.loss)
    if e.loss_parameters:
        loss += f"({', '.join(f'{value:g}' for value in e.loss_parameters)})"
    form = f", {e.form} form" if e.form != "common" and e.loss != "mse" else ""
    optimizer = OPTIMIZERS[e.optimizer].title
    decay = f", weight decay {e.weight_decay:g}" if e.weight_decay else ""
    widths = "-".join(map(str, e.widths))
    network = f"{widths} {e.activation}" if e.model == "mlp" else f"transformer {widths}, {e.heads} heads"
    batch = f" in batches of {e.batch}" if e.batch else ""
    optimizer = {"euclidean": "", "sign": "signs of ", "spectral": "spectral "}[e.norm] + optimizer
    optimizer = ("Layca " if e.layca else "") + optimizer
    around = "" if e.flatness == "none" else f", {e.flatness.upper()} {e.radius:g}"
    fast = ", fast arithmetic" if e.arithmetic == "fast" else ""
    return (f"{words[e.task]}, {share} for training{batch}, {network}; {loss} in {e.loss_format}{form}; "
            f"{'Cautious ' if e.cautious else ''}{'⟂' if e.perp_grad else ''}{optimizer}, lr {e.lr:g}{decay}{around}; "
            f"{e.steps} steps, seed {e.seed}{fast}")
