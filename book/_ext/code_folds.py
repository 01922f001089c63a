"""One fold for the code of a figure: a hidden cell that shows nothing joins the hidden cell after it.

A chapter may so say in a cell of its own what a figure needs, and on the page the figure still comes first, with all of
its code folded below.
"""
from docutils import nodes


def is_hidden(node):
    """Whether this is a code cell whose code, the first of its parts, is folded."""
    return (isinstance(node, nodes.container) and node.get("hide_mode") == "input"
            and node[0].get("nb_element") == "cell_code_source")


def join_folds(app, doctree):
    for cell in list(doctree.findall(is_hidden)):
        after = cell.next_node(descend=False, siblings=True)
        if len(cell) == 1 and after is not None and is_hidden(after):
            after[0][:0] = cell[0].children
            cell.parent.remove(cell)


def setup(app):
    app.connect("doctree-read", join_folds)  # before MyST-NB makes the folds
    return {"parallel_read_safe": True}
