"""What WebAssembly cannot have fails the build with the kernel, the user's line and a plain sentence."""
import inspect
import math
import random
from math import log as natural_log

import numpy as np
import pytest

from toolkit._core.kernel import kernel
from toolkit.live.wasm import UnsupportedInWebAssembly, build_module

WORDS = {"one": 1}
NUMBERS = [1.0, 2.0]


def plain_function(x):
    return x + 1.0


@kernel
def callee(x):
    y = x * 2.0
    return math.log1p(y)  # here


def math_function(z, out):
    out[0] = math.exp(z[0])  # here: math.exp is not available in WebAssembly: use toolkit.elementary.exp.


def numpy_function(z, out):
    out[0] = 1.0
    out[0] += np.tanh(z[0])  # here: np.tanh is not available in WebAssembly: use toolkit.elementary.tanh.


def imported_function(z, out):
    out[0] = natural_log(z[0])  # here: math.log is not available in WebAssembly: use toolkit.elementary.log.


def without_substitute(z, out):
    out[0] = math.atan2(z[0], z[1])  # here: math.atan2 is not available in WebAssembly: write it


def power(z, out):
    out[0] = z[0] ** z[1]  # here: ** needs a constant integer as exponent in WebAssembly


def numpy_power(z, out):
    out[0] = np.power(z[0], 0.5)  # here: np.power is not available in WebAssembly: use toolkit.elementary.pow


def remainder(z, out):
    out[0] = z[0] % 2.0  # here: % and // of floats are not available in WebAssembly: use np.floor(x / y).


def sort(z, out):
    out[0] = np.sort(z)[0]  # here: np.sort is not available in WebAssembly


def dot(z, out):
    out[0] = np.dot(z, z)  # here: np.dot is not available in WebAssembly


def numpy_random(z, out):
    out[0] = np.random.normal()  # here: np.random.normal is not available in WebAssembly: carry the state


def python_random(z, out):
    out[0] = random.random()  # here: random.random is not available in WebAssembly: carry the state


def printing(z, out):
    print(z[0])  # here: print is not available in WebAssembly: write what you want to see into an output.


def signed_zeros(z, out):
    out[0] = np.maximum(z[0], 0.0)  # here: np.maximum is not available in WebAssembly: it treats signed zeros


def unknown_function(z, out):
    out[0] = np.no_such_function(z[0])  # here: np.no_such_function does not exist.


def a_list(z, out):
    values = [1.0, 2.0]  # here: lists are not available in WebAssembly
    out[0] = values[0]


def comprehension(z, out):
    values = [x for x in z]  # noqa: C416  # here: lists are not available in WebAssembly
    out[0] = values[0]


def generator(z, out):
    out[0] = sum(x for x in z)  # here: generators are not available in a kernel: write a loop.


def a_dict(z, out):
    out[0] = {1: 2.0}[1]  # here: dicts are not available in WebAssembly


def a_set(z, out):
    out[0] = len({1, 2})  # here: sets are not available in WebAssembly


def text(z, out):
    name = "a" if z[0] > 0 else "b"
    if name == "a":  # here: text is not available in WebAssembly
        out[0] = 1.0


def formatted_text(z, out):
    out[0] = len(f"{z.size} values")  # here: text is not available in WebAssembly


def global_dict(z, out):
    out[0] = WORDS["one"]  # here: WORDS is a dict, which a kernel cannot use


def global_list(z, out):
    out[0] = NUMBERS[0]  # here: NUMBERS is a list, which a kernel cannot use


def allocation(z, out):
    work = np.empty(3)  # here: np.empty is not available in WebAssembly: a kernel cannot allocate memory
    out[0] = work[0]


def allocation_alike(z, out):
    out[0] = np.zeros_like(z)[0]  # here: np.zeros_like is not available in WebAssembly: a kernel


def array_copy(z, out):
    out[0] = z.copy()[0]  # here: the method .copy() is not available in WebAssembly: a kernel cannot allocate


def array_sum(z, out):
    out[0] = z.sum()  # here: the method .sum() is not available in WebAssembly: write it as a loop


def array_arithmetic(z, out):
    both = z + out  # here: arithmetic on whole arrays allocates memory: write a loop over the elements.
    out[0] = both[0]


def array_negation(z, out):
    out[0] = (-z)[0]  # here: arithmetic on whole arrays allocates memory: write a loop over the elements.


def array_function(z, out):
    out[0] = np.floor(z)[0]  # here: np.floor on a whole array allocates memory: write a loop


def slice_assignment(z, out):
    out[1:3] = z[0]  # here: assigning to a whole row or slice is not available in WebAssembly: write a loop


