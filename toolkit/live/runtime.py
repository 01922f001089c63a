"""The scripts and styles of live figures: classic scripts, made of the parts in assets/runtime, in this order.

A part uses what earlier parts declare; they share one scope, so that a page gets one global name. `runtime_script`
drives figures, wherever they are; `embed_script` is behind the button *Embed* of a page's figures. Comments and indents
stay in the sources, and the name of each part stands before it, also in a page.
"""
import json
from functools import cache
from importlib.resources import files

from toolkit.live.stripped import stripped_script, stripped_styles
from toolkit.live.style import PALETTES, css_variables

__all__ = ["asset", "embed_script", "figure_styles", "file_page", "file_scripts", "file_styles", "page_styles",
           "picture_styles", "runtime_script", "simulation_script"]

_PARTS = (
    "numbers", "expressions", "hidden", "sentences", "svg", "labels",
    "marks/all", "marks/series", "marks/line", "marks/markers", "marks/bars", "marks/rule", "marks/band",
    "marks/heat_map", "marks/boxes",
    "unknown", "typed", "controls", "sight", "address", "cursor", "panel", "module", "actions", "table", "dock",
    "lights", "around", "scrub", "figure", "pin", "present", "download", "formulas", "alone", "start",
)
_EMBED_PARTS = ("embed/cut", "embed/pack", "embed/file", "embed/dialog")
# What a file leaves out: prose and formulas, and marks that its plots have not. What is not named here, each file has.
_PAGE_PARTS = ("lights", "scrub", "formulas")
_MARKS = {"line": ("marks/series", "marks/line"), "markers": ("marks/series", "marks/markers"),
          "bars": ("marks/series", "marks/bars"), "rule": ("marks/rule",), "band": ("marks/band",),
          "cells": ("marks/heat_map",), "boxes": ("marks/boxes",)}
_SOURCE = "// toolkit/live/assets/runtime\n"


@cache
def asset(name):
    """The text of a file in assets."""
    return (files("toolkit.live") / "assets" / name).read_text(encoding="utf-8")


@cache
def _part(name):
    return f"/* {name} */\n{stripped_script(asset(f'runtime/{name}.js'))}"


def _function(names):
    """The function has a name, by which a page finds its own text for a file."""
    palette = json.dumps(PALETTES["light"])  # for pictures on white
    return f'(function runtime(){{"use strict";const palette={palette};\n{"".join(map(_part, names))}}})();\n'


def runtime_script():
    """The text of runtime.js."""
    return _SOURCE + _function(_PARTS)


def simulation_script():
    """The text of simulation.js, which pages with simulations load before."""
    return stripped_script(asset("simulation.js"))


def file_scripts(marks, plays):
    """The scripts of a file with one figure: `marks` are the kinds that its plots have, `plays` a simulation."""
    drawn = {part for kind in marks for part in _MARKS.get(kind, ())}
    left_out = {*_PAGE_PARTS, *sum(_MARKS.values(), ())} - drawn
    return plays * simulation_script() + _function(part for part in _PARTS if part not in left_out)


def embed_script(**known):
    """The text of embed.js; its parts read as `FILE` what is `known` of files."""
    known = {"page": file_page(), "styles": file_styles(), "pageParts": _PAGE_PARTS, "marks": _MARKS} | known
    parts = "".join(map(_part, _EMBED_PARTS))
    return f'{_SOURCE}(()=>{{"use strict";const FILE={json.dumps(known)};\n{parts}}})();\n'


@cache
def _styles(*names):
    return "".join(stripped_styles(asset(f"styles/{name}.css")) for name in names)


def picture_styles():
    """The rules of marks, all that a picture needs."""
    return _styles("drawing")


def figure_styles():
    """The rules of a figure besides those of its marks."""
    return _styles("figure")


def file_styles():
    """The rules of a figure in a file besides those of its picture; its script may ask for the dark theme."""
    dark = f'@media screen {{ :root[data-live-theme="dark"] {{ {css_variables("dark")} }} }}'
    return figure_styles() + stripped_styles(dark)


def page_styles():
    """The text of live.css: rules of figures, and of what a page has around them."""
    return _styles("drawing", "page", "figure")


def file_page():
    """The page of a file with one figure, with `[[title]]`, `[[still]]` and `[[packed]]` to fill in."""
    light, dark = css_variables("light"), css_variables("dark")
    styles = (f":root {{ {light} }}\n@media screen and (prefers-color-scheme: dark) {{\n"
              f':root:not([data-live-theme="light"]) {{ {dark} }}\n}}\n{asset("file/file.css")}')
    parts = {"styles": stripped_styles(styles) + picture_styles(), "script": stripped_script(asset("file/file.js"))}
    page = asset("file/file.html")
    for name, text in parts.items():
        page = page.replace(f"[[{name}]]", text)
    return page
