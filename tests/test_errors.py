"""What every public name says of a call that it cannot carry out, and that it says so before anything is compiled."""
import importlib
import inspect
import re
from pathlib import Path

import numba
import numpy as np
import pytest

import toolkit
from toolkit import attention, catalog, collapse, formats, information, live, losses, sampling, softmax, training
from toolkit._core.emulated import EmulatedNumber, EmulatedRow
from toolkit._core.kernel import Kernel
from toolkit.course import exercises
from toolkit.live import Axis, Curve, Plot, Slider

ROOT = Path(__file__).parents[1]
PAGES = "".join(page.read_text(encoding="utf-8") for page in sorted((ROOT / "book").glob("api*.md")))
MODULES = [each for each in re.findall(r"automodule:: (\S+)", PAGES)
           if not each.endswith("kernels") and each != "toolkit.large_arrays"]
PUBLIC = {}
for path in MODULES:
    module = importlib.import_module(path)
    for name in getattr(module, "__all__", ()):
        each = getattr(module, name)
        if inspect.isfunction(each) or isinstance(each, type) and "__init__" in vars(each):
            PUBLIC.setdefault(each, f"{path}.{name}")

Z, Y = np.array([[0.5, -1.0, 2.0], [0.0, 0.3, 0.1]]), np.array([0, 2])
ADD = training.Experiment(p=7, widths=(4,), steps=1)
SLIDER, PLOT = Slider("s", 0.0, 1.0, 0.5), Plot((), x=Axis("x", (0, 1)), y=Axis("y", (0, 1)))
EXAMPLES = {
    toolkit.vjp: ((softmax.softmax, Z), {"of": "z"}), toolkit.grad: ((losses.cross_entropy,), {"of": "logits"}),
    toolkit.value_and_grad: ((losses.cross_entropy,), {"of": "logits"}),
    sampling.gumbel_noise: (((2, 3),), {"seed": 1, "stream": 2}),
    toolkit.transport.transport_cost: ((Z, Z), {}), softmax.logaddexp: ((Z, Z), {}),
    attention.dynamical_system: ((Z, Z), {"layer": "gated", "gate": 0.5}), attention.head_entropy: ((Z,), {}),
    attention.taylor_features: ((Z,), {"degree": 2}), attention.random_features_weights: ((2, 3), {}),
    attention.random_features_attention: ((Z, np.ones((4, 3)), np.ones((2, 3, 3)), Z), {}),
    attention.random_features_parity: ((Z[0], Z[1]), {}),
    toolkit.networks.box_around: ((Z, 0.1), {}), toolkit.activations.sparsity_penalty: ((Z,), {}),
    toolkit.networks.box_around: ((Z, 0.1), {}), toolkit.uncertainty.conformal_scores: ((Z, Y), {}),
    toolkit.uncertainty.halting_times: ((abs(Z), Z[0]), {}),
    toolkit.uncertainty.accumulated_gap: ((abs(Z), Z > 0, Z[0]), {}),
    toolkit.representations.wasserstein_critic: ((Z.T, Z.T), {}),
    **{each: ((abs(Z), abs(Z)), {}) for each in (information.rel_entr, information.xlogy)},
    losses.targets.expected_value: ((np.full(4, 0.25),), {"low": 0.0, "high": 1.0}),
    formats.Format: (("own", 5, 3), {}), formats.get_format: (("float16",), {}),
    formats.from_bits: ((Y, "float16"), {}), formats.ulp_error: ((Z, Z, "float16"), {}),
    **{getattr(formats, name): ((Z, "float16"), {}) for name in ("round_to", "spacing", "to_bits", "ulp")},
    catalog.activation_kernel: (("value",), {}), catalog.api_table: ((), {}), catalog.get_method: (("relu",), {}),
    catalog.method_of: ((softmax.softmax,), {}), catalog.methods: ((), {}),
    catalog.numbers_as: ((np.float32, (0.1,)), {}),
    live.Slider: (("s", 0.0, 1.0, 0.5), {}), live.Integer: (("s", 0, 9, 5), {}), live.Toggle: (("s",), {}),
    live.Choice: (("s", ("a", "b"), "a"), {}), live.Format: (("s",), {}), live.Bits: (("s",), {}),
    live.Logits: (("s", (1.0, 2.0)), {}), live.Axis: (("x", (0.0, 1.0)), {}),
    live.Plot: (((Curve("y", x="x"),),), {"x": Axis("x", (0, 1)), "y": Axis("y", (0, 1))}),
    live.Readout: (("{s}",), {}), live.Curve: (("y",), {}), live.Line: (("y",), {}), live.Bars: (("y",), {}),
    live.Markers: (("y",), {}), live.Band: ((0.0, 1.0), {}), live.HeatMap: (("z",), {}), live.Level: (("a",), {}),
    live.Boxes: (("z",), {}), live.Rule: ((), {"x": 0.5}), live.Number: ((abs,), {}),
    live.live_figure: ((), {"controls": [SLIDER], "plot": PLOT, "caption": "c"}),
    exercises.check: (("numbers.last_integer", 1), {}), exercises.close_to: ((1.0, 0.1), {}),
    exercises.exactly: ((1,), {}), toolkit.course.gallery.entries: (("loss",), {}),
    training.Experiment: ((), {}), training.fit: ((Z, Y), {}), training.train: ((ADD,), {"progress": False}),
    training.grid: ((ADD,), {}), training.given: ((Z, Y), {}), training.rows_of: ((ADD,), {}),
    toolkit.grokking.get_preset: (("one_layer",), {}),
    toolkit.activations.running_variance: ((np.ones((2, 2, 2, 2)),), {}),
    losses.presto_largest_penalty: ((Z.T, np.array([0, 1, 1])), {}),
    toolkit.unnormalized.unnormalized_logits: (([0.5, 0.0], Z[0]), {}),
    toolkit.uncertainty.nearest_distance: ((Z, Z + 0.5), {}),
    toolkit.uncertainty.gated_exits: ((np.stack([Z, 2 * Z]), toolkit.uncertainty.ExitGates(np.ones((1, 5)))), {}),
    toolkit.networks.normal_weights: (((2, 4, 3),), {}), toolkit.networks.optimal_activation: ((Z,), {}),
}
EXAMPLES |= {method.function: (method.example(2), dict(method.parameters)) for method in catalog.METHODS
             if inspect.isfunction(method.function)}
