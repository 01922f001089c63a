"""What is wider than a phone: sentences that cells print wrap; columns, code, tables and formulas scroll.

Style sheet and script show at its edges that something scrolls, and let the keyboard do so.
"""
import re

from docutils import nodes

COLUMNS = re.compile(r"\S(?: {2,}|\t)\S|^ ", re.MULTILINE)  # only these would lose by another end of line


def mark_sentences(app, doctree):
    for block in doctree.findall(nodes.literal_block):
        if {"stream", "text_plain"} & set(block["classes"]) and not COLUMNS.search(block.astext()):
            block["classes"].append("sentences")


def setup(app):
    app.connect("doctree-read", mark_sentences)
    app.add_js_file("scrolls.js", defer="defer")
    return {"parallel_read_safe": True}
