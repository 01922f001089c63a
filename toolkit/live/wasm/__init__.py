"""Numba kernels to one WebAssembly module, so that a page of the book runs the toolkit's own code."""
from toolkit.live.wasm.errors import UnsupportedInWebAssembly
from toolkit.live.wasm.module import WasmModule, build_module

__all__ = ["UnsupportedInWebAssembly", "WasmModule", "build_module"]
