"""What a training run left: `Run`, in memory and in one small file."""
import json
import platform
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version

import numpy as np

from toolkit._core.arguments import check_whole, shown
from toolkit.formats import round_to
from toolkit.training.experiment import Experiment
from toolkit.training.files import read_arrays, write_arrays
from toolkit.training.measures import MEASURES
from toolkit.training.models import state_names, tensors_of
from toolkit.training.prediction import layer_activations, predicted_logits

__all__ = ["Run"]

KEEP = ("logs", "parameters", "state")
_FILE_VERSION = 1


@dataclass
class Run:
    """Measures of a training run, step by step, and what is needed to look at it or go on with it.

    Attributes
    ----------
    experiment : Experiment
    steps : (L,) int64 array
        Steps taken when each measure was made; 0 is before the first.
    measures : dict of str to (L,) float64 array
        By name: train_loss, train_accuracy, test_loss, test_accuracy, collapsed, zero_loss ...; ``run["collapsed"]``.
    norms : dict of str to (L,) float64 array
        Of each parameter tensor: "weights 1" ...
    finished : bool
        Whether all steps were taken.
    steps_done : int
    seconds : float
        Spent in training and measuring, over all sittings.
    environment : dict of str to str
        Versions that the bits depend on.
    state : dict of str to array
        Parameters and the optimizer's memory after `steps_done` steps, as the engine keeps them; what a file did not
        keep is missing.
    snapshots : (L, numbers) array, or None
        The parameters at each of `steps`, as the engine keeps them, where `train` was to keep them; no file has them.
    """

    experiment: Experiment
    steps: np.ndarray
    measures: dict
    norms: dict
    finished: bool
    steps_done: int
    seconds: float
    environment: dict = field(default_factory=dict)
    state: dict = field(default_factory=dict, repr=False)
    snapshots: np.ndarray | None = field(default=None, repr=False)

    def __getitem__(self, name):
        for series in (self.measures, self.norms):
            if name in series:
                return series[name]
        raise KeyError(f"{name!r}; allowed: {', '.join([*self.measures, *self.norms])}")

    def __repr__(self):
        return self.summary()

    @property
    def parameters(self):
        """Parameter tensors by name, weights as (inputs, outputs); None when the file did not keep them."""
        return tensors_of(self.experiment, self.state["parameters"]) if "parameters" in self.state else None

    def logits(self, inputs):
        """Logits of any rows at the final weights of a perceptron: (n, numbers) -> (n, classes).

        Rows of a task are symbols as in `Rows`. A ValueError where the weights were not kept.
        """
        return predicted_logits(self.experiment, self._parameters_at(None), inputs)

    def activations(self, inputs, layer, *, at=None):
        """What the units of a hidden layer of a perceptron say of any rows: (n, numbers) -> (n, units).

        Parameters
        ----------
        inputs : array_like (n, numbers)
            As of `logits`.
        layer : int
            From 1 on; the layer behind the last hidden one has the logits.
        at : int, optional
            A place in `steps`, where snapshots were kept, as -1 for the last. Without it, at the final weights.
        """
        layer = check_whole("layer", layer, 1, len(self.experiment.widths) + 1)
        return layer_activations(self.experiment, self._parameters_at(at), inputs, layer)

    def _parameters_at(self, at):
        if at is not None:
            if self.snapshots is None:
                raise ValueError("at is given, and this run has no snapshots; allowed: of train(..., snapshots=True)")
            return self.snapshots[check_whole("at", at, -len(self.snapshots), len(self.snapshots) - 1)]
        if "parameters" not in self.state:
            raise ValueError("this run has no parameters; allowed: one that was trained, or saved with them")
        return self.state["parameters"]

    @property
    def diverged(self):
        """The first measured step at which the training loss or a weight is not finite, or None."""
        broken = np.flatnonzero(~is_finite(self.measures))
        return int(self.steps[broken[0]]) if broken.size else None

    def first_step(self, measure, level):
        """First logged step at which `measure` is at least `level`, or None."""
        reached = np.flatnonzero(self[measure] >= level)
        return int(self.steps[reached[0]]) if reached.size else None

    def summary(self):
        """What was trained and what came of it, in a few lines of text."""
        if not self.steps.size:
            return f"{self.experiment}\nnothing measured yet"
        test = [f"{level:.0%} at step {step:,}" for level in (0.5, 0.95, 0.99)
                if (step := self.first_step("test_accuracy", level)) is not None]
        best = int(np.argmax(self["test_accuracy"]))
        last = {name: values[-1] for name, values in self.measures.items()}
        of_test = ("",) if np.isnan(last["test_accuracy"]) else (  # without test rows
            f", test {last['test_accuracy']:.1%} (best {self['test_accuracy'][best]:.1%} at step "
            f"{self.steps[best]:,})", f"test accuracy reaches {', '.join(test) if test else 'not even 50%'}")
        half = self.first_step("collapsed", 0.5)
        collapsed = (f"collapsed {last['collapsed']:.1%} of rows"
                     + ("" if half is None else f", half of them from step {half:,}") + "; ")
        if self.experiment.loss != "cross_entropy":  # the gauge reads sums of exponentials, which StableMax has not
            collapsed = ""
        done = "" if self.finished else f"stopped after {self.steps_done:,} of {self.experiment.steps:,} steps; "
        return "\n".join([
            str(self.experiment), *self._divergence(),
            f"{done}train accuracy {last['train_accuracy']:.1%}{of_test[0]}", *of_test[1:],
            f"{collapsed}zero losses {last['zero_loss']:.1%}",
            f"median logit gap {last['gap_50']:.3g}, weight norm {last['weight_norm']:.4g}; {self.seconds:.1f} s"])

    def _divergence(self):
        if self.diverged is not None:
            place = np.flatnonzero(self.steps == self.diverged)[0]
            yield divergence(self.diverged, {name: values[place] for name, values in self.measures.items()})

    def save(self, path, *, keep="logs", exact=False):
        """Write an .npz file in one move: the old file or the new one, never half of it.

        Parameters
        ----------
        path : str or path
        keep : {"logs", "parameters", "state"}
            What to keep besides the experiment: measures alone, also the final weights, or all that `resume` needs.
        exact : bool
            Keep all 53 bits of measures rather than the 24 of float32 (with float64's range). A state always is.
        """
        if keep not in KEEP:
            raise ValueError(f"keep is {shown(keep)}; allowed: {', '.join(map(repr, KEEP))}")
        short = (lambda x: x) if exact or keep == "state" else (lambda x: round_to(x, (11, 23)))
        names = {"logs": (), "parameters": ("parameters",), "state": state_names(self.experiment)}[keep]
        missing = [name for name in names if name not in self.state]
        if missing:
            raise ValueError(f"keep is {keep!r}, but this run has no {', '.join(missing)}")
        about = {"version": _FILE_VERSION, "experiment": self.experiment.to_dict(), "finished": self.finished,
                 "steps_done": self.steps_done, "seconds": round(self.seconds, 3), "environment": self.environment,
                 "norms": list(self.norms)}
        write_arrays(path, {
            "about": np.array(json.dumps(about)), "steps": self.steps,
            **{f"measure/{name}": short(values) for name, values in self.measures.items()},
            "norms": short(np.array(list(self.norms.values()))),
            **{f"state/{name}": self.state[name] for name in names}}, compress=keep != "state")

    @classmethod
    def load(cls, path):
        """The run in a file of `save`.

        Raises
        ------
        ValueError
            When there is no such file, or it is cut short, or something else.
        """
        arrays = read_arrays(path)
        try:
            about = json.loads(str(arrays["about"]))
            if about["version"] != _FILE_VERSION:
                raise ValueError(f"version is {shown(about['version'])}; allowed: {_FILE_VERSION}")
            return cls(
                experiment=Experiment.from_dict(about["experiment"]), steps=arrays["steps"],
                measures=_part(arrays, "measure/"), norms=dict(zip(about["norms"], arrays["norms"], strict=True)),
                finished=about["finished"], steps_done=about["steps_done"], seconds=about["seconds"],
                environment=about["environment"], state=_part(arrays, "state/"))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            reason = f"it has no {error}" if isinstance(error, KeyError) else error
            raise ValueError(f"{path}: not a training run: {reason}") from error


