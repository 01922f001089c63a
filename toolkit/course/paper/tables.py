"""Tables: what the paper's figures show beside our recordings, and the controlled comparison."""

import numpy as np

from toolkit.course.paper.claims import CLAIMS, HEADINGS
from toolkit.course.tables import Table, Tables
from toolkit.grokking.recordings import COMPARED, RECORDINGS, comparison, recorded

__all__ = ["comparison_table", "table", "verdict"]

NEAR = 3.0  # points: rounding order and platform move these runs by as much
LEVELS = (0.5, 0.95, 0.99)
_NOT_RECORDED = "not recorded"
_RIGHT = ("Right: of what was not trained on, at the epoch at which the paper's curve was read. Agrees: within "
          f"{NEAR:.0f} points. Open: our recording ends before that epoch, and we give its last number and where it "
          "ends; or there is none. Ours alone: the paper shows no such run, and the epoch is our last.")
_REACHED = ("Epochs from which 50, 95 and 99 % are right. Not yet: not as far as the paper's curve goes, or our "
            "recording. An empty cell: the paper shows no such run.")
_COLLAPSED = ("Collapsed: rows whose sum of exponentials is exactly 1. The complement form has such rows too, but they "
              "harm nothing there, so they are left out. Lost: rows whose loss is exactly 0 when the recording ends.")


def table(figure=None):
    """The paper's outcome and ours for each curve of a figure, or of all, as `Tables`, text or HTML.

    The first table of a figure has the test accuracy where the paper's was read, and the verdict; the second, when it
    passes 50, 95 and 99 %; a third is there where rows collapse. A run of the paper that was not recorded is named.
    """
    return Tables("", tuple(part for name in HEADINGS if figure in (None, name) for part in _parts(name)))


def _parts(name):
    claims = [claim for claim in CLAIMS if claim.figure == name]
    runs = {claim: recorded(claim.recording) if claim.recording in RECORDINGS else None for claim in claims}
    title = name.replace("figure", "Figure ")
    absent = [claim.run for claim in claims if runs[claim] is None and claim.at is None]
    known = [claim for claim in claims if runs[claim] is not None]
    yield Table(f"{title}: {HEADINGS[name]}", ("run", "epoch", "paper", "ours", "verdict"),
                [_right_row(claim, runs[claim]) for claim in claims if claim.run not in absent], _RIGHT,
                f"Not recorded, and not in the paper: {'; '.join(absent)}." if absent else "",
                (("", 2), ("right, %", 2), ("", 1)))
    lost = any(runs[claim]["zero_loss"][-1] > 0 for claim in known)
    yield Table(f"{title}: from which epoch on", ("run", *("paper", "ours") * len(LEVELS)),
                [_reached_row(claim, runs[claim]) for claim in known], _REACHED,
                "" if lost else "No loss of these recordings is exactly 0 at their end.",
                (("", 1), *((f"{level:.0%} right".replace("%", " %"), 2) for level in LEVELS)))
    if lost:
        yield Table(f"{title}: what collapses", ("run", "most, %", "paper", "ours", "lost, %"),
                    [_collapsed_row(claim, runs[claim]) for claim in known], _COLLAPSED,
                    groups=(("", 1), ("right", 1), ("half collapsed, epoch", 2), ("", 1)))


def _right_row(claim, run):
    epoch = f"{claim.at or run.steps[-1]}"
    paper = "not shown" if claim.at is None else _band(claim.test)
    if run is None:
        return claim.run, epoch, paper, _NOT_RECORDED, "open"
    ours = f"{100 * accuracy(run, claim.at):.1f}"
    if claim.at and run.steps[-1] < claim.at:
        ours += f" at {run.steps[-1]}"
    return claim.run, epoch, paper, ours, verdict(claim, run)


def _reached_row(claim, run):
    paper = claim.reached or ("",) * len(LEVELS)
    ours = (run.first_step("test_accuracy", level) for level in LEVELS)
    return claim.run, *("not yet" if epoch is None else f"{epoch}" for both in zip(paper, ours) for epoch in both)


def _collapsed_row(claim, run):
    at_risk = run.experiment.loss == "cross_entropy" and run.experiment.form == "common"
    half = run.first_step("collapsed", 0.5)
    ours = ("not yet" if half is None else f"{half}") if at_risk else "left out"
    return (claim.run, f"{100 * run['test_accuracy'].max():.1f}", claim.collapse, ours,
            f"{100 * run['zero_loss'][-1]:.0f}")


def _band(test):
    low, high = test
    return f"{low:g}" if low == high else f"≤ {high:g}" if low == 0 else f"{low:g} to {high:g}"


def accuracy(run, at=None):
    """Test accuracy at the last measure not after step `at`, or at the last of all."""
    if at is None:
        return run["test_accuracy"][-1]
    return run["test_accuracy"][max(0, np.searchsorted(run.steps, at, side="right") - 1)]


def verdict(claim, run):
    """"agrees", or by how many points ours is higher or lower; "open" where the recording is too short to judge, and
    "ours alone" where the paper has no such run."""
    if claim.at is None:
        return "ours alone"
    if run.steps[-1] < claim.at:
        return "open"
    ours, (low, high) = 100 * accuracy(run, claim.at), claim.test
    if low - NEAR <= ours <= high + NEAR:
        return "agrees"
    return f"{ours - high:.0f} points higher" if ours > high else f"{low - ours:.0f} points lower"


def comparison_table():
    """Final test accuracy and share of zero losses of the controlled comparison: mean and range over the seeds."""
    found = comparison()
    if found is None:
        return Tables("The controlled comparison was not recorded; python -m toolkit record comparison makes it.", ())
    lengths = found.lengths
    tables = []
    for i, optimizer in enumerate(COMPARED["optimizer"]):
        rows = [[loss, *(_cell(found, i, j, k) for k in range(len(COMPARED["format"])))]
                for j, loss in enumerate(COMPARED["loss"])]
        steps = found.steps[max(1, lengths[i].max()) - 1]
        tables.append(Table(f"{optimizer}, after {steps:,} steps", ("loss", *COMPARED["format"]), rows))
    return Tables("Unseen pairs that are right at the end, in %: the mean over the seeds, and in brackets the lowest "
                  "and the highest, where they differ. A star: more than half of the training rows have a loss of "
                  f"exactly 0 there. {np.sum(lengths > 0)} of {lengths.size} runs were recorded.", tuple(tables))


def _cell(found, *place):
    ends = 100 * found.last("test_accuracy")[place]
    ends = ends[np.isfinite(ends)]
    if not ends.size:
        return _NOT_RECORDED
    star = "*" if np.nanmean(found.last("zero_loss")[place]) > 0.5 else " "
    low, high = f"{ends.min():.0f}", f"{ends.max():.0f}"
    return f"{ends.mean():.0f}" + (f" ({low} to {high})" if low != high else "") + star
