"""Small pictures in the gallery's contents: the marks of each figure's first plot, from the page that has it."""
import json
import re
from itertools import pairwise

from live_pages import PALETTE

CONTENTS, PAGE = "book/gallery", "book/gallery_"
FIGURE = re.compile(r'<figure class="live-figure"[^>]* data-live="(\w+)">(.*?)</figure>', re.DOTALL)
MARKS = re.compile(r'<svg class="live-marks"[^>]*viewBox="0 0 (\d+) (\d+)"[^>]*>(.*?)</svg>', re.DOTALL)
PLACE = re.compile(r'<span class="thumbnail" data-of="(\w+)"></span>')
EACH = 7  # of so many neighbouring points of a line one is drawn


def thinned(path):
    """A path of lines with fewer points, each a step from the one before: the ends of each stroke, and some between."""
    def stroke(found):
        points = [[round(float(part)) for part in re.findall(r"-?[\d.]+", point)] for point in found[0].split("L")]
        points = [*points[:-1:EACH], points[-1]]
        steps = (f"{x - left} {y - above}" for (left, above), (x, y) in pairwise(points))
        return f"M{points[0][0]} {points[0][1]}l" + " ".join(steps).replace(" -", "-")

    return re.sub(r"M[-\d. ]+(?:L[-\d. ]+)+", stroke, path)


def picture(body):
    """The first plot of a figure's markup, without its words and rules."""
    found = MARKS.search(body)
    if not found:
        return ""
    width, height, marks = found.groups()
    marks = re.sub(r'<g class="live-rule".*?</g>|<text.*?</text>', "", marks, flags=re.DOTALL)
    marks = marks.replace(' stroke-dasharray=""', "")
    marks = re.sub(r' d="([^"]*)"', lambda path: f' d="{thinned(path[1])}"', marks)
    return (f'<svg class="live-marks" viewBox="0 0 {width} {height}"'
            f' preserveAspectRatio="none" aria-hidden="true">{marks}</svg>')


def pictures_of(page):
    """Name of a figure -> its picture, of an executed page."""
    cells = json.loads(page.executed.read_text(encoding="utf-8"))["cells"]
    outputs = (output for cell in cells for output in cell.get("outputs", ()))
    html = "".join("".join(output.get("data", {}).get("text/html", "")) for output in outputs)
    return {name: picture(body) for name, body in FIGURE.findall(html)}


def draw(app, pagename, templatename, context, doctree):
    if pagename != CONTENTS:
        return
    pictures = {}
    for page in _gallery(app):
        pictures |= pictures_of(page)

    def filled(place):
        return f'<span class="thumbnail">{pictures.get(place[1], "")}</span>'

    context["body"] = PLACE.sub(filled, context["body"])
    app.add_css_file(PALETTE)
    app.add_css_file("live/live.css")
    app.add_js_file("find_methods.js", defer="defer")


def _gallery(app):
    return [page for name, page in app.pages.items() if name.startswith(PAGE) and page.is_made]


def follow_the_gallery(app, env, added, changed, removed):
    """The contents are drawn again when a page of the gallery has changed."""
    return [CONTENTS] if any(name.startswith(PAGE) for name in added | changed) else []


def setup(app):
    app.connect("env-get-outdated", follow_the_gallery)
    app.connect("html-page-context", draw)
    return {"parallel_read_safe": True}
