"""Words of the glossary show their meaning on the page: their definitions travel with it, and a script shows them.

The first use of each term in the prose of a page leads to the glossary, with nothing to mark by hand; the role
``{term}`` marks a place of one's own choice instead. A term is left alone in the chapter that its definition names, and
where a page first writes it in italics or bold, to say itself what it means. A comment above a term in the glossary
lists what to look for in place of the term and its plural: ``.. marked: underflow, underflows``, or ``.. marked: -``
for a common word that has other senses, too.
"""
import re
from dataclasses import dataclass
from functools import cache

from docutils import nodes
from sources import ROOT, digest
from sphinx import addnodes

from toolkit.live.hosts.page import json_block

GLOSSARY = "book/glossary"
_SOURCE = ROOT / f"{GLOSSARY}.md"
_LINK = re.compile(r'href="[^"]*glossary\.html#(term-[^"]+)"')
_MARKED = re.compile(r"(?m)^\.\. marked: (.*)\n(.*)$")
NOT_PROSE = (nodes.title, nodes.reference, nodes.literal, nodes.literal_block, nodes.math, nodes.math_block,
             nodes.figure, nodes.table, nodes.raw, nodes.footnote_reference, nodes.footnote, nodes.citation,
             nodes.emphasis, nodes.strong, nodes.rubric, nodes.topic, addnodes.desc, addnodes.pending_xref)
WITHOUT_MARKS = re.compile(r"book/(glossary|quiz|references|(api|gallery)\w*)$")  # the quiz may ask for a meaning


@dataclass(frozen=True)
class Term:
    id: str
    meaning: str
    home: str  # the page that its definition names
    forms: tuple


def plural(words):
    if re.search(r"[^aeiou]y$", words):
        return f"{words[:-1]}ies"
    return words + ("es" if re.search(r"(s|x|ch|sh)$", words) else "s")


def marked(source):
    """Terms of the glossary -> the forms that a comment lists for them."""
    return {term: tuple(re.findall(r"[^\s,-][^,]*", forms)) for forms, term in _MARKED.findall(source)}


@cache
def terms(env):
    """The glossary's terms; a meaning is plain text, without the link to the chapter at the end."""
    listed, found = marked(_SOURCE.read_text(encoding="utf-8")), {}
    for item in env.get_doctree(GLOSSARY).findall(nodes.definition_list_item):
        paragraph = item.next_node(nodes.paragraph)
        links = [part for part in paragraph if isinstance(part, (nodes.reference, addnodes.pending_xref))]
        text = " ".join("".join(part.astext() for part in paragraph if part not in links).split())
        home = next((link["reftarget"] for link in links if "reftarget" in link), "")
        for term in item.findall(nodes.term):
            words = term.astext()
            for name in term["ids"]:
                found[name] = Term(name, text, home.removesuffix(".ipynb"), listed.get(words, (words, plural(words))))
    return found


class Words:
    """Finds the forms of terms in a text."""

    def __init__(self, terms):
        self.of = {form: term for term in terms for form in term.forms}
        longest_first = sorted(self.of, key=len, reverse=True)
        self.pattern = re.compile(rf"(?<![\w.-])(?:{'|'.join(map(self._either_case, longest_first))})(?!\w|-\w)")

    @staticmethod
    def _either_case(form):
        """A term in small letters may begin a sentence; one with capitals is a name."""
        first = f"[{form[0]}{form[0].upper()}]" if form == form.lower() else re.escape(form[0])
        return first + re.escape(form[1:]).replace(r"\ ", r"\s+")

    def find(self, text):
        for found in self.pattern.finditer(text):
            words = " ".join(found[0].split())
            yield found, self.of.get(words) or self.of[words[0].lower() + words[1:]]


def mark_first_uses(app, doctree, docname):
    if app.builder.format != "html" or WITHOUT_MARKS.match(docname):
        return
    known = terms(app.env)
    linked = {link.get("refuri", "").partition("#")[2] for link in doctree.findall(nodes.reference)}
    mark(doctree, Words([term for name, term in known.items() if name not in linked and term.home != docname]),
         app.builder.get_relative_uri(docname, GLOSSARY))


def mark(doctree, words, address):
    """Make a link to the glossary of the first use of each term in the prose."""
    seen = set()
    for text in list(doctree.findall(nodes.Text)):
        if (name := _emphasised(text)) is not None:
            seen |= {term.id for found, term in words.find(name) if found[0] == name}
        elif not _is_in(text, NOT_PROSE):
            _mark_in(text, words, seen, address)


def _mark_in(text, words, seen, address):
    parts, end = [], 0
    for found, term in words.find(str(text)):
        if term.id not in seen:
            seen.add(term.id)
            link = nodes.reference("", found[0], internal=True, refuri=f"{address}#{term.id}",
                                   classes=["glossary-term"])
            parts += [nodes.Text(str(text)[end:found.start()]), link]
            end = found.end()
    if parts:
        text.parent.replace(text, [part for part in [*parts, nodes.Text(str(text)[end:])] if part.astext()])


def _emphasised(text):
    """What stands in italics or bold, if that is all of this text."""
    return str(text).strip(" .:,") if isinstance(text.parent, (nodes.emphasis, nodes.strong)) else None


def _is_in(node, kinds):
    while (node := node.parent) is not None:
        if isinstance(node, kinds):
            return True
    return False


def add_definitions(app, pagename, templatename, context, doctree):
    used = set(_LINK.findall(context.get("body", "")))
    if pagename == GLOSSARY or not used:
        return
    known = terms(app.env)
    context["body"] += json_block({name: known[name].meaning for name in sorted(used)}, id="glossary")
    app.add_js_file("glossary.js", defer="defer")


def setup(app):
    # All pages with its words show what it says.
    app.add_config_value("glossary_digest", digest([f"{GLOSSARY}.md"]), "html", str)
    app.connect("doctree-resolved", mark_first_uses)
    app.connect("html-page-context", add_definitions)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
