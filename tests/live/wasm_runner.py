"""Run a built `WasmModule` under wasmtime with NumPy arrays, as a page runs it with typed arrays."""
import numpy as np
import wasmtime

_PAGE = 65536
_DTYPES = {"f64": np.float64, "f32": np.float32, "i32": np.int32, "u64": np.uint64}


class KernelError(RuntimeError):
    """A kernel ended with a status other than 0; the message is the manifest's."""


class WasmRunner:
    """Calls a module's kernels by name; use it in a `with` statement.

    Arrays are copied in, the kernel runs, and arrays are copied back, so that outputs are filled in place.
    """

    def __init__(self, module):
        self.manifest = module.manifest
        self._engine = wasmtime.Engine()
        self._store = wasmtime.Store(self._engine)
        self._module = wasmtime.Module(self._engine, module.bytes)
        if self._module.imports:
            raise AssertionError(f"the module imports {[i.name for i in self._module.imports]}")
        self._exports = wasmtime.Instance(self._store, self._module, []).exports(self._store)
        self._memory = self._exports[self.manifest["memory"]]
        self._free = self._exports[self.manifest["heap_base"]].value(self._store)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        # In this order, and not when the interpreter ends: wasmtime's finalisers then fail with a warning.
        self._exports = self._memory = None
        for owned in (self._module, self._store, self._engine):
            owned.close()

    def __call__(self, name, *arguments):
        declared = self.manifest["kernels"][name]
        passed, arrays = [], []
        top = self._free
        for argument, entry in zip(arguments, declared, strict=True):
            if "scalar" in entry:
                passed.append(float(argument) if entry["scalar"].startswith("f") else int(argument))
                continue
            if argument.dtype != _DTYPES[entry["array"]] or argument.ndim != entry["ndim"]:
                raise TypeError(f"{name} takes {entry}, not {argument.ndim}-d {argument.dtype}")
            arrays.append((argument, top))
            passed += [top, *argument.shape]
            top = -(-(top + argument.nbytes) // 64) * 64
        self._reserve(top)
        for array, address in arrays:
            self._memory.write(self._store, array.tobytes(), address)
        status = self._exports[name](self._store, *passed)
        for array, address in arrays:
            raw = self._memory.read(self._store, address, address + array.nbytes)
            array[...] = np.frombuffer(raw, array.dtype).reshape(array.shape)
        if status:
            raise KernelError(self.manifest["errors"].get(str(status), f"status {status}"))

    def _reserve(self, top):
        missing = top - self._memory.data_len(self._store)
        if missing > 0:
            self._memory.grow(self._store, -(-missing // _PAGE))
