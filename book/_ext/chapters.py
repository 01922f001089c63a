"""What `book/chapters.yml` says of each chapter: in the head of its page, on the map and in the introduction.

Pages and directives get their HTML when a page is written, since only then are links known:
``{chapter-table}``, ``{chapter-map}`` and ``{reading-paths}``.
"""
import re
from functools import cache
from html import escape

import nbformat
import yaml
from docutils import nodes
from docutils.parsers.rst import Directive
from sources import ROOT, digest

from toolkit.live.hosts.page import json_block

DATA = "book/chapters.yml"
WORDS_A_MINUTE, A_FIGURE, A_CODE_CELL, AN_EXERCISE = 200, 2.0, 0.5, 5
_NOT_READ = re.compile("Exercises|Break it yourself|References|To read on")
_MARKUP = re.compile(r"\$[^$]*\$|\{[^}]*\}`[^`]*`|\([^)]*\)")


@cache
def data():
    return yaml.safe_load((ROOT / DATA).read_text(encoding="utf-8"))


@cache
def minutes(name):
    """Of the core, of sections that begin with "Optional", and of exercises, each a multiple of 5."""
    path = ROOT / f"{name}.ipynb"
    if not path.exists():
        return 5, 0, 0
    spent, kind, exercises = {"core": 0.0, "optional": 0.0, "": 0.0}, "core", 0
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            exercises += "answer = ..." in cell.source
            figure = "@live_figure" in cell.source or "live_simulation(" in cell.source
            spent[kind] += A_FIGURE if figure else 0 if cell.metadata.get("tags") else A_CODE_CELL
            continue
        for part in re.split(r"(?m)^(?=## )", cell.source):
            if part.startswith("## "):
                kind = "optional" if part.startswith("## Optional") else "" if _NOT_READ.match(part[3:]) else "core"
            spent[kind] += len(re.findall(r"\w+", _MARKUP.sub("x", part))) / WORDS_A_MINUTE
    core, optional = (5 * round(spent[kind] / 5) for kind in ("core", "optional"))
    return max(core, 5), optional, AN_EXERCISE * exercises


def time_of(name):
    core, optional, exercises = minutes(name)
    rest = [f"{optional} for what is optional"] * bool(optional) + [f"{exercises} for the exercises"] * bool(exercises)
    return f"About {core} minutes" + (f", and {' and '.join(rest)}" if rest else "")


def is_optional(name):
    return data()["chapters"][name].get("optional", False)


def chapters_of(path):
    """The pages of a reading path, in its order."""
    if path["read"] == "core":
        return [name for name in data()["chapters"] if not is_optional(name)]
    return path["read"]


def parts():
    """Captions of the book's parts -> their chapters, as the table of contents has them."""
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))["parts"]
    found = {part.get("caption", "To begin with"): [entry["file"] for entry in part["chapters"]
                                                    if entry["file"] in data()["chapters"]] for part in contents}
    return {caption: names for caption, names in found.items() if names}


def _head(name, link):
    chapter = data()["chapters"][name]
    needs = ", ".join(map(link, chapter["needs"])) or "nothing from this book"
    kind = f" This chapter is optional on <a href=\"{link.to('book/map')}\">most paths</a>." * is_optional(name)
    return (f'<div class="chapter-head" data-chapter="{name}">'
            f'<p><b>Afterwards you can</b> {escape(chapter["does"])}.</p>'
            f"<p>{time_of(name)}. Needs: {needs}.{kind}</p></div>")


def _table(link):
    rows = "".join(f'<tr><td>{link(name)}</td><td>{escape(chapter["surprise"])}</td><td>{minutes(name)[0]}</td></tr>'
                   for name, chapter in data()["chapters"].items())
    return ('<div class="pst-scrollable-table-container"><table class="table"><thead><tr><th>Chapter</th>'
            f"<th>The surprise</th><th>Minutes</th></tr></thead><tbody>{rows}</tbody></table></div>")


def _map(link):
    chapters, out = data()["chapters"], ""
    for caption, names in parts().items():
        cards = "".join(_card(name, chapters, link) for name in names)
        out += f'<h3>{escape(caption)}</h3><ul class="chapter-map">{cards}</ul>'
    return out


def _card(name, chapters, link):
    chapter = chapters[name]
    after = [other for other, entry in chapters.items() if name in entry["needs"]]
    arrows = "".join(f'<span><span aria-hidden="true">{sign}</span> {word} {", ".join(map(link, others))}</span>'
                     for sign, word, others in (("←", "needs", chapter["needs"]), ("→", "leads to", after)) if others)
    kind = "optional" if is_optional(name) else "core"
    return (f'<li data-chapter="{name}"><b>{link(name)}</b> <small>{minutes(name)[0]} min, {kind}</small>'
            f'<span>{escape(chapter["does"])}</span>{arrows}</li>')


def _paths(link):
    out = ""
    for title, path in data()["paths"].items():
        names = chapters_of(path)
        core, exercises = (sum(minutes(name)[i] for name in names) for i in (0, 2))
        steps = "".join(f'<li data-chapter="{name}">{link(name)}</li>' for name in names)
        out += (f'<section class="reading-path"><h3>{escape(title)}</h3><p>{escape(path["for"])} About'
                f" {_hours(core)} to read and play, {_hours(exercises)} for the exercises.</p><ol>{steps}</ol>"
                "</section>")
    return out


def _hours(count):
    return f"{count} minutes" if count < 100 else f"{round(count / 30) / 2:g} hours"


_MADE = {"chapter-table": _table, "chapter-map": _map, "reading-paths": _paths}


class Made(Directive):
    """A place that `fill` fills."""

    def run(self):
        return [nodes.raw("", f"<!-- {self.name} -->", format="html")]


class Link:
    """Links from the page that is being written, by the names of pages."""

    def __init__(self, app, pathto):
        self.app, self.to = app, pathto

    def __call__(self, name):
        return f'<a class="reference internal" href="{self.to(name)}">{escape(self.app.env.titles[name].astext())}</a>'


def fill(app, pagename, templatename, context, doctree):
    body, link = context.get("body", ""), Link(app, context["pathto"])
    for name, make in _MADE.items():
        if f"<!-- {name} -->" in body:
            body = body.replace(f"<!-- {name} -->", make(link))
    if pagename in data()["chapters"]:
        body = re.sub("</h1>", lambda end: end[0] + _head(pagename, link), body, count=1)
        moved = data()["chapters"][pagename].get("moved", {})
        pages = {place: page for page, places in moved.items() for place in places}
        body += json_block(pages, **{"class": "moved"}) if pages else ""
    if "data-chapter=" in body:
        app.add_js_file("progress.js", defer="defer")
    if body:
        context["body"] = body


def setup(app):
    for name in _MADE:
        app.add_directive(name, Made)
    # All pages show what it says.
    app.add_config_value("chapters_digest", digest([DATA, "_toc.yml"]), "html", str)
    app.connect("html-page-context", fill)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
