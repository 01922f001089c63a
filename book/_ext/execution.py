"""Execution of the notebooks: results are kept until a cell, the toolkit or the lock changes.

jupyter-cache looks at the cells alone, so its folder carries the digest of the code that the cells import.
"""
import os
import shutil
from pathlib import Path

from sources import CODE, PAGES, digest


def key_the_cache(app, config):
    caches = Path(app.outdir).parent / ".jupyter_cache"
    current = caches / digest(CODE)
    for outdated in set(caches.glob("*")) - {current}:
        shutil.rmtree(outdated)
    config.nb_execution_cache_path = str(current)


def prepare_kernels(app):
    """Kernels get their own profile: no user's startup files reach the book, and only errors are shown."""
    profile = Path(app.outdir).parent / ".ipython/profile_default"
    profile.mkdir(parents=True, exist_ok=True)
    (profile / "ipython_kernel_config.py").write_text("get_config().IPKernelApp.log_level = 'ERROR'\n")
    os.environ["IPYTHONDIR"] = str(profile.parent)
    # Live figures then give the page's HTML instead of a widget.
    os.environ["BOOK_BUILD"] = "1"


def setup(app):
    # Pages hold outputs, kernels and docstrings of the toolkit: when it changes, all pages are read again.
    app.add_config_value("toolkit_digest", digest(PAGES), "env", str)
    app.connect("config-inited", key_the_cache)
    app.connect("builder-inited", prepare_kernels)
    return {"parallel_read_safe": True}
