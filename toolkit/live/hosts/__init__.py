"""Where figures show themselves: JupyterLab, pages while the book is built, a file. A host is imported when asked."""
import os

from toolkit._core.compile_notice import told_when_long
from toolkit._core.public import open_modules
from toolkit.live.base import host, writer
from toolkit.live.guard import guard_calls
from toolkit.live.kernel_errors import show_in_notebook

__all__ = ["file", "notebook", "page"]


@host
def notebook(figure):
    """Widgets around the native kernel, and what stays in the notebook without them."""
    with told_when_long("loading Plotly and widgets, once in each notebook"):
        from toolkit.live.hosts.notebook import bundle

    return bundle(figure)


@host
def page(figure):
    """Markup that needs no kernel, or for a preset a link to it."""
    if os.environ.get("BOOK_BUILD") != "1":
        return None
    from toolkit.live.hosts.page import figure_html, link_html

    return {"text/html": link_html(figure) if figure.address else figure_html(figure)}


@writer
def file(figure, path):
    """One HTML file that needs nothing."""
    from toolkit.live.hosts.file import write_file

    return write_file(figure, path)


show_in_notebook()
guard_calls()
open_modules(__name__)
