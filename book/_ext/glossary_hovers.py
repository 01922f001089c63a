"""Words marked ``{term}`` show their meaning on the page: their definitions travel with it, and a script shows them."""
import re
from functools import cache

from docutils import nodes
from sources import digest
from sphinx import addnodes

from toolkit.live.hosts.page import json_block

GLOSSARY = "book/glossary"
_LINK = re.compile(r'href="[^"]*glossary\.html#(term-[^"]+)"')


@cache
def definitions(env):
    """Ids of the glossary's terms -> their definitions as plain text, without the link to the chapter at the end."""
    found = {}
    for item in env.get_doctree(GLOSSARY).findall(nodes.definition_list_item):
        paragraph = item.next_node(nodes.paragraph)
        text = "".join(part.astext() for part in paragraph.children
                       if not isinstance(part, (nodes.reference, addnodes.pending_xref)))
        found |= {name: " ".join(text.split()) for term in item.findall(nodes.term) for name in term["ids"]}
    return found


def add_definitions(app, pagename, templatename, context, doctree):
    used = set(_LINK.findall(context.get("body", "")))
    if pagename == GLOSSARY or not used:
        return
    known = definitions(app.env)
    context["body"] += json_block({name: known[name] for name in sorted(used)}, id="glossary")
    app.add_js_file("glossary.js", defer="defer")


def setup(app):
    # All pages with its words show what it says.
    app.add_config_value("glossary_digest", digest([f"{GLOSSARY}.md"]), "html", str)
    app.connect("html-page-context", add_definitions)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
