"""The claims that we tested, and what our recordings say of each: all numbers are read off them."""
from dataclasses import dataclass

import numpy as np

from toolkit.course.paper.claims import CLAIMS
from toolkit.course.paper.tables import accuracy
from toolkit.course.tables import Statements
from toolkit.grokking.recordings import COMPARED, comparison, recorded

__all__ = ["VERDICTS", "Outcome", "outcomes", "outcomes_table"]

VERDICTS = {"holds": "✓", "partly": "◐", "does not": "✗", "not testable here": "–"}
_SEEDS = ("", "-seed0", "-seed1")


@dataclass(frozen=True)
class Outcome:
    """A claim of the paper and what has come of it.

    Attributes
    ----------
    claim : str
    verdict : str
        A key of `VERDICTS`.
    saw : str
        What our recordings show, and how much of the paper's runs they are.
    section : str
        Heading of the chapter's section with the evidence.
    place : str
        Its anchor.
    """

    claim: str
    verdict: str
    saw: str
    section: str
    place: str


def outcomes():
    """What has come of each claim of the paper that we tested, as a tuple of `Outcome`."""
    return (_coarser_is_sooner(), _collapse_ends_it(), _perp_groks_at_once(), _stablemax_groks(),
            _because_it_does_not_collapse(), _sooner_than_decay())


def outcomes_table():
    """`outcomes` as `Statements`, each with a link to its section of the chapter."""
    return Statements(("The paper says", "Verdict", "What we saw", "Evidence"),
                      [(each.claim, f"{VERDICTS[each.verdict]}\N{NO-BREAK SPACE}{each.verdict}", each.saw,
                        (each.section, f"#{each.place}")) for each in outcomes()])


def _percent(*shares):
    """"57 to 66 %" of two or more shares, "97 %" of one."""
    low, high = (f"{100 * end:.0f}" if end >= 0.01 else f"{100 * end:.1f}" for end in (min(shares), max(shares)))
    return f"{low} %" if low == high else f"{low} to {high} %"


def _ran(*figures):
    """How many of the runs of some figures of the paper were recorded, and how far."""
    parts = {claim.recording: min(1.0, run.steps[-1] / claim.at) if (run := recorded(claim.recording)) else 0.0
             for claim in CLAIMS if claim.figure in figures and claim.at}
    whole = sum(part == 1.0 for part in parts.values())
    some = sum(0.0 < part < 1.0 for part in parts.values())
    return (f"Of {len(parts)} runs, {whole} {'was' if whole == 1 else 'were'} recorded as far as the paper's"
            f", {some} in part, {len(parts) - whole - some} not at all.")


def _coarser_is_sooner():
    formats = [recorded(f"figure2-70-{name}") for name in ("float16", "float32", "float64")]
    half = [run.first_step("zero_loss", 0.5) or np.inf for run in formats]
    last = min(run.steps[-1] for run in formats)
    right = [accuracy(run, last) for run in formats]
    return Outcome(
        "The coarser the number format of the loss, the sooner the collapse and the lower the accuracy (figure 2)",
        "holds" if half[0] < half[1] < half[2] and right == sorted(right) else "does not",
        f"With 70 % of the pairs for training, half of the losses are first 0 {_when(half[0], formats[0])} in float16, "
        f"{_when(half[1], formats[1])} in float32, and in float64 {_when(half[2], formats[2])}. At epoch {last} "
        f"they are right on {', '.join(_percent(share) for share in right)}. {_ran('figure2')}", "Figure 2, run by run",
        "figure-2-run-by-run")


def _when(epoch, run):
    return f"not by epoch {run.steps[-1]}" if epoch == np.inf else f"at epoch {epoch}"


def _collapse_ends_it():
    common, complement = ([recorded(f"figure2-70-{form}float32{seed}") for seed in _SEEDS]
                          for form in ("", "complement-"))
    last = min(run.steps[-1] for run in common + complement)
    ours, theirs = ([accuracy(run, last) for run in runs] for runs in (complement, common))
    kept = not any(run["zero_loss"].max() > 0 for run in complement)
    other = [accuracy(recorded(f"figure2-60-{form}float32"), 8000) for form in ("complement-", "")]
    return Outcome(
        "What ends the learning is Softmax Collapse (figure 2)",
        "holds" if kept and min(ours) > max(theirs) and other[0] > other[1] else "partly",
        f"In float32 the complement form, the same function without a collapse, is right on {_percent(*ours)} at epoch "
        f"{last} and the common form on {_percent(*theirs)}, over {len(_SEEDS)} seeds. With 60 % of the pairs for "
        f"training it is {_percent(other[0])} and {_percent(other[1])} at epoch 8000, with one seed. Other formats "
        "were not recorded in the complement form.",
        "In float32 it is the formula", "in-float32-it-is-the-formula")


