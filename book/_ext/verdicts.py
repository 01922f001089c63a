"""``{verdict-table}``: the claims of `book/verdicts.yml` as one table, which a script of the page can filter."""
import yaml
from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList
from sources import ROOT

from toolkit.course.paper import VERDICTS

DATA = "book/verdicts.yml"
_SUM = "{} claims. What holds: {}; what holds partly: {}; what does not: {}; what cannot be tested here: {}."
_HEAD = ("Claim", "Source", "What we ran", "Verdict")


class VerdictTable(Directive):
    def run(self):
        path = ROOT / DATA
        env = self.state.document.settings.env
        env.note_dependency(str(path))
        rows = yaml.safe_load(path.read_text(encoding="utf-8"))
        counts = [sum(row["verdict"] == verdict for row in rows) for verdict in VERDICTS]
        body = nodes.tbody("", *(self._row(row) for row in rows))
        head = nodes.thead("", nodes.row("", *(nodes.entry("", nodes.paragraph(text=word)) for word in _HEAD)))
        group = nodes.tgroup("", *(nodes.colspec(colwidth=width) for width in (34, 14, 38, 14)), head, body,
                             cols=len(_HEAD))
        return [nodes.paragraph(text=_SUM.format(len(rows), *counts)),
                nodes.table("", group, classes=["verdicts", "colwidths-given"])]

    def _row(self, row):
        page, _, place = row["at"].partition("#")
        link = nodes.reference("", row["ran"], refuri=f"../notebooks/{page}.html#{place}", internal=True)
        cells = (self._text(row["claim"]), self._text(f"{{cite}}`{row['source']}`"), [nodes.paragraph("", "", link)],
                 [nodes.paragraph(text=f"{VERDICTS[row['verdict']]} {row['verdict']}")])
        return nodes.row("", *(nodes.entry("", *cell) for cell in cells),
                         classes=[f"verdict-{row['verdict'].replace(' ', '-')}"])

    def _text(self, source):
        inside = nodes.Element()
        self.state.nested_parse(StringList([source], DATA), self.content_offset, inside)
        return inside.children


def add_script(app, pagename, templatename, context, doctree):
    if 'class="verdict-holds' in context.get("body", ""):
        app.add_js_file("verdicts.js", defer="defer")


def setup(app):
    app.add_directive("verdict-table", VerdictTable)
    app.connect("html-page-context", add_script)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
