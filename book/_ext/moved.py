"""Pages of which a part has moved: `book/moved.yml` says where to, and `lead_on.js` follows it.

An old page that has no source any more is made here; without a script it still names the pages that have its places.
"""
from functools import cache
from html import escape
from pathlib import PurePosixPath

import yaml
from sources import ROOT, digest

from toolkit.live.hosts.page import json_block

DATA = "book/moved.yml"
TITLE = "This page has moved"


@cache
def moved():
    return yaml.safe_load((ROOT / DATA).read_text(encoding="utf-8"))


def add_places(app, pagename, templatename, context, doctree):
    if pagename in moved():
        places = {place: now for now, places in moved()[pagename].items() for place in places}
        context["body"] += json_block(places, **{"class": "moved"})


def pages_without_source(app):
    for old, pages in moved().items():
        if old not in app.env.found_docs:
            names = dict.fromkeys(now.partition("#")[0] for now in pages)
            links = "".join(f'<li><a class="reference internal" href="{name}.html">{escape(title.astext())}</a></li>'
                            for name in names for title in [app.env.titles[f"{PurePosixPath(old).parent}/{name}"]])
            body = f"<h1>{TITLE}</h1><p>What was here is in:</p><ul>{links}</ul>"
            yield old, {"title": TITLE, "body": body}, "page.html"


def setup(app):
    # All pages show what it says.
    app.add_config_value("moved_digest", digest([DATA]), "html", str)
    app.connect("html-collect-pages", pages_without_source)
    app.connect("html-page-context", add_places)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
