"""A Numba target for WebAssembly: the CPU's front end and lowering with wasm32's triple and data layout.

Nothing runs in this process and nothing is optimised per function: the LLVM modules of a page's kernels are
merged and optimised once, in `toolkit.live.wasm.backend`. Kernels that a kernel calls follow it here. What a kernel
was lowered to is kept on disk beside its machine code, so that pages with a kernel in common lower it once.

Private parts of Numba 0.68 that this stands on: the hooks of ``CPUCodegen`` and ``CPUCodeLibrary``,
``CPUContext.load_additional_registries``, ``BaseContext._compile_subroutine_no_cache``, ``MinimalCallConv``'s call
helper, and the registries of ``numba.core.target_extension``. Another Numba may rename them; the parity tests are the
alarm.
"""
from contextlib import contextmanager

import llvmlite.binding as llvm
from llvmlite import ir
from numba.core import callconv, cgutils, codegen, cpu, fastmathpass, types, typing
from numba.core.compiler import Compiler
from numba.core.descriptors import TargetDescriptor
from numba.core.dispatcher import Dispatcher
from numba.core.registry import cpu_target
from numba.core.runtime import rtsys
from numba.core.target_extension import CPU, dispatcher_registry, jit_registry, target_override, target_registry

from toolkit._core.kernel_cache import KernelCache
from toolkit._core.parts import of_any_number
from toolkit.live.kernel_errors import COMPILATION_ERRORS, definition_of, from_numba
from toolkit.live.wasm.checks import KernelCompiler
from toolkit.live.wasm.errors import UnsupportedInWebAssembly
from toolkit.live.wasm.identity import UNKNOWN, compiler_digest, identity_of
from toolkit.live.wasm.statuses import Statuses

__all__ = ["FEATURES", "TRIPLE", "WasmDispatcher", "create_target_machine", "wasm_target"]

TRIPLE = "wasm32-unknown-unknown"
# In every browser since 2021 (Safari: 2023).
FEATURES = ("simd128", "bulk-memory", "sign-ext", "nontrapping-fptoint", "mutable-globals")

_KEPT_OPTIONS = {"error_model", "fastmath", "inline"}  # of a native kernel, besides nopython


def create_target_machine():
    """LLVM's WebAssembly back end, at its highest level."""
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    features = ",".join(f"+{feature}" for feature in FEATURES)
    return llvm.Target.from_triple(TRIPLE).create_target_machine(opt=3, features=features)


class _Library(codegen.CPUCodeLibrary):
    """LLVM code of one function and what it calls, left as lowering made it."""

    def _optimize_functions(self, ll_module):
        ll_module.data_layout = self._codegen._data_layout

    def _optimize_final_module(self):
        pass

    def _finalize_specific(self):
        pass

    def serialize_using_object_code(self):
        return self.serialize_using_bitcode()  # there is no object code


class _Codegen(codegen.CPUCodegen):
    _library_class = _Library

    def _init(self, llvm_module):
        self._tm = create_target_machine()
        self._target_data = self._tm.target_data
        self._data_layout = str(self._target_data)

    def _create_empty_module(self, name):
        module = ir.Module(cgutils.normalize_ir_text(name))
        module.triple = TRIPLE
        if self._data_layout:  # not known yet when the base class makes its first module
            module.data_layout = self._data_layout
        return module

    def _add_module(self, module):
        pass

    def insert_unresolved_ref(self, builder, fnty, name):
        raise UnsupportedInWebAssembly(
            "kernels that call each other in a circle are not available in WebAssembly: write a loop.")

    def magic_tuple(self):
        return TRIPLE, "", FEATURES, compiler_digest()

    def set_env(self, env_name, env):
        """Nothing is kept: no environment is looked at where there is no Python."""


class _CallConvention(callconv.MinimalCallConv):
    """Functions return an i32 status: 0 or none is fine, 1 and up is a `raise` of the user."""

    def _make_call_helper(self, builder):
        return Statuses(builder.module)

    def return_dynamic_user_exc(self, builder, exc, exc_args, nb_types, loc=None, func_name=None):
        raise UnsupportedInWebAssembly("an exception's message must be a constant text in WebAssembly.", loc)


class _TypingContext(typing.Context):
    def resolve_value_type(self, val):
        if isinstance(val, Dispatcher) and not isinstance(val, WasmDispatcher):
            val = wasm_target.follow(val)
        return super().resolve_value_type(val)


