"""Execution of the pages' cells before Sphinx reads them: in parallel, and only of what has changed.

MyST-NB asks jupyter-cache for the outputs of a page; its folder is filled with what `pages` keeps. With BOOK_PAGE=NAME
in the environment that page alone is brought up to date.
"""
import os
import shutil
from pathlib import Path

import nbformat
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from pages import all_pages, make
from sources import LOOK, digest


def wanted(pages):
    """The pages to bring up to date."""
    name = os.environ.get("BOOK_PAGE")
    return [page for page in pages if name in (None, page.name)]


def run_pages(app, config):
    pages = all_pages()
    make(wanted(pages))
    folder = Path(app.outdir).parent / ".jupyter_cache"
    shutil.rmtree(folder, ignore_errors=True)
    cache = get_cache(folder)
    for page in pages:
        if page.is_made:
            bundle = CacheBundleIn(nbformat.read(page.executed, as_version=4), str(page.source))
            cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
    config.nb_execution_cache_path = str(folder)
    app.pages = {page.name: page for page in pages}


def say_what_is_outdated(app, env, added, changed, removed):
    """A page is read again when its results have changed, too."""
    if "BOOK_PAGE" in os.environ:
        for names in (added, changed):
            names.intersection_update({os.environ["BOOK_PAGE"]})
    before, now = getattr(env, "page_keys", {}), {page.name: page.key for page in wanted(app.pages.values())}
    env.page_keys = before | now
    return [name for name, key in now.items() if before.get(name) != key]


def setup(app):
    # All pages hold the styles, scripts and markup of figures: when these change, all are read again.
    app.add_config_value("look_digest", digest(LOOK), "env", str)
    app.connect("config-inited", run_pages)
    app.connect("env-get-outdated", say_what_is_outdated)
    return {"parallel_read_safe": True}
