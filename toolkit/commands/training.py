"""The commands ``grok`` and ``sweep``: arguments, files, and what to say when training stops early."""
import contextlib
import itertools
import signal
from pathlib import Path

from toolkit._core.whole_files import path_to_write
from toolkit.commands.console import STOPPED

__all__ = ["add_grok", "add_sweep", "code_of", "grok", "run_sweep", "terminated_as_interrupted"]

DIVERGED = 1


def add_grok(parser):
    what = parser.add_argument_group("what to train")
    what.add_argument("--preset", metavar="NAME", help="a named experiment; --list-presets shows them")
    what.add_argument("--list-presets", action="store_true", help="print a table of the named experiments")
    _add_changes(what)
    what.add_argument("--resume", metavar="FILE", help="go on from this checkpoint")
    what.add_argument("--out", metavar="FILE", help="npz file for the run; a checkpoint lies beside it meanwhile, and "
                                                    "the same command goes on from it")
    what.add_argument("--keep", default="logs", choices=("logs", "parameters", "state"),
                      help="what the file holds: measures (default), also the final weights, or all that a resumption "
                           "needs")
    what.add_argument("--checkpoint-every", type=float, default=60.0, metavar="S",
                      help="seconds between checkpoints (default 60)")
    what.add_argument("--threads", type=int, metavar="N", help="threads to use (default: all)")
    what.add_argument("--quiet", action="store_true", help="no progress bar")


def add_sweep(parser):
    what = parser.add_argument_group("what to train")
    what.add_argument("folder", help="where runs are kept; those that are there already are not trained again")
    what.add_argument("--preset", metavar="NAME,NAME", help="named experiments, each of them in all variations")
    _add_changes(what)
    what.add_argument("--vary", nargs="+", action="append", default=[], metavar=("NAME", "VALUE"),
                      help="an argument and its values, as --vary seed 0 1 2; all combinations are trained")
    what.add_argument("--method", nargs="+", action="append", default=[], metavar="NAME=VALUE",
                      help="arguments that change together, as --method perp_grad=true beta2=0.999; repeated, each is "
                           "trained in all combinations")
    what.add_argument("--keep", default="logs", choices=("logs", "parameters", "state"), help="as of grok")
    what.add_argument("--jobs", type=int, metavar="N", help="processes at a time (default: one per core)")
    what.add_argument("--checkpoint-every", type=float, default=60.0, metavar="S",
                      help="seconds between checkpoints (default 60)")
    what.add_argument("--list", action="store_true", help="only print what is there and what is missing")
    what.add_argument("--quiet", action="store_true", help="no progress bar")


def _add_changes(group):
    group.add_argument("--seed", type=int, help="random seed")
    group.add_argument("--steps", type=int, help="training steps")
    group.add_argument("--arithmetic", help="strict: the same bits on every machine (default); fast: products and sums "
                                            "rounded at once where the machine can")
    group.add_argument("--set", dest="changes", action="append", default=[], metavar="NAME=VALUE",
                       help="change any argument of the experiment, as lr=0.01 or widths=200,200; may be repeated")


def _changes(arguments):
    changes = dict(map(_assignment, arguments.changes))
    return changes | {name: getattr(arguments, name) for name in ("seed", "steps", "arithmetic")
                      if getattr(arguments, name) is not None}


def _assignment(text):
    name, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"{text!r} sets nothing; allowed: NAME=VALUE")
    return name, _value(name, value)


def _value(name, text):
    """`text` in the type of an experiment's argument; what is no argument stays text, and is refused later."""
    from toolkit.training import Experiment

    kind = Experiment.__annotations__.get(name, str)
    try:
        if kind is bool:
            return {"true": True, "false": False}[text.strip().lower()]
        if kind is tuple:
            return tuple(int(part) for part in text.split(","))
        return kind(text)
    except (KeyError, ValueError):
        words = {bool: "true or false", tuple: "integers divided by commas", int: "an integer", float: "a number"}
        raise ValueError(f"{name} is {text!r}; allowed: {words[kind]}") from None


def _preset_table():
    from toolkit._core.text import aligned
    from toolkit.grokking.presets import PRESETS

    rows = [["preset", "task", "train", "network", "loss", "optimizer", "lr", "decay", "beta2", "eps", "steps"]]
    for name, e in PRESETS.items():
        task = f"{e.task} {e.bits if e.task == 'parity' else e.p}"
        form = " complement" if e.form == "complement" else ""
        rows.append([name, task, f"{e.train_fraction:.0%}", f"{'-'.join(map(str, e.widths))} {e.activation}",
                     f"{e.loss}{form} {e.loss_format}", ("⟂" if e.perp_grad else "") + e.optimizer, f"{e.lr:g}",
                     f"{e.weight_decay:g}", f"{e.beta2:g}", f"{e.eps:g}", e.steps])
    return aligned(rows)


