"""Recordings on disk: one thinned `Run` in each file."""
from pathlib import Path

import numpy as np

from toolkit._core.arguments import shown
from toolkit._core.text import aligned
from toolkit.grokking.recordings.registry import RECORDINGS, name_of
from toolkit.training.run import Run

__all__ = ["DATA", "command_of", "keep", "listing", "recorded", "thinned"]

DATA = Path(__file__).parent / "data"
MOST_POINTS = 260
LEVELS = (0.5, 0.95, 0.99)  # test accuracies whose first step survives thinning


def command_of(name):
    """The command that makes a recording."""
    return f"python -m toolkit record {name}"


def thinned(run, most=MOST_POINTS):
    """The same run with about `most` of its log entries, evenly spaced.

    Kept besides are its first and last entry, and those at which test accuracy first reaches 50, 95 and 99 % and half
    of the rows have collapsed, so that `Run.first_step` finds the same steps as before.
    """
    count = run.steps.size
    chosen = set(np.rint(np.linspace(0, count - 1, min(count, most))).astype(int).tolist())
    for measure, level in [*(("test_accuracy", level) for level in LEVELS), ("collapsed", 0.5), ("zero_loss", 0.5)]:
        chosen |= set(np.flatnonzero(run[measure] >= level)[:1].tolist())
    chosen |= set(np.flatnonzero(run.steps == run.diverged)[:1].tolist())
    at = np.array(sorted(chosen))
    return Run(experiment=run.experiment, steps=run.steps[at], finished=run.finished, steps_done=run.steps_done,
               seconds=run.seconds, environment=run.environment,
               measures={name: values[at] for name, values in run.measures.items()},
               norms={name: values[at] for name, values in run.norms.items()})


def keep(run, folder=DATA):
    """Write a run among the recordings, as far as it ran, under the name of its experiment.

    A longer recording that is there already stays.

    Returns
    -------
    (str, Path, bool)
        Its name, its file, and whether it was written.

    Raises
    ------
    ValueError
        When no recording is described like this, or nothing was measured yet.
    """
    name = name_of(run.experiment)
    if name is None:
        raise ValueError(f"no recording has this experiment: {run.experiment}; allowed: {', '.join(RECORDINGS)}")
    if not run.steps.size:
        raise ValueError(f"{name}: nothing measured yet")
    path = Path(folder) / f"{name}.npz"
    before = recorded(name, folder)
    if before is not None and before.steps_done > run.steps_done:
        return name, path, False
    run = thinned(run)
    wanted = RECORDINGS[name]
    run.experiment = wanted.replace(steps=max(wanted.steps, run.steps_done), log_every=run.experiment.log_every,
                                    log_early=run.experiment.log_early)
    run.finished = run.steps_done >= wanted.steps
    run.environment = {**run.environment, "command": command_of(name)}
    path.parent.mkdir(parents=True, exist_ok=True)
    run.save(path)
    return name, path, True


def recorded(name, folder=DATA):
    """The recording of that name, or None when it was not made yet.

    >>> run = recorded("figure6-perpgrad-adamw")
    >>> run.first_step("test_accuracy", 0.95) < 200
    True
    """
    if name not in RECORDINGS:
        raise ValueError(f"name is {shown(name)}; allowed: {', '.join(RECORDINGS)}")
    path = Path(folder) / f"{name}.npz"
    return Run.load(path) if path.exists() else None


def listing(folder=DATA):
    """Text table: what can be recorded, how far each recording ran, and how long it took."""
    rows = [["recording", "steps", "recorded", "minutes", "what"]]
    for name, experiment in RECORDINGS.items():
        run = recorded(name, folder)
        rows.append([name, f"{experiment.steps:,}", f"{run.steps_done:,}" if run else "missing",
                     f"{run.seconds / 60:.1f}" if run else "", str(experiment)])
    return aligned([row[:-1] for row in rows])
