"""Many training runs in one folder: `grid` lists them, `sweep` does those that are missing, `table` compares them.

Each run writes its own file in the moment it is finished, so what is on the disk is all there is to know.
"""
import contextlib
import itertools
import traceback
import warnings
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from tqdm.auto import tqdm

from toolkit._core.arguments import shown
from toolkit._core.text import aligned
from toolkit.training.checks import check_experiment
from toolkit.training.experiment import Experiment
from toolkit.training.loop import train
from toolkit.training.run import KEEP, Run

__all__ = ["Member", "grid", "members_of", "sweep", "table"]

_ALONE = 2  # jobs of a pool for one member: with 1 it would run in this process, and may kill it


@dataclass(frozen=True)
class Member:
    """One experiment of a sweep, and its files in the folder.

    Attributes
    ----------
    experiment : Experiment
    path : Path
        Of its `Run`, named by the experiment's digest.
    """

    experiment: Experiment
    path: Path

    def beside(self, ending):
        """Another file of this member: "checkpoint.npz", "error.txt" or "started"."""
        return self.path.with_name(f"{self.path.stem}.{ending}")

    @property
    def run(self):
        """Its `Run`, or None while there is none."""
        try:
            run = Run.load(self.path)
        except ValueError:
            return None
        return run if run.finished and run.experiment == self.experiment else None

    @property
    def error(self):
        """What went wrong when it was last tried, or None."""
        file = self.beside("error.txt")
        return file.read_text("utf-8", "replace") if file.is_file() else None


def grid(base, **choices):
    """All combinations of the given values: the first name varies slowest.

    >>> [(e.seed, e.loss_format) for e in grid(Experiment(), seed=range(2), loss_format=("float16", "float32"))]
    [(0, 'float16'), (0, 'float32'), (1, 'float16'), (1, 'float32')]
    """
    check_experiment("base", base)
    for name, values in choices.items():
        if isinstance(values, str) or not hasattr(values, "__iter__"):
            raise TypeError(f"{name} is {shown(values)}; allowed: a sequence of values")
    return [base.replace(**dict(zip(choices, values))) for values in itertools.product(*choices.values())]


def members_of(experiments, folder):
    """Where each experiment has its files in a folder."""
    return [Member(experiment, Path(folder) / f"{experiment.digest}.npz") for experiment in experiments]


def sweep(experiments, folder, *, rows=None, jobs=None, keep="logs", progress=True, checkpoint_seconds=60.0):
    """Train what is missing in a folder, several at a time, one thread each.

    A member that fails leaves its traceback in the folder and is tried again by the next sweep; the others go on,
    even if its process dies. After Ctrl-C, finished members stay, and those under way keep their checkpoints:
    the same call goes on. On a Dask cluster that shares the folder, one line changes::

        with joblib.parallel_config(backend="dask"):  # after client = dask.distributed.Client(...)
            sweep(experiments, folder)

    Parameters
    ----------
    experiments : iterable of Experiment
    folder : str or path
        Made when there is none.
    rows : Rows, optional
        As of `train`, the same for all.
    jobs : int, optional
        Processes at a time, by default one for each core, or for each worker of the cluster.
    keep : {"logs", "parameters", "state"}
        As of `Run.save`.
    progress : bool
        Show a bar.
    checkpoint_seconds : float
        As of `train`.

    Returns
    -------
    list of Member
        In the order of `experiments`. A RuntimeWarning at the end names those that diverged.
    """
    if keep not in KEEP:
        raise ValueError(f"keep is {shown(keep)}; allowed: {', '.join(map(repr, KEEP))}")
    if jobs is not None and (not isinstance(jobs, int) or jobs == 0):
        raise ValueError(f"jobs is {shown(jobs)}; allowed: an integer of at least 1, or -1 for all cores")
    Path(folder).mkdir(parents=True, exist_ok=True)
    members = members_of(experiments, folder)
    waiting = {member.path: member for member in members if member.run is None}
    for member in waiting.values():
        for ending in ("error.txt", "started"):
            member.beside(ending).unlink(missing_ok=True)
    everything = len({member.path for member in members})
    options = {"keep": keep, "checkpoint_seconds": checkpoint_seconds, "rows": rows}
    with tqdm(total=everything, initial=everything - len(waiting), unit="run", disable=not progress) as bar:
        try:
            _train_all(list(waiting.values()), -1 if jobs is None else jobs, options, bar)
        except KeyboardInterrupt:
            pass
    diverged = [f"{name} at step {step:,}" for name, step in diverged_of(members).items()]
    if diverged:
        warnings.warn(f"training diverged in {len(diverged)} of {everything} runs: {', '.join(diverged)}",
                      RuntimeWarning, stacklevel=2)
    return members


