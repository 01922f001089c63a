"""The script of pages with live figures: one classic script, made of the parts in assets/runtime, in this order.

A part uses what earlier parts declare; they share one scope, so that a page gets one global name.
"""
import json
from importlib.resources import files

from toolkit.live.style import PALETTES

__all__ = ["runtime_script"]

_PARTS = (
    "numbers", "expressions", "hidden", "sentences", "svg",
    "marks/all", "marks/series", "marks/line", "marks/markers", "marks/bars", "marks/rule", "marks/band",
    "marks/heat_map",
    "unknown", "typed", "controls", "address", "panel", "module", "actions", "dock", "figure", "pin", "present",
    "download", "start",
)
_HEAD = """/* Live figures of a page: native inputs -> the figure's WebAssembly kernel -> SVG marks, without a server.
   One classic script, so that it also runs from file://, made by toolkit/live/runtime.py of the parts in
   assets/runtime. The markup comes from toolkit/live/hosts/page.py. */
"""


def runtime_script():
    """The text of runtime.js."""
    folder = files("toolkit.live") / "assets/runtime"
    parts = [f"// ---- {part} ----\n{(folder / f'{part}.js').read_text(encoding='utf-8')}" for part in _PARTS]
    palette = f"const palette = {json.dumps(PALETTES['light'])}; // for pictures on white\n"
    return f'{_HEAD}(() => {{\n"use strict";\n\n{palette}\n' + "\n".join(parts) + "})();\n"
