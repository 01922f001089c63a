"""A kernel that cannot be compiled says so in three lines: where, the source, and what is wrong."""
import linecache
from itertools import count
from textwrap import dedent

import numpy as np
import pytest

from toolkit.course.exercises import Exercise, verdict
from toolkit.elementary import exp
from toolkit.kernels import in_format, kernel
from toolkit.live import Axis, Bars, Plot, Slider, live_figure
from toolkit.live.kernel_errors import KernelError, in_words, words_of

NUMBERS, WORDS, number = [1.0, 2.0], {1: 2.0}, count()

# What a student writes, whose wrong line ends with "# here: " and what is said about it.
WRONG = {
    "a name that is not there": """
        def k(z, out):
            out[0] = quite[0] + 1  # here: the name quite is not defined.
    """,
    "a slip": """
        @kernel
        def inner(width):
            return widht + 1  # here: the name widht is not defined, is it width?

        def k(z, out):
            out[0] = inner(z[0])
    """,
    "a plain function": """
        def helper(x):
            return x

        def k(z, out):
            out[0] = helper(z[0])  # here: helper is a plain Python function: decorate it with toolkit's @kernel
    """,
    "the kernel inside": """
        @kernel
        def inner(x):
            return x.foo  # here: there is no .foo here that a kernel can use.

        def k(z, out):
            out[0] = inner(z[0])
    """,
    "a function that NumPy lacks": """
        @kernel
        def inner(x):
            return np.expp(x)  # here: the module 'numpy' has no attribute 'expp'.

        def k(z, out):
            out[0] = inner(z[0])
    """,
    "types that do not unify": """
        def k(z, out):
            x = 0.0
            if z[0] > 0:
                x = (1.0, 2.0)
            out[0] = x  # here: the variable x changes its type, from float64 to a tuple of 2 float64.
    """,
    "a number as an array": """
        def k(z, out):
            out[0] = z[0][1]  # here: this is a number, and only arrays and tuples have an index.
    """,
    "text in an array": """
        def k(z, out):
            out[0] = "much"  # here: text cannot be put into an array of numbers.
    """,
    "text in a sum": """
        def k(z, out):
            out[0] = z[0] + "1"  # here: this mixes text with numbers: keep words outside the kernel.
    """,
    "an index that is not whole": """
        def k(z, out):
            out[z[0]] = 1.0  # here: an index must be a whole number, as int(...) makes it.
    """,
    "a whole array": """
        def k(z, out):
            out[0] = z  # here: a whole array cannot be put into one place: write a loop over the elements.
    """,
    "a wrong call": """
        def k(z, out):
            out[0] = exp(z[0], 2)  # here: this call does not fit the parameters (x).
    """,
    "a call of a number": """
        def k(z, out):
            s = z[0]
            out[0] = s(2)  # here: this calls a float64, which is no function.
    """,
    "a value that comes too late": """
        def k(z, out):
            out[0] = x  # here: the variable x is used before it gets a value.
            x = 1.0
    """,
    "a list outside": """
        def k(z, out):
            out[0] = NUMBERS[0]  # here: NUMBERS is a list, which a kernel cannot use
    """,
    "a dict outside": """
        def k(z, out):
            out[0] = WORDS[1]  # here: WORDS is a dict, which a kernel cannot use
    """,
    "an empty list": """
        def k(z, out):
            seen = []  # here: nothing says what is in this empty list: use numbers, tuples of numbers or arrays.
            out[0] = 1.0
    """,
    "numbers to take apart": """
        def k(z, out):
            a, b = z[0]  # here: a float64 cannot be taken apart into several values.
            out[0] = a + b
    """,
    "a function of NumPy in a format": """
        def k(z, out):
            x = in_format(z[0], 0)
            out[0] = float(np.exp(x))  # here: a number that knows its format needs a function of toolkit.elementary
    """,
    "an import": """
        def k(z, out):
            import math  # here: import is not possible inside a kernel: import at the top of the file.
            out[0] = 1.0
    """,
    "an argument that it cannot take": """
        def k(z, out):
            out[0] = max(z, 0)  # here: max(an array of float64, 0) is not something that a kernel can compute.
    """,
}


def written(text, **names):
    """The names that a piece of source defines, as a cell of a notebook does it."""
    source, name = dedent(text).lstrip(), f"/tmp/ipykernel_0/{next(number)}.py"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    names |= {"in_format": in_format, "kernel": kernel, "np": np, "exp": exp, "NUMBERS": NUMBERS, "WORDS": WORDS}
    space = {"__name__": "__main__"} | names
    exec(compile(source, name, "exec"), space)
    return space, name, source.splitlines()


@pytest.mark.parametrize("case", WRONG)
def test_three_lines(case):
    space, name, lines = written(WRONG[case])
    line = next(i for i, text in enumerate(lines, start=1) if "# here: " in text)
    with pytest.raises(KernelError) as caught, in_words(space["k"], "k"):
        kernel(space["k"])(np.ones(3), np.zeros(3))
    where, source, said = str(caught.value).splitlines()
    assert where == f'  File "{name}", line {line}, in k'
    assert source.strip() == lines[line - 1].strip()
    assert said.startswith(lines[line - 1].partition("# here: ")[2])
    assert caught.value._render_traceback_() == ["KernelError: " + where.strip(), source, said]


FIGURE = """
    @live_figure(controls=[Slider("x", 0, 1, 0.5)], outputs={"y": 2}, caption="Drag x.",
                 plot=Plot((Bars("y", label="y"),), x=Axis("", (0, 2)), y=Axis("y", (0, 1))))
    def squares(x, y):
        y[0] = xx * xx
"""


def test_a_figure_says_it_and_all_that_numba_says_can_be_had(monkeypatch):
    figure = written(FIGURE, live_figure=live_figure, Slider=Slider, Plot=Plot, Bars=Bars, Axis=Axis)[0]["squares"]
    with pytest.raises(KernelError, match=r"line 4, in squares\n.*= xx \* xx\nthe name xx is not defined, is it x\?"):
        figure.compute()
    monkeypatch.setenv("TOOLKIT_TRACEBACKS", "1")
    with pytest.raises(Exception, match="Failed in nopython mode pipeline"):
        figure.compute()


def test_an_exercise_says_it_on_one_line():
    answer = kernel(written(WRONG["a name that is not there"])[0]["k"])
    exercise = Exercise(None, lambda answer: answer(np.ones(1), np.ones(1)), (), "")
    assert verdict("x.y", exercise, answer).message == (
        "your answer could not be used: line 2, out[0] = quite[0] + 1  # here: the name quite is not defined.:"
        " the name quite is not defined.")
    assert words_of(ValueError("too steep")) == "ValueError: too steep"
