"""A kernel that cannot become WebAssembly."""
from toolkit.live.kernel_errors import KernelError

__all__ = ["UnsupportedInWebAssembly"]


class UnsupportedInWebAssembly(KernelError):
    """A kernel uses something that WebAssembly cannot have; see `KernelError`."""

    heading = "kernel {!r} cannot run in WebAssembly."