def grok(arguments):
    """Train, and return what to print and the exit code."""
    from toolkit.grokking.presets import get_preset
    from toolkit.training import Experiment, Run, resume, train
    from toolkit.training.sweeps import divergence_told_elsewhere

    if arguments.list_presets:
        return _preset_table()
    out = arguments.out and path_to_write(arguments.out, (".npz",), "--out")
    options = {"progress": not arguments.quiet, "threads": arguments.threads,
               "checkpoint_seconds": arguments.checkpoint_every}
    if arguments.resume:
        if arguments.preset or arguments.changes or arguments.arithmetic or arguments.seed is not None:
            raise ValueError("--resume goes with --steps, --out, --keep, --threads and --quiet only: the experiment "
                             "is in the checkpoint")
        checkpoint = Path(arguments.resume)
        with terminated_as_interrupted(), divergence_told_elsewhere():
            run = resume(checkpoint, steps=arguments.steps, **options)
        out = out or _out_of(checkpoint)
    else:
        base = get_preset(arguments.preset) if arguments.preset else Experiment()
        experiment = base.replace(**_changes(arguments))
        checkpoint = None if out is None else out.with_name(out.name.removesuffix(".npz") + ".checkpoint.npz")
        if out is not None and out.exists():
            run = Run.load(out)
            if run.experiment != experiment or not run.finished:
                raise ValueError(f"{out}: there is another run in this file already; allowed: a new name")
            return f"{run.summary()}\n{out} held this run already", code_of(run)
        with terminated_as_interrupted(), divergence_told_elsewhere():
            run = train(experiment, checkpoint=checkpoint, **options)
    return _kept(run, out, checkpoint, arguments.keep)


def _out_of(checkpoint):
    stem = checkpoint.name.removesuffix(".checkpoint.npz")
    return checkpoint.with_name(stem + ".npz") if stem != checkpoint.name else None


def _kept(run, out, checkpoint, keep):
    text = run.summary()
    if not run.finished:
        hint = "" if checkpoint is None else (f"\n{checkpoint} keeps it; go on with: python -m toolkit grok "
                                              f"--resume {checkpoint}")
        return text + hint, STOPPED
    if out is not None:
        run.save(out, keep=keep)
        if checkpoint != out:
            checkpoint.unlink(missing_ok=True)
        text += f"\n{out} holds it: {out.stat().st_size / 1000:.0f} kB"
    return text, code_of(run)


def code_of(run):
    """The exit code of a run that took its steps."""
    return 0 if run.diverged is None else DIVERGED


@contextlib.contextmanager
def terminated_as_interrupted():
    """Let SIGTERM, with which batch systems end a job, do what Ctrl-C does."""
    before = signal.signal(signal.SIGTERM, lambda number, frame: signal.raise_signal(signal.SIGINT))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _members(arguments):
    from toolkit.grokking.presets import get_preset
    from toolkit.training import Experiment, grid

    names = [name.strip() for name in (arguments.preset or "").split(",") if name.strip()]
    bases = [get_preset(name) for name in names] or [Experiment()]
    methods = [dict(map(_assignment, method)) for method in arguments.method] or [{}]
    choices = {}
    for name, *values in arguments.vary:
        if not values:
            raise ValueError(f"--vary {name} has no values; allowed: NAME VALUE VALUE ...")
        choices[name] = [_value(name, value) for value in values]
    return [member for base, method in itertools.product(bases, methods)
            for member in grid(base.replace(**_changes(arguments), **method), **choices)]


def run_sweep(arguments):
    """Train what is missing, and return what to print and the exit code: 1 when a member failed or diverged."""
    from toolkit.training import members_of, sweep, table
    from toolkit.training.sweeps import diverged_of, divergence_told_elsewhere

    experiments = _members(arguments)
    if arguments.list:
        return table(members_of(experiments, arguments.folder))
    with terminated_as_interrupted(), divergence_told_elsewhere():
        members = sweep(experiments, arguments.folder, jobs=arguments.jobs, keep=arguments.keep,
                        progress=not arguments.quiet, checkpoint_seconds=arguments.checkpoint_every)
    failed = {member.path.stem: member.error.strip().splitlines()[-1] for member in members if member.error}
    missing = sum(member.run is None for member in members) - len(failed)
    diverged = diverged_of(members)
    text = "\n".join([table(members), *(f"{name} failed: {reason}" for name, reason in failed.items()),
                      *(f"{name} diverged at step {step:,}" for name, step in diverged.items())])
    if missing:
        return f"{text}\n{missing} missing: the same command goes on with them", STOPPED
    return text, 1 if failed or diverged else 0
