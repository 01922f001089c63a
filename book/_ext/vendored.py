"""Plotly and MathJax come with the book, from the installed packages: a page asks no other host for anything.

Files are in place before pages are written, since Sphinx puts their checksum into the links.
"""
import filecmp
import shutil
import sysconfig
from pathlib import Path

import plotly

# The "-full" file: `tex-svg.js` fetches further files when a formula needs them.
MATHJAX = Path(sysconfig.get_path("purelib"), "sphinx-mathjax-offline/static/mathjax/tex-svg-full.js")
PLOTLY = Path(plotly.__file__).parent / "package_data/plotly.min.js"


def provide(app, source, target):
    """Copy a file into the built book's `_static` folder unless it is there already."""
    target = Path(app.outdir, "_static", target)
    target.parent.mkdir(parents=True, exist_ok=True)
    if not (target.exists() and filecmp.cmp(source, target)):
        shutil.copy2(source, target)


def copy_files(app):
    provide(app, MATHJAX, app.config.mathjax_path)
    provide(app, PLOTLY, "vendor/plotly.min.js")


def setup(app):
    app.connect("builder-inited", copy_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