def row_assignment(z, out):
    rows = out.reshape((2, out.size // 2))
    rows[0] = 1.0  # here: assigning to a whole row or slice is not available in WebAssembly: write a loop


def mask(z, out):
    out[0] = z[z > 0.0][0]  # here: arithmetic on whole arrays allocates memory: write a loop


def unknown_attribute(z, out):
    out[0] = z.colour  # here: there is no .colour here that a kernel can use.


def undecorated_callee(z, out):
    out[0] = plain_function(z[0])  # here: plain_function is a plain Python function: decorate it


def wrong_call(z, out):
    out[0] = callee(z[0], 1.0)  # here: this call does not fit the parameters (x).


def undefined_name(z, out):
    out[0] = no_such_name(z[0])  # noqa: F821  # here: the name no_such_name is not defined.


def impossible_operation(z, out):
    out[0] = z[0] + "a"  # here: this mixes text with numbers


def try_block(z, out):
    try: out[0] = z[0]  # noqa: E701  # here: try is not available in WebAssembly: use if.
    except ValueError:
        out[0] = 0.0


def with_block(z, out):
    with open("file"):  # here: with is not available in a kernel.
        out[0] = 1.0


def global_statement(z, out):
    global NUMBERS
    NUMBERS = 1.0  # here: a kernel cannot change a global name: write into an output.


def inner_import(z, out):
    import math as inner  # here: import is not possible inside a kernel: import at the top of the file.
    out[0] = inner.pi


def computed_message(z, out):
    if z[0] < 0.0:
        raise ValueError("wrong size", z.size)  # here: an exception's message must be a constant text


def formatted_message(z, out):
    if z[0] < 0.0:
        raise ValueError(f"wrong size {z.size}")  # here: an exception's message must be a constant text


def returns_value(z, out):
    out[0] = 1.0
    return z[0]  # here: a kernel that a page calls returns nothing: write results into an output.


def hidden_in_c(z, out):  # here: hidden_in_c uses hypot, which WebAssembly does not have.
    out[0] = abs(z[0] * 1j)


REFUSED = [
    math_function, numpy_function, imported_function, without_substitute, power, numpy_power, remainder, sort,
    dot, numpy_random, python_random, printing, signed_zeros, unknown_function, a_list, comprehension,
    generator, a_dict, a_set, text, formatted_text, global_dict, global_list, allocation, allocation_alike,
    array_copy, array_sum, array_arithmetic, array_negation, array_function, slice_assignment, row_assignment,
    mask, unknown_attribute, undecorated_callee, wrong_call, undefined_name, impossible_operation, try_block,
    with_block, global_statement, inner_import, computed_message, formatted_message, returns_value,
    hidden_in_c,
]


@pytest.mark.parametrize("function", REFUSED, ids=lambda f: f.__name__)
def test_refusal_names_kernel_line_and_thing(function):
    lines, first = inspect.getsourcelines(function)
    offset = next(i for i, line in enumerate(lines) if "# here: " in line)
    code, expected = lines[offset].split("# here: ")
    with pytest.raises(UnsupportedInWebAssembly) as caught:
        build_module([("figure", function, ["f64[]", "f64[]"])])
    assert caught.value.reason.startswith(expected.strip())
    assert caught.value.line == first + offset
    message = str(caught.value).splitlines()
    assert message[0] == "kernel 'figure' cannot run in WebAssembly."
    assert message[1] == f'  File "{__file__}", line {first + offset}'
    assert message[2].startswith(f"    {code.split('#')[0].strip()}")
    assert message[3] == caught.value.reason and len(message) == 4


def test_refusal_inside_a_called_kernel_names_its_line():
    def caller(z, out):
        out[0] = callee(z[0])

    with pytest.raises(UnsupportedInWebAssembly, match="use toolkit.elementary.log1p") as caught:
        build_module([("caller", caller, ["f64[]", "f64[]"])])
    assert caught.value.kernel == "caller"
    assert "return math.log1p(y)" in str(caught.value)


@kernel
def is_even(n):
    return True if n == 0 else is_odd(n - 1)


@kernel
def is_odd(n):
    return False if n == 0 else is_even(n - 1)


def test_kernels_that_call_each_other_in_a_circle_are_refused():
    def parity(n, out):
        out[0] = is_even(n)

    with pytest.raises(UnsupportedInWebAssembly, match="call each other in a circle") as caught:
        build_module([("parity", parity, ["i32", "f64[]"])])
    assert "def is_odd(n):" in str(caught.value)


def test_a_branch_pruned_for_a_none_argument_may_contain_anything():
    @kernel
    def perhaps_exp(x, fmt):
        return x if fmt is None else math.exp(x)

    def without_format(z, out):
        out[0] = perhaps_exp(z[0], None)

    assert build_module([("k", without_format, ["f64[]", "f64[]"])]).size > 0


def nothing(z):
    pass


@pytest.mark.parametrize("declared", ["f16[]", "i64", "[]", "f64[", "u64", "text", np.float64, ("f64",)],
                         ids=repr)
def test_unknown_argument_types_are_refused(declared):
    with pytest.raises(UnsupportedInWebAssembly, match="cannot be passed to WebAssembly; allowed: 'f64'"):
        build_module([("nothing", nothing, [declared])])


def test_argument_types_must_be_contiguous_and_fit_the_parameters():
    from numba import types

    with pytest.raises(UnsupportedInWebAssembly, match="not C-contiguous"):
        build_module([("nothing", nothing, [types.float64[:]])])
    with pytest.raises(UnsupportedInWebAssembly, match=r"its parameters are \(z\), but the types of 2"):
        build_module([("nothing", nothing, ["f64", "f64"])])
    assert build_module([("nothing", nothing, [types.float32[:, ::1]])]).manifest["kernels"] == {
        "nothing": [{"array": "f32", "ndim": 2}]}


def test_names_are_unique_and_not_the_modules_own():
    for names in (["a", "a"], ["memory"], ["__heap_base"]):
        with pytest.raises(ValueError, match=f"kernel name '{names[0]}' is taken"):
            build_module([(name, nothing, ["f64"]) for name in names])