def _perp_groks_at_once():
    ours = [recorded(name).first_step("test_accuracy", 0.99) for name in ("figure1a", "figure6-perpgrad-adamw")]
    without = recorded("figure6-adamw")
    soon = all(ours) and max(ours) < without.steps[-1] and without["test_accuracy"].max() < 0.05
    transformer = recorded("figure6a-perpgrad-adamw")
    seen, unseen = (transformer.first_step(f"{pairs}_accuracy", 0.99) for pairs in ("train", "test"))
    return Outcome(
        "With ⟂Grad a network groks at once, without it does not (figures 1 and 6)",
        "does not" if not soon else "partly" if unseen > 2 * seen else "holds",
        f"With it, the ReLU network is right on 99 % of the unseen pairs at epoch {ours[0]} and {ours[1]}, at two "
        f"learning rates; without, on {_percent(accuracy(without))} at epoch {without.steps[-1]}, where the recording "
        f"ends. But the transformer waits with it, too: 99 % of the training pairs at epoch {seen}, of the unseen ones "
        f"at {unseen}. {_ran('figure1', 'figure6')}", "At once: figures 1a and 6b", "at-once-figures-1a-and-6b")


def _stablemax_groks():
    tasks = {claim.run: recorded(claim.recording) for claim in CLAIMS if claim.figure == "figure4"}
    known = {task: run for task, run in tasks.items() if run}
    groks = [task for task, run in known.items() if run["test_accuracy"].max() > 0.95]
    ends = "; ".join(f"{task}, {_percent(accuracy(run))} at epoch {run.steps[-1]}"
                     for task, run in known.items())
    missing = " and ".join(task for task in tasks if task not in known)
    return Outcome(
        "StableMax groks without weight decay (figure 4)",
        "holds" if len(groks) == len(tasks) else "partly" if groks else "does not",
        f"Right on unseen cases: {ends}." + (f" Not recorded: {missing}." if missing else ""),
        "In the long run: figure 4", "in-the-long-run-figure-4")


def _because_it_does_not_collapse():
    adamw, float64 = 0, list(COMPARED["format"]).index("float64")
    found = comparison()
    ends = np.nanmean(found.last("test_accuracy")[adamw, :, float64], axis=-1)
    softmax, stablemax = (ends[list(COMPARED["loss"]).index(f"{name} common")] for name in ("softmax", "StableMax"))
    collapsed = np.nanmax(found.zero_loss[adamw, :, float64]) > 0
    ahead = not collapsed and stablemax > softmax + 0.1
    return Outcome(
        "StableMax groks because it does not collapse", "partly" if ahead else "holds",
        f"{np.sum(found.lengths > 0)} small runs modulo 31: in float64, where "
        f"{'some rows' if collapsed else 'no row of any run'} collapsed, StableMax is right on {_percent(stablemax)} "
        f"and softmax on {_percent(softmax)} with AdamW{'. So something else helps it, too' if ahead else ''}.",
        "The comparison that was missing", "the-comparison-that-was-missing")


def _sooner_than_decay():
    perp, decay = (recorded(name).first_step("test_accuracy", 0.99) for name in ("figure1a", "weight-decay-4"))
    ends = np.nanmean(comparison().last("test_accuracy"), axis=-1)
    ahead = np.all(ends[2] > ends[1])  # weight decay, ⟂AdamW
    return Outcome(
        "⟂AdamW generalizes sooner than AdamW with weight decay (figure 6)", "partly" if ahead else "holds",
        f"Modulo 113, at one learning rate, 99 % are right at epoch {perp} with ⟂AdamW and at epoch {decay} with a "
        "weight decay of 4. In the small runs modulo 31 weight decay is ahead with "
        f"{'each loss and format' if ahead else 'some losses and formats'}.", "What critics found",
        "what-critics-found")
