"""The command line: ``softmax-edge`` or ``python -m toolkit``.

A command is a row of `COMMANDS` and imports what it needs.
"""
import argparse
import os
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from toolkit._core.arguments import shown
from toolkit.commands.console import STOPPED, names_in, write_to_any_console
from toolkit.commands.diagnose import add_diagnose, diagnose
from toolkit.commands.figure import add_figure, figure
from toolkit.commands.recordings import add_paper, add_record, paper, record
from toolkit.commands.training import add_grok, add_sweep, grok, run_sweep
from toolkit.commands.warm import add_warm, warm

__all__ = ["COMMANDS", "main"]


def _add_formats(parser):
    parser.add_argument("--formats", type=names_in, metavar="F,F", help="formats (default: all)")
    parser.add_argument("--classes", type=names_in, default=["2", "10", "113"],
                        metavar="K,K", help="numbers of classes for the collapse gap (default: 2,10,113)")
    parser.add_argument("--order", default="exact",
                        help="how the exponentials are added: sequential, pairwise, exact (default) or lanes")


def _formats(arguments):
    from toolkit._core.text import aligned
    from toolkit.collapse import collapse_gap
    from toolkit.formats import FORMATS, get_format

    if not all(k.isdecimal() for k in arguments.classes):
        raise ValueError(f"--classes is {shown(','.join(arguments.classes))}; allowed: integers of at least 2")
    table = [["format", "bits", "max", "smallest normal", "smallest", "unit roundoff",
              *(f"gap K={k}" for k in arguments.classes)]]
    for name in arguments.formats or FORMATS:
        f = get_format(name)
        table.append([f.name, f"1+{f.exponent_bits}+{f.fraction_bits}", f"{f.max:.5g}",
                      f"{f.smallest_normal:.5g}", f"{f.smallest_subnormal:.5g}", f"2^-{f.fraction_bits + 1}",
                      *(f"{collapse_gap(f, int(k), order=arguments.order):.3f}" for k in arguments.classes)])
    return (f"{aligned(table)}\n\ngap: lead of one logit over K - 1 equal others from which on the sum of "
            f"exponentials is exactly 1, {arguments.order} sum")


COMMANDS = {
    "diagnose": ("where the softmax of a file of logits collapses, overflows or underflows, by format",
                 add_diagnose, diagnose),
    "formats": ("table of floating-point formats and of the gap at which each collapses",
                _add_formats, _formats),
    "figure": ("write a figure of the book as one HTML file, for a mail, slides or a course page", add_figure, figure),
    "grok": ("train a network, by name or by its parts, and keep what was measured", add_grok, grok),
    "sweep": ("train many networks, several at a time, into one folder", add_sweep, run_sweep),
    "record": ("make the recorded runs that come with the toolkit, or list them", add_record, record),
    "paper": ("redraw a figure of the grokking paper from recorded runs, or print paper and ours side by side",
              add_paper, paper),
    "warm": ("compile once what is used later: softmax, losses, diagnose and grok, or other groups", add_warm, warm),
}

_ABOUT = "Softmax at the Edge: where low precision loses a softmax, its loss and its gradients, and what does not."


def _version():
    try:
        return version("softmax-at-the-edge")
    except PackageNotFoundError:
        return "not installed"


def main(argv=None):
    """Run a command; return its exit code: 2 for an error, on one line of stderr, 130 after Ctrl-C."""
    write_to_any_console()
    prog = "softmax-edge" if Path(sys.argv[0]).stem == "softmax-edge" else "python -m toolkit"
    parser = argparse.ArgumentParser(prog=prog, description=_ABOUT, epilog=f"{prog} COMMAND --help says more of each.",
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--version", action="version", version=f"softmax-at-the-edge {_version()}")
    commands = parser.add_subparsers(dest="command", title="commands", metavar="COMMAND")
    for name, (summary, add_arguments, _) in COMMANDS.items():
        add_arguments(commands.add_parser(name, help=summary, description=f"{name}: {summary}.",
                                          formatter_class=argparse.RawDescriptionHelpFormatter))
    arguments = parser.parse_args(argv)
    if arguments.command is None:
        parser.print_help()
        return 0
    try:
        answer = COMMANDS[arguments.command][2](arguments)
    except (OSError, ValueError, TypeError) as error:
        print(f"error: {getattr(error, 'unnamed', error)}", file=sys.stderr)  # of a command, not of a function
        return 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return STOPPED
    text, code = answer if isinstance(answer, tuple) else (answer, 0)
    try:
        print(text, end="\n" * bool(text), flush=True)
    except BrokenPipeError:  # `head` and the like stop reading; Python would try again at its end, aloud
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


if __name__ == "__main__":
    sys.exit(main())
