"""The gallery: text and figure of each row of the catalog, made from the row and its kind alone."""
from html import escape

from toolkit._core.public import publish
from toolkit.catalog import FAMILIES, methods
from toolkit.live.hosts.page import json_block

__all__ = ["FORMATS", "PAGES", "Contents", "Entry", "entries"]

FORMATS = ("float32", "float16", "bfloat16", "float8_e4m3fn", "float8_e5m2")

# The gallery's pages in book/, and the families on them; a family that no other page names is among the others.
PAGES = {"gallery_softmax": ("softmax", "sampling", "transport"),
         "gallery_choices": ("attention", "decoding", "soft_operator"), "gallery_activations": ("activation",),
         "gallery_losses": ("loss", "target"), "gallery_preferences": ("preference",),
         "gallery_representations": ("representation",), "gallery_networks": ("network",),
         "gallery_uncertainty": ("information", "uncertainty")}
PAGES["gallery_others"] = tuple(family for family in FAMILIES if not any(family in page for page in PAGES.values()))


class Contents:
    """The gallery's contents: a link to each figure. Addresses of when it was one page lead on, by lead_on.js."""

    def _repr_html_(self):
        parts, places = "", {}
        for page, families in PAGES.items():
            for family in families:
                title, found = FAMILIES[family], methods(family)
                section = title.lower().replace(" ", "-")
                places |= {section: page} | {method.name: page for method in found}
                parts += (f'<h2><a href="{page}.html#{section}">{escape(title)}</a> ({len(found)})</h2>'
                          f'<ul class="methods">{"".join(_card(page, method) for method in found)}</ul>')
        return f'<div class="all-methods">{parts}</div>' + json_block(places, **{"class": "moved"})


def _card(page, method):
    """A method in the contents; the book puts a picture of its figure into it, and finds it by its words."""
    words = f"{method.name} {method.title} {method.summary} {method.reference}".lower()
    return (f'<li data-words="{escape(words)}"><a href="{page}.html#live-{method.name}">'
            f'<span class="thumbnail" data-of="{method.name}"></span>{escape(method.title)}</a></li>')


class Entry:
    """One method of the gallery; displays as Markdown, to be followed by its figure."""

    def __init__(self, method):
        self.method = method

    def _repr_markdown_(self):
        m = self.method
        chapter = f"[](../notebooks/{m.chapter}.ipynb)"  # the page fills in the chapter's title
        variants = ", ".join(f"`{v.name}`" for v in m.variants)
        choice = f" · {m.selector}: {variants}" if m.selector and len(m.variants) > 1 else ""
        text = (f'<h3 class="method">{escape(m.title)}</h3>\n\n[`{m.path}`](#{m.path})\n\n'
                f"$$ {m.formula} $$\n\n{m.summary}\n\n"
                f"Chapter: {chapter} · source: {{cite:t}}`{m.reference}`{choice}\n")
        errors = " · ".join(f"{format.replace('_', ' ')} {error:.2g}"
                            for format, error in m.largest_errors(FORMATS).items())
        if errors:
            text += f"\nLargest error over the range of the figure, in ulp: {errors.replace('inf', '∞')}\n"
        return text


def entries(family):
    """Text and live figure of each method of a family, in the order of the catalog."""
    return ((Entry(method), method.figure()) for method in methods(family))


publish(__name__)
