"""What is public is there after ``import toolkit``, listed by ``dir``, and what pickle, doctest and inspect expect."""
import doctest
import importlib
import inspect
import pickle
import pkgutil
import re
import subprocess
import sys
import timeit
import types
import warnings

import pytest
from test_errors import MODULES, PUBLIC

import toolkit
from toolkit._core.public import public, warn

PACKAGES = [toolkit] + [importlib.import_module(found.name) for found in pkgutil.walk_packages(
    toolkit.__path__, "toolkit.") if found.ispkg and "._" not in found.name]


def test_every_documented_name_is_there_after_one_import():
    code = "import toolkit\n" + "\n".join(f"{path}.__all__" for path in MODULES)
    subprocess.run([sys.executable, "-c", code], check=True)
    alone = "import toolkit.losses as L; L.targets.two_hot; import toolkit.uncertainty as U; U.calibration.reliability"
    subprocess.run([sys.executable, "-c", alone], check=True)


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_public_modules_are_found_and_listed_and_helpers_are_not(package):
    modules = {found.name for found in pkgutil.iter_modules(package.__path__) if not found.name.startswith("_")}
    modules -= {"commands"} if package is toolkit else set()  # of the command line
    assert modules <= set(dir(package))
    for name in modules:
        kept = vars(package).pop(name, None)  # as before somebody imported it
        assert isinstance(getattr(package, name), types.ModuleType) or isinstance(kept, types.FunctionType)
        vars(package).setdefault(name, kept) if kept is not None else None
    others = {name for name in dir(package) if not name.startswith("__")} - {*package.__all__, *modules}
    assert not others
    with pytest.raises(AttributeError, match=f"module '{package.__name__}' has no attribute 'no_such'"):
        _ = package.no_such


def test_public_functions_are_those_of_their_modules():
    """For pickle, for doctest, and for whoever reads their signature."""
    for function, path in PUBLIC.items():
        if inspect.isfunction(function) and not path.startswith("toolkit.elementary"):  # those belong to kernels
            assert pickle.loads(pickle.dumps(function)) is function, path
            assert inspect.getdoc(function) and inspect.signature(function)
    found = doctest.DocTestFinder().find(toolkit.formats)
    assert {each.name.rpartition(".")[2] for each in found if each.examples} >= {"ulp", "to_bits", "spacing"}
    assert toolkit.catalog.method_of(toolkit.losses.focal_loss).function is toolkit.losses.focal_loss


def test_gradients_have_one_convention():
    """``vjp(f, *what f takes)``: no public name takes probabilities where another takes logits."""
    ending = re.compile(r"(?<!value_and)_(vjp|jvp|grad|gradient|slope|pull)$")
    assert not [path for path in PUBLIC.values() if ending.search(path)]
    for method in toolkit.catalog.METHODS:
        if method.gradient is not None and inspect.isfunction(method.function):
            first = next(iter(inspect.signature(method.function).parameters))
            inputs = ("z", "x", "logits", "q", "read", "query", "boxes", "rewards", "weights", "activations",
                      "u", "eta", "slopes", "scores")
            assert first in inputs or ("from_logits", True) in method.parameters, method.name


def inner(x):
    raise ValueError(f"x is {x};\nallowed: 1")


def test_the_name_is_that_of_the_function_that_was_called():
    called = public(inner)

    def outer(x):
        return called(x)

    with pytest.raises(ValueError, match=r"^inner\(\): x is 0; allowed: 1$"):
        called(0)
    with pytest.raises(ValueError, match=r"^outer\(\): x is 0; allowed: 1$") as raised:
        public(outer)(0)
    assert raised.value.__cause__ is None and raised.value.__context__ is None


def test_a_public_call_costs_less_than_two_microseconds_more():
    def function(z, *, axis=-1):
        return z

    called = public(function)
    times = [min(timeit.repeat(lambda f=f: f(1, axis=0), number=2000, repeat=9)) / 2000 for f in (called, function)]
    assert times[0] - times[1] < 2e-6


def test_warnings_point_at_the_line_that_called_the_project():
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        toolkit.softmax.softmax([1000.0, 0.0], algorithm="naive")
        toolkit.vjp(toolkit.softmax.softmax, [1000.0, 0.0], algorithm="naive")
        warn("here")
    assert [each.filename for each in found] == [__file__] * 3


def test_what_takes_a_gradient_back_says_itself_too():
    pull = toolkit.vjp(toolkit.softmax.softmax, [0.0, 1.0])[1]
    for wrong in ([1.0, 2.0, 3.0], "abc", None):
        with pytest.raises((TypeError, ValueError), match=r"^pull\(\): g (has|is) "):
            pull(wrong)
    with pytest.raises(TypeError, match=r"^pull\(\) needs g$"):
        pull()
