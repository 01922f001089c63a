"""The file host: a figure as one HTML file, for a mail, slides or a course page.

It asks nobody for anything and needs no more than scripts in its own text (``script-src 'unsafe-inline'
'wasm-unsafe-eval'``): a picture in words and lines, and packed beside it the page's own figure, the WebAssembly of its
kernels, styles and scripts, which take the picture's place. A page's button *Embed* makes the same (embed/file.js).
"""
import json
import re
import string
import zlib
from base64 import b85encode
from html import escape
from pathlib import Path

from toolkit._core.whole_files import path_to_write, write_text
from toolkit.live.drawing import plot_svg
from toolkit.live.hosts.page import figure_html
from toolkit.live.page import kept_module
from toolkit.live.runtime import embed_script, file_page, file_scripts, file_styles
from toolkit.live.simulation import Simulation
from toolkit.live.slots import fill_slots
from toolkit.live.style import SYMBOLS

__all__ = ["file_html", "packed", "page_script", "write_file"]

_BOOK = "Softmax at the Edge"
_SETTINGS = Path(__file__).parents[3] / "_config.yml"
_STILL = "<p>With scripts allowed, this is a figure with controls.</p>"
_MOST = 80_000  # bytes of a file, as far as pictures can be left out
_ROOM = 10_000  # of them for the pictures
_MARKS = re.compile(r'(<svg class="live-marks"[^>]*>).*?(?=</svg>)', re.DOTALL)
_DIGITS = bytes.maketrans((string.digits + string.ascii_letters.swapcase() + "!#$%&()*+-;<=>?@^_`{|}~").encode(),
                          bytes(range(42, 127)).replace(b"<", b"!"))


def page_script():
    """The text of embed.js, with which a page of the book makes such files."""
    return embed_script(made=_made_with(), still=_STILL, room=_ROOM, most=_MOST)


def _made_with():
    """What a file says of its origin, in HTML: with an address where the project's settings name one."""
    said = _SETTINGS.read_text(encoding="utf-8") if _SETTINGS.is_file() else ""
    address = re.search(r'^repository:\s+url: *"?([^"\s]+)', said, re.MULTILINE)
    name = f'<a href="{escape(address[1])}">{_BOOK}</a>' if address else _BOOK
    return f"Made with {name}."


def file_html(figure, title=None):
    """The text of the file; `title` is that of the chapter, if there is one."""
    values, title = figure.values(), title or figure.name.replace("_", " ").capitalize()
    made = f'<p class="live-made">{escape(title)}. {_made_with()}</p>'
    markup = _MARKS.sub(r"\1", figure_html(figure, values, figure.name)).removesuffix("</figure>")
    marks = {look["kind"] for plot in figure.plots for look in plot.looks()}
    module = kept_module(figure.entry_points)
    held = {"styles": file_styles(), "figure": f"{markup}{made}</figure>",
            "scripts": file_scripts(marks, isinstance(figure, Simulation)),
            "module": {"manifest": module.manifest, "symbols": SYMBOLS}}
    parts = {"title": escape(f"{title}: {figure.name}"),
             "packed": packed(json.dumps(held, ensure_ascii=False).encode() + b"\n" + module.bytes)}

    def filled(room):
        still = _still(figure, values, made, room)
        return re.sub(r"\[\[(\w+)\]\]", lambda found: (parts | {"still": still})[found[1]], file_page())

    return filled(min(_ROOM, _MOST - len(filled(0).encode())))


def packed(data):
    """Bytes as a text for file.js: deflated, and five characters from "*" on, with "!" for "<", for four bytes."""
    return b85encode(zlib.compress(data, 9)).translate(_DIGITS).decode()


def _still(figure, values, made, room):
    """What stands there until the script runs: words, and narrow pictures, good for every width, as far as they fit."""
    pictures = ""
    for plot in map(figure.hidden.plot, figure.plots):
        picture = plot_svg(plot, "narrow", fill_slots(plot.bindings(), values))
        picture = f'<div class="live-plot">{picture}</div>'
        size = len(picture.encode())
        if size <= room:
            pictures, room = pictures + picture, room - size
    return (f'<figure class="live-figure live-still"><p class="live-readout">{escape(figure.sentence(values))}</p>'
            f'<div class="live-panels">{pictures}</div><figcaption>{escape(figure.caption)}</figcaption>'
            f"<noscript>{_STILL}</noscript>{made}</figure>")


def write_file(figure, path, title=None):
    """Write the file whole or not at all; returns its path."""
    path = path_to_write(path, (".html",), "path")
    write_text(path, file_html(figure, title))
    return path
