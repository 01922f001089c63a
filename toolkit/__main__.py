"""The command line: ``python -m toolkit``. A command is a row of `COMMANDS` and imports what it needs."""
import argparse
import json
import os
import sys
from importlib.metadata import PackageNotFoundError, version

from toolkit._core.arguments import shown
from toolkit.commands.console import write_to_any_console
from toolkit.commands.figure import add_figure, figure
from toolkit.commands.recordings import add_paper, add_record, paper, record
from toolkit.commands.training import add_grok, add_sweep, grok, run_sweep

__all__ = ["COMMANDS", "main"]


def _names(text):
    return [part.strip() for part in text.split(",") if part.strip()]


def _add_diagnose(parser):
    parser.add_argument("logits", help="npy, npz or csv file of logits (..., K), classes along the last axis")
    parser.add_argument("--labels", metavar="FILE", help="file of one class index per row, or of one-hot rows")
    parser.add_argument("--key", help="which array of an npz file holds the logits (default: the only one, or logits)")
    parser.add_argument("--labels-key", metavar="KEY", help="which array of an npz file holds the labels (default: the "
                        "only one, or labels); without --labels of the logits' file")
    parser.add_argument("--ignore-index", type=int, metavar="N", help="leave out rows with this label, often -100")
    parser.add_argument("--dtype", metavar="FORMAT", help="what the logits are, where the file cannot name it or holds "
                        "their bits as integers: bfloat16, float8_e4m3fn, ...")
    parser.add_argument("--formats", type=_names, default=["float64", "float32", "float16", "bfloat16"],
                        metavar="F,F", help="formats; e6m9 has 6 exponent and 9 fraction bits "
                        "(default: float64,float32,float16,bfloat16)")
    parser.add_argument("--order", default="sequential",
                        help="how the exponentials are added: sequential (default), pairwise, exact or lanes")
    parser.add_argument("--json", action="store_true", help="print JSON")


def _diagnose(arguments):
    from toolkit.collapse import diagnose
    from toolkit.commands.logits_file import read_array

    labels = None
    logits = read_array(arguments.logits, arguments.key, usual="logits", bits_of=arguments.dtype)
    if arguments.labels or arguments.labels_key:
        labels = read_array(arguments.labels or arguments.logits, arguments.labels_key, usual="labels")
        if labels.ndim == 2 and 1 in labels.shape:  # a csv file of one column or one line
            labels = labels.reshape(-1)
    report = diagnose(logits, labels, formats=arguments.formats, order=arguments.order,
                      ignore_index=arguments.ignore_index)
    if arguments.json:
        return json.dumps(report.to_dict(), indent=2)
    if logits.dtype == "uint16":
        return f"{report!r}\n\nuint16 logits are whole numbers; if they are bits of bfloat16, say --dtype bfloat16."
    return repr(report)


def _add_formats(parser):
    parser.add_argument("--formats", type=_names, metavar="F,F", help="formats (default: all)")
    parser.add_argument("--classes", type=_names, default=["2", "10", "113"],
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
                 _add_diagnose, _diagnose),
    "formats": ("table of floating-point formats and of the gap at which each collapses",
                _add_formats, _formats),
    "figure": ("write a figure of the book as one HTML file, for a mail, slides or a course page", add_figure, figure),
    "grok": ("train a network, by name or by its parts, and keep what was measured", add_grok, grok),
    "sweep": ("train many networks, several at a time, into one folder", add_sweep, run_sweep),
    "record": ("make the recorded runs that come with the toolkit, or list them", add_record, record),
    "paper": ("redraw a figure of the grokking paper from recorded runs, or print paper and ours side by side",
              add_paper, paper),
}


def _version():
    try:
        return version("softmax-at-the-edge")
    except PackageNotFoundError:
        return "not installed"


def main(argv=None):
    """Run a command; return its exit code: 2 for an error, on one line of stderr, 130 after Ctrl-C."""
    write_to_any_console()
    parser = argparse.ArgumentParser(prog="python -m toolkit", description="Softmax at the Edge: the toolkit")
    parser.add_argument("--version", action="version", version=f"softmax-at-the-edge {_version()}")
    commands = parser.add_subparsers(dest="command", title="commands", metavar="COMMAND")
    for name, (summary, add_arguments, _) in COMMANDS.items():
        add_arguments(commands.add_parser(name, help=summary, description=f"{name}: {summary}."))
    arguments = parser.parse_args(argv)
    if arguments.command is None:
        parser.print_help()
        return 0
    try:
        answer = COMMANDS[arguments.command][2](arguments)
    except (OSError, ValueError, TypeError) as error:
        print(f"error: {getattr(error, 'unnamed', error)}", file=sys.stderr)  # of a command, not of a function
        return 2
    text, code = answer if isinstance(answer, tuple) else (answer, 0)
    try:
        print(text, flush=True)
    except BrokenPipeError:  # `head` and the like stop reading; Python would try again at its end, aloud
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


if __name__ == "__main__":
    sys.exit(main())
