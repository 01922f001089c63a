"""Exercises on a page: a form, or a word on JupyterLab, in place of the cell, and their script and sheet."""
import re
from pathlib import Path

from docutils import nodes
from live_pages import PALETTE
from vendored import provide

import toolkit.course

ASSETS = Path(toolkit.course.__file__).parent / "assets"
MARK = 'class="exercise'
# A line that only readers of a notebook need.
_FOR_NOTEBOOKS = re.compile(r"answer = \.\.\.|check\(.*\)|from toolkit\.course\.exercises import check")


def copy_assets(app):
    for name in ("exercises.css", "exercises.js"):
        provide(app, ASSETS / name, f"course/{name}")


def is_exercise(node):
    """Whether this is a code cell whose output is an exercise."""
    return (isinstance(node, nodes.container) and node.get("nb_element") == "cell_code"
            and any(MARK in raw.astext() for raw in node.findall(nodes.raw)))


def leave_code_out(app, doctree):
    """Lines that nobody can run on a page: beside a form, and where there are no others."""
    for cell in list(doctree.findall(is_exercise)):
        source, form = cell[0], any("<form" in raw.astext() for raw in cell.findall(nodes.raw))
        lines = source.astext().splitlines()
        kept = "\n".join(line for line in lines if not _FOR_NOTEBOOKS.fullmatch(line.strip())).strip()
        if not kept:
            cell.remove(source)
        elif form:
            for block in list(source.findall(nodes.literal_block)):
                block.parent.replace(block, nodes.literal_block(kept, kept, **block.attributes))


def add_assets(app, pagename, templatename, context, doctree):
    if MARK in context.get("body", ""):
        app.add_css_file(PALETTE)
        app.add_css_file("course/exercises.css")
        app.add_js_file("course/exercises.js", defer="defer")


def setup(app):
    app.connect("builder-inited", copy_assets)
    app.connect("doctree-read", leave_code_out)
    app.connect("html-page-context", add_assets)
    return {"parallel_read_safe": True}
