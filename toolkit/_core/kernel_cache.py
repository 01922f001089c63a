"""Machine code of kernels on disk: found again in every process, as long as nothing that it was made of has changed."""
import itertools
import os
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import numba
import numpy as np
from numba.core import types
from numba.core.bytecode import FunctionIdentity
from numba.core.caching import CompileResultCacheImpl, FunctionCache, InTreeCacheLocator, NullCache, _CacheLocator
from numba.misc.appdirs import AppDirs

from toolkit._core.cache_files import CacheFiles
from toolkit._core.compile_notice import warn_once, watch
from toolkit._core.content import content_of, is_of_a_module
from toolkit._core.damaged_files import reason_of
from toolkit._core.stamp import Unknown, stamp_of_imported
from toolkit._core.threads import start_threads

__all__ = ["KernelCache"]

_PACKAGE = Path(__file__).parents[1]
_CONTENTS = "__pycache__/contents"

# Symbols are named by module, function and this number. Two functions of one name may come from two processes' caches
# into a third one, which would then run either for both.
def _number_anew():
    FunctionIdentity._unique_ids = itertools.count(int.from_bytes(os.urandom(5)))


_number_anew()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_number_anew)  # or children of one process count alike


class KernelCache:
    """What a kernel asks for machine code; looked for when it is compiled, not when its module is imported.

    `kind` stands before the names of files: a kernel and its part have files of their own, and so have two kernels of
    one function with different options. Nothing that is wrong with what was kept, or with where, is an error: the
    kernel is compiled.
    """

    def __init__(self, dispatcher, kind=""):
        self._function, self._kind = dispatcher.py_func, kind + _options_of(dispatcher)
        self._parallel = dispatcher.targetoptions.get("parallel")

    @cached_property
    def _kept(self):
        try:
            return (_ModuleCache if is_of_a_module(self._function) else _ContentCache)(self._function, self._kind)
        except Unknown:
            return NullCache()

    @property
    def cache_path(self):
        return self._kept.cache_path

    def flush(self):
        self._kept.flush()

    def load_overload(self, sig, target_context):
        if self._parallel:
            start_threads()
        try:
            found = self._kept.load_overload(sig, target_context)
        except Exception:  # such as a kernel that was handed on and has its name in another process's cells
            return None
        if found is None:
            return None
        # A kernel without a name in its module came back as another one of the same content: each call would look anew.
        found.fndesc.argtypes = tuple(sig)
        return found._replace(signature=found.signature.replace(args=tuple(sig)))

    def save_overload(self, sig, data):
        try:
            self._kept.save_overload(sig, data)
        except Unknown:
            pass
        except Exception as error:
            warn_once(self.cache_path, reason_of(error))


watch(KernelCache)


def _options_of(dispatcher):
    """Those on which a function's own machine code depends."""
    options = dispatcher.targetoptions
    flags = sorted(options.get("fastmath") or ())
    return "".join(f"{name}." for name in ["parallel"] * bool(options.get("parallel")) + flags)


def _key_of(kind):
    """How an index knows the type of an argument: a kernel by name and by the state of its sources, in tuples too."""
    if isinstance(kind, types.BaseTuple):
        names = getattr(kind, "fields", ())
        return type(kind).__name__, getattr(kind, "instance_class", tuple).__name__, names, *map(_key_of, kind.types)
    if not isinstance(kind, types.Dispatcher):
        return kind
    function = kind.dispatcher.py_func
    options = _options_of(kind.dispatcher)
    if is_of_a_module(function):
        return function.__module__, function.__qualname__, options, stamp_of_imported(function.__code__.co_filename)
    return content_of(function), options


class _KernelCache(FunctionCache):
    def __init__(self, function, kind):
        super().__init__(function)
        self._cache_file = CacheFiles(self._cache_path, kind + self._impl.filename_base, self._stamp(),
                                      None if numba.config.CACHE_DIR else self._with_package())


class _Given(InTreeCacheLocator):
    """Where the package's files lie: may be read, also where nobody may write."""

    @classmethod
    def from_function(cls, function, file):
        return cls(function, file)


class _BesideModule(CompileResultCacheImpl):
    _locator_classes = [*CompileResultCacheImpl._locator_classes, _Given]


class _ModuleCache(_KernelCache):
    """Of a kernel that stands in a module: as old as the files that the module reaches."""

    _impl_class = _BesideModule

    def _with_package(self):
        return str(Path(self._py_func.__code__.co_filename).with_name("__pycache__"))

    def _stamp(self):
        return stamp_of_imported(self._py_func.__code__.co_filename)

    def _index_key(self, sig, codegen):
        return super()._index_key(tuple(map(_key_of, sig)), codegen)


class _CommonFolder(_CacheLocator):
    """Kernels without a file of their own lie with the package; where that cannot be written, in the user's cache."""

    def __init__(self, function):
        code = function.__code__
        self._disambiguator = sha256(repr((code.co_code, code.co_names)).encode()).hexdigest()[:16]

    def get_cache_path(self):
        return str(_common_folder())

    def get_source_stamp(self):
        return None

    def get_disambiguator(self):
        return self._disambiguator

    @classmethod
    def from_function(cls, function, file):
        return cls(function)


def _common_folder():
    if numba.config.CACHE_DIR:
        return Path(numba.config.CACHE_DIR, "contents")
    if os.access(_PACKAGE, os.W_OK):
        return _PACKAGE / _CONTENTS
    return Path(AppDirs("softmax-at-the-edge", appauthor=False).user_cache_dir)


class _WithoutFile(CompileResultCacheImpl):
    _locator_classes = [_CommonFolder]

    def get_filename_base(self, fullname, abiflags):
        return super().get_filename_base(fullname.rpartition(".")[2], abiflags)  # cells are named by their process

    def check_cachable(self, result):
        return not result.library.has_dynamic_globals and super().check_cachable(result)  # large arrays, without a word


class _ContentCache(_KernelCache):
    """Of other kernels: the index holds what their names stand for at the time of compilation."""

    _impl_class = _WithoutFile

    def _with_package(self):
        return str(_PACKAGE / _CONTENTS)

    def _stamp(self):
        return np.__version__, stamp_of_imported(__file__)

    def _index_key(self, sig, codegen):
        return tuple(map(_key_of, sig)), codegen.magic_tuple(), content_of(self._py_func)

