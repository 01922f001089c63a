"""Text tables: what the paper's figures show beside our recordings, and the controlled comparison."""
from textwrap import fill

import numpy as np

from toolkit._text import aligned
from toolkit.grokking.recordings import COMPARED, RECORDINGS, comparison, recorded
from toolkit.paper.claims import CLAIMS, HEADINGS

__all__ = ["comparison_table", "table", "verdict"]

_ABSENT = "absent"
NEAR = 3.0  # points: rounding order and platform move these runs by as much
_HEAD = ["", "paper", "50/95/99%", "SC", "| ours", "best", "50/95/99%", "SC", "zeros", "epochs", "verdict"]
_LEGEND = ("paper, ours: test accuracy in % at the paper's last epoch, or at the last one recorded; 50/95/99%: epochs at "
           "which it is reached; SC: epoch from which\nhalf of the softmax sums over training rows are exactly 1; zeros: "
           "training rows whose loss is exactly 0 at the end")


def table(figure=None):
    """The paper's outcome and ours for each curve of a figure, or of all.

    Ours is test accuracy at the epoch at which the paper's was read, or at the last one recorded. SC is the first epoch
    at which at least half of the training rows have a sum of exponentials that is exactly 1. With the complement form
    this harms nothing, and with StableMax it says nothing.
    """
    parts = []
    for name, heading in HEADINGS.items():
        if figure in (None, name):
            rows = [_row(claim) for claim in CLAIMS if claim.figure == name]
            absent = [row[0] for row in rows if row[-1] == _ABSENT]
            parts.append(f"{name.replace('figure', 'Figure ')}: {heading}\n"
                         + aligned([_HEAD, *(row for row in rows if row[-1] != _ABSENT)])
                         + (fill(f"not recorded, and not in the paper: {'; '.join(absent)}", 120, initial_indent="\n")
                            if absent else ""))
    return "\n\n".join([*parts, _LEGEND])


def _row(claim):
    paper = ["", "", ""] if claim.at is None else [_band(claim.test), claim.reached, claim.collapse]
    run = recorded(claim.recording) if claim.recording in RECORDINGS else None
    if run is None:
        return [claim.run, *paper, "| missing", *[""] * 5, "" if claim.at else _ABSENT]
    reached = [run.first_step("test_accuracy", level) for level in (0.5, 0.95, 0.99)]
    softmax = run.experiment.loss == "cross_entropy"
    half = run.first_step("collapsed", 0.5)
    return [claim.run, *paper, f"| {100 * _accuracy(run, claim.at):.1f}", f"{100 * run['test_accuracy'].max():.1f}",
            "never" if reached[0] is None else " / ".join("–" if step is None else f"{step}" for step in reached),
            ("never" if half is None else f"{half}") if softmax else "", f"{run['zero_loss'][-1]:.0%}",
            f"{run.steps[-1]}", verdict(claim, run)]


def _band(test):
    low, high = test
    return f"{low:g}" if low == high else f"≤ {high:g}" if low == 0 else f"{low:g} to {high:g}"


def _accuracy(run, at):
    """Test accuracy at the last measure not after step `at`."""
    if at is None:
        return run["test_accuracy"][-1]
    return run["test_accuracy"][max(0, np.searchsorted(run.steps, at, side="right") - 1)]


def verdict(claim, run):
    """"agrees", "higher by ..." or "lower by ..." points; what was not recorded far enough gets no verdict."""
    if claim.at is None:
        return ""
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
        return "the controlled comparison is missing; python -m toolkit record comparison makes it"
    lengths = found.lengths
    text = [f"Test accuracy at the end, mean over seeds (lowest to highest), %; {np.sum(lengths > 0)} of {lengths.size} "
            f"runs"]
    for i, optimizer in enumerate(COMPARED["optimizer"]):
        steps = found.steps[max(1, lengths[i].max()) - 1]
        rows = [[f"{optimizer}, {steps:,} steps", *COMPARED["format"]]]
        for j, loss in enumerate(COMPARED["loss"]):
            rows.append([loss, *(_cell(found, i, j, k) for k in range(len(COMPARED["format"])))])
        text.append(aligned(rows))
    return "\n\n".join([*text, "*: at the end, more than half of the training rows have a loss of exactly 0 (mean over "
                               "seeds)"])


def _cell(found, *place):
    ends = 100 * found.last("test_accuracy")[place]
    ends = ends[np.isfinite(ends)]
    if not ends.size:
        return "missing"
    star = "*" if np.nanmean(found.last("zero_loss")[place]) > 0.5 else " "
    low, high = f"{ends.min():.0f}", f"{ends.max():.0f}"
    return f"{ends.mean():.0f}" + (f" ({low} to {high})" if low != high else "") + star
