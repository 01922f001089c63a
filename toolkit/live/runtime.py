"""The scripts of pages with live figures: classic scripts, made of the parts in assets/runtime, in this order.

A part uses what earlier parts declare; they share one scope, so that a page gets one global name. `runtime_script`
drives figures, wherever they are; `embed_script` is behind the button *Embed* of a page's figures.
"""
import json
import re
from functools import cache
from importlib.resources import files

from toolkit.live.style import PALETTES, css_variables

__all__ = ["asset", "drawing_rules", "embed_script", "file_page", "file_styles", "runtime_script"]

_PARTS = (
    "numbers", "expressions", "hidden", "sentences", "svg", "labels",
    "marks/all", "marks/series", "marks/line", "marks/markers", "marks/bars", "marks/rule", "marks/band",
    "marks/heat_map",
    "unknown", "typed", "controls", "address", "cursor", "panel", "module", "actions", "table", "dock", "figure", "pin",
    "present", "download", "formulas", "alone", "start",
)
_HEAD = """/* Live figures of a page: native inputs -> the figure's WebAssembly kernel -> SVG marks, without a server.
   One classic script, so that it also runs from file://, made by toolkit/live/runtime.py of the parts in
   assets/runtime. The markup comes from toolkit/live/hosts/page.py. */
"""
_EMBED_PARTS = ("embed/cut", "embed/file", "embed/dialog")
_DRAWN = re.compile(r"^\S*\.live-(marks|axis|line|markers|bars|hollow|legend|rail|rule|lead|band|cell)", re.MULTILINE)


@cache
def asset(name):
    """The text of a file in assets."""
    return (files("toolkit.live") / "assets" / name).read_text(encoding="utf-8")


def _joined(names):
    return "\n".join(f"// ---- {name} ----\n{asset(f'runtime/{name}.js')}" for name in names)


def runtime_script():
    """The text of runtime.js. The function has a name, by which a page finds its own text for a file."""
    palette = f"const palette = {json.dumps(PALETTES['light'])}; // for pictures on white\n"
    return f'{_HEAD}(function runtime() {{\n"use strict";\n\n{palette}\n{_joined(_PARTS)}}})();\n'


def embed_script(**known):
    """The text of embed.js; its parts read as `FILE` what is `known` of files."""
    known = json.dumps({"page": file_page(), "styles": file_styles()} | known)
    return f'(() => {{\n"use strict";\nconst FILE = {known};\n\n{_joined(_EMBED_PARTS)}}})();\n'


def drawing_rules():
    """The rules of live.css that a picture needs."""
    return "\n".join(line for line in asset("live.css").splitlines() if _DRAWN.match(line))


def file_page():
    """The page of a file with one figure, with `[[title]]`, `[[still]]` and `[[packed]]` to fill in."""
    light, dark = css_variables("light"), css_variables("dark")
    styles = (f":root {{ {light} }}\n@media screen and (prefers-color-scheme: dark) {{\n"
              f':root:not([data-live-theme="light"]) {{ {dark} }}\n}}\n'
              f'@media screen {{ :root[data-live-theme="dark"] {{ {dark} }} }}\n'
              f"{asset('file/file.css')}{drawing_rules()}\n")
    return asset("file/file.html").replace("[[styles]]", styles).replace("[[script]]", asset("file/file.js"))


def file_styles():
    """The rules of a figure in a file, which come with its scripts."""
    return asset("live.css")
