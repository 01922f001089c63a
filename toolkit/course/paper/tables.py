"""Tables: what the paper's figures show beside our recordings, and the controlled comparison."""

import numpy as np

from toolkit._core.text import Table, Tables
from toolkit.course.paper.claims import CLAIMS, HEADINGS
from toolkit.grokking.recordings import COMPARED, RECORDINGS, comparison, recorded

__all__ = ["comparison_table", "table", "verdict"]

_ABSENT = "absent"
NEAR = 3.0  # points: rounding order and platform move these runs by as much
_GROUPS = (("", 1), ("paper", 3), ("ours", 5), ("", 1))
_HEAD = ("", "test %", "50/95/99 %", "SC", "test %", "best", "50/95/99 %", "SC", "zeros", "verdict")
_LEGEND = ("test %: test accuracy at the paper's last epoch, or at the last one recorded; 50/95/99 %: epochs at which "
           "it is reached; SC: epoch from which half of the softmax sums over training rows are exactly 1; zeros: "
           "training rows whose loss is exactly 0 at the end. Ours has no SC where such a sum harms nothing "
           "(complement form), or is not what the loss takes (StableMax)")


def table(figure=None):
    """The paper's outcome and ours for each curve of a figure, or of all: a `Table` per figure, text or HTML.

    Ours is test accuracy at the epoch at which the paper's was read, or at the last one recorded. SC is the first epoch
    at which at least half of the training rows have a sum of exponentials that is exactly 1. The cell is empty for the
    complement form, where this harms nothing, and for StableMax, where it says nothing.
    """
    shown = [name for name in HEADINGS if figure in (None, name)]
    return Tables(tuple(map(_of, shown)), _LEGEND)


def _of(name):
    rows = [_row(claim) for claim in CLAIMS if claim.figure == name]
    absent = [row[0] for row in rows if row[-1] == _ABSENT]
    return Table(f"{name.replace('figure', 'Figure ')}: {HEADINGS[name]}", _HEAD,
                 [row for row in rows if row[-1] != _ABSENT],
                 f"not recorded, and not in the paper: {'; '.join(absent)}" if absent else "", _GROUPS)


def _row(claim):
    paper = ["", "", ""] if claim.at is None else [_band(claim.test), claim.reached, claim.collapse]
    run = recorded(claim.recording) if claim.recording in RECORDINGS else None
    if run is None:
        return [claim.run, *paper, "missing", *[""] * 4, "" if claim.at else _ABSENT]
    reached = [run.first_step("test_accuracy", level) for level in (0.5, 0.95, 0.99)]
    at_risk = run.experiment.loss == "cross_entropy" and run.experiment.form == "common"
    half = run.first_step("collapsed", 0.5)
    return [claim.run, *paper, f"{100 * _accuracy(run, claim.at):.1f}", f"{100 * run['test_accuracy'].max():.1f}",
            "never" if reached[0] is None else "/".join("–" if step is None else f"{step}" for step in reached),
            ("never" if half is None else f"{half}") if at_risk else "", f"{run['zero_loss'][-1]:.0%}",
            verdict(claim, run)]


def _band(test):
    low, high = test
    return f"{low:g}" if low == high else f"≤ {high:g}" if low == 0 else f"{low:g} to {high:g}"


def _accuracy(run, at):
    """Test accuracy at the last measure not after step `at`."""
    if at is None:
        return run["test_accuracy"][-1]
    return run["test_accuracy"][max(0, np.searchsorted(run.steps, at, side="right") - 1)]


def verdict(claim, run):
    """"agrees", "higher by ..." or "lower by ..." points; how far it was recorded where that is too short to judge, or
    where the paper has no such run."""
    if claim.at is None:
        return f"{run.steps[-1]} epochs"
    if run.steps[-1] < claim.at:
        return f"recorded to {run.steps[-1] / claim.at:.0%}"
    ours, (low, high) = 100 * _accuracy(run, claim.at), claim.test
    if low - NEAR <= ours <= high + NEAR:
        return "agrees"
    return f"higher by {ours - high:.0f}" if ours > high else f"lower by {low - ours:.0f}"


def comparison_table():
    """Final test accuracy and share of zero losses of the controlled comparison: mean and range over the seeds."""
    found = comparison()
    if found is None:
        return Tables((), "the controlled comparison is missing; python -m toolkit record comparison makes it")
    lengths = found.lengths
    tables = []
    for i, optimizer in enumerate(COMPARED["optimizer"]):
        rows = [[loss, *(_cell(found, i, j, k) for k in range(len(COMPARED["format"])))]
                for j, loss in enumerate(COMPARED["loss"])]
        steps = found.steps[max(1, lengths[i].max()) - 1]
        tables.append(Table(f"{optimizer}, {steps:,} steps", ("", *COMPARED["format"]), rows))
    return Tables(tuple(tables), "Test accuracy at the end, mean over seeds (lowest to highest), %; "
                                 f"{np.sum(lengths > 0)} of {lengths.size} runs. *: more than half of the training "
                                 "rows have a loss of exactly 0 there (mean over seeds)")


def _cell(found, *place):
    ends = 100 * found.last("test_accuracy")[place]
    ends = ends[np.isfinite(ends)]
    if not ends.size:
        return "missing"
    star = "*" if np.nanmean(found.last("zero_loss")[place]) > 0.5 else " "
    low, high = f"{ends.min():.0f}", f"{ends.max():.0f}"
    return f"{ends.mean():.0f}" + (f" ({low} to {high})" if low != high else "") + star