class _Context(cpu.CPUContext):
    """The CPU context without what needs this process: addresses, Python objects, Numba's runtime."""

    allow_dynamic_globals = False
    aot_mode = True

    def init(self):
        self.is32bit = False  # Numba's integers stay 64 bits wide; only pointers are narrow
        self._internal_codegen = _Codegen("wasm")
        self._compiling, self._identities = [], {}

    def load_additional_registries(self):
        # Once Numba's runtime is there for the host, the base class does not ask for it in this target.
        rtsys.initialize(cpu_target.target_context)
        super().load_additional_registries()

    @property
    def call_conv(self):
        return _CallConvention(self)

    @contextmanager
    def compiling(self, function):
        """Inside, names of functions are those of `function`."""
        if function not in self._identities:
            self._identities[function] = identity_of(function) or f"{UNKNOWN}{len(self._identities)}"
        self._compiling.append(self._identities[function])
        try:
            yield
        finally:
            self._compiling.pop()

    def mangler(self, name, argument_types, *, abi_tags=(), uid=None):
        # Numba counts functions per process; told apart by content, equal input gives equal output.
        return super().mangler(name, argument_types, abi_tags=abi_tags, uid=uid and self._compiling[-1])

    def _compile_subroutine_no_cache(self, builder, impl, *args, **kwargs):
        with self.compiling(impl):
            return super()._compile_subroutine_no_cache(builder, impl, *args, **kwargs)

    def add_dynamic_addr(self, builder, intaddr, info):
        # Most uses vanish in optimisation; one that stays is an undefined symbol that says what it was.
        name = f"Python object: {info}"
        address = builder.module.globals.get(name)
        if address is None:
            address = ir.GlobalVariable(builder.module, self.get_value_type(types.voidptr), name)
        return builder.load(address)

    def post_lowering(self, mod, library):
        if self.fastmath:
            fastmathpass.rewrite_module(mod, self.fastmath)

    def create_cpython_wrapper(self, *args, **kwargs):
        pass

    def create_cfunc_wrapper(self, *args, **kwargs):
        pass

    def get_executable(self, library, fndesc, env):
        return object()  # Numba only needs a key by which callers find this function's implementation


class _Options(cpu.CPUTargetOptions):
    def finalize(self, flags, options):
        flags.enable_pyobject = False
        flags.enable_looplift = False
        flags.nrt = False  # no reference counts, and an error where a kernel would allocate
        flags.debuginfo = False
        flags.no_cpython_wrapper = True
        flags.no_cfunc_wrapper = True
        super().finalize(flags, options)


class WasmTarget(TargetDescriptor):
    """What the compilation of one module shares: contexts and retargeted kernels.

    `renew` starts from nothing, so that a module's bytes depend on its kernels and not on earlier builds.
    """

    options = _Options

    def renew(self, *, from_disk=True):
        """Begin a build; without what is kept on disk each kernel is compiled, and among the followers."""
        self.from_disk = from_disk
        self._typing_context = _TypingContext()
        self._target_context = _Context(self._typing_context, self._target_name)
        self._followers = {}
        self._target_context.refresh()

    @property
    def typing_context(self):
        return self._typing_context

    @property
    def target_context(self):
        return self._target_context

    @property
    def followers(self):
        """The dispatchers that `follow` has made."""
        return list(self._followers.values())

    def follow(self, dispatcher):
        """The native `dispatcher`'s twin for this target: one a build, so a common callee compiles once."""
        if dispatcher not in self._followers:
            self._followers[dispatcher] = KernelDispatcher(dispatcher)
        return self._followers[dispatcher]


class Wasm(CPU):
    """Token of this target. As a kind of CPU it takes all of Numba's overloads for the CPU."""


wasm_target = WasmTarget("wasm")
target_registry["wasm"] = Wasm


class _Kept(KernelCache):
    """What kernels were lowered to, but not what is named by this build alone."""

    def save_overload(self, sig, data):
        if not any(UNKNOWN in function.name for function in data.library.get_defined_functions()):
            super().save_overload(sig, data)


class WasmDispatcher(Dispatcher):
    """Compiles one function for WebAssembly; Numba makes these for its own overloads."""

    targetdescr = wasm_target

    def add_overload(self, cres):
        self.overloads[tuple(cres.signature.args)] = cres

    def compile(self, sig):
        with target_override("wasm"), self.targetctx.compiling(self.py_func):
            return super().compile(sig)

    def __call__(self, *args, **kwargs):
        raise TypeError(f"{self.py_func.__name__} is compiled for WebAssembly and does not run here")


class KernelDispatcher(WasmDispatcher):
    """Compiles one kernel, or takes it from the disk: its errors name the user's line."""

    def __init__(self, native):
        options = {k: v for k, v in native.targetoptions.items() if k in _KEPT_OPTIONS}
        super().__init__(native.py_func, targetoptions=options, pipeline_class=KernelCompiler)
        self._native = native
        if wasm_target.from_disk:
            self._cache = _Kept(self, "wasm.")

    def get_call_template(self, args, kws):
        return super().get_call_template(of_any_number(args), kws)

    def __reduce__(self):
        return wasm_target.follow, (self._native,)

    def compile(self, sig):
        try:
            return super().compile(sig)
        except UnsupportedInWebAssembly as error:
            if error.filename is None:
                error.locate(definition_of(self.py_func))
            raise
        except COMPILATION_ERRORS as error:
            raise from_numba(error, definition_of(self.py_func), UnsupportedInWebAssembly) from error


def _jit_overload(*args, **options):
    """The decorator by which Numba compiles its own overload implementations for this target."""
    options.pop("target", None)

    def decorate(function):
        return WasmDispatcher(function, targetoptions=options | {"nopython": True}, pipeline_class=Compiler)

    return decorate(args[0]) if args and callable(args[0]) else decorate


dispatcher_registry[Wasm] = WasmDispatcher
jit_registry[Wasm] = _jit_overload
