"""The rooms of the package: arrows point down, no circles, short modules, and names that come from their modules."""
import ast
from pathlib import Path

import pytest

import toolkit

ROOT = Path(toolkit.__file__).parent
# From the ground up; what stands on one floor does not import each other.
FLOORS = (
    {"_core"},
    {"elementary", "formats"},
    {"kernels", "large_arrays"},
    {"softmax"},
    {"activations", "information", "sampling", "transport"},
    {"losses"},
    {"collapse", "optimizers", "uncertainty", "unnormalized"},
    {"attention", "decoding", "representations", "soft_operators"},
    {"preferences"},
    {"networks"},
    {"training"},
    {"grokking"},
    {"live"},
    {"catalog"},
    {"gradients"},
    {"course"},
    {"commands"},
    {"__main__"},
)
FLOOR_OF = {room: number for number, floor in enumerate(FLOORS) for room in floor}
MODULES = sorted(ROOT.rglob("*.py"))


def name_of(path):
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


NAMES = {name_of(path) for path in MODULES}


def room_of(name):
    return name.split(".")[1] if "." in name else ""


def imports_of(path):
    """Dotted names of our modules that a module imports, inside of functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in NAMES)
        elif isinstance(node, ast.ImportFrom) and node.module in NAMES:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in NAMES else node.module for name in names)


def test_every_room_has_a_floor():
    rooms = {room_of(name) for name in NAMES} - {""}
    assert rooms == set(FLOOR_OF)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_arrows_point_down(path):
    here = room_of(name_of(path))
    if not here:
        return
    up = {name for name in imports_of(path) if room_of(name) != here and (
        room_of(name) == "" or FLOOR_OF[room_of(name)] >= FLOOR_OF[here])}
    assert not up


def test_no_module_imports_itself_by_a_detour():
    arrows = {name_of(path): {name for name in imports_of(path) if name != name_of(path)} for path in MODULES}
    while arrows:
        done = {name for name, others in arrows.items() if not others & arrows.keys()}
        assert done, f"a circle among {sorted(arrows)}"
        for name in done:
            del arrows[name]


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_can_be_read_in_a_sitting(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300


@pytest.mark.parametrize("path", [path for path in MODULES if path.name == "__init__.py"], ids=name_of)
def test_a_package_takes_its_names_from_its_modules(path):
    """No list of names twice: ``__all__`` of a package is made of what it took and of names of its own."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    own = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)} | {
        target.id for node in tree.body if isinstance(node, ast.Assign) for each in node.targets
        for target in ast.walk(each) if isinstance(target, ast.Name)}
    modules = {name.rpartition(".")[2] for name in NAMES if name.rpartition(".")[0] == name_of(path)}
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            listed = {each.value for each in ast.walk(node.value) if isinstance(each, ast.Constant)}
            listed -= {"_"}  # of name.startswith("_")
            assert listed <= own | modules
