"""Pages come light, so that the first figure can be used within a second.

The theme's script of icons has 1.5 MB, and each page would load the index of all words: icons are those of
`icons.css`, and only the page of search loads the index. Where there are figures, MathJax waits for them.
"""
import re

SCRIPT = r'\s*<script[^>]*src="(?:[^"]*/)?{}\.js[^"]*"[^>]*></script>'


def without_scripts(html, *names):
    for name in names:
        html = re.sub(SCRIPT.format(name), "", html)
    return html


def add_filter(app):
    app.builder.templates.environment.filters["without_scripts"] = without_scripts


def formulas_after_figures(app, pagename, templatename, context, doctree):
    if 'class="live-figure"' not in context.get("body", ""):
        return
    scripts = context["script_files"]
    for place, script in enumerate(scripts):
        if app.config.mathjax_path in str(getattr(script, "filename", "")):
            # A text, until the runtime makes a script of it.
            scripts[place] = type(script)(script.filename, type="text/plain", **{"data-after-figures": ""})


def setup(app):
    app.connect("builder-inited", add_filter)
    app.connect("html-page-context", formulas_after_figures, priority=900)  # MathJax's own comes before
    return {"parallel_read_safe": True, "parallel_write_safe": True}
