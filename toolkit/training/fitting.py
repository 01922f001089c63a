"""Train a small network on arrays in one call: what a chapter needs in a cell."""
from toolkit.training.experiment import Experiment
from toolkit.training.loop import train
from toolkit.training.tasks import given

__all__ = ["fit"]

_USUAL = {"widths": (64,), "bias": True, "initial": "normal", "loss": "cross_entropy", "form": "stable",
          "optimizer": "adam", "beta2": 0.999, "eps": 1e-8, "steps": 300, "log_early": False}


def fit(inputs, labels, test_inputs=None, test_labels=None, *, progress=False, threads=1, snapshots=False, **arguments):
    """Train a perceptron on rows of numbers, by default one hidden layer of 64 ReLUs, Adam, full batch, 300 steps.

    Parameters
    ----------
    inputs, labels, test_inputs, test_labels
        As of `toolkit.training.given`.
    progress : bool
        As of `train`.
    threads : int
        As of `train`. One, the default, takes a third less time to compile, and small networks gain little by more.
    snapshots : bool
        As of `train`.
    **arguments
        Of `Experiment`: ``loss``, ``loss_parameters``, ``form``, ``widths``, ``steps``, ``lr``, ``batch``, ``seed`` ...
        Measures are taken at the end alone, unless `log_every` says otherwise.

    Returns
    -------
    Run
        Whose `logits` are those of any rows.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> x, y = load_digits(return_X_y=True)
    >>> run = fit(x[:300] / 16, y[:300], steps=100)
    >>> bool((run.logits(x[300:] / 16).argmax(axis=1) == y[300:]).mean() > 0.85)
    True
    """
    rows = given(inputs, labels, test_inputs, test_labels)
    values = _USUAL | arguments
    values = {"log_every": values["steps"]} | values
    return train(Experiment(**values, **rows.description), rows=rows, progress=progress, threads=threads,
                 snapshots=snapshots)
