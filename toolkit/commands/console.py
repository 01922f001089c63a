"""Consoles that lack some characters: those of Windows and of the locale C."""
import contextlib
import sys

__all__ = ["write_to_any_console"]


def write_to_any_console():
    """Print "?" for a character that standard output lacks, rather than end in a UnicodeEncodeError."""
    with contextlib.suppress(AttributeError, ValueError):  # what stands in its place need not be a file
        sys.stdout.reconfigure(errors="replace")
