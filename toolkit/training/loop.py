"""Long training in the foreground: `train` and `resume`. Interrupts, checkpoints and progress; no mathematics."""
import contextlib
import math
import os
import signal
import sys
import threading
import time
from dataclasses import fields
from importlib import import_module
from pathlib import Path

import numba
import numpy as np
from tqdm.auto import tqdm

from toolkit._core.arguments import check_flag, check_number, check_whole, shown
from toolkit._core.public import warn
from toolkit.training.checks import check_experiment
from toolkit.training.models import build, products_per_step, state_names, tensor_names
from toolkit.training.run import Log, Run, divergence, is_finite, versions

__all__ = ["resume", "train"]
_CHUNK_SECONDS = 0.15  # of steps between two looks at the clock and at Ctrl-C
_TOO_SHORT = 1_000_000  # multiplications in a step: under a third of a millisecond


def train(experiment, *, rows=None, progress=True, plot=False, checkpoint=None, checkpoint_seconds=60.0, callback=None,
          threads=None, snapshots=False):
    """Train, and return what was measured on the way.

    The same experiment gives the same bits with any number of threads, and with any number of interruptions.

    Parameters
    ----------
    experiment : Experiment
    rows : Rows, optional
        Of `toolkit.training.given`, where the experiment's task is "arrays".
    progress : bool
        Show a bar with accuracies and the share of collapsed rows.
    plot : bool
        In a notebook, draw them as curves that grow.
    checkpoint : str or path, optional
        A file to write every `checkpoint_seconds` and at the end, in one move each. If it is there already, and of
        this experiment, training goes on from it; of another experiment, it is an error. A checkpoint that cannot be
        written is a RuntimeWarning: training goes on, and the file stays as it was.
    checkpoint_seconds : float
    callback : callable, optional
        Called as ``callback(step, measures)`` after each measurement; a true answer ends the training.
    threads : int, optional
        How many threads to use, by default all, or one where a step is too short to share.
    snapshots : bool
        Keep the weights at each measured step, as `Run.snapshots`. No file keeps them: without a `checkpoint`.

    Returns
    -------
    Run
        After Ctrl-C, too: then `Run.finished` is False, and nothing that was done is lost. A second Ctrl-C raises
        KeyboardInterrupt. Where the training loss or a weight stops being finite, a RuntimeWarning says so at once,
        and `Run.diverged` when.

    Examples
    --------
    >>> run = train(Experiment(p=11, widths=(16,), steps=20), progress=False)
    >>> run.finished, run.steps[-1]
    (True, 20)
    """
    check_experiment("experiment", experiment)
    if threads is not None:
        threads = check_whole("threads", threads, 1, numba.config.NUMBA_NUM_THREADS)
    checkpoint_seconds = check_number("checkpoint_seconds", checkpoint_seconds, 0.0, math.inf)
    if callback is not None and not callable(callback):
        raise TypeError(f"callback is {shown(callback)}; allowed: a function of the steps and the measures, or None")
    if check_flag("snapshots", snapshots) and checkpoint is not None:
        raise ValueError("snapshots is True; allowed with a checkpoint: False, as no file keeps them")
    start = None
    if checkpoint is not None:
        if not isinstance(checkpoint, (str, os.PathLike)):
            raise TypeError(f"checkpoint is {shown(checkpoint)}; allowed: a path, or None")
        checkpoint = Path(checkpoint)
        if checkpoint.exists():
            start = _same(Run.load(checkpoint), experiment, checkpoint)
        elif not checkpoint.parent.is_dir():
            raise ValueError(f"checkpoint is {str(checkpoint)!r}, but there is no folder {str(checkpoint.parent)!r}")
    with _threads(threads or (1 if products_per_step(experiment) < _TOO_SHORT else None)):
        return _Training(experiment, rows, start, progress, plot, checkpoint, checkpoint_seconds, callback,
                         snapshots).go()


def resume(checkpoint, *, steps=None, **options):
    """Go on with the training of a checkpoint, to the same bits as without a break.

    Parameters
    ----------
    checkpoint : str or path
        A file of `train` or of ``Run.save(keep="state")``; it is kept up to date.
    steps : int, optional
        Train to this step instead, where the schedule of the learning rate does not depend on the last step.
    **options
        As of `train`.
    """
    run = Run.load(checkpoint)
    if steps is not None and steps != run.experiment.steps:
        if run.experiment.schedule.endswith("linear_decay"):
            raise ValueError(f"steps is {steps}; allowed with {run.experiment.schedule!r}: {run.experiment.steps}")
        if steps < run.steps_done:
            raise ValueError(f"steps is {steps}; allowed: at least {run.steps_done}, which were taken already")
        run.experiment = run.experiment.replace(steps=steps)
        run.finished = run.steps_done == steps
        run.save(checkpoint, keep="state")
    return train(run.experiment, checkpoint=checkpoint, **options)


def _same(run, experiment, path):
    if run.experiment != experiment:
        name, theirs, ours = next((f.name, a, b) for f in fields(experiment)
                                  if (a := getattr(run.experiment, f.name)) != (b := getattr(experiment, f.name)))
        raise ValueError(f"{path}: the checkpoint of another experiment: its {name} is {theirs!r}, not {ours!r}")
    missing = [name for name in state_names(experiment) if name not in run.state]
    if missing:
        raise ValueError(f"{path}: a run without its state ({', '.join(missing)}); nothing can go on from it")
    return run


