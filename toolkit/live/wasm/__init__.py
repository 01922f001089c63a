"""Numba kernels to one WebAssembly module, so that a page of the book runs the toolkit's own code."""
import numba

from toolkit._core.public import open_modules

_TESTED_NUMBA = "0.68."

try:
    from toolkit.live.wasm import module
    from toolkit.live.wasm.errors import UnsupportedInWebAssembly
    from toolkit.live.wasm.module import *
except (AttributeError, ImportError) as error:
    if numba.__version__.startswith(_TESTED_NUMBA):
        raise
    raise ImportError(f"the WebAssembly build uses internals of Numba {_TESTED_NUMBA}x; "
                      f"Numba {numba.__version__} has changed them: {error}") from error

__all__ = [UnsupportedInWebAssembly.__name__, *module.__all__]

open_modules(__name__)
