"""A Numba target for WebAssembly: the CPU's front end and lowering with wasm32's triple and data layout.

Nothing runs in this process and nothing is optimised per function: the LLVM modules of a page's kernels are
merged and optimised once, in `toolkit.live.wasm.backend`. Kernels that a kernel calls follow it here.

Private parts of Numba 0.68 that this stands on: the hooks of ``CPUCodegen`` and ``CPUCodeLibrary``,
``CPUContext.load_additional_registries``, ``MinimalCallConv``'s call helper, and the registries of
``numba.core.target_extension``. Another Numba may rename them; the parity tests are the alarm.
"""
import llvmlite.binding as llvm
from llvmlite import ir
from numba.core import callconv, cgutils, codegen, cpu, fastmathpass, types, typing
from numba.core.compiler import Compiler
from numba.core.descriptors import TargetDescriptor
from numba.core.dispatcher import Dispatcher
from numba.core.registry import cpu_target
from numba.core.runtime import rtsys
from numba.core.target_extension import CPU, dispatcher_registry, jit_registry, target_override, target_registry

from toolkit.live.kernel_errors import COMPILATION_ERRORS, definition_of, from_numba
from toolkit.live.wasm.checks import KernelCompiler
from toolkit.live.wasm.errors import UnsupportedInWebAssembly

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
        return TRIPLE, "", FEATURES


class _StatusCodes:
    """Gives each `raise` of a build its status code; texts are kept by code for the manifest."""

    def __init__(self):
        self.messages = {}

    def _add_exception(self, exception, arguments, location):
        words = [exception.__name__ if exception else "exception"]
        words += [str(a) for a in arguments or () if a is not None]
        message = ": ".join(words)
        codes = {text: code for code, text in self.messages.items()}
        code = codes.get(message, callconv.FIRST_USEREXC + len(codes))
        self.messages[code] = message
        return code


class _CallConvention(callconv.MinimalCallConv):
    """Functions return an i32 status: 0 or none is fine, 1 and up is a `raise` of the user."""

    def _make_call_helper(self, builder):
        return self.context.status_codes

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
        self.status_codes = _StatusCodes()
        self._function_numbers = {}

    def load_additional_registries(self):
        # Once Numba's runtime is there for the host, the base class does not ask for it in this target.
        rtsys.initialize(cpu_target.target_context)
        super().load_additional_registries()

    @property
    def call_conv(self):
        return _CallConvention(self)

    def mangler(self, name, argument_types, *, abi_tags=(), uid=None):
        # Numba counts functions per process; counted per build, equal input gives equal output.
        if uid is not None:
            uid = self._function_numbers.setdefault(uid, len(self._function_numbers))
        return super().mangler(name, argument_types, abi_tags=abi_tags, uid=uid)

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
    """What the compilation of one module shares: contexts, retargeted kernels, status codes.

    `renew` starts from nothing, so that a module's bytes depend on its kernels and not on earlier builds.
    """

    options = _Options

    def renew(self):
        """Begin a build."""
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
    def messages(self):
        """Status code -> message of every `raise` compiled so far."""
        return self._target_context.status_codes.messages

    @property
    def followers(self):
        """The dispatchers that `follow` has made."""
        return list(self._followers.values())

    def follow(self, dispatcher):
        """The native `dispatcher`'s twin for this target: one a build, so a common callee compiles once."""
        if dispatcher not in self._followers:
            options = {k: v for k, v in dispatcher.targetoptions.items() if k in _KEPT_OPTIONS}
            self._followers[dispatcher] = KernelDispatcher(
                dispatcher.py_func, targetoptions=options, pipeline_class=KernelCompiler)
        return self._followers[dispatcher]


class Wasm(CPU):
    """Token of this target. As a kind of CPU it takes all of Numba's overloads for the CPU."""


wasm_target = WasmTarget("wasm")
target_registry["wasm"] = Wasm


class WasmDispatcher(Dispatcher):
    """Compiles one function for WebAssembly; Numba makes these for its own overloads."""

    targetdescr = wasm_target

    def add_overload(self, cres):
        self.overloads[tuple(cres.signature.args)] = cres

    def compile(self, sig):
        with target_override("wasm"):
            return super().compile(sig)

    def __call__(self, *args, **kwargs):
        raise TypeError(f"{self.py_func.__name__} is compiled for WebAssembly and does not run here")


class KernelDispatcher(WasmDispatcher):
    """Compiles one function of the user: its errors name the user's line."""

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
