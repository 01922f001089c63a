"""The commands ``record`` and ``paper``: make the recordings that come with the toolkit, and look at them."""
from pathlib import Path

from toolkit._core.whole_files import path_to_write
from toolkit.commands.console import STOPPED
from toolkit.commands.training import code_of, terminated_as_interrupted

__all__ = ["add_paper", "add_record", "paper", "record"]


def add_record(parser):
    parser.add_argument("names", nargs="*", metavar="NAME", help="recordings to make or to go on with, in this order; "
                        "'comparison' is the whole controlled comparison")
    parser.add_argument("--list", action="store_true", help="print what there is, how far it ran and what it took")
    parser.add_argument("--take", nargs="+", default=[], metavar="FILE",
                        help="keep runs or checkpoints that another command made")
    parser.add_argument("--steps", type=int, metavar="N", help="stop at the first measure from this step on")
    parser.add_argument("--work", default="runs", metavar="FOLDER",
                        help="folder of checkpoints and of the comparison's runs (default: runs)")
    parser.add_argument("--into", metavar="FOLDER", help="folder of the recordings (default: the toolkit's own)")
    parser.add_argument("--threads", type=int, metavar="N", help="threads to use (default: all)")
    parser.add_argument("--jobs", type=int, metavar="N", help="processes at a time for the comparison (default: one "
                                                              "per core)")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")


def record(arguments):
    """Make recordings; what to print, and the exit code."""
    from toolkit.grokking.recordings import RECORDINGS, listing
    from toolkit.grokking.recordings.store import DATA
    from toolkit.training import Run

    into = Path(arguments.into) if arguments.into else DATA
    unknown = [name for name in arguments.names if name not in RECORDINGS and name != "comparison"]
    if unknown:
        raise ValueError(f"no recording is called {unknown[0]!r}; allowed: comparison, {', '.join(RECORDINGS)}")
    if not (arguments.names or arguments.take or arguments.list):
        raise ValueError("nothing to record; allowed: names of recordings, --take FILE or --list")
    said = [_kept(Run.load(file), into) for file in arguments.take]
    code = 0
    with terminated_as_interrupted():
        for name in arguments.names:
            text, code = _compare(arguments, into) if name == "comparison" else _record(name, arguments, into)
            said.append(text)
            if code:
                break
    return "\n".join([*said, *([listing(into)] if arguments.list else [])]), code


def _kept(run, into):
    from toolkit.grokking.recordings import keep

    name, path, written = keep(run, into)
    longer = "" if written else " (a longer recording stays)"
    diverged = "" if run.diverged is None else f", diverged at step {run.diverged:,}"
    return f"{name}: {run.steps_done:,} steps, {path.stat().st_size / 1000:.0f} kB{longer}{diverged}"


def _record(name, arguments, into):
    from toolkit.grokking.recordings import RECORDINGS
    from toolkit.training import train

    work = Path(arguments.work)
    work.mkdir(parents=True, exist_ok=True)
    last = arguments.steps or RECORDINGS[name].steps
    run = train(RECORDINGS[name], checkpoint=work / f"{name}.checkpoint.npz", progress=not arguments.quiet,
                threads=arguments.threads, callback=lambda step, _: step >= last)
    return _kept(run, into), code_of(run) if run.steps_done >= last else STOPPED


def _compare(arguments, into):
    from toolkit.grokking.recordings import pack
    from toolkit.grokking.recordings.comparison import experiments
    from toolkit.training import sweep

    grid = [experiment for _, experiment in experiments()]
    folder = Path(arguments.work) / "comparison"
    sweep(grid, folder, jobs=arguments.jobs, progress=not arguments.quiet)
    path, done = pack(folder, into)
    return (f"comparison: {done} of {len(grid)} runs, {path.stat().st_size / 1000:.0f} kB",
            0 if done == len(grid) else STOPPED)


def add_paper(parser):
    parser.add_argument("what", choices=("table", "comparison", "figure1", "figure2", "figure4", "figure6"),
                        help="the table claim / paper / ours, the controlled comparison, or a figure to redraw")
    parser.add_argument("--out", metavar="FILE", help="file of the figure, .svg or .html (default: its name .svg)")
    parser.add_argument("--theme", default="light", choices=("light", "dark"), help="colours of the figure")


def paper(arguments):
    """Text to print; a figure is written to a file."""
    from toolkit.course.paper import FIGURES, comparison_table, draw, table

    if arguments.what not in FIGURES:
        if arguments.out:
            raise ValueError(f"--out is {arguments.out!r}, but a table is printed; allowed with {', '.join(FIGURES)}")
        return str({"table": table, "comparison": comparison_table}[arguments.what]())
    out = path_to_write(arguments.out or f"{arguments.what}.svg", (".svg", ".html"), "--out")
    draw(arguments.what, out, theme=arguments.theme)
    return f"{table(arguments.what)}\n{out} shows it"
