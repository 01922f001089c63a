"""What reading a damaged file raises."""
import zipfile
import zlib

__all__ = ["DAMAGED", "reason_of"]

DAMAGED = (OSError, MemoryError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError,
           ValueError)


def reason_of(error):
    """The first line of what an error says, or its name."""
    return (str(error).splitlines() or [type(error).__name__])[0]
