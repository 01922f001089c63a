"""MathJax comes with the book, from the installed package: a page asks no other host for anything.

It is in place before pages are written, since Sphinx puts its checksum into the link.
"""
import filecmp
import shutil
import sysconfig
from pathlib import Path

# The "-full" file: `tex-svg.js` fetches further files when a formula needs them.
MATHJAX = Path(sysconfig.get_path("purelib"), "sphinx-mathjax-offline/static/mathjax/tex-svg-full.js")


def provide(app, source, target):
    """Copy a file into the built book's `_static` folder unless it is there already."""
    target = Path(app.outdir, "_static", target)
    target.parent.mkdir(parents=True, exist_ok=True)
    if not (target.exists() and filecmp.cmp(source, target)):
        shutil.copy2(source, target)


def copy_mathjax(app):
    provide(app, MATHJAX, app.config.mathjax_path)


def setup(app):
    app.connect("builder-inited", copy_mathjax)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