EXAMPLES |= {each: (EXAMPLES[each][0], {"gamma": np.ones(2)})  # learned: a NaN stays one
             for each in (toolkit.activations.evonorm_b0, toolkit.activations.evonorm_s0)}
# What users do not make or call themselves, or what starts processes or writes files: only a wrong keyword is tried.
KEYWORD_ONLY = {
    toolkit.transport.Plan, collapse.CollapseReport, collapse.FormatLosses, live.LiveFigure, live.Simulation,
    live.live_simulation, catalog.forms, exercises.Exercise, exercises.Verdict, exercises.verdict,
    toolkit.course.gallery.Entry, toolkit.course.Statements, toolkit.course.Table, toolkit.course.Tables,
    training.Run, training.Member, training.Rows, training.resume, training.sweep, training.members_of, training.table,
    *(each for each, path in PUBLIC.items()
      if path.startswith(("toolkit.grokking.recordings", "toolkit.course.paper"))
      or isinstance(each, type) and path.startswith("toolkit.catalog")),
}
# Arguments that may be anything: a judge decides, or truth counts.
ANYTHING = {"answer", "expected", "hints", "of", "kind", "otherwise", "step", "exact"}
# Numbers, or arrays of them, in which a NaN stays one.
ARRAYS = {"x", "y", "z", "a", "v", "alpha", "beta", "bias", "epsilon", "value", "of", "rewards", "discounts", "p",
          "expected", "targets", "decay", "reward", "old_logprobs", "advantages", "reference", "log_q", "log_q_data",
          "rejected", "offset", "baseline", "divergence"}
# Sequences, whose entries are looked at later, or which may be shorter than a number says.
SEQUENCES = {"numbers", "traces", "options", "between", "levels", "drag", "over", "values", "range", "ticks", "at", "x",
             "y", "name", "outputs", "scratch", "returns", "points"}

LONG = np.full((3, 7), 0.123456)
WRONG = {"dict": {}, "complex": 1j, "object": object(), "objects": np.array([None, "a"], object),
         "ragged": [[1.0], [1.0, 2.0]], "text": np.array(["a", "b"])}
OTHER = {"word": "abc", "none": None, "shape": LONG, "huge": 10**400, "long": 2**70, "most negative": -(2**70),
         "list of huge": [10**400, 1.5], "negative": -1, "zero": 0, "fraction": 1.5, "true": True, "inf": np.inf,
         "nan": np.nan, "empty": np.zeros((2, 0)), "no numbers": [], "5000 digits": 10**5000}
NO_NAMES = re.compile(r"[Nn]umba\b|\bKernel\b|\b_\w+\(|<locals>| at 0x")


class Reached(BaseException):
    """A kernel was called: the arguments have been accepted."""


