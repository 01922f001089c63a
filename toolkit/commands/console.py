"""What commands share with the console they run in: its characters, exit codes, arguments that are lists."""
import contextlib
import sys

__all__ = ["STOPPED", "names_in", "write_to_any_console"]

STOPPED = 130  # exit code after Ctrl-C, as of a shell


def names_in(text):
    """The parts of an argument, divided by commas."""
    return [part.strip() for part in text.split(",") if part.strip()]


def write_to_any_console():
    """Print "?" for a character that standard output lacks, as on Windows, rather than end in a UnicodeEncodeError."""
    with contextlib.suppress(AttributeError, ValueError):  # what stands in its place need not be a file
        sys.stdout.reconfigure(errors="replace")