def diverged_of(members):
    """Of the runs that diverged, name and step."""
    runs = {member.path.stem: member.run for member in members}
    return {name: run.diverged for name, run in runs.items() if run is not None and run.diverged is not None}


@contextlib.contextmanager
def divergence_told_elsewhere():
    """Where one warning for each run would be too many."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "training diverged", RuntimeWarning)
        yield


def _train_all(waiting, jobs, options, bar):
    while waiting:
        try:
            _in_pool(waiting, jobs, options, bar)
        except Exception as error:  # a process died, and its pool with it: find out whose fault it was
            suspects = [member for member in waiting if member.beside("started").exists()]
            if not suspects:
                raise
            for member in suspects:
                _alone(member, options, bar, error)
        waiting = [member for member in waiting if not (member.path.exists() or member.beside("error.txt").exists())]


def _alone(member, options, bar, error):
    try:
        _in_pool([member], _ALONE, options, bar)
    except Exception:
        member.beside("error.txt").write_text(f"its process died: {error}\n", "utf-8")
        member.beside("started").unlink(missing_ok=True)
        bar.update()


def _in_pool(members, jobs, options, bar):
    work = (delayed(_train_member)(member, **options) for member in members)
    for _ in Parallel(n_jobs=jobs, batch_size=1, return_as="generator_unordered")(work):
        bar.update()


def _train_member(member, keep, checkpoint_seconds, rows):
    """Train one member in a process of its own; whatever happens is in its files."""
    started, checkpoint = member.beside("started"), member.beside("checkpoint.npz")
    try:
        started.touch()
        _remove_damaged(checkpoint)
        with divergence_told_elsewhere():
            run = train(member.experiment, rows=rows, progress=False, threads=1, checkpoint=checkpoint,
                        checkpoint_seconds=checkpoint_seconds)
        if not run.finished:
            raise KeyboardInterrupt
        run.save(member.path, keep=keep)
        checkpoint.unlink(missing_ok=True)
    except Exception:
        member.beside("error.txt").write_text(traceback.format_exc(), "utf-8")
    finally:
        started.unlink(missing_ok=True)


def _remove_damaged(checkpoint):
    """The sweep wrote it, and begins this member anew where it cannot be read."""
    try:
        Run.load(checkpoint)
    except ValueError:
        checkpoint.unlink(missing_ok=True)


def table(members):
    """Text table of a sweep: in what its members differ, and how they ended."""
    differing = [field.name for field in fields(Experiment)
                 if len({getattr(member.experiment, field.name) for member in members}) > 1]
    rows = [["run", *differing, "train", "test", "best", "50%", "95%", "99%", "collapsed", "zero loss"]]
    for member in members:
        run = member.run
        rows.append([member.path.stem, *(_shown(getattr(member.experiment, name)) for name in differing),
                     *(_outcome(run) if run else ["failed" if member.error else "missing"] + [""] * 7)])
    return aligned(rows)


def _shown(value):
    if isinstance(value, tuple):
        return "-".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else value


def _outcome(run):
    if run.diverged is not None:
        return [f"diverged at step {run.diverged:,}"] + [""] * 7
    last = {name: values[-1] for name, values in run.measures.items()}
    reached = [run.first_step("test_accuracy", level) for level in (0.5, 0.95, 0.99)]
    return [f"{last['train_accuracy']:.1%}", f"{last['test_accuracy']:.1%}", f"{np.max(run['test_accuracy']):.1%}",
            *("never" if step is None else step for step in reached),
            f"{last['collapsed']:.0%}" if run.experiment.loss == "cross_entropy" else "", f"{last['zero_loss']:.0%}"]