def _part(arrays, prefix):
    return {name.removeprefix(prefix): values for name, values in arrays.items() if name.startswith(prefix)}


def is_finite(measures):
    """Whether nothing has diverged: the training loss is a number, and so is every weight."""
    return np.isfinite(measures["train_loss"]) & np.isfinite(measures["weight_norm"])


def divergence(step, measures):
    """What to say of a run that diverged at this step."""
    return (f"diverged at step {step:,}: training loss {measures['train_loss']:.4g}, weight norm "
            f"{measures['weight_norm']:.4g}")


def versions():
    """What the bits of a run depend on."""
    found = {"python": platform.python_version()}
    for name in ("softmax-at-the-edge", "numpy", "numba", "llvmlite"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


class Log:
    """Measures while they grow."""

    def __init__(self, run=None):
        self.steps = list(run.steps) if run else []
        self.measures = {name: list(run.measures[name]) if run else [] for name in MEASURES}
        self.norms = list(np.array(list(run.norms.values())).T) if run else []

    def add(self, step, measures):
        """Append what `Workspace.measure` found."""
        for name in MEASURES:
            self.measures[name].append(measures[name])
        self.norms.append(measures["norms"])
        self.steps.append(step)

    def arrays(self, names):
        """Steps, measures and norms as `Run` holds them."""
        norms = np.array(self.norms).reshape(len(self.steps), len(names)).T
        return {"steps": np.array(self.steps, np.int64),
                "measures": {name: np.array(values) for name, values in self.measures.items()},
                "norms": dict(zip(names, norms.copy()))}