def fits(x):
    """Whether compiled code takes this."""
    if isinstance(x, (EmulatedRow, EmulatedNumber)):
        return True
    if isinstance(x, np.ndarray | np.generic):
        return x.dtype.kind in "biuf" and x.dtype.itemsize <= 8
    if isinstance(x, tuple):
        return all(map(fits, x))
    return x is None or isinstance(x, float | Kernel) or isinstance(x, int) and -(2**63) <= x < 2**63


@pytest.fixture
def no_kernels(monkeypatch):
    def reached(kernel, *arguments, **options):
        assert not options and all(map(fits, arguments)), (kernel.py_func.__name__, arguments)
        raise Reached

    monkeypatch.setattr(Kernel, "__call__", reached)


def said(function, arguments, options):
    """The message of the error of a call, checked; None if there is none."""
    name = function.__name__
    try:
        function(*arguments, **options)
    except (TypeError, ValueError) as error:
        text = str(error)
        assert type(error).__module__.partition(".")[0] != "numba" and "\n" not in text and len(text) < 300, text
        assert text.startswith(f"{name}()") and not NO_NAMES.search(text) and "0.123456" not in text, text
        return text
    except Reached:
        return None
    return None


@pytest.mark.parametrize("function", [each for each in PUBLIC if each not in (catalog.forms, training.resume)],
                         ids=lambda each: PUBLIC[each])  # those two hand keywords on
def test_every_public_name_says_itself_of_a_wrong_keyword(function, no_kernels):
    arguments, options = EXAMPLES.get(function, ((), {}))
    if function.__module__.startswith("toolkit.elementary"):
        arguments = (1.0,)
    text = said(function, arguments, {**options, "no_such": 1})
    assert text and "no_such" in text


@pytest.mark.parametrize("function", PUBLIC, ids=PUBLIC.values())
def test_every_public_name_says_itself_of_too_many_and_too_few_arguments(function, no_kernels):
    parameters = inspect.signature(function).parameters.values()
    if not any(each.kind is each.VAR_POSITIONAL for each in parameters):
        assert "20 were given" in said(function, range(20), {}) or PUBLIC[function].startswith("toolkit.elementary")
    if any(each.default is each.empty and each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)
           for each in parameters):
        assert said(function, (), {})


def trials(function, arguments, options):
    """Each argument of a call in turn with each wrong value."""
    signature = inspect.signature(function)
    bound = signature.bind(*arguments, **options)
    for name, parameter in signature.parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        good = bound.arguments.get(name, parameter.default)
        for kind, value in {**WRONG, **OTHER}.items():
            changed = signature.bind(*arguments, **options)
            changed.arguments[name] = value
            wrong = kind in WRONG and not (name in SEQUENCES and kind in ("dict", "objects", "ragged", "text"))
            refused = (wrong and name not in ANYTHING and not isinstance(good, bool)
                       or kind == "nan" and isinstance(good, float) and name not in ARRAYS)
            yield name, kind, refused, changed


@pytest.mark.parametrize("function", [each for each in PUBLIC if each not in KEYWORD_ONLY],
                         ids=[path for each, path in PUBLIC.items() if each not in KEYWORD_ONLY])
def test_arguments_are_checked_before_a_kernel_sees_them(function, no_kernels):
    if PUBLIC[function].startswith("toolkit.elementary"):
        EXAMPLES[function] = (1.0,) * len(inspect.signature(function).parameters), {}
    assert function in EXAMPLES, f"{PUBLIC[function]} needs an example above, or a row of the catalog"
    faults = []
    names = re.compile(rf"\b({'|'.join(inspect.signature(function).parameters)}|value|format)\b")
    for name, kind, refused, changed in trials(function, *EXAMPLES[function]):
        try:
            text = said(function, changed.args, changed.kwargs)
            assert text is None or names.search(text.removeprefix(function.__name__)), text
        except Exception as error:
            faults.append(f"{name}, {kind}: {type(error).__name__}: {str(error)[:200]}")
        else:
            if refused and text is None:
                faults.append(f"{name}, {kind}: not refused")
    assert not faults, "\n" + "\n".join(faults)


def test_a_public_function_in_compiled_code_is_told_apart_from_a_kernel():
    names = {"softmax": softmax.softmax, "package": softmax}
    for body, name in (("softmax(z)", "softmax"), ("package.log_softmax(z)", "log_softmax")):
        theirs = numba.njit(eval(f"lambda z: {body}", names))
        said = rf"toolkit\.softmax\.{name} is a Python function, .*; allowed in it: the kernels of toolkit\.softmax\."
        with pytest.raises(numba.TypingError, match=said):
            theirs(Z[0])
    names["other"] = lambda z: z
    with pytest.raises(numba.TypingError, match="Cannot determine Numba type"):
        numba.njit(eval("lambda z: other(z)", names))(Z[0])