@contextlib.contextmanager
def _threads(count):
    """Numba's number of threads, put back afterwards."""
    before = numba.get_num_threads()
    try:
        numba.set_num_threads(count or before)
        yield
    finally:
        numba.set_num_threads(before)


@contextlib.contextmanager
def _first_interrupt():
    """An event that the first Ctrl-C sets instead of raising KeyboardInterrupt; the second one raises."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():  # others never see a signal
        yield asked
        return

    def ask(number, frame):
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)


class _Training:
    """One sitting of a training run."""

    def __init__(self, experiment, rows, start, progress, plot, checkpoint, checkpoint_seconds, callback,
                 snapshots):
        self.experiment, self.callback = experiment, callback
        self.checkpoint, self.checkpoint_seconds = checkpoint, checkpoint_seconds
        self.work = build(experiment, rows)
        if start is not None:
            self._take_up(start)
        self.log, self.earlier = Log(start), start.seconds if start else 0.0
        self.stopped, self.diverged, self.pace = False, False, None
        self.snapshots = [] if snapshots else None
        self.began = self.saved = time.monotonic()
        self.plot = _training_plot(experiment.steps) if plot else None
        self.bar = tqdm(total=experiment.steps, initial=self.work.steps_done, unit="step", disable=not progress,
                        mininterval=0.2 if sys.stderr.isatty() else 30.0, dynamic_ncols=True)

    def _take_up(self, run):
        for name in self.work.kept:
            ours, theirs = self.work.arrays[name], run.state[name]
            if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
                raise ValueError(f"{self.checkpoint}: {name} is {theirs.dtype}{list(theirs.shape)}; allowed: "
                                 f"{ours.dtype}{list(ours.shape)}: another version wrote it")
            ours[:] = theirs
        if self.work.steps_done != run.steps_done:
            raise ValueError(f"{self.checkpoint}: damaged: {run.steps_done} steps, but its clock says "
                             f"{self.work.steps_done}")

    def go(self):
        total, every = self.experiment.steps, self.experiment.log_every
        with self.bar, _first_interrupt() as asked:
            if not self.log.steps:
                self._measure()
            while not (asked.is_set() or self.stopped) and self.work.steps_done < total:
                done = self.work.steps_done
                self._advance(min(next_log(done, every, total, self.experiment.log_early) - done, self._chunk()))
                done = self.work.steps_done
                if done == next_log(done - 1, every, total, self.experiment.log_early):
                    self._measure()
                if self.checkpoint and time.monotonic() - self.saved >= self.checkpoint_seconds:
                    self._save()
            if self.checkpoint:
                self._save()
            if self.plot:
                self.plot.draw(self.log, now=True)
            return self._run()

    def _chunk(self):
        return 1 if self.pace is None else max(1, int(_CHUNK_SECONDS / self.pace))

    def _advance(self, count):
        began = time.perf_counter()
        self.work.advance(count)
        # The first call may compile, and a measured second beside a busy neighbour is not the rule.
        spent = (time.perf_counter() - began) / count
        self.pace = spent if self.pace is None else max(spent, 0.5 * self.pace)
        self.bar.update(count)

    def _measure(self):
        measures = self.work.measure()
        self.log.add(self.work.steps_done, measures)
        if self.snapshots is not None:
            self.snapshots.append(self.work.state.parameters.copy())
        diverged = not is_finite(measures)
        self.bar.set_postfix_str(f"train {measures['train_accuracy']:.1%}, test {measures['test_accuracy']:.1%}, "
                                 + ("diverged" if diverged else f"collapsed {measures['collapsed']:.1%}"),
                                 refresh=False)
        if diverged and not self.diverged:
            self.diverged = True
            warn(f"training {divergence(self.work.steps_done, measures)}; a lower lr may help")
        if self.plot:
            self.plot.draw(self.log)
        if self.callback is not None and self.callback(self.work.steps_done, measures):
            self.stopped = True

    def _run(self):
        done = self.work.steps_done
        return Run(experiment=self.experiment, finished=done == self.experiment.steps, steps_done=done,
                   seconds=self.earlier + time.monotonic() - self.began, environment=versions(),
                   state={name: self.work.arrays[name].copy() for name in self.work.kept},
                   snapshots=None if self.snapshots is None else np.array(self.snapshots),
                   **self.log.arrays(tensor_names(self.experiment)))

    def _save(self):
        try:
            self._run().save(self.checkpoint, keep="state")
        except OSError as error:
            warn(f"no checkpoint written after {self.work.steps_done} steps: {error}")
        self.saved = time.monotonic()


def next_log(step, every, last, early):
    """The first step after `step` at which to measure."""
    regular = min(last, (step // every + 1) * every)
    if early and step < every:
        return min(regular, 1 << int(step).bit_length())
    return regular


def _training_plot(steps):
    """A plot of the host for notebooks, which stands above this room and is asked for only here."""
    try:
        host = import_module("toolkit.live.hosts.training_plot")
    except ImportError as error:
        raise ValueError(f"plot is True, but {error}; allowed with the packages of the extra 'live'") from error
    return host.TrainingPlot(steps)
