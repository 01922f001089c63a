"""Autodoc for this toolkit: a kernel is documented as its function, and ``|x|`` means what it says.

What the page of the API had when it was one leads to where it is now.
"""
import re
from pathlib import Path

from numba.core.dispatcher import Dispatcher
from sphinx.ext.autodoc import FunctionDocumenter

from toolkit.live.hosts.page import json_block

CONTENTS = "book/api"


class KernelDocumenter(FunctionDocumenter):
    objtype = "kernel"
    directivetype = "function"
    priority = FunctionDocumenter.priority + 10

    @classmethod
    def can_document_member(cls, member, membername, isattr, parent):
        return isinstance(member, Dispatcher)

    def import_object(self, raiseerror=False):
        found = super().import_object(raiseerror)
        if found:
            self.object = self.object.py_func
        return found


def escape_bars(app, what, name, obj, options, lines):
    """reStructuredText reads ``|x|`` in a sentence as a substitution; here it is the size of x."""
    block = None  # indentation of the line that opened a literal or math block
    doctest = False
    for i, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        if block is not None and line.strip() and indent <= block:
            block = None
        doctest = bool(line.strip()) and (doctest or line.lstrip().startswith(">>>"))
        if block is None and not doctest:
            parts = re.split(r"(`+[^`]+`+)", line)
            lines[i] = "".join(p if p.startswith("`") else re.sub(r"(?<!\\)\|", r"\\|", p) for p in parts)
            if line.rstrip().endswith("::"):
                block = indent


def lead_on(app, pagename, templatename, context, doctree):
    if pagename == CONTENTS:
        modules = app.env.get_domain("py").modules
        places = {name: Path(entry.docname).name for name, entry in modules.items() if entry.docname != CONTENTS}
        context["body"] += json_block(places, **{"class": "moved"})


def setup(app):
    app.add_autodocumenter(KernelDocumenter)
    app.connect("html-page-context", lead_on)
    app.connect("autodoc-process-docstring", escape_bars)
    return {"parallel_read_safe": True}
